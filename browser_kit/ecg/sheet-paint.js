/**
 * Paints the diagnostic sheet: grid, calibration pulse, traces as recorded, labels, J and J+60, and
 * the caliper. Everything in mm of paper; the view says how many pixels a mm is and where it starts.
 */

import { zeroPhase, medianOf } from "/static/kit/ecg/filters.js";
import { InkMap } from "/static/kit/ecg/ink-map.js";
import { MM_PER_MV, MM_PER_S, mmOfMs, pulseLine } from "/static/kit/ecg/paper.js";
import { ruleGrid } from "/static/kit/ecg/raster.js";
import { paintNames, paintNotes } from "/static/kit/ecg/sheet-words.js";

/**
 * @typedef {import("/static/kit/ecg/paper.js").SheetLayout} SheetLayout
 * @typedef {import("/static/kit/ecg/paper.js").Cell} Cell
 * @typedef {import("/static/kit/ecg/snapshot.js").Recording} Recording
 * @typedef {{pxPerMm: number, xPx: number, yPx: number, dpr: number}} View CSS pixels; dpr: the screen's pixels in one
 * @typedef {{paper: string, fine: string, bold: string, ink: string, label: string, mark: string, gap: string,
 *   caliper: string}} PaperColours
 * @typedef {Map<string, Float32Array>} Traces millivolts about each lead's middle, NaN where missing
 * @typedef {{layout: SheetLayout, rec: Recording | null, traces: Traces, view: View, colours: PaperColours,
 *   notes: Map<string, import("/static/kit/ecg/sheet-words.js").LeadNote>, gapWords: (s: number) => string,
 *   missingWords: string}} Sheet
 */

const LEAST_FINE_PX = 2;

/**
 * Every lead of the layout in mV, filtered as named, its median on the zero line.
 * @param {Recording} rec @param {SheetLayout} layout @param {import("/static/kit/ecg/filters.js").FilterName} filter
 * @returns {Traces}
 */
export function tracesOf(rec, layout, filter) {
  /** @type {Traces} */
  const traces = new Map();
  for (const { lead } of layout.cells) {
    if (traces.has(lead)) continue;
    const adc = rec.ring.read(lead, rec.firstSample, rec.firstSample + rec.nSamples);
    const values = Float32Array.from(zeroPhase(filter, adc, rec.fsHz));
    const middle = medianOf(values);
    traces.set(
      lead,
      values.map((v) => ((v - middle) * rec.uvPerLsb) / 1000),
    );
  }
  return traces;
}

/**
 * @param {CanvasRenderingContext2D} ctx in CSS pixels
 * @param {Sheet} sheet
 * @param {number} widthPx
 * @param {number} heightPx
 */
export function paintSheet(ctx, sheet, widthPx, heightPx) {
  const { colours, view, layout } = sheet;
  ctx.fillStyle = colours.paper;
  ctx.fillRect(0, 0, widthPx, heightPx);
  ruleGrid(ctx, view, colours, widthPx, heightPx, LEAST_FINE_PX);
  ctx.save();
  ctx.lineJoin = "round";
  ctx.lineCap = "round";
  const ink = new InkMap(widthPx, heightPx);
  const named = paintNames(ctx, sheet, ink, widthPx, heightPx);
  ctx.lineWidth = Math.max(1, Math.min(2.4, 0.3 * view.pxPerMm));
  ctx.strokeStyle = colours.ink;
  for (const foot of layout.pulses)
    stroke(
      ctx,
      ink,
      pulseLine(foot).flatMap(([x, y]) => onScreen(view, x, y)),
    );
  for (const cell of layout.cells) paintCell(ctx, sheet, ink, cell);
  paintNotes(ctx, sheet, ink, named);
  ctx.restore();
}

/** @param {View} view @param {number} xMm @param {number} yMm @returns {[number, number]} */
const onScreen = (view, xMm, yMm) => [view.xPx + xMm * view.pxPerMm, view.yPx + yMm * view.pxPerMm];

/**
 * A line through points, whose place is marked.
 * @param {CanvasRenderingContext2D} ctx
 * @param {InkMap} ink
 * @param {readonly number[]} points x and y in turn
 */
function stroke(ctx, ink, points) {
  let [x = 0, y = 0] = points;
  ctx.beginPath();
  ctx.moveTo(x, y);
  for (let i = 0; i < points.length; i += 2) {
    const [nextX, nextY] = [/** @type {number} */ (points[i]), /** @type {number} */ (points[i + 1])];
    ctx.lineTo(nextX, nextY);
    ink.line(x, y, nextX, nextY);
    x = nextX;
    y = nextY;
  }
  ctx.stroke();
}

