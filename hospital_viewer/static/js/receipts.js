/**
 * The receipt chain of the ECG that waits for an answer: the newest sent by hand or that rang, else the first.
 * The same rules as the tablet's (`ambulance_client/receipts.py`), held together by tests/vectors/receipts.json.
 */

/** @typedef {import("/static/viewer/js/contract.js").TimelineEntry} TimelineEntry */
/** @typedef {import("/static/kit/shared/tier.js").Receipts} Receipts */
/** @typedef {{id: string, reason: string, stored: TimelineEntry, rang: boolean, delivered: TimelineEntry | null, opened: TimelineEntry | null}} Line */

const SENT_BY_HAND = ["manual", "file"];

/** @param {readonly TimelineEntry[]} timeline @returns {Receipts} */
export function receiptsOf(timeline) {
  const lines = linesOf(timeline);
  const about = lines.findLast((line) => line.rang || SENT_BY_HAND.includes(line.reason)) ?? lines[0] ?? null;
  const since = about ? lines.slice(lines.indexOf(about)) : [];
  const live = timeline.findLast((entry) => entry.stage === "trace-opened" && !entry.data["snapshot"]) ?? null;
  const seenLive = about && (SENT_BY_HAND.includes(about.reason) || !after(live, about)) ? null : live;
  const opened = first([...since.map((line) => line.opened), seenLive]);
  const delivered = first(since.map((line) => line.delivered));
  const decided = timeline.findLast((entry) => entry.stage === "decided") ?? null;
  return {
    stored_at_us: about?.stored.at_us ?? null,
    delivered_at_us: delivered?.at_us ?? null,
    delivered_to: delivered?.who ?? null,
    opened_at_us: opened?.at_us ?? null,
    opened_by: opened?.who ?? null,
    decided_at_us: decided?.at_us ?? null,
    decided_by: decided?.who ?? null,
    decided_on_earlier: isEarlier(decided, about, lines),
  };
}

/** The snapshots in the order in which the relay stored them. @param {readonly TimelineEntry[]} timeline */
function linesOf(timeline) {
  /** @type {Map<string, Line>} */
  const lines = new Map();
  /** @type {Map<unknown, Line>} */
  const rang = new Map();
  for (const entry of timeline) {
    const { stage, data } = entry;
    const line = lines.get(String(data["snapshot"])) ?? rang.get(data["alert"]);
    if (stage === "snapshot-stored" && !line) {
      const id = String(data["snapshot"]);
      lines.set(id, { id, reason: String(data["reason"]), stored: entry, rang: false, delivered: null, opened: null });
    }
    if (!line) continue;
    if (stage === "alert-raised") {
      line.rang = true;
      rang.set(data["alert"], line);
    }
    if (stage === "delivered") line.delivered ??= entry;
    if (stage === "trace-opened") line.opened ??= entry;
  }
  return [...lines.values()];
}

/** @param {TimelineEntry | null} entry @param {Line} about */
function after(entry, about) {
  return entry !== null && entry.entry > about.stored.entry;
}

/** @param {(TimelineEntry | null)[]} entries */
function first(entries) {
  return entries.reduce((best, entry) => (entry && (!best || entry.entry < best.entry) ? entry : best), null);
}

/** Whether the newest decision was made on an ECG before this one. @param {TimelineEntry | null} decided @param {Line | null} about @param {Line[]} lines */
function isEarlier(decided, about, lines) {
  if (!decided || !about) return false;
  const on = lines.findIndex((line) => line.id === decided.data["snapshot"]);
  return on >= 0 ? on < lines.indexOf(about) : !after(decided, about);
}
