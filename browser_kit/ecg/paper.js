/**
 * ECG paper: millimetres of time and voltage, and where each lead stands on a sheet. Pure geometry;
 * the origin is the sheet's upper left corner, y grows downwards, all lengths are in mm of paper.
 */

import { CABRERA_LIMB, STANDARD_12 } from "/static/kit/ecg/leads.js";
import { wholeScale } from "/static/kit/ecg/raster.js";

export const MM_PER_S = 25;
export const MM_PER_MV = 10;
export const PULSE_MV = 1;
export const PULSE_MS = 200;

/** Room left of each row for the calibration pulse. */
export const PULSE_ROOM_MM = 10;
export const MARGIN_MM = 5;
const PULSE_LEAD_MM = 2.5;

/** @param {number} ms @param {number} [mmPerS] */
export const mmOfMs = (ms, mmPerS = MM_PER_S) => (ms * mmPerS) / 1000;
/** @param {number} mm @param {number} [mmPerS] */
export const msOfMm = (mm, mmPerS = MM_PER_S) => (mm * 1000) / mmPerS;
/** Upwards is positive. @param {number} uv @param {number} [mmPerMv] */
export const mmOfUv = (uv, mmPerMv = MM_PER_MV) => (uv * mmPerMv) / 1000;
/** @param {number} mm @param {number} [mmPerMv] */
export const uvOfMm = (mm, mmPerMv = MM_PER_MV) => (mm * 1000) / mmPerMv;

/**
 * @typedef {object} Cell one lead's place on the sheet
 * @property {string} lead
 * @property {boolean} negate drawn upside down (−aVR)
 * @property {string} label
 * @property {number} xMm left edge of its trace
 * @property {number} yMm its zero line
 * @property {number} widthMm
 * @property {number} heightMm
 * @property {number} startS where in the ten seconds it begins
 * @property {number} lengthS
 *
 * @typedef {object} SheetLayout
 * @property {string} name
 * @property {number} widthMm
 * @property {number} heightMm
 * @property {Cell[]} cells
 * @property {{xMm: number, yMm: number}[]} pulses foot of the calibration pulse of each row
 *
 * @typedef {"3x4" | "6x2" | "12x1" | "6x2n"} LayoutName `6x2n`: six by two of 2.5 s, for a narrow phone
 */

/**
 * @type {Record<LayoutName, {columns: number, columnS: number, rowMm: number, topMm: number, rhythm: boolean,
 *   sequential: boolean}>}
 */
const SHAPES = {
  "3x4": { columns: 4, columnS: 2.5, rowMm: 25, topMm: 2.5, rhythm: true, sequential: true },
  "6x2": { columns: 2, columnS: 5, rowMm: 20, topMm: 5, rhythm: false, sequential: true },
  "12x1": { columns: 1, columnS: 10, rowMm: 15, topMm: 2.5, rhythm: false, sequential: false },
  "6x2n": { columns: 2, columnS: 2.5, rowMm: 25, topMm: 2.5, rhythm: true, sequential: false },
};

export const LAYOUTS = /** @type {readonly LayoutName[]} */ (Object.freeze(["3x4", "6x2", "12x1", "6x2n"]));

/**
 * The twelve leads in the order of the sheet; `-aVR` is aVR upside down.
 * @param {boolean} cabrera
 */
export function sheetOrder(cabrera) {
  return cabrera ? [...CABRERA_LIMB, ...STANDARD_12.slice(6)] : [...STANDARD_12];
}

/**
 * @param {LayoutName} name
 * @param {{cabrera?: boolean, mmPerS?: number, seconds?: number, rhythm?: readonly string[]}} [options]
 * @returns {SheetLayout}
 */
