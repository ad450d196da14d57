/**
 * Pages load and the live feed does not: a proxy stands between. A browser tells a page nothing of a dial that failed,
 * so after a few of them the relay is asked by HTTP; where it answers, it says what blocks the feed.
 */

import * as api from "/static/kit/shared/api.js";

/** @typedef {{cause: string, words_ja: string, words_en: string}} Told */

/** Dials in a row that came to nothing; a relay that restarts needs one or two. */
const FAILED_DIALS = 4;
/** Answers in a row, each after one more failed dial: a relay that has just come back is no blocked feed. */
const ANSWERS = 2;

export class Blocked {
  /**
   * @param {import("/static/kit/shared/feed.js").Feed} feed
   * @param {() => void} changed
   * @param {(error: api.ApiError) => void} [unknown] the relay does not know the session any more: a new name can
   *   cost the cookie too
   * @param {() => Promise<Told>} [ask]
   */
  constructor(
    feed,
    changed,
    unknown = () => undefined,
    ask = () => api.get(`/api/session/feed?origin=${encodeURIComponent(location.origin)}`),
  ) {
    this.changed = changed;
    this.unknown = unknown;
    this.ask = ask;
    this.failed = 0;
    this.answers = 0;
    this.asking = false;
    /** What blocks the feed; null while nothing is known to. @type {Told | null} */
    this.told = null;
    feed.on("dial", (state) => {
      if (state === "waiting") void this.#failed();
      else if (state !== "connecting") this.#forget();
    });
  }

  #forget() {
    this.failed = 0;
    this.answers = 0;
    this.#tell(null);
  }

  async #failed() {
    this.failed += 1;
    if (this.failed < FAILED_DIALS || this.asking) return;
    this.asking = true;
    try {
      const told = await this.ask();
      if (this.failed) this.answers += 1; // else the feed was open before the answer came
      if (this.answers >= ANSWERS) this.#tell(told);
    } catch (error) {
      if (error instanceof api.ApiError && error.status === 401) this.unknown(error);
      this.answers = 0;
      this.#tell(null); // nothing answers: the relay or the network is gone, as the page says already
    }
    this.asking = false;
  }

  /** @param {Told | null} told */
  #tell(told) {
    if (JSON.stringify(told) === JSON.stringify(this.told)) return;
    this.told = told;
    this.changed();
  }
}
