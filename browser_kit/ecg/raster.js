/**
 * Millimetres of paper on a screen's own pixels: the one mapping that grid, trace, pulse and caliper
 * share. Five millimetres are a whole number of the screen's pixels, so that a bold rule lies exactly
 * where it belongs and a fine one less than half a pixel beside it. Pure; lengths are CSS pixels.
 */

export const SQUARE_MM = 5;

/** How many of the screen's pixels a rule is wide. @param {number} dpr */
const thick = (dpr) => Math.max(1, Math.round(dpr));

/** How wide a rule is. @param {number} dpr */
export const ruleWidth = (dpr) => thick(dpr) / dpr;

/**
 * The largest scale up to this one whose squares of five millimetres are whole pixels of the screen.
 * @param {number} pxPerMm @param {number} dpr
 */
export function wholeScale(pxPerMm, dpr) {
  return Math.max(1, Math.floor(pxPerMm * dpr * SQUARE_MM + 1e-6)) / (SQUARE_MM * dpr);
}

/**
 * The place nearest to `v` where a rule covers whole pixels of the screen and half of none.
 * @param {number} v @param {number} dpr
 */
export function crisp(v, dpr) {
  const at = v * dpr;
  return (thick(dpr) % 2 ? Math.floor(at) + 0.5 : Math.round(at)) / dpr;
}

/**
 * Where the rules of a grid lie between 0 and `lengthPx`, one every `mm` from `originPx` in both ways.
 * @param {number} mm @param {number} originPx @param {number} pxPerMm @param {number} lengthPx @param {number} dpr
 * @returns {number[]}
 */
export function rulesAt(mm, originPx, pxPerMm, lengthPx, dpr) {
  const step = mm * pxPerMm;
  const first = Math.ceil(-originPx / step);
  const n = Math.floor((lengthPx - originPx) / step) - first + 1;
  return Array.from({ length: Math.max(0, n) }, (_, k) => crisp(originPx + (first + k) * step, dpr));
}

/**
 * Rules a grid of millimetres, a bold one every five; fine ones only where they stand apart.
 * @param {CanvasRenderingContext2D} ctx in CSS pixels
 * @param {{pxPerMm: number, xPx: number, yPx: number, dpr: number}} view
 * @param {{fine: string, bold: string}} colours @param {number} widthPx @param {number} heightPx @param {number}
 *   leastFine pixels from which 1 mm is ruled
 */
export function ruleGrid(ctx, view, colours, widthPx, heightPx, leastFine) {
  const { pxPerMm, dpr } = view;
  ctx.lineWidth = ruleWidth(dpr);
  for (const mm of pxPerMm >= leastFine ? [1, SQUARE_MM] : [SQUARE_MM]) {
    ctx.strokeStyle = mm === 1 ? colours.fine : colours.bold;
    ctx.beginPath();
    for (const x of rulesAt(mm, view.xPx, pxPerMm, widthPx, dpr)) {
      ctx.moveTo(x, 0);
      ctx.lineTo(x, heightPx);
    }
    for (const y of rulesAt(mm, view.yPx, pxPerMm, heightPx, dpr)) {
      ctx.moveTo(0, y);
      ctx.lineTo(widthPx, y);
    }
    ctx.stroke();
  }
}
