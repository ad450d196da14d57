/** Two corners on the paper and what lies between them, in ms, mV and mm. Pure. */

import { MM_PER_MV, MM_PER_S, msOfMm, uvOfMm } from "/static/kit/ecg/paper.js";

/**
 * @typedef {{xMm: number, yMm: number}} Point
 * @typedef {{a: Point, b: Point}} Caliper
 */

/**
 * @param {Caliper} caliper @param {number} [mmPerS] @param {number} [mmPerMv]
 * @returns {{ms: number, uv: number, mm: number, perMin: number | null}} uv is positive when b lies above a
 */
export function measure({ a, b }, mmPerS = MM_PER_S, mmPerMv = MM_PER_MV) {
  const ms = Math.abs(msOfMm(b.xMm - a.xMm, mmPerS));
  const uv = uvOfMm(a.yMm - b.yMm, mmPerMv);
  return { ms, uv, mm: a.yMm - b.yMm, perMin: ms >= 150 ? 60_000 / ms : null };
}

/**
 * An arrow key moves one end: 1 mm, with Shift 5 mm, with Alt 0.25 mm.
 * @param {Point} point @param {string} key @param {{shift: boolean, alt: boolean}} held
 * @returns {Point | null} null: not an arrow
 */
export function nudge(point, key, { shift, alt }) {
  const step = shift ? 5 : alt ? 0.25 : 1;
  const move = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[key];
  return move
    ? { xMm: point.xMm + /** @type {number} */ (move[0]), yMm: point.yMm + /** @type {number} */ (move[1]) }
    : null;
}
