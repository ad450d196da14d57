/**
 * Display filters. The diagnostic mode shows the samples as they were recorded; the monitor mode
 * (0.5–40 Hz) steadies the eye but bends ST segments, and its label says so wherever it is drawn.
 * Filters run over unbroken stretches only; a gap (NaN) stays a gap.
 */

/**
 * @typedef {{b0: number, b1: number, b2: number, a1: number, a2: number}} Biquad
 * @typedef {"diagnostic" | "monitor"} FilterName
 */

export const MONITOR_LOW_HZ = 0.5;
export const MONITOR_HIGH_HZ = 40;

/**
 * A second-order Butterworth section (bilinear transform with prewarping).
 * @param {"lowpass" | "highpass"} kind @param {number} cutHz @param {number} fsHz
 * @returns {Biquad}
 */
export function butterworth2(kind, cutHz, fsHz) {
  const k = Math.tan((Math.PI * cutHz) / fsHz);
  const norm = 1 / (1 + Math.SQRT2 * k + k * k);
  const a1 = 2 * (k * k - 1) * norm;
  const a2 = (1 - Math.SQRT2 * k + k * k) * norm;
  const g = kind === "lowpass" ? k * k * norm : norm;
  return { b0: g, b1: kind === "lowpass" ? 2 * g : -2 * g, b2: g, a1, a2 };
}

/**
 * The sections of a named filter; none for the diagnostic mode.
 * @param {FilterName} name @param {number} fsHz
 * @returns {Biquad[]}
 */
export function sectionsOf(name, fsHz) {
  if (name === "diagnostic") return [];
  const sections = [butterworth2("highpass", MONITOR_LOW_HZ, fsHz)];
  if (MONITOR_HIGH_HZ < fsHz / 2) sections.push(butterworth2("lowpass", MONITOR_HIGH_HZ, fsHz));
  return sections;
}

/**
 * The band of the monitor filter, as it is applied at this sample rate.
 * @param {number} fsHz
 */
export function filterLabel(fsHz) {
  return MONITOR_HIGH_HZ < fsHz / 2 ? `${MONITOR_LOW_HZ}–${MONITOR_HIGH_HZ} Hz` : `${MONITOR_LOW_HZ} Hz–`;
}

/**
 * One pass of a section, started in the steady state of `first`. In place.
 * @param {Biquad} q @param {Float64Array} x @param {number} first
 */
function pass(q, x, first) {
  const dc = (q.b0 + q.b1 + q.b2) / (1 + q.a1 + q.a2);
  let z2 = first * (q.b2 - q.a2 * dc);
  let z1 = first * (q.b1 - q.a1 * dc) + z2;
  for (let i = 0; i < x.length; i += 1) {
    const v = /** @type {number} */ (x[i]);
    const y = q.b0 * v + z1;
    z1 = q.b1 * v - q.a1 * y + z2;
    z2 = q.b2 * v - q.a2 * y;
    x[i] = y;
  }
}

/** @param {Biquad[]} sections @param {Float64Array} x */
function cascade(sections, x) {
  for (const q of sections) pass(q, x, /** @type {number} */ (x[0]));
}

/**
 * Forwards and backwards over one unbroken stretch, its ends reflected about their end points.
 * @param {Biquad[]} sections @param {Float64Array} x @param {number} pad samples reflected at each end
 * @returns {Float64Array}
 */
export function zeroPhaseRun(sections, x, pad) {
  const n = x.length;
  if (n === 0 || sections.length === 0) return x.slice();
  const p = Math.min(pad, n - 1);
  const wide = new Float64Array(n + 2 * p);
  const head = /** @type {number} */ (x[0]);
  const tail = /** @type {number} */ (x[n - 1]);
  wide.set(x, p);
  for (let i = 1; i <= p; i += 1) {
    wide[p - i] = 2 * head - /** @type {number} */ (x[i]);
    wide[p + n - 1 + i] = 2 * tail - /** @type {number} */ (x[n - 1 - i]);
  }
  cascade(sections, wide);
  wide.reverse();
  cascade(sections, wide);
  wide.reverse();
  return wide.slice(p, p + n);
}

/**
 * Applies `run` to every stretch without NaN.
 * @param {Float32Array} values @param {(stretch: Float64Array) => Float64Array} run
 * @returns {Float32Array}
 */
function overStretches(values, run) {
  const out = new Float32Array(values.length).fill(NaN);
  let from = -1;
  for (let i = 0; i <= values.length; i += 1) {
    const there = i < values.length && !Number.isNaN(values[i]);
    if (there && from < 0) from = i;
    if (!there && from >= 0) {
      out.set(run(Float64Array.from(values.subarray(from, i))), from);
      from = -1;
    }
  }
  return out;
}

/**
 * For the sheet: zero phase, so that no wave moves against another.
 * @param {FilterName} name @param {Float32Array} values @param {number} fsHz
 */
export function zeroPhase(name, values, fsHz) {
  const sections = sectionsOf(name, fsHz);
  if (sections.length === 0) return values;
  return overStretches(values, (x) => zeroPhaseRun(sections, x, Math.round(2 * fsHz)));
}

/**
 * For the live sweep: causal, started in the steady state of each stretch's first sample. Give it a
 * few seconds before what is drawn, so that the start has died away.
 * @param {FilterName} name @param {Float32Array} values @param {number} fsHz
 */
export function causal(name, values, fsHz) {
  const sections = sectionsOf(name, fsHz);
  if (sections.length === 0) return values;
  return overStretches(values, (x) => {
    cascade(sections, x);
    return x;
  });
}

/** Seconds that `causal` wants to see before what is drawn. */
export const WARM_UP_S = 4;

/**
 * The median of what is there; NaN when nothing is.
 * @param {Float32Array} values
 */
export function medianOf(values) {
  const there = values.filter((v) => !Number.isNaN(v)).sort();
  return there.length === 0 ? NaN : /** @type {number} */ (there[there.length >> 1]);
}
