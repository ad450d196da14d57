/**
 * The 119 calls a page may see: asked for at every connection, then told of. A word outranks an answer that was on
 * its way.
 */

import * as api from "/static/kit/shared/api.js";

const AGAIN_MS = 2_000;

/** @template {{id: string}} T */
export class CallBook {
  /**
   * @param {import("/static/kit/shared/feed.js").Feed} feed
   * @param {(call: T) => boolean} keeps which calls stay in the list
   * @param {() => void} changed
   */
  constructor(feed, keeps, changed) {
    this.keeps = keeps;
    this.changed = changed;
    /** @type {Map<string, T>} */
    this.calls = new Map();
    /** What was told since the oldest question that is still open; null: gone. @type {Map<string, T | null>} */
    this.told = new Map();
    this.asking = 0;
    /** Why the calls could not be had; empty once they could. */
    this.trouble = "";
    this.retry = 0;
    feed.on("welcome", () => void this.ask());
    feed.on("call", (message) => this.take(message.call));
    feed.on("call-gone", (message) => this.#put(message.call, null));
  }

  /** @param {T} call */
  take(call) {
    this.#put(call.id, call);
  }

  /** @param {string} id @param {T | null} call */
  #put(id, call) {
    if (this.asking) this.told.set(id, call);
    if (call && this.keeps(call)) this.calls.set(id, call);
    else this.calls.delete(id);
    this.changed();
  }

  /** Calls as the relay has them now; what is shown stays where it cannot be had, and is asked for again. */
  async ask() {
    clearTimeout(this.retry);
    this.asking += 1;
    let trouble = "";
    try {
      const { calls } = await api.get("/api/calls");
      this.calls = new Map(calls.map((/** @type {T} */ call) => [call.id, call]));
      for (const [id, call] of this.told) {
        if (call && this.keeps(call)) this.calls.set(id, call);
        else this.calls.delete(id);
      }
    } catch (error) {
      trouble = error instanceof Error ? error.message : String(error);
      if (!(error instanceof api.ApiError) || error.status === 0 || error.status >= 500)
        this.retry = window.setTimeout(() => void this.ask(), AGAIN_MS);
    }
    this.asking -= 1;
    this.trouble = trouble;
    if (!this.asking) this.told.clear();
    this.changed();
  }

  clear() {
    clearTimeout(this.retry);
    this.calls.clear();
  }
}
