/**
 * Paints a live sweep on two stacked canvases: the grid once, the trace in strips. Time runs by
 * absolute sample number, so a late second falls into the very place it belongs to, and a second that
 * is missing keeps its width and says how long it is.
 */

import { MM_PER_S } from "/static/kit/ecg/paper.js";
import { WARM_UP_S, causal, medianOf } from "/static/kit/ecg/filters.js";
import { SQUARE_MM, crisp, ruleGrid, wholeScale } from "/static/kit/ecg/raster.js";

/**
 * @typedef {import("/static/kit/ecg/ring.js").SampleRing} SampleRing
 * @typedef {import("/static/kit/ecg/filters.js").FilterName} FilterName
 * @typedef {{background: string, fine: string, bold: string, ink: string, label: string, gap: string}} SweepColours
 * @typedef {{lead: string, xPx: number, yPx: number, widthPx: number, heightPx: number, zeroPx: number}} Lane zeroPx:
 *   its zero line, on a bold rule
 * @typedef {object} SweepSetup
 * @property {readonly string[]} leads
 * @property {number} fsHz
 * @property {number} uvPerLsb
 * @property {number} mmPerMv
 * @property {FilterName} filter
 * @property {SweepColours} colours
 * @property {(seconds: number) => string} gapWords
 */

const ERASE_MM = 5;
const LANE_MM = 20;
const HATCH_PX = 14;
const LEAST_FINE_PX = 3;
const LEAST_PX_PER_MM = 1.8;
const MOST_PX_PER_MM = 5;
const LEAST_COLUMN_MM = 62.5;

/**
 * Lanes of the leads in a box, one or two columns, and the scale they share. Each begins on a rule of the
 * grid and has its zero line on a bold one.
 * @param {readonly string[]} leads @param {number} widthPx @param {number} heightPx @param {number} dpr
 * @returns {{pxPerMm: number, lanes: Lane[], originPx: number}} originPx: the grid's first rule, both ways
 */
export function lanesOf(leads, widthPx, heightPx, dpr) {
  const columns = leads.length > 6 ? 2 : 1;
  const rows = Math.max(1, Math.ceil(leads.length / columns));
  const laneH = heightPx / rows;
  const pxPerMm = wholeScale(
    Math.max(LEAST_PX_PER_MM, Math.min(MOST_PX_PER_MM, laneH / LANE_MM, widthPx / columns / LEAST_COLUMN_MM)),
    dpr,
  );
  const laneMm = Math.floor(widthPx / columns / pxPerMm);
  const originPx = crisp(0, dpr);
  const lanes = leads.map((lead, i) => {
    const yPx = (i % rows) * laneH;
    return {
      lead,
      xPx: originPx + Math.floor(i / rows) * laneMm * pxPerMm,
      yPx,
      widthPx: laneMm * pxPerMm,
      heightPx: laneH,
      zeroPx: originPx + Math.round((yPx + laneH / 2) / (SQUARE_MM * pxPerMm)) * SQUARE_MM * pxPerMm,
    };
  });
  return { pxPerMm, lanes, originPx };
}

export class SweepPainter {
  /** @param {HTMLCanvasElement} grid @param {HTMLCanvasElement} trace */
  constructor(grid, trace) {
    this.grid = /** @type {CanvasRenderingContext2D} */ (grid.getContext("2d"));
    this.trace = /** @type {CanvasRenderingContext2D} */ (trace.getContext("2d"));
    this.widthPx = 0;
    this.heightPx = 0;
    this.pxPerMm = 1;
    this.originPx = 0;
    this.dpr = 1;
    /** @type {Lane[]} */
    this.lanes = [];
    /** Samples that one pass of the pen holds. */
    this.window = 1;
    /** @type {Map<string, number>} ADC value at each lane's middle */
    this.middle = new Map();
    /** @type {SweepSetup | null} */
    this.setup = null;
  }

  /** @param {SweepSetup} setup @param {import("/static/kit/ecg/device-box.js").DeviceBox} room */
  prepare(setup, { widthPx, heightPx, deviceWidth, deviceHeight, dpr }) {
    this.setup = setup;
    this.widthPx = widthPx;
    this.heightPx = heightPx;
    this.dpr = dpr;
    for (const ctx of [this.grid, this.trace]) {
      ctx.canvas.width = deviceWidth;
      ctx.canvas.height = deviceHeight;
      ctx.setTransform(dpr, 0, 0, dpr, 0, 0);
    }
    const { pxPerMm, lanes, originPx } = lanesOf(setup.leads, widthPx, heightPx, dpr);
    this.pxPerMm = pxPerMm;
    this.lanes = lanes;
    this.originPx = originPx;
    const laneW = lanes[0]?.widthPx ?? widthPx;
    this.window = Math.max(1, Math.floor((laneW / (pxPerMm * MM_PER_S)) * setup.fsHz + 1e-6));
    this.#paintGrid();
  }

