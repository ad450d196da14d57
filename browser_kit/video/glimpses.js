/**
 * Pictures in place of video for a viewer whose line carries no video: fetched, shown with their time, until the line
 * is good again.
 */

import { within } from "/static/kit/shared/api.js";
import { h } from "/static/kit/shared/dom.js";

const EVERY_MS = 3_000;
const GOOD_BPS = 300_000;
const FIRST_NEEDED = 3;
const MOST_NEEDED = 24;
const CALM_MS = 60_000;
const VOTES = 2;

/** When to leave video and when to try it again. Pure: time is an argument. */
export class LineJudge {
  constructor() {
    this.votes = 0;
    this.good = 0;
    this.needed = FIRST_NEEDED;
    this.videoSinceMs = -Infinity;
  }

  /**
   * The relay's word on the line, heard every few seconds. True: show pictures.
   * @param {boolean} isTooSlow
   * @param {number} nowMs
   */
  heard(isTooSlow, nowMs) {
    this.votes = isTooSlow ? this.votes + 1 : 0;
    return this.votes >= VOTES && this.leave(nowMs);
  }

  /** Video is given up; the sooner after the last try, the longer until the next. @param {number} nowMs */
  leave(nowMs) {
    this.needed = nowMs - this.videoSinceMs < CALM_MS ? Math.min(MOST_NEEDED, this.needed * 2) : FIRST_NEEDED;
    this.votes = this.good = 0;
    return true;
  }

  /**
   * A picture took so long. True: try video again.
   * @param {number} bytes
   * @param {number} tookMs
   * @param {number} nowMs
   */
  fetched(bytes, tookMs, nowMs) {
    this.good = (bytes * 8_000) / Math.max(20, tookMs) > GOOD_BPS ? this.good + 1 : 0;
    if (this.good < this.needed) return false;
    this.videoSinceMs = nowMs;
    return true;
  }
}

export class Glimpses {
  /**
   * @param {string} base the call
   * @param {LineJudge} judge
   * @param {(atUs: number | null) => void} shown
   * @param {() => void} recovered the line is good again
   */
  constructor(base, judge, shown, recovered) {
    this.base = base;
    this.judge = judge;
    this.shown = shown;
    this.recovered = recovered;
    /** @type {number | null} */
    this.atUs = null;
    this.timer = 0;
    this.held = false;
    this.canvas = h("canvas", { class: "whep-video whep-glimpse", hidden: true, "aria-hidden": "true" });
  }

  start() {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.#next(), 0);
    this.shown(this.atUs);
  }

  stop() {
    clearTimeout(this.timer);
    this.timer = 0;
  }

  async #next() {
    const timer = this.timer;
    try {
      await this.#look();
    } catch {
      this.judge.good = 0;
    }
    if (timer && this.timer === timer) this.timer = window.setTimeout(() => void this.#next(), EVERY_MS);
  }

  /** A picture of the video has come: the last glimpse goes. */
  hide() {
    this.canvas.hidden = true;
  }

  async #look() {
    const asked = performance.now();
    const { at_us: atUs } = await (await fetched(`${this.base}/glimpses`)).json();
    if (atUs === null || atUs === this.atUs || this.held) return;
    const from = performance.now();
    const blob = await (await fetched(`${this.base}/glimpses/${atUs}`)).blob();
    // what a question alone takes is no slowness of the line
    const now = performance.now(),
      took = now - from - (from - asked);
    const picture = await createImageBitmap(blob);
    if (!this.timer) return;
    [this.canvas.width, this.canvas.height] = [picture.width, picture.height];
    this.canvas.getContext("2d")?.drawImage(picture, 0, 0);
    this.canvas.hidden = false;
    this.atUs = atUs;
    this.shown(atUs);
    if (this.judge.fetched(blob.size, took, now)) this.recovered();
  }
}

/** @param {string} path */
async function fetched(path) {
  const answer = await fetch(path, { credentials: "same-origin", cache: "no-store", signal: within(15_000) });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer;
}