export function layoutOf(name, { cabrera = false, mmPerS = MM_PER_S, seconds = 10, rhythm = ["II"] } = {}) {
  const shape = SHAPES[name];
  const order = sheetOrder(cabrera);
  const rows = order.length / shape.columns;
  const columnMm = shape.columnS * mmPerS;
  const left = MARGIN_MM + PULSE_ROOM_MM;
  /** @type {Cell[]} */
  const cells = order.map((entry, i) => {
    const column = Math.floor(i / rows);
    return {
      ...leadOf(entry),
      xMm: left + column * columnMm,
      yMm: shape.topMm + ((i % rows) + 0.5) * shape.rowMm,
      widthMm: columnMm,
      heightMm: shape.rowMm,
      startS: shape.sequential ? column * shape.columnS : 0,
      lengthS: shape.columnS,
    };
  });
  const widthMm = left + shape.columns * columnMm + MARGIN_MM;
  const usableMm = widthMm - left - MARGIN_MM;
  const strips = shape.rhythm ? rhythm : [];
  const lengthS = Math.min(seconds, usableMm / mmPerS);
  for (const [i, lead] of strips.entries()) {
    cells.push({
      lead,
      negate: false,
      label: lead,
      xMm: left,
      yMm: shape.topMm + (rows + i + 0.5) * shape.rowMm,
      widthMm: lengthS * mmPerS,
      heightMm: shape.rowMm,
      startS: 0,
      lengthS,
    });
  }
  const nRows = rows + strips.length;
  const pulses = Array.from({ length: nRows }, (_, r) => ({
    xMm: MARGIN_MM - PULSE_LEAD_MM,
    yMm: shape.topMm + (r + 0.5) * shape.rowMm,
  }));
  return { name, widthMm, heightMm: 2 * shape.topMm + nRows * shape.rowMm, cells, pulses };
}

/** Rhythm strips of ten seconds, in the order in which they are added while there is room. */
export const RHYTHM = Object.freeze(["II", "V1", "V5"]);

/**
 * The layout with as many rhythm strips as a box holds without drawing anything smaller.
 * @param {LayoutName} name @param {{cabrera: boolean}} options @param {number} widthPx @param {number} heightPx
 *   @param {number} dpr
 */
export function roomyLayout(name, options, widthPx, heightPx, dpr) {
  const layouts = RHYTHM.map((_, i) => layoutOf(name, { ...options, rhythm: RHYTHM.slice(0, i + 1) }));
  const one = /** @type {SheetLayout} */ (layouts[0]);
  const scale = fitSheet(one, widthPx, heightPx, dpr).pxPerMm;
  return layouts.filter((layout) => fitSheet(layout, widthPx, heightPx, dpr).pxPerMm >= scale * 0.999).at(-1) ?? one;
}

/** @param {string} entry */
function leadOf(entry) {
  return entry.startsWith("-")
    ? { lead: entry.slice(1), negate: true, label: `\u2212${entry.slice(1)}` }
    : { lead: entry, negate: false, label: entry };
}

/**
 * The calibration pulse as a polyline in mm: 1 mV high, 200 ms wide.
 * @param {{xMm: number, yMm: number}} foot @param {number} mmPerS @param {number} mmPerMv
 * @returns {[number, number][]}
 */
export function pulseLine(foot, mmPerS = MM_PER_S, mmPerMv = MM_PER_MV) {
  const wide = mmOfMs(PULSE_MS, mmPerS);
  const high = mmOfUv(PULSE_MV * 1000, mmPerMv);
  const { xMm, yMm } = foot;
  return [
    [xMm, yMm],
    [xMm + PULSE_LEAD_MM, yMm],
    [xMm + PULSE_LEAD_MM, yMm - high],
    [xMm + PULSE_LEAD_MM + wide, yMm - high],
    [xMm + PULSE_LEAD_MM + wide, yMm],
    [xMm + 2 * PULSE_LEAD_MM + wide, yMm],
  ];
}

/**
 * Scale and origin that show the whole sheet in a box, grid squares staying square and whole.
 * @param {SheetLayout} layout @param {number} widthPx @param {number} heightPx @param {number} dpr the screen's
 *   pixels in a CSS pixel
 */
export function fitSheet(layout, widthPx, heightPx, dpr) {
  const pxPerMm = wholeScale(Math.min(widthPx / layout.widthMm, heightPx / layout.heightMm), dpr);
  return {
    pxPerMm,
    xPx: (widthPx - layout.widthMm * pxPerMm) / 2,
    yPx: (heightPx - layout.heightMm * pxPerMm) / 2,
  };
}
