/**
 * What the pages read from a screening report (`kyumei screen --json`). One place: if the report's
 * shape grows, only this file changes. What is not there is null, never zero.
 */

import { STANDARD_12 } from "/static/kit/ecg/leads.js";

/**
 * @typedef {object} LeadReading
 * @property {string} lead
 * @property {number | null} jUv
 * @property {number | null} j60Uv
 * @property {number | null} thresholdUv
 * @property {boolean} meets J reaches the threshold in a usable lead
 * @property {string} quality `good`, `limited`, `reject` or ""
 *
 * @typedef {object} Reading
 * @property {string | null} tier
 * @property {LeadReading[]} leads
 * @property {number | null} hrBpm
 * @property {number | null} prMs
 * @property {number | null} qrsMs
 * @property {number | null} qtMs
 * @property {number | null} qtcMs
 * @property {{ja: string, en: string}[]} reasons
 * @property {string} version
 */

/** @param {unknown} value */
const num = (value) => (typeof value === "number" && Number.isFinite(value) ? value : null);

/**
 * The first of several names that holds a number.
 * @param {any} from @param {...string} names
 */
function firstNum(from, ...names) {
  for (const name of names) {
    const value = num(from?.[name]);
    if (value !== null) return value;
  }
  return null;
}

/** @param {any} row @param {string} lead @returns {LeadReading} */
function leadReading(row, lead) {
  const jUv = firstNum(row, "j_uv", "st_j_uv");
  const thresholdUv = firstNum(row, "threshold_uv");
  const quality = typeof row?.quality === "string" ? row.quality.toLowerCase() : "";
  const above = jUv !== null && thresholdUv !== null && jUv >= thresholdUv && quality !== "reject";
  return {
    lead, jUv, thresholdUv, quality,
    j60Uv: firstNum(row, "j60_uv", "st_j60_uv"),
    meets: typeof row?.meets === "boolean" ? row.meets : above,
  };
}

/**
 * @param {any} report the `report` of a snapshot or of a live message, or null
 * @returns {Reading | null}
 */
export function readReport(report) {
  if (!report || typeof report !== "object") return null;
  const m = { ...report, ...(report.measurements ?? {}) };
  const rows = m.leads ?? {};
  const byLead = Array.isArray(rows)
    ? Object.fromEntries(rows.map((/** @type {any} */ row) => [row.lead, row])) : rows;
  const names = [...STANDARD_12, ...Object.keys(byLead).filter((name) => !STANDARD_12.includes(name))];
  return {
    tier: typeof report.tier === "string" ? report.tier : null,
    leads: names.filter((name) => byLead[name]).map((name) => leadReading(byLead[name], name)),
    hrBpm: firstNum(m, "hr_bpm", "rate_bpm"),
    prMs: firstNum(m, "pr_ms"),
    qrsMs: firstNum(m, "qrs_ms"),
    qtMs: firstNum(m, "qt_ms"),
    qtcMs: firstNum(m, "qtc_ms", "qtcb_ms", "qtc_bazett_ms"),
    reasons: (Array.isArray(report.reasons) ? report.reasons : []).map(reason),
    version: String(report.criteria_version ?? report.version ?? ""),
  };
}

/** @param {any} value */
function reason(value) {
  if (typeof value === "string") return { ja: value, en: value };
  return { ja: String(value?.ja ?? value?.text_ja ?? value?.code ?? ""), en: String(value?.en ?? value?.text_en ?? value?.code ?? "") };
}
