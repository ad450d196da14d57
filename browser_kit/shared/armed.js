/**
 * Whether an alarm would be heard now: not what a person pressed once, but what is proved again every
 * few seconds, from the relay to this page, through its running sound, and back to the relay. Pure: the
 * clock and every finding are arguments.
 */

/**
 * @typedef {"silent" | "armed" | "lost"} ArmedState silent: nobody armed it; lost: somebody did, and it would not be
 *   heard
 * @typedef {"link" | "sound" | "output" | "relay" | "session"} Cause
 * @typedef {object} Finding
 * @property {boolean} running whether the page's sound runs: its clock has moved on
 * @property {boolean} hasOutput whether the device still has something to sound with
 * @property {number} heardMs when the relay was last heard, NaN before
 * @property {number} provedMs when the relay last said that it takes this page for armed, NaN before
 */

/** A proof is good for so long: three beats of the relay. */
export const PROVED_FOR_MS = 9_000;

export class Armed {
  constructor() {
    /** Whether a person wants to be rung here. */
    this.wanted = false;
    this.wantedMs = NaN;
    /** @type {ArmedState} */
    this.state = "silent";
    /** @type {Cause | null} */
    this.cause = null;
    /** Until when an alarm would have been heard, while it is lost. */
    this.lostMs = NaN;
    /**
     * Stretches in which nothing would have been heard and that nobody has put away.
     * @type {{fromMs: number, toMs: number}[]}
     */
    this.gaps = [];
  }

  /** A person's gesture has armed the page. @param {number} nowMs */
  want(nowMs) {
    this.wanted = true;
    this.wantedMs = nowMs;
    this.#become("armed", null, nowMs);
  }

  /** A person signs out: nothing is lost, nothing is wanted. */
  release() {
    this.wanted = false;
    this.state = "silent";
    this.cause = null;
    this.lostMs = NaN;
    this.gaps = [];
  }

  /** The relay has ended the session: only a person can arm it again. @param {number} nowMs */
  end(nowMs) {
    if (this.wanted) this.#become("lost", "session", nowMs);
  }

  /** Look again. @param {number} nowMs @param {Finding} found @returns {ArmedState} */
  look(nowMs, found) {
    if (!this.wanted || this.cause === "session") return this.state;
    const last = (/** @type {number} */ atMs) => Math.max(atMs || 0, this.wantedMs);
    if (!found.running) this.#become("lost", "sound", nowMs);
    else if (!found.hasOutput) this.#become("lost", "output", nowMs);
    else if (nowMs - last(found.heardMs) > PROVED_FOR_MS) this.#become("lost", "link", last(found.heardMs));
    else if (nowMs - last(found.provedMs) > PROVED_FOR_MS) this.#become("lost", "relay", last(found.provedMs));
    else this.#become("armed", null, nowMs);
    return this.state;
  }

  /** @param {ArmedState} state @param {Cause | null} cause @param {number} sinceMs */
  #become(state, cause, sinceMs) {
    if (state === "lost") {
      if (this.state !== "lost") this.lostMs = sinceMs;
    } else if (this.state === "lost") {
      this.gaps = [...this.gaps, { fromMs: this.lostMs, toMs: sinceMs }].slice(-5);
      this.lostMs = NaN;
    }
    this.state = state;
    this.cause = cause;
  }

  /** How long nothing would have been heard, in whole seconds. @param {number} nowMs */
  lostS(nowMs) {
    return Number.isNaN(this.lostMs) ? 0 : Math.max(0, Math.round((nowMs - this.lostMs) / 1000));
  }
}
