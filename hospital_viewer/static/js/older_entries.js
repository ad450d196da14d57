/** What happened in a case before the entries the page was given: asked for by a person, page by page. */

import * as api from "/static/kit/shared/api.js";

/** @typedef {import("/static/viewer/js/contract.js").IncidentDetail} IncidentDetail */
/** @typedef {import("/static/viewer/js/contract.js").TimelineEntry} TimelineEntry */

export class OlderEntries {
  /** @param {() => void} changed */
  constructor(changed) {
    this.changed = changed;
    this.of = "";
    /** @type {TimelineEntry[]} */
    this.entries = [];
    this.more = -1;
    this.error = "";
  }

  /** Those of this case that were asked for, and how many more there are. @param {IncidentDetail} detail */
  shown(detail) {
    const mine = this.of === detail.id;
    return {
      entries: mine ? this.entries : [],
      more: mine && this.more >= 0 ? this.more : (detail.earlier_entries ?? 0),
      error: mine ? this.error : "",
    };
  }

  /** @param {IncidentDetail} detail */
  async ask(detail) {
    if (this.of !== detail.id) Object.assign(this, { of: detail.id, entries: [], more: -1 });
    const first = this.entries[0] ?? detail.timeline[0];
    this.error = "";
    try {
      const found = await api.get(`/api/incidents/${detail.id}/timeline?before=${first?.entry ?? 1}`);
      if (this.of !== detail.id) return;
      this.entries = [...found.timeline, ...this.entries];
      this.more = found.earlier_entries;
    } catch (error) {
      this.error = error instanceof Error ? error.message : String(error);
    }
    this.changed();
  }
}
