/** What of a drawing is covered by traces, coarsely: words ask it for a free place. Pure; lengths are CSS pixels. */

/** @typedef {{x: number, y: number, width: number, height: number}} Box */

const TILE_PX = 2;
const STEP_PX = 2;

export class InkMap {
  /** @param {number} widthPx @param {number} heightPx */
  constructor(widthPx, heightPx) {
    this.columns = Math.max(1, Math.ceil(widthPx / TILE_PX));
    this.rows = Math.max(1, Math.ceil(heightPx / TILE_PX));
    this.tiles = new Uint8Array(this.columns * this.rows);
    /** Sums of all tiles above and left; null while something is still being marked. @type {Uint32Array | null} */
    this.sums = null;
  }

  /**
   * A piece of a trace from one point to the next.
   * @param {number} x0
   * @param {number} y0
   * @param {number} x1
   * @param {number} y1
   */
  line(x0, y0, x1, y1) {
    const steps = Math.max(1, Math.ceil(Math.max(Math.abs(x1 - x0), Math.abs(y1 - y0)) / TILE_PX));
    for (let i = 0; i <= steps; i += 1)
      this.#mark(
        Math.floor((x0 + ((x1 - x0) * i) / steps) / TILE_PX),
        Math.floor((y0 + ((y1 - y0) * i) / steps) / TILE_PX),
      );
  }

  /** Words or a pulse that are there already. @param {Box} box */
  block({ x, y, width, height }) {
    for (let row = Math.floor(y / TILE_PX); row <= (y + height) / TILE_PX; row += 1) {
      for (let column = Math.floor(x / TILE_PX); column <= (x + width) / TILE_PX; column += 1) this.#mark(column, row);
    }
  }

  /** @param {number} column @param {number} row */
  #mark(column, row) {
    if (column < 0 || row < 0 || column >= this.columns || row >= this.rows) return;
    this.tiles[row * this.columns + column] = 1;
    this.sums = null;
  }

  /** How many tiles under a box are covered. @param {Box} box */
  covered({ x, y, width, height }) {
    this.sums ??= this.#add();
    const wide = this.columns + 1;
    const clamp = (/** @type {number} */ v, /** @type {number} */ most) => Math.max(0, Math.min(most, v));
    const left = clamp(Math.floor(x / TILE_PX), this.columns);
    const right = clamp(Math.ceil((x + width) / TILE_PX), this.columns);
    const top = clamp(Math.floor(y / TILE_PX), this.rows);
    const foot = clamp(Math.ceil((y + height) / TILE_PX), this.rows);
    const sum = (/** @type {number} */ row, /** @type {number} */ column) =>
      /** @type {number} */ (this.sums?.[row * wide + column]);
    return sum(foot, right) - sum(top, right) - sum(foot, left) + sum(top, left);
  }

  #add() {
    const wide = this.columns + 1;
    const sums = new Uint32Array(wide * (this.rows + 1));
    for (let row = 0; row < this.rows; row += 1) {
      let along = 0;
      for (let column = 0; column < this.columns; column += 1) {
        along += /** @type {number} */ (this.tiles[row * this.columns + column]);
        sums[(row + 1) * wide + column + 1] = /** @type {number} */ (sums[row * wide + column + 1]) + along;
      }
    }
    return sums;
  }

  /**
   * The free place of that size nearest to the upper left corner of a region; failing that, the least covered.
   * @param {Box} region @param {number} width @param {number} height
   * @returns {{x: number, y: number, covered: number} | null} null: the region is too small
   */
  roomIn(region, width, height) {
    /** @type {{x: number, y: number, covered: number} | null} */
    let best = null;
    let least = Infinity;
    for (let dy = 0; dy <= region.height - height; dy += STEP_PX) {
      for (let dx = 0; dx <= region.width - width; dx += STEP_PX) {
        const covered = this.covered({ x: region.x + dx, y: region.y + dy, width, height });
        const cost = covered * 1e6 + dx + 3 * dy;
        if (cost < least) {
          least = cost;
          best = { x: region.x + dx, y: region.y + dy, covered };
        }
      }
    }
    return best;
  }
}