/** @param {CanvasRenderingContext2D} ctx @param {Sheet} sheet @param {InkMap} ink @param {Cell} cell */
function paintCell(ctx, sheet, ink, cell) {
  const { rec, view, traces } = sheet;
  const values = traces.get(cell.lead);
  if (!rec || !values) return;
  const first = Math.round(cell.startS * rec.fsHz);
  const last = Math.min(values.length, Math.round((cell.startS + cell.lengthS) * rec.fsHz));
  const pxPerSample = (mmOfMs(1000, MM_PER_S) / rec.fsHz) * view.pxPerMm;
  const pxPerMv = MM_PER_MV * view.pxPerMm * (cell.negate ? -1 : 1);
  const [x0, y0] = onScreen(view, cell.xMm, cell.yMm);
  if (first < last && values.subarray(first, last).every(Number.isNaN)) {
    words(ctx, sheet, sheet.missingWords, x0 + 4, y0);
    return;
  }
  ctx.strokeStyle = sheet.colours.ink;
  /** @type {number[]} */
  let stretch = [];
  for (let i = first; i <= last; i += 1) {
    const mv = i < last ? /** @type {number} */ (values[i]) : NaN;
    if (!Number.isNaN(mv)) stretch.push(x0 + (i - first) * pxPerSample, y0 - mv * pxPerMv);
    else if (stretch.length) {
      stroke(ctx, ink, stretch);
      stretch = [];
    }
  }
  if (cell.xMm > (sheet.layout.cells[0]?.xMm ?? 0)) tick(ctx, ink, view, cell);
  for (const [a, b] of rec.ring.gaps(rec.firstSample + first, rec.firstSample + last)) {
    const x = x0 + (a - rec.firstSample - first) * pxPerSample;
    ctx.fillStyle = sheet.colours.gap;
    ctx.fillRect(x, y0 - cell.heightMm * 0.4 * view.pxPerMm, (b - a) * pxPerSample, cell.heightMm * 0.8 * view.pxPerMm);
    words(ctx, sheet, sheet.gapWords((b - a) / rec.fsHz), x + 3, y0);
  }
}

/**
 * The short stroke where the next lead begins.
 * @param {CanvasRenderingContext2D} ctx
 * @param {InkMap} ink
 * @param {View} view
 * @param {Cell} cell
 */
function tick(ctx, ink, view, cell) {
  for (const side of [-1, 1])
    stroke(ctx, ink, [
      ...onScreen(view, cell.xMm, cell.yMm + 4 * side),
      ...onScreen(view, cell.xMm, cell.yMm + 1.5 * side),
    ]);
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {Sheet} sheet
 * @param {string} text
 * @param {number} x
 * @param {number} y
 */
function words(ctx, sheet, text, x, y) {
  ctx.font = `600 ${Math.max(11, Math.min(15, 3 * sheet.view.pxPerMm))}px system-ui, sans-serif`;
  ctx.fillStyle = sheet.colours.label;
  ctx.textBaseline = "middle";
  ctx.fillText(text, x, y);
}

/**
 * @param {CanvasRenderingContext2D} ctx @param {View} view @param {import("/static/kit/ecg/caliper.js").Caliper}
 *   caliper
 * @param {"a" | "b"} active @param {PaperColours} colours
 */
export function paintCaliper(ctx, view, caliper, active, colours) {
  const px = (/** @type {{xMm: number, yMm: number}} */ p) => [
    view.xPx + p.xMm * view.pxPerMm,
    view.yPx + p.yMm * view.pxPerMm,
  ];
  const [ax, ay] = /** @type {[number, number]} */ (px(caliper.a));
  const [bx, by] = /** @type {[number, number]} */ (px(caliper.b));
  ctx.strokeStyle = colours.caliper;
  ctx.fillStyle = colours.caliper;
  ctx.lineWidth = 1.5;
  ctx.setLineDash([5, 3]);
  ctx.strokeRect(Math.min(ax, bx), Math.min(ay, by), Math.abs(bx - ax), Math.abs(by - ay));
  ctx.setLineDash([]);
  for (const [x, y, on] of /** @type {[number, number, boolean][]} */ ([
    [ax, ay, active === "a"],
    [bx, by, active === "b"],
  ])) {
    ctx.beginPath();
    ctx.arc(x, y, on ? 8 : 6, 0, 2 * Math.PI);
    if (on) ctx.fill();
    else ctx.stroke();
  }
}
