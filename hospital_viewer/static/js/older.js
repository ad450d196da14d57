/** Open cases beyond those that are listed: how many there are, and the next of them when a person asks. */

import * as api from "/static/kit/shared/api.js";

/** @typedef {import("/static/viewer/js/contract.js").IncidentRow} IncidentRow */

export class Older {
  /** @param {import("/static/viewer/js/store.js").Store} store */
  constructor(store) {
    this.store = store;
    this.more = 0;
    /** @type {string | null} */
    this.beyond = null;
    store.feed.on("listed", (said) => {
      this.#listed(said);
      store.changed();
    });
  }

  /** @param {{more: number, beyond: string | null}} said */
  #listed({ more, beyond }) {
    this.more = more;
    this.beyond = beyond;
  }

  /**
   * The rows the relay lists first: the newest, and all that ask for a human.
   * @returns {Promise<Map<string, IncidentRow>>}
   */
  async fresh() {
    return this.#ask("/api/incidents?state=open");
  }

  /** The next ones join the list. */
  async load() {
    if (!this.beyond) return;
    try {
      const rows = await this.#ask(`/api/incidents?state=open&beyond=${this.beyond}`);
      this.store.rows = new Map([...rows, ...this.store.rows]);
    } catch (error) {
      this.store.fail(error);
    }
    this.store.changed();
  }

  /** @param {string} path */
  async #ask(path) {
    const listing = await api.get(path);
    this.#listed(listing);
    return new Map(listing.incidents.map((/** @type {IncidentRow} */ row) => [row.id, row]));
  }
}
