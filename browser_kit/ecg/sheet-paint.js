/**
 * Paints the diagnostic sheet: grid, calibration pulse, traces as recorded, labels, J and J+60, and
 * the caliper. Everything in mm of paper; the caller says how many pixels a mm is and where it starts.
 */

import { zeroPhase, medianOf } from "/static/kit/ecg/filters.js";
import { MM_PER_MV, MM_PER_S, mmOfMs, pulseLine } from "/static/kit/ecg/paper.js";

/**
 * @typedef {import("/static/kit/ecg/paper.js").SheetLayout} SheetLayout
 * @typedef {import("/static/kit/ecg/paper.js").Cell} Cell
 * @typedef {import("/static/kit/ecg/snapshot.js").Recording} Recording
 * @typedef {{pxPerMm: number, xPx: number, yPx: number}} View
 * @typedef {{paper: string, fine: string, bold: string, ink: string, label: string, mark: string, gap: string, caliper: string}} PaperColours
 * @typedef {{text: string, strong: boolean}} LeadNote what stands beside a lead's name
 * @typedef {Map<string, Float32Array>} Traces millivolts about each lead's middle, NaN where missing
 */

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
    traces.set(lead, values.map((v) => ((v - middle) * rec.uvPerLsb) / 1000));
  }
  return traces;
}

/**
 * @param {CanvasRenderingContext2D} ctx in CSS pixels
 * @param {{layout: SheetLayout, rec: Recording | null, traces: Traces, view: View, colours: PaperColours,
 *   notes: Map<string, LeadNote>, gapWords: (s: number) => string, missingWords: string}} sheet
 * @param {number} widthPx @param {number} heightPx
 */
export function paintSheet(ctx, sheet, widthPx, heightPx) {
  const { colours, view } = sheet;
  ctx.fillStyle = colours.paper;
  ctx.fillRect(0, 0, widthPx, heightPx);
  paintGrid(ctx, view, colours, widthPx, heightPx);
  ctx.save();
  ctx.lineJoin = "round";
  ctx.lineCap = "round";
  for (const cell of sheet.layout.cells) paintLabel(ctx, sheet, cell);
  ctx.lineWidth = Math.max(1, Math.min(2.4, 0.3 * view.pxPerMm));
  ctx.strokeStyle = colours.ink;
  for (const foot of sheet.layout.pulses) line(ctx, view, pulseLine(foot));
  for (const cell of sheet.layout.cells) paintCell(ctx, sheet, cell);
  ctx.restore();
}

/** @param {CanvasRenderingContext2D} ctx @param {View} view @param {PaperColours} colours @param {number} widthPx @param {number} heightPx */
function paintGrid(ctx, view, colours, widthPx, heightPx) {
  /** @param {number} mm @param {string} colour @param {number} width */
  const rule = (mm, colour, width) => {
    const step = mm * view.pxPerMm;
    ctx.strokeStyle = colour;
    ctx.lineWidth = width;
    ctx.beginPath();
    const off = (/** @type {number} */ v) => Math.round(v) + 0.5;
    for (let x = view.xPx % step; x <= widthPx; x += step) { ctx.moveTo(off(x), 0); ctx.lineTo(off(x), heightPx); }
    for (let y = view.yPx % step; y <= heightPx; y += step) { ctx.moveTo(0, off(y)); ctx.lineTo(widthPx, off(y)); }
    ctx.stroke();
  };
  if (view.pxPerMm >= 2) rule(1, colours.fine, 1);
  rule(5, colours.bold, 1);
}

/** @param {CanvasRenderingContext2D} ctx @param {View} view @param {[number, number][]} points in mm */
function line(ctx, view, points) {
  ctx.beginPath();
  points.forEach(([x, y], i) => {
    const px = view.xPx + x * view.pxPerMm;
    const py = view.yPx + y * view.pxPerMm;
    if (i === 0) ctx.moveTo(px, py);
    else ctx.lineTo(px, py);
  });
  ctx.stroke();
}

/** @param {CanvasRenderingContext2D} ctx @param {Parameters<typeof paintSheet>[1]} sheet @param {Cell} cell */
function paintCell(ctx, sheet, cell) {
  const { rec, view, traces } = sheet;
  const values = traces.get(cell.lead);
  if (!rec || !values) return;
  const first = Math.round(cell.startS * rec.fsHz);
  const last = Math.min(values.length, Math.round((cell.startS + cell.lengthS) * rec.fsHz));
  const pxPerSample = (mmOfMs(1000, MM_PER_S) / rec.fsHz) * view.pxPerMm;
  const pxPerMv = MM_PER_MV * view.pxPerMm * (cell.negate ? -1 : 1);
  const x0 = view.xPx + cell.xMm * view.pxPerMm;
  const y0 = view.yPx + cell.yMm * view.pxPerMm;
  if (first < last && values.subarray(first, last).every(Number.isNaN)) {
    words(ctx, sheet, sheet.missingWords, x0 + 4, y0);
    return;
  }
  ctx.strokeStyle = sheet.colours.ink;
  ctx.beginPath();
  let pen = false;
  for (let i = first; i < last; i += 1) {
    const mv = /** @type {number} */ (values[i]);
    if (Number.isNaN(mv)) { pen = false; continue; }
    const x = x0 + (i - first) * pxPerSample;
    const y = y0 - mv * pxPerMv;
    if (pen) ctx.lineTo(x, y);
    else ctx.moveTo(x, y);
    pen = true;
  }
  ctx.stroke();
  if (cell.xMm > (sheet.layout.cells[0]?.xMm ?? 0)) tick(ctx, view, cell, sheet.colours);
  for (const [a, b] of rec.ring.gaps(rec.firstSample + first, rec.firstSample + last)) {
    const x = x0 + (a - rec.firstSample - first) * pxPerSample;
    ctx.fillStyle = sheet.colours.gap;
    ctx.fillRect(x, y0 - cell.heightMm * 0.4 * view.pxPerMm, (b - a) * pxPerSample, cell.heightMm * 0.8 * view.pxPerMm);
    words(ctx, sheet, sheet.gapWords((b - a) / rec.fsHz), x + 3, y0);
  }
}

