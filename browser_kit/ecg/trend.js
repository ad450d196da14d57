/**
 * The ST trend as numbers: columns of points, what each lead's small chart spans, and its path. Pure.
 * A point that could not be read is a hole in the line, and so is time without points.
 */

export const HOLE_US = 30_000_000;
export const CHANGE_UV = 100;
const LEAST_SPAN_US = 120_000_000;
const LEVELS = /** @type {const} */ (["st_j_uv", "st_j60_uv"]);

/**
 * @typedef {"st_j_uv" | "st_j60_uv"} Level
 * @typedef {Record<string, (number | null)[]>} ByLead
 * @typedef {{stream: string, fs_hz: number, end_sample: number[], at_us: number[], tier: string, st_j_uv: ByLead,
 *   st_j60_uv: ByLead,
 *   hr_bpm: (number | null)[], stc_vm_uv?: (number | null)[], baseline_j60_uv: Record<string, number> | null,
 *   baseline_to_sample: number | null}} Run
 * @typedef {{lowUs: number, highUs: number, lowUv: number, highUv: number}} Box
 */

/** @param {unknown} value */
const num = (value) => (typeof value === "number" && Number.isFinite(value) ? value : null);

/**
 * Adds a live screening to the runs. False where it is not newer than what is there.
 * @param {Run[]} runs @param {{stream: string, first_sample: number, n_samples: number, report: any}} message @param
 *   {number} nowUs
 */
export function addReport(runs, message, nowUs) {
  let run = runs.find((one) => one.stream === message.stream);
  if (!run) {
    run = {
      stream: message.stream,
      fs_hz: NaN,
      end_sample: [],
      at_us: [],
      tier: "",
      st_j_uv: {},
      st_j60_uv: {},
      hr_bpm: [],
      baseline_j60_uv: null,
      baseline_to_sample: null,
    };
    runs.push(run);
  }
  const end = message.first_sample + message.n_samples;
  if (end <= (run.end_sample.at(-1) ?? -1)) return false;
  const n = run.end_sample.length;
  run.end_sample.push(end);
  run.at_us.push(nowUs);
  run.tier += String(message.report?.tier ?? "Q").slice(0, 1);
  run.hr_bpm.push(num(message.report?.hr_bpm));
  for (const level of LEVELS) {
    const columns = run[level];
    for (const [lead, value] of Object.entries(message.report?.[level] ?? {})) {
      if (num(value) !== null) columns[lead] ??= new Array(n).fill(null);
    }
    for (const [lead, column] of Object.entries(columns)) column.push(num(message.report?.[level]?.[lead]));
  }
  return true;
}

/**
 * One lead over all recordings of the case, oldest first; a break between recordings.
 * @param {readonly Run[]} runs @param {Level} level @param {string} lead
 * @returns {{atUs: number, uv: number | null}[]}
 */
export function seriesOf(runs, level, lead) {
  /** @type {{atUs: number, uv: number | null}[]} */
  const points = [];
  for (const run of runs) {
    const column = run[level][lead] ?? [];
    if (points.length && run.at_us.length) points.push({ atUs: /** @type {number} */ (run.at_us[0]), uv: null });
    for (const [i, atUs] of run.at_us.entries()) points.push({ atUs, uv: column[i] ?? null });
  }
  return points;
}

/**
 * The newest point, only where it is the newest of the whole trend.
 * @param {readonly {atUs: number, uv: number | null}[]} series
 */
export const newestUv = (series) => series.at(-1)?.uv ?? null;

/**
 * What all charts of a case span, so that a millimetre is the same height in each.
 * @param {readonly (readonly {atUs: number, uv: number | null}[])[]} all @param {number} nowUs
 * @returns {Box}
 */
export function boxOf(all, nowUs) {
  let [lowUv, highUv, lowUs] = [-200, 300, nowUs];
  for (const series of all) {
    for (const { atUs, uv } of series) {
      lowUs = Math.min(lowUs, atUs);
      if (uv === null) continue;
      lowUv = Math.min(lowUv, uv);
      highUv = Math.max(highUv, uv);
    }
  }
  return {
    lowUs: Math.min(lowUs, nowUs - LEAST_SPAN_US),
    highUs: nowUs,
    lowUv: Math.floor(lowUv / 100) * 100,
    highUv: Math.ceil(highUv / 100) * 100,
  };
}

/** @param {number} atUs @param {Box} box @param {number} width */
export const xOf = (atUs, box, width) => ((atUs - box.lowUs) / (box.highUs - box.lowUs)) * width;

/** @param {number} uv @param {Box} box @param {number} height */
export const yOf = (uv, box, height) => ((box.highUv - uv) / (box.highUv - box.lowUv)) * height;

/**
 * The line as an SVG path. A lone point between holes is a short stroke, so that it is seen.
 * @param {readonly {atUs: number, uv: number | null}[]} series @param {Box} box @param {number} width @param {number}
 *   height
 */
export function pathOf(series, box, width, height) {
  let path = "";
  let lastUs = -Infinity;
  let alone = false;
  for (const { atUs, uv } of series) {
    if (uv === null) {
      if (alone) path += "h0.6";
      alone = false;
      lastUs = -Infinity;
      continue;
    }
    const joined = atUs - lastUs <= HOLE_US;
    if (!joined && alone) path += "h0.6";
    path += `${joined ? "L" : "M"}${xOf(atUs, box, width).toFixed(2)} ${yOf(uv, box, height).toFixed(2)}`;
    alone = !joined;
    lastUs = atUs;
  }
  return alone ? `${path}h0.6` : path;
}

/**
 * The lead with the highest newest level (aVR by its inverse is left to the reader), null where none can be read.
 * @param {readonly Run[]} runs @param {Level} level @param {readonly string[]} leads
 */
export function highest(runs, level, leads) {
  /** @type {{lead: string, uv: number} | null} */
  let found = null;
  for (const lead of leads) {
    const uv = lead === "aVR" ? null : newestUv(seriesOf(runs, level, lead));
    if (uv !== null && (found === null || uv > found.uv)) found = { lead, uv };
  }
  return found;
}

/**
 * First minute's level at J+60 of the newest recording, null before it is known.
 * @param {readonly Run[]} runs
 * @param {string} lead
 */
export const baselineUv = (runs, lead) => runs.at(-1)?.baseline_j60_uv?.[lead] ?? null;
