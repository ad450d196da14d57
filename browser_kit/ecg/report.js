/**
 * What the pages read from a screening report (docs/clinical/screen-json.md). One place: if the
 * report's shape grows, only this file changes. What is not there is null, never zero.
 */

import { STANDARD_12 } from "/static/kit/ecg/leads.js";

/**
 * @typedef {object} LeadReading
 * @property {string} lead
 * @property {number | null} jUv
 * @property {number | null} j60Uv
 * @property {number | null} thresholdUv
 * @property {boolean} meets the screen names it among the leads in which its criteria are met; nothing is judged here
 * @property {boolean} meetsInverse the same for the lead upside down (−aVR)
 * @property {string} quality `good`, `fair`, `poor`, `bad`, `off` or ""
 *
 * @typedef {object} Reading
 * @property {string | null} tier
 * @property {LeadReading[]} leads
 * @property {number | null} hrBpm
 * @property {number | null} prMs
 * @property {number | null} qrsMs
 * @property {number | null} qtcMs Fridericia
 * @property {{ja: string, en: string}[]} reasons criteria that are met, and notes
 * @property {{ja: string, en: string}[]} unreadable criteria that could not be judged
 * @property {string} thresholdSource `entered` when age and sex were known
 * @property {string} version
 */

/** @param {unknown} value */
const num = (value) => (typeof value === "number" && Number.isFinite(value) ? value : null);

/** @param {any} report @param {string} lead @returns {LeadReading} */
function leadReading(report, lead) {
  const met = metLeads(report);
  return {
    lead,
    jUv: num(report.st_j_uv?.[lead]),
    j60Uv: num(report.st_j60_uv?.[lead]),
    thresholdUv: num(report.thresholds?.leads_uv?.[lead]),
    quality: String(report.quality?.leads?.[lead]?.grade ?? ""),
    meets: met.includes(lead),
    meetsInverse: met.includes(`-${lead}`),
  };
}

/**
 * The leads that carry the screen's own sentence. A level above a threshold in a paced or wide QRS is none of them.
 * @param {any} report
 * @returns {string[]}
 */
function metLeads(report) {
  const said = (Array.isArray(report.findings) ? report.findings : []).find(
    (/** @type {any} */ finding) => finding.code === "SCREEN",
  );
  return said?.status === "MET" && Array.isArray(said.leads) ? said.leads : [];
}

/** The first finding repeats the statement. @param {any} report @param {readonly string[]} statuses */
function findings(report, statuses) {
  const all = Array.isArray(report.findings) ? report.findings : [];
  return all
    .filter((/** @type {any} */ f) => f.code !== "SCREEN" && statuses.includes(f.status))
    .map((/** @type {any} */ f) => ({ ja: String(f.text_ja ?? f.code), en: String(f.text_en ?? f.code) }));
}

/**
 * @param {any} report the `report` of a snapshot or of a live message, or null
 * @returns {Reading | null}
 */
export function readReport(report) {
  if (!report || typeof report !== "object") return null;
  const measured = report.st_j_uv ?? {};
  const names = [...STANDARD_12, ...Object.keys(measured).filter((name) => !STANDARD_12.includes(name))];
  const { thresholds } = report;
  return {
    tier: typeof report.tier === "string" ? report.tier : null,
    leads: names.filter((name) => name in measured).map((name) => leadReading(report, name)),
    hrBpm: num(report.hr_bpm),
    prMs: num(report.pr_ms),
    qrsMs: num(report.qrs_ms),
    qtcMs: num(report.qtc_ms),
    reasons: findings(report, ["MET", "NOTE"]),
    unreadable: findings(report, ["UNREADABLE"]),
    thresholdSource: String(thresholds?.source ?? ""),
    version: [
      thresholds ? `${thresholds.profile} ${thresholds.profile_version}` : "",
      report.version ? `screen ${report.version}` : "",
    ]
      .filter(Boolean)
      .join(" · "),
  };
}
