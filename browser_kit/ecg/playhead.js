/**
 * Where the pen of a live sweep stands. Frames arrive in lumps; the pen moves evenly a little behind
 * the newest sample, hurries gently when it falls behind, jumps when it is far behind, and stands
 * still when nothing comes. It never runs past the newest sample.
 */

const LEAST_LAG_S = 0.15;
const MOST_LAG_S = 1.6;
const JUMP_S = 2.5;
const MEMORY_MS = 15_000;

export class PlayHead {
  /** @param {number} fsHz */
  constructor(fsHz) {
    this.fsHz = fsHz;
    /** Sample at which the pen stands, fractional; NaN before anything came. */
    this.at = NaN;
    /** @type {{ms: number, lumpS: number}[]} */
    this.lumps = [];
    this.newest = 0;
    this.lastMs = NaN;
  }

  /**
   * New samples arrived at the live edge.
   * @param {number} newest one past the newest sample @param {number} nowMs
   */
  arrived(newest, nowMs) {
    if (newest <= this.newest) return;
    const lumpS = (newest - this.newest) / this.fsHz;
    if (this.newest > 0 && lumpS < MOST_LAG_S) this.lumps.push({ ms: nowMs, lumpS });
    while (this.lumps.length && nowMs - /** @type {{ms: number}} */ (this.lumps[0]).ms > MEMORY_MS) this.lumps.shift();
    this.newest = newest;
    if (Number.isNaN(this.at)) this.at = newest;
  }

  /** How far behind the newest sample the pen wants to be. */
  get targetLagS() {
    const lump = this.lumps.reduce((most, { lumpS }) => Math.max(most, lumpS), 0);
    return Math.min(MOST_LAG_S, LEAST_LAG_S + 1.2 * lump);
  }

  /** Seconds between the pen and the newest sample. */
  get lagS() {
    return Number.isNaN(this.at) ? 0 : (this.newest - this.at) / this.fsHz;
  }

  /**
   * Moves the pen.
   * @param {number} nowMs
   * @returns {[number, number]} whole samples [from, to) to be drawn now
   */
  advance(nowMs) {
    if (Number.isNaN(this.at)) return [0, 0];
    const from = Math.floor(this.at);
    const dtS = Number.isNaN(this.lastMs) ? 0 : Math.max(0, (nowMs - this.lastMs) / 1000);
    this.lastMs = nowMs;
    const over = this.lagS - this.targetLagS;
    if (over > JUMP_S) this.at = this.newest - this.targetLagS * this.fsHz;
    else {
      const speed = Math.min(1.5, Math.max(0.85, 1 + 0.4 * over));
      this.at = Math.min(this.newest, this.at + dtS * this.fsHz * speed);
    }
    return [from, Math.floor(this.at)];
  }
}