  get pxPerSample() {
    return (this.pxPerMm * MM_PER_S) / (this.setup?.fsHz ?? 1);
  }

  #paintGrid() {
    const { grid: ctx, setup, pxPerMm } = this;
    if (!setup) return;
    const { colours } = setup;
    ctx.fillStyle = colours.background;
    ctx.fillRect(0, 0, this.widthPx, this.heightPx);
    ruleGrid(
      ctx,
      { pxPerMm, xPx: this.originPx, yPx: this.originPx, dpr: this.dpr },
      colours,
      this.widthPx,
      this.heightPx,
      LEAST_FINE_PX,
    );
    ctx.fillStyle = colours.label;
    ctx.textBaseline = "top";
    for (const lane of this.lanes) {
      ctx.font = `600 ${lane.heightPx < 50 ? 12 : 15}px system-ui, sans-serif`;
      ctx.fillText(lane.lead, lane.xPx + 8, lane.yPx + 5);
      this.#paintMillivolt(lane);
    }
  }

  /** One millivolt as a bar beside each lane. @param {Lane} lane */
  #paintMillivolt(lane) {
    const { grid: ctx, setup } = this;
    if (!setup) return;
    const high = setup.mmPerMv * this.pxPerMm;
    const y = lane.zeroPx;
    ctx.strokeStyle = setup.colours.label;
    ctx.globalAlpha = 0.55;
    ctx.lineWidth = 1.5;
    ctx.beginPath();
    ctx.moveTo(lane.xPx + 6, y + high / 2);
    ctx.lineTo(lane.xPx + 2, y + high / 2);
    ctx.lineTo(lane.xPx + 2, y - high / 2);
    ctx.lineTo(lane.xPx + 6, y - high / 2);
    ctx.stroke();
    ctx.globalAlpha = 1;
  }

  /**
   * Anew from nothing: what one pass holds before `end`. `linear` lays the oldest sample left.
   * @param {SampleRing} ring @param {number} end @param {boolean} linear
   */
  paintAll(ring, end, linear) {
    const from = Math.max(0, end - this.window);
    this.trace.clearRect(0, 0, this.widthPx, this.heightPx);
    this.#centre(ring, from, end);
    if (linear) {
      this.#span(ring, from, end, from);
      return;
    }
    for (const [a, b, origin] of this.#passes(from + Math.ceil((ERASE_MM * this.pxPerMm) / this.pxPerSample), end)) {
      this.#span(ring, a, b, origin);
    }
    this.#erase(this.#xOf(end));
  }

  /**
   * The pen moves on from `from` to `to`.
   * @param {SampleRing} ring @param {number} from @param {number} to
   */
  paintMore(ring, from, to) {
    for (const [a, b, origin] of this.#passes(from, to)) {
      if (a === origin) this.#centre(ring, Math.max(0, a - this.window), to);
      const x0 = (a - origin) * this.pxPerSample;
      const x1 = (b - origin) * this.pxPerSample;
      this.#clear(x0, x1 - x0);
      this.#span(ring, a, b, origin);
    }
    this.#erase(this.#xOf(to));
  }

  /** @param {number} s */
  #xOf(s) {
    return (s % this.window) * this.pxPerSample;
  }

  /**
   * Splits [from, to) where the pen returns to the left edge.
   * @param {number} from @param {number} to
   * @returns {[number, number, number][]} first, end, the sample at the left edge
   */
  #passes(from, to) {
    /** @type {[number, number, number][]} */
    const out = [];
    for (let a = from; a < to; ) {
      const origin = a - (a % this.window);
      const b = Math.min(to, origin + this.window);
      out.push([a, b, origin]);
      a = b;
    }
    return out;
  }

  /** @param {number} x @param {number} width */
  #clear(x, width) {
    for (const laneX of new Set(this.lanes.map((lane) => lane.xPx))) {
      this.trace.clearRect(laneX + x, 0, Math.min(width, (this.lanes[0]?.widthPx ?? 0) - x), this.heightPx);
    }
  }

  /** The empty bar before the pen, over the right edge to the left one. @param {number} x */
  #erase(x) {
    const bar = ERASE_MM * this.pxPerMm;
    this.#clear(x, bar);
    const over = x + bar - (this.lanes[0]?.widthPx ?? 0);
    if (over > 0) this.#clear(0, over);
  }

  /** @param {SampleRing} ring @param {string} lead @param {number} from @param {number} to */
  #values(ring, lead, from, to) {
    const setup = /** @type {SweepSetup} */ (this.setup);
    if (setup.filter === "diagnostic") return ring.read(lead, from, to);
    const before = Math.min(from, Math.round(WARM_UP_S * setup.fsHz));
    return causal(setup.filter, ring.read(lead, from - before, to), setup.fsHz).subarray(before);
  }

  /**
   * Each lane's zero line: the median of what is seen. Only moved when the pen is at the left edge.
   * @param {SampleRing} ring
   * @param {number} from
   * @param {number} to
   */
  #centre(ring, from, to) {
    for (const { lead } of this.lanes) {
      const middle = medianOf(this.#values(ring, lead, from, to));
      if (!Number.isNaN(middle)) this.middle.set(lead, middle);
    }
  }

  /** @param {SampleRing} ring @param {number} a @param {number} b @param {number} origin */
  #span(ring, a, b, origin) {
    const setup = /** @type {SweepSetup} */ (this.setup);
    const first = Math.max(origin, a - 2);
    const pxPerLsb = (setup.uvPerLsb / 1000) * setup.mmPerMv * this.pxPerMm;
    const ctx = this.trace;
    ctx.strokeStyle = setup.colours.ink;
    ctx.lineWidth = Math.max(1.2, Math.min(2, this.pxPerMm * 0.4));
    ctx.lineJoin = "round";
    for (const lane of this.lanes) {
      const values = this.#values(ring, lane.lead, first, b);
      const middle = this.middle.get(lane.lead) ?? 0;
      ctx.beginPath();
      let pen = false;
      for (let i = 0; i < values.length; i += 1) {
        const v = /** @type {number} */ (values[i]);
        if (Number.isNaN(v)) {
          pen = false;
          continue;
        }
        const x = lane.xPx + (first + i - origin) * this.pxPerSample;
        const y = lane.zeroPx - (v - middle) * pxPerLsb;
        if (pen) ctx.lineTo(x, y);
        else ctx.moveTo(x, y);
        pen = true;
      }
      ctx.stroke();
    }
    for (const [from, to] of ring.gaps(Math.max(a, ring.first), b)) this.#gap(ring, from, to, origin);
  }

  /**
   * A hole: hatched over all lanes, its whole length in words.
   * @param {SampleRing} ring
   * @param {number} from
   * @param {number} to
   * @param {number} origin
   */
  #gap(ring, from, to, origin) {
    const setup = /** @type {SweepSetup} */ (this.setup);
    const ctx = this.trace;
    const whole = ring.gapAround(from);
    const width = (to - from) * this.pxPerSample;
    const words = setup.gapWords((whole[1] - whole[0]) / setup.fsHz);
    for (const laneX of new Set(this.lanes.map((lane) => lane.xPx))) {
      const x = laneX + (from - origin) * this.pxPerSample;
      ctx.save();
      ctx.beginPath();
      ctx.rect(x, 0, width, this.heightPx);
      ctx.clip();
      ctx.strokeStyle = setup.colours.gap;
      ctx.lineWidth = 1;
      ctx.beginPath();
      for (let k = Math.floor((x - this.heightPx) / HATCH_PX) * HATCH_PX; k < x + width; k += HATCH_PX) {
        ctx.moveTo(k, this.heightPx);
        ctx.lineTo(k + this.heightPx, 0);
      }
      ctx.stroke();
      ctx.restore();
      ctx.font = "600 13px system-ui, sans-serif";
      const wide = ctx.measureText(words).width + 8;
      if (width >= wide) {
        ctx.fillStyle = setup.colours.background;
        ctx.fillRect(x + (width - wide) / 2, this.heightPx / 2 - 10, wide, 20);
        ctx.fillStyle = setup.colours.label;
        ctx.textBaseline = "middle";
        ctx.fillText(words, x + (width - wide) / 2 + 4, this.heightPx / 2);
      }
    }
  }
}
