/**
 * Which cases have really reached somebody here: those whose row or whose call was in sight, and those
 * that an armed page rings for. Rows below the fold and behind another view have not.
 */

import { InView } from "/static/kit/shared/in_view.js";

/** @typedef {import("/static/viewer/js/contract.js").IncidentRow} IncidentRow */

export class Delivery {
  /** @param {import("/static/viewer/js/store.js").Store} store */
  constructor(store) {
    this.store = store;
    this.view = new InView(() => this.report());
    /** @type {Map<Element, string>} */
    this.cases = new Map();
  }

  /**
   * An element that shows a case.
   * @param {Element} element
   * @param {Pick<IncidentRow, "id" | "alert" | "unread">} row
   */
  watch(element, row) {
    this.cases.set(element, row.id);
    this.view.watch(element, JSON.stringify([row.id, row.alert?.id, row.unread]));
  }

  /** Tells the relay; after each drawing, for an answer may have been lost. */
  report() {
    this.view.tidy();
    for (const element of this.cases.keys()) if (!element.isConnected) this.cases.delete(element);
    const seen = new Set([...this.cases].flatMap(([element, id]) => (this.view.told(element) ? [id] : [])));
    const isArmed = this.store.feed.stands().armed;
    this.store.reading.drawn(
      [...this.store.rows.values()].flatMap((row) => {
        if (seen.has(row.id)) return [row];
        return isArmed && row.call && row.call.level !== "soft" ? [row] : [];
      }),
    );
  }
}
