/**
 * The words on a sheet: each lead's name, which stays while any of its trace is in sight, and its J and
 * J+60, which stand where no trace runs.
 */

/**
 * @typedef {import("/static/kit/ecg/sheet-paint.js").Sheet} Sheet
 * @typedef {import("/static/kit/ecg/paper.js").Cell} Cell
 * @typedef {import("/static/kit/ecg/ink-map.js").InkMap} InkMap
 * @typedef {import("/static/kit/ecg/ink-map.js").Box} Box
 * @typedef {{text: string, short: string, strong: boolean}} LeadNote what stands beside a lead's name; `short` where
 *   there is little room
 * @typedef {{cell: Cell, sight: Box, name: Box}} Named a cell in sight, the part in sight, and where its name stands
 */

const GAP_PX = 6;
const CLEAR_PX = 2; // as far as the halo reaches
const LEADS = 12;

/** @param {Sheet} sheet */
const sizeOf = ({ view }) => Math.max(11, Math.min(22, 4.2 * view.pxPerMm));

/**
 * The part of a cell that is in sight, inset a little; null when too little is.
 * @param {Sheet} sheet
 * @param {Cell} cell
 * @param {number} widthPx
 * @param {number} heightPx
 * @returns {Box | null}
 */
function sightOf({ view }, cell, widthPx, heightPx) {
  const k = view.pxPerMm;
  const left = Math.max(2, view.xPx + (cell.xMm + 1) * k);
  const top = Math.max(2, view.yPx + (cell.yMm - cell.heightMm / 2 + 0.6) * k);
  const width = Math.min(widthPx - 2, view.xPx + (cell.xMm + cell.widthMm) * k) - left;
  const height = Math.min(heightPx - 2, view.yPx + (cell.yMm + cell.heightMm / 2) * k) - top;
  return width > 0 && height > 0 ? { x: left, y: top, width, height } : null;
}

/**
 * The names, under the traces; what they cover is marked.
 * @param {CanvasRenderingContext2D} ctx @param {Sheet} sheet @param {InkMap} ink @param {number} widthPx @param
 *   {number} heightPx
 * @returns {Named[]}
 */
export function paintNames(ctx, sheet, ink, widthPx, heightPx) {
  const size = sizeOf(sheet);
  ctx.textBaseline = "top";
  ctx.font = `700 ${size}px system-ui, sans-serif`;
  return sheet.layout.cells.flatMap((cell) => {
    const sight = sightOf(sheet, cell, widthPx, heightPx);
    const width = ctx.measureText(cell.label).width;
    if (!sight || sight.width < width || sight.height < size) return [];
    const name = { x: sight.x, y: sight.y, width, height: size };
    haloed(ctx, cell.label, name.x, name.y, sheet.colours.label, sheet.colours.paper);
    ink.block(name);
    return [{ cell, sight, name }];
  });
}

/**
 * J and J+60 of each lead, after the traces.
 * @param {CanvasRenderingContext2D} ctx
 * @param {Sheet} sheet
 * @param {InkMap} ink
 * @param {readonly Named[]} named
 */
export function paintNotes(ctx, sheet, ink, named) {
  for (const one of named) {
    const note =
      sheet.layout.cells.indexOf(one.cell) < LEADS
        ? sheet.notes.get(`${one.cell.negate ? "-" : ""}${one.cell.lead}`)
        : undefined;
    if (note) paintNote(ctx, sheet, ink, one, note);
  }
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {Sheet} sheet
 * @param {InkMap} ink
 * @param {Named} named
 * @param {LeadNote} note
 */
function paintNote(ctx, sheet, ink, named, note) {
  const { colours } = sheet;
  const size = Math.max(10, named.name.height * 0.78);
  ctx.textBaseline = "top";
  ctx.font = `${note.strong ? 700 : 500} ${size}px system-ui, sans-serif`;
  const spots = [note.text, note.short].flatMap((text) => {
    const found = spotFor(ctx, ink, named, text, size);
    return found ? [found] : [];
  });
  const spot = spots.find(({ covered }) => covered === 0) ?? spots.sort((a, b) => a.covered - b.covered)[0];
  if (!spot) return;
  const hue = note.strong ? colours.mark : colours.label;
  ink.block({ x: spot.x, y: spot.y, width: spot.width, height: size });
  ctx.fillStyle = hue;
  if (spot.covered === 0) haloed(ctx, spot.text, spot.x, spot.y, hue, colours.paper);
  else ctx.fillText(spot.text, spot.x, spot.y); // no free place in this lead: above the trace, and hiding none of it
}

/**
 * Beside the name where no trace runs there; else anywhere free in the lead, with the name in front.
 * @param {CanvasRenderingContext2D} ctx @param {InkMap} ink @param {Named} named @param {string} text @param {number}
 *   size
 */
function spotFor(ctx, ink, { cell, sight, name }, text, size) {
  const width = ctx.measureText(text).width;
  const x = name.x + name.width + GAP_PX;
  const y = name.y + (name.height - size) / 2;
  const fits = x + width <= sight.x + sight.width;
  if (
    fits &&
    ink.covered({ x: x - CLEAR_PX, y: y - CLEAR_PX, width: width + 2 * CLEAR_PX, height: size + 2 * CLEAR_PX }) === 0
  )
    return { text, x, y, width, covered: 0 };
  const whole = `${cell.label} ${text}`;
  const wide = ctx.measureText(whole).width;
  const room = ink.roomIn(sight, wide + 2 * CLEAR_PX, size + 2 * CLEAR_PX);
  return room && { text: whole, x: room.x + CLEAR_PX, y: room.y + CLEAR_PX, width: wide, covered: room.covered };
}

/**
 * Text that keeps clear of the grid.
 * @param {CanvasRenderingContext2D} ctx
 * @param {string} text
 * @param {number} x
 * @param {number} y
 * @param {string} ink
 * @param {string} paper
 */
function haloed(ctx, text, x, y, ink, paper) {
  ctx.strokeStyle = paper;
  ctx.lineWidth = 4;
  ctx.strokeText(text, x, y);
  ctx.fillStyle = ink;
  ctx.fillText(text, x, y);
}
