/**
 * Where the phone is, drawn without any foreign map unless the site names one: a grid in metres, the circle of
 * accuracy, north up.
 */

import { s } from "/static/kit/shared/dom.js";

const STEPS = [5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000];

/**
 * Metres of one grid square so that the circle fills about half of the drawing, some steps wider where asked.
 * @param {number} accuracyM
 * @param {number} [wider]
 */
export function gridStep(accuracyM, wider = 0) {
  const fit = STEPS.findIndex((step) => step * 3 >= Math.max(10, accuracyM));
  return STEPS[Math.min(STEPS.length - 1, Math.max(0, (fit < 0 ? STEPS.length - 1 : fit) + wider))] ?? 10_000;
}

/**
 * Map tiles that cover the drawing, where the site has named a server: address and square of each.
 * @param {{lat: number, lon: number}} place
 * @param {number} unitsPerM
 * @param {string} template
 */
export function tilesOf({ lat, lon }, unitsPerM, template) {
  const round = 40_075_016.7 * Math.cos((lat * Math.PI) / 180) * unitsPerM;
  const z = Math.min(18, Math.max(2, Math.round(Math.log2(round / 64)))),
    n = 2 ** z,
    side = round / n,
    found = [];
  const px = ((lon + 180) / 360) * n,
    py = ((1 - Math.asinh(Math.tan((lat * Math.PI) / 180)) / Math.PI) / 2) * n;
  for (let x = Math.floor(px - 80 / side); x <= px + 80 / side; x += 1)
    for (let y = Math.floor(py - 50 / side); y <= py + 50 / side; y += 1) {
      if (y < 0 || y >= n) continue;
      const href = template
        .replace("{z}", String(z))
        .replace("{x}", String(((x % n) + n) % n))
        .replace("{y}", String(y));
      found.push({ href, x: 80 + (x - px) * side, y: 50 + (y - py) * side, side });
    }
  return found;
}

/**
 * @param {{lat: number, lon: number, accuracy_m: number}} place
 * @param {string} [template] of map tiles, empty for none
 * @param {number} [wider]
 */
export function drawPlace(place, template = "", wider = 0) {
  const step = gridStep(place.accuracy_m, wider),
    scale = 20 / step,
    lines = [];
  for (let x = 0; x <= 160; x += 20) lines.push(`M${x} 0V100`);
  for (let y = 10; y <= 100; y += 20) lines.push(`M0 ${y}H160`);
  const ink = (/** @type {string} */ name) => `var(--${name})`;
  return s(
    "svg",
    {
      class: "map",
      viewBox: "0 0 160 100",
      role: "img",
      "aria-label": `${place.lat.toFixed(5)}, ${place.lon.toFixed(5)} ± ${Math.round(place.accuracy_m)} m`,
    },
    ...(template ? tilesOf(place, scale, template) : []).map((tile) =>
      s("image", { href: tile.href, x: tile.x, y: tile.y, width: tile.side, height: tile.side }),
    ),
    s("path", { d: lines.join(""), style: { stroke: ink("line"), "stroke-width": "0.4" } }),
    s("circle", {
      cx: 80,
      cy: 50,
      r: Math.max(2, place.accuracy_m * scale),
      style: { fill: ink("accent"), "fill-opacity": "0.25", stroke: ink("accent"), "stroke-width": "0.8" },
    }),
    s("circle", { cx: 80, cy: 50, r: 2.2, style: { fill: "#fff", stroke: "#000", "stroke-width": "0.6" } }),
    s("path", { d: "M144 2h12v17h-12zM2 86h50v12h-50z", style: { fill: ink("surface"), "fill-opacity": "0.8" } }),
    s("path", { d: "M150 16V6M147 9l3-4l3 4", style: { stroke: ink("text"), "stroke-width": "1.2", fill: "none" } }),
    s("path", { d: "M6 92V95H26V92", style: { stroke: ink("text"), "stroke-width": "1", fill: "none" } }),
    s("text", { x: 29, y: 95, style: { fill: ink("text"), "font-size": "6px" } }, `${step} m`),
  );
}

/** Opens the phone's or desk's own map program. @param {{lat: number, lon: number}} place */
export const mapLink = ({ lat, lon }) => `https://www.openstreetmap.org/?mlat=${lat}&mlon=${lon}#map=18/${lat}/${lon}`;
