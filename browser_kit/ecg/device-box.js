/** How many of the screen's own pixels a canvas covers, told at the start and whenever that changes. */

/**
 * @typedef {{widthPx: number, heightPx: number, deviceWidth: number, deviceHeight: number, dpr: number}} DeviceBox
 *   CSS pixels, the screen's pixels, and their ratio
 */

/**
 * A canvas of another size than this would be stretched by the browser, and its millimetres with it.
 * @param {HTMLCanvasElement} canvas @param {(box: DeviceBox) => void} hear
 */
export function onDeviceBox(canvas, hear) {
  const observer = new ResizeObserver((entries) => {
    const entry = entries.at(-1);
    if (!entry) return;
    const { width, height } = entry.contentRect;
    const dpr = window.devicePixelRatio || 1;
    const exact = entry.devicePixelContentBoxSize?.[0]; // Safari does not know it: there the ratios are whole
    hear({
      widthPx: width,
      heightPx: height,
      dpr,
      deviceWidth: whole(width * dpr, exact?.inlineSize),
      deviceHeight: whole(height * dpr, exact?.blockSize),
    });
  });
  try {
    observer.observe(canvas, { box: "device-pixel-content-box" });
  } catch {
    observer.observe(canvas);
  }
}

/**
 * What the browser says the box covers, where that can be true: under a tool that emulates a screen it says something
 * else.
 * @param {number} near
 * @param {number} [said]
 */
function whole(near, said) {
  return said !== undefined && Math.abs(said - near) < 1 ? said : Math.round(near);
}
