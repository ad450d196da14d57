/**
 * The heart rate beside a live trace: of the newest screened seconds, a dash when those are old or could not be read.
 */

import { readReport } from "/static/kit/ecg/report.js";

const KEEPS_S = 20;

/**
 * @param {import("/static/viewer/js/contract.js").LiveReport | null} report
 * @param {import("/static/kit/ecg/sweep.js").SweepView} sweep what is on show
 */
export function liveRate(report, sweep) {
  const { stream, ring } = sweep;
  const behindS = report && stream ? (ring.end - report.first_sample - report.n_samples) / stream.fs_hz : NaN;
  const isNew = report?.stream === stream?.id && behindS <= KEEPS_S && sweep.age().state === "live";
  const bpm = isNew ? readReport(report?.report)?.hrBpm : null;
  return bpm === null || bpm === undefined ? "HR –" : `HR ${Math.round(bpm)}/min`;
}