/** The short stroke where the next lead begins. @param {CanvasRenderingContext2D} ctx @param {View} view @param {Cell} cell @param {PaperColours} colours */
function tick(ctx, view, cell, colours) {
  ctx.strokeStyle = colours.ink;
  line(ctx, view, [[cell.xMm, cell.yMm - 4], [cell.xMm, cell.yMm - 1.5]]);
  line(ctx, view, [[cell.xMm, cell.yMm + 1.5], [cell.xMm, cell.yMm + 4]]);
}

/** @param {CanvasRenderingContext2D} ctx @param {Parameters<typeof paintSheet>[1]} sheet @param {string} text @param {number} x @param {number} y */
function words(ctx, sheet, text, x, y) {
  ctx.font = `600 ${Math.max(11, Math.min(15, 3 * sheet.view.pxPerMm))}px system-ui, sans-serif`;
  ctx.fillStyle = sheet.colours.label;
  ctx.textBaseline = "middle";
  ctx.fillText(text, x, y);
}

/** @param {CanvasRenderingContext2D} ctx @param {Parameters<typeof paintSheet>[1]} sheet @param {Cell} cell */
function paintLabel(ctx, sheet, cell) {
  const { view, colours } = sheet;
  const size = Math.max(11, Math.min(22, 4.2 * view.pxPerMm));
  const x = view.xPx + (cell.xMm + 1) * view.pxPerMm;
  const y = view.yPx + (cell.yMm - cell.heightMm / 2 + 0.6) * view.pxPerMm;
  ctx.textBaseline = "top";
  ctx.font = `700 ${size}px system-ui, sans-serif`;
  const name = ctx.measureText(cell.label).width;
  const rhythm = sheet.layout.cells.indexOf(cell) >= 12;
  const note = rhythm ? null : sheet.notes.get(cell.lead);
  const noteSize = Math.max(10, size * 0.78);
  const noteFont = `${note?.strong ? 700 : 500} ${noteSize}px system-ui, sans-serif`;
  ctx.font = noteFont;
  const fits = note && name + 6 + ctx.measureText(note.text).width < cell.widthMm * view.pxPerMm - 4;
  if (fits) haloed(ctx, note.text, x + name + 6, y + (size - noteSize) / 2, note.strong ? colours.mark : colours.label, colours.paper);
  ctx.font = `700 ${size}px system-ui, sans-serif`;
  haloed(ctx, cell.label, x, y, colours.label, colours.paper);
}

/** Text that keeps clear of the grid; traces are drawn over it later and never hidden by it. @param {CanvasRenderingContext2D} ctx @param {string} text @param {number} x @param {number} y @param {string} ink @param {string} paper */
function haloed(ctx, text, x, y, ink, paper) {
  ctx.strokeStyle = paper;
  ctx.lineWidth = 4;
  ctx.strokeText(text, x, y);
  ctx.fillStyle = ink;
  ctx.fillText(text, x, y);
}

/**
 * @param {CanvasRenderingContext2D} ctx @param {View} view @param {import("/static/kit/ecg/caliper.js").Caliper} caliper
 * @param {"a" | "b"} active @param {PaperColours} colours
 */
export function paintCaliper(ctx, view, caliper, active, colours) {
  const px = (/** @type {{xMm: number, yMm: number}} */ p) => [view.xPx + p.xMm * view.pxPerMm, view.yPx + p.yMm * view.pxPerMm];
  const [ax, ay] = /** @type {[number, number]} */ (px(caliper.a));
  const [bx, by] = /** @type {[number, number]} */ (px(caliper.b));
  ctx.strokeStyle = colours.caliper;
  ctx.fillStyle = colours.caliper;
  ctx.lineWidth = 1.5;
  ctx.setLineDash([5, 3]);
  ctx.strokeRect(Math.min(ax, bx), Math.min(ay, by), Math.abs(bx - ax), Math.abs(by - ay));
  ctx.setLineDash([]);
  for (const [x, y, on] of /** @type {[number, number, boolean][]} */ ([[ax, ay, active === "a"], [bx, by, active === "b"]])) {
    ctx.beginPath();
    ctx.arc(x, y, on ? 8 : 6, 0, 2 * Math.PI);
    if (on) ctx.fill();
    else ctx.stroke();
  }
}
