/**
 * What the relay is told of this page's reader: which cases have reached somebody here, and which trace was opened.
 * Each once.
 */

import * as api from "/static/kit/shared/api.js";

/** @typedef {import("/static/viewer/js/contract.js").IncidentRow} IncidentRow */

export class Reading {
  /** @param {import("/static/viewer/js/store.js").Store} store */
  constructor(store) {
    this.store = store;
    /** @type {Set<string>} */
    this.openedSent = new Set();
    /** @type {Set<string>} */
    this.deliveredSent = new Set();
  }

  /** What was said on the line that broke may not have arrived. */
  redialled() {
    this.deliveredSent.clear();
  }

  /** Whoever comes next has read nothing yet. */
  forget() {
    this.openedSent.clear();
    this.deliveredSent.clear();
  }

  /**
   * Says that the trace is on this screen and the screen is seen. Once for each trace; tried again
   * until the relay has it. @param {string} incident @param {string | null} snapshot
   */
  async opened(incident, snapshot) {
    // the relay has written that it was read; the crew is not told of a look back
    if (this.store.isArchived) return;
    const key = `${incident}:${snapshot ?? `live:${this.store.detail?.unread ?? ""}`}`;
    if (this.openedSent.has(key)) return;
    this.openedSent.add(key);
    try {
      /** @type {import("/static/kit/shared/contract.js").Opened} */
      const body = { snapshot };
      await api.post(`/api/incidents/${incident}/opened`, body);
    } catch (error) {
      this.store.fail(error);
      if (error instanceof api.ApiError && (error.status === 0 || error.status >= 500)) {
        window.setTimeout(() => {
          this.openedSent.delete(key);
          if (this.store.current === incident) void this.opened(incident, snapshot);
        }, 2_000);
      }
    }
  }

  /** What waits for a reader and has reached somebody here (delivery.js). @param {readonly IncidentRow[]} rows */
  drawn(rows) {
    for (const { alert, unread } of rows) {
      if (alert?.state === "raised") this.#tell(alert.id, { kind: "delivered", alert: alert.id });
      else if (unread && alert?.state !== "delivered") this.#tell(unread, { kind: "shown", snapshot: unread });
    }
  }

  /** @param {string} id @param {import("/static/kit/shared/feed.js").Said} message */
  #tell(id, message) {
    if (!this.deliveredSent.has(id) && this.store.feed.send(message)) this.deliveredSent.add(id);
  }
}
