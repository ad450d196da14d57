/** In which order cases stand, and which of them make a sound. Pure. */

/** @typedef {import("/static/viewer/js/contract.js").IncidentRow} IncidentRow */

const ORDER = "ABCDQE";

/** @param {string | null | undefined} tier */
function rank(tier) {
  const at = tier ? ORDER.indexOf(tier.slice(0, 1)) : -1;
  return at < 0 ? ORDER.length : at;
}

/** A raised alert that nobody has opened. @param {IncidentRow} row */
export function unopened(row) {
  return row.alert !== null && (row.alert.state === "raised" || row.alert.state === "delivered");
}

/**
 * Unopened tier A first, then what awaits a reader by tier, then the rest; the newest first in each.
 * @param {Iterable<IncidentRow>} rows
 * @returns {IncidentRow[]}
 */
export function triaged(rows) {
  const group = (/** @type {IncidentRow} */ row) => {
    if (unopened(row) && row.alert?.tier?.startsWith("A")) return 0;
    if (row.awaiting_read) return 1;
    return row.decision ? 3 : 2;
  };
  return [...rows].sort((x, y) => group(x) - group(y) || rank(x.tier) - rank(y.tier) || y.opened_at_us - x.opened_at_us);
}

/**
 * The sound that the open cases ask for: `high` rings until opened, `medium` sounds once for each
 * alert; all else is silent.
 * @param {readonly IncidentRow[]} rows
 * @returns {{high: IncidentRow[], medium: IncidentRow[]}}
 */
export function sounding(rows) {
  const waiting = rows.filter(unopened);
  const tierOf = (/** @type {IncidentRow} */ row) => (row.alert?.tier ?? "").slice(0, 1);
  return {
    high: waiting.filter((row) => tierOf(row) === "A"),
    medium: waiting.filter((row) => tierOf(row) === "B" || tierOf(row) === "C"),
  };
}

/**
 * The snapshot to open a case with: the alert's own, else the newest one that was screened, else the newest.
 * @param {readonly import("/static/viewer/js/contract.js").Snapshot[]} snapshots
 * @param {readonly import("/static/viewer/js/contract.js").TimelineEntry[]} timeline
 */
export function firstSnapshot(snapshots, timeline) {
  const newest = [...snapshots].sort((a, b) => b.taken_at_us - a.taken_at_us);
  const alert = [...timeline].reverse().find((entry) => entry.stage === "alert-raised");
  return newest.find((snap) => snap.id === alert?.data["snapshot"]) ?? newest.find((snap) => snap.tier) ?? newest[0] ?? null;
}

/**
 * The intervals that count, in seconds; only those whose both ends are known.
 * @param {readonly import("/static/viewer/js/contract.js").TimelineEntry[]} timeline
 * @param {number | null | undefined} onsetUs
 * @returns {{key: string, seconds: number}[]}
 */
export function intervalsOf(timeline, onsetUs) {
  const at = (/** @type {(e: import("/static/viewer/js/contract.js").TimelineEntry) => boolean} */ is) => timeline.find(is)?.at_us ?? null;
  const mark = (/** @type {string} */ name) => at((e) => e.stage === "mark" && e.data["mark"] === name);
  const stage = (/** @type {string} */ name) => at((e) => e.stage === name);
  const fmc = mark("fmc");
  const ecg = stage("snapshot-stored");
  const opened = stage("trace-opened");
  /** @type {[string, number | null | undefined, number | null | undefined][]} */
  const pairs = [
    ["onset_fmc", onsetUs, fmc], ["fmc_ecg", fmc, ecg], ["ecg_open", ecg, opened],
    ["open_decision", opened, stage("decided")], ["fmc_door", fmc, mark("door")],
  ];
  return pairs.flatMap(([key, from, to]) => (from && to && to >= from ? [{ key, seconds: (to - from) / 1e6 }] : []));
}
