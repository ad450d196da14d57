/**
 * What is so at this moment, and what of a row may be known without a person at the page. An old answer is not the
 * present.
 */

/** @typedef {import("/static/viewer/js/contract.js").IncidentRow} IncidentRow */

/** Two beats of the relay, and a little. */
const FRESH_S = 7;
const STALE_MS = 3_000;
const LOST_MS = 10_000;

export class Now {
  /** @param {import("/static/kit/shared/feed.js").Feed} feed */
  constructor(feed) {
    this.feed = feed;
  }

  /** Whether what the page shows is of this moment: the relay was heard within two beats. */
  get isFresh() {
    return this.feed.silentS() < FRESH_S;
  }

  /** How a row's recording stands, by the newest beat; without one nothing is known. @param {IncidentRow} row */
  streamState({ stream }) {
    if (!stream) return "none";
    if (stream.state === "ended") return "ended";
    if (!this.isFresh) return "unknown";
    const ages = this.feed.lastBeat?.["ages_ms"];
    const age_ms = ages?.[stream.id];
    if (age_ms === undefined) return ages && stream.state !== "live" ? "lost" : stream.state;
    return age_ms < STALE_MS ? "live" : age_ms < LOST_MS ? "stale" : "lost";
  }

  /** Who looks at a case; nothing is known of it while the relay is not heard. @param {IncidentRow} row */
  lookers({ looking }) {
    return this.isFresh ? [...new Set((looking ?? []).map(({ who }) => who))] : [];
  }
}

/**
 * What a page that nobody is at keeps of a row: that a case waits, and how loudly.
 * @param {IncidentRow} row
 * @returns {IncidentRow}
 */
export function restingRow({ id, unit, opened_at_us, state, call, place, awaiting_read }) {
  return {
    id,
    unit,
    opened_at_us,
    state,
    call,
    place,
    awaiting_read,
    patient: null,
    eta: null,
    stream: null,
    tier: null,
    statement_ja: null,
    statement_en: null,
    alert: null,
    opened_by: [],
    decision: null,
    looking: [],
    highest: null,
    receipts: {},
    ladder: [],
  };
}
