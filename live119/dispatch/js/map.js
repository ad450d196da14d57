/** Where the phone is, drawn without any foreign map: a grid in metres, the circle of accuracy, north up. */

import { s } from "/static/kit/shared/dom.js";

const STEPS = [5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000];

/** Metres of one grid square so that the circle fills about half of the drawing. @param {number} accuracyM */
export function gridStep(accuracyM) {
  return STEPS.find((step) => step * 3 >= Math.max(10, accuracyM)) ?? 50_000;
}

/** @param {{lat: number, lon: number, accuracy_m: number}} place */
export function drawPlace(place) {
  const step = gridStep(place.accuracy_m), scale = 20 / step, lines = [];
  for (let x = 0; x <= 160; x += 20) lines.push(`M${x} 0V100`);
  for (let y = 10; y <= 100; y += 20) lines.push(`M0 ${y}H160`);
  const ink = (/** @type {string} */ name) => `var(--${name})`;
  return s("svg", { class: "map", viewBox: "0 0 160 100", role: "img", "aria-label": `${place.lat.toFixed(5)}, ${place.lon.toFixed(5)} ± ${Math.round(place.accuracy_m)} m` },
    s("path", { d: lines.join(""), style: { stroke: ink("line"), "stroke-width": "0.4" } }),
    s("circle", { cx: 80, cy: 50, r: Math.max(2, place.accuracy_m * scale), style: { fill: ink("accent"), "fill-opacity": "0.25", stroke: ink("accent"), "stroke-width": "0.8" } }),
    s("circle", { cx: 80, cy: 50, r: 2.2, style: { fill: ink("text") } }),
    s("path", { d: "M150 16V6M147 9l3-4l3 4", style: { stroke: ink("text"), "stroke-width": "1.2", fill: "none" } }),
    s("path", { d: "M6 92V95H26V92", style: { stroke: ink("text"), "stroke-width": "1", fill: "none" } }),
    s("text", { x: 29, y: 95, style: { fill: ink("text"), "font-size": "6px" } }, `${step} m`));
}

/** Opens the phone's or desk's own map program. @param {{lat: number, lon: number}} place */
export const mapLink = ({ lat, lon }) => `https://www.openstreetmap.org/?mlat=${lat}&mlon=${lon}#map=18/${lat}/${lon}`;
