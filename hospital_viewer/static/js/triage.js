/**
 * In which order cases stand, and what sounds. The relay judges (`call`, `place`: docs/http.md); nothing is judged
 * here. Pure.
 */

/** @typedef {import("/static/viewer/js/contract.js").IncidentRow} IncidentRow */

const ORDER = "ABCDQE";

/** @param {string | null | undefined} tier */
function rank(tier) {
  const at = tier ? ORDER.indexOf(tier.slice(0, 1)) : -1;
  return at < 0 ? ORDER.length : at;
}

/** The tier a row is sorted by: of the ECG that waits, else of the newest screening. @param {IncidentRow} row */
const tierOf = (row) => (row.call ? row.call.tier : row.tier);

/**
 * By the relay's own places; in each by tier; what has waited longest before what waits since later,
 * and among what does not wait the newest first.
 * @param {Iterable<IncidentRow>} rows
 * @returns {IncidentRow[]}
 */
export function triaged(rows) {
  return [...rows].sort(
    (x, y) =>
      x.place - y.place ||
      rank(tierOf(x)) - rank(tierOf(y)) ||
      (x.call && y.call ? x.call.since_us - y.call.since_us : y.opened_at_us - x.opened_at_us),
  );
}

/**
 * What the open cases ask for: `high` rings until a human opens it, `hand` sounds again and again until
 * then, `soft` sounds once.
 * @param {readonly IncidentRow[]} rows
 * @returns {{high: IncidentRow[], hand: IncidentRow[], soft: IncidentRow[]}}
 */
export function sounding(rows) {
  const at = (/** @type {string} */ level) => rows.filter((row) => row.call?.level === level);
  return { high: at("high"), hand: at("hand"), soft: at("soft") };
}

/**
 * The snapshot to open a case with: the one that waits, else the one the receipts are about where it
 * rang or was sent, else the newest that was screened, else the newest.
 * @param {import("/static/viewer/js/contract.js").IncidentDetail} detail
 */
export function firstSnapshot({ snapshots, timeline, call }) {
  const newest = [...snapshots].sort((a, b) => b.taken_at_us - a.taken_at_us);
  const alert = timeline.findLast((entry) => entry.stage === "alert-raised");
  const named = (/** @type {unknown} */ id) => newest.find((snap) => snap.id === id);
  return (
    named(call?.snapshot) ?? named(alert?.data["snapshot"]) ?? newest.find((snap) => snap.tier) ?? newest[0] ?? null
  );
}

/**
 * The intervals that count, in seconds; only those whose both ends are known.
 * @param {readonly import("/static/viewer/js/contract.js").TimelineEntry[]} timeline
 * @param {number | null | undefined} onsetUs
 * @returns {{key: string, seconds: number}[]}
 */
export function intervalsOf(timeline, onsetUs) {
  const at = (/** @type {(e: import("/static/viewer/js/contract.js").TimelineEntry) => boolean} */ is) =>
    timeline.find(is)?.at_us ?? null;
  const mark = (/** @type {string} */ name) => at((e) => e.stage === "mark" && e.data["mark"] === name);
  const stage = (/** @type {string} */ name) => at((e) => e.stage === name);
  const fmc = mark("fmc");
  const ecg = stage("snapshot-stored");
  const opened = stage("trace-opened");
  /** @type {[string, number | null | undefined, number | null | undefined][]} */
  const pairs = [
    ["onset_fmc", onsetUs, fmc],
    ["fmc_ecg", fmc, ecg],
    ["ecg_open", ecg, opened],
    ["open_decision", opened, stage("decided")],
    ["fmc_door", fmc, mark("door")],
  ];
  return pairs.flatMap(([key, from, to]) => (from && to && to >= from ? [{ key, seconds: (to - from) / 1e6 }] : []));
}
