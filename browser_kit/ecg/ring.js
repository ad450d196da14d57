/**
 * The last seconds of one stream, by absolute sample number. Frames may come late, twice or out of
 * order; each sample knows whether it is there. A sample that never came reads as NaN: the ring never
 * invents, holds or interpolates a value.
 */

import { FROM_I_AND_II, bitOfLead } from "/static/kit/ecg/leads.js";

/** @typedef {[number, number]} Range half-open: [first, end) */

/** An ADC value that is no voltage: the device has no sample of this lead here (docs/protocol.md §1). */
export const MISSING = -32768;

/** @param {number} adc */
function voltage(adc) {
  return adc === MISSING ? NaN : adc;
}

export class SampleRing {
  /** @param {number} capacity samples kept */
  constructor(capacity) {
    if (!(capacity > 0)) throw new RangeError("A ring holds at least one sample.");
    this.capacity = capacity;
    /** One past the newest sample; 0 while empty. */
    this.end = 0;
    /** Samples that arrived after they had left the ring. */
    this.tooOld = 0;
    /** Samples that came again with another value; the first one stays. */
    this.conflicts = 0;
    this.empty = true;
    /** The lowest sample number that ever came: before it there is nothing to miss. */
    this.first = 0;
    /** Mask of the leads present at each slot. */
    this.present = new Uint32Array(capacity);
    /** @type {Map<number, Int16Array>} */
    this.rowOfBit = new Map();
  }

  /** The oldest sample number that could still be held. */
  get start() {
    return Math.max(0, this.end - this.capacity);
  }

  /**
   * Takes a frame in.
   * @param {{firstSample: number, nSamples: number, leads: readonly string[], rows: readonly Int16Array[]}} frame
   * @returns {Range | null} what of it is now readable
   */
  write(frame) {
    const last = frame.firstSample + frame.nSamples;
    if (this.empty) {
      this.end = frame.firstSample;
      this.first = frame.firstSample;
      this.empty = false;
    }
    this.first = Math.min(this.first, frame.firstSample);
    if (last > this.end) this.#advance(last);
    const from = Math.max(frame.firstSample, this.start);
    this.tooOld += Math.min(frame.nSamples, from - frame.firstSample);
    if (from >= last) return null;
    for (const [i, name] of frame.leads.entries())
      this.#writeRow(bitOfLead(name), frame.rows[i], frame.firstSample, from, last);
    return [from, last];
  }

  /**
   * Says which range is expected before anything of it came: all of it is a hole until it is written.
   * @param {number} first @param {number} n
   */
  spread(first, n) {
    this.empty = false;
    this.first = first;
    this.present.fill(0);
    this.end = first + n;
  }

  /** @param {number} end */
  #advance(end) {
    const from = Math.max(this.end, end - this.capacity);
    for (let s = from; s < end; s += 1) this.present[s % this.capacity] = 0;
    this.end = end;
  }

  /**
   * @param {number} bit
   * @param {Int16Array | undefined} values
   * @param {number} first
   * @param {number} from
   * @param {number} last
   */
  #writeRow(bit, values, first, from, last) {
    if (!values || values.length !== last - first) throw new RangeError("A row has the frame's length.");
    let row = this.rowOfBit.get(bit);
    if (!row) {
      row = new Int16Array(this.capacity);
      this.rowOfBit.set(bit, row);
    }
    const flag = 1 << bit;
    for (let s = from; s < last; s += 1) {
      const slot = s % this.capacity;
      const value = /** @type {number} */ (values[s - first]);
      if (/** @type {number} */ (this.present[slot]) & flag) {
        if (row[slot] !== value) this.conflicts += 1;
      } else {
        row[slot] = value;
        this.present[slot] = /** @type {number} */ (this.present[slot]) | flag;
      }
    }
  }

  /**
   * Whether any lead is there at a sample.
   * @param {number} s
   */
  has(s) {
    return !this.empty && s >= this.start && s < this.end && this.present[s % this.capacity] !== 0;
  }

  /**
   * The stretches of [from, to) in which no lead is there.
   * @param {number} from @param {number} to
   * @returns {Range[]}
   */
  gaps(from, to) {
    /** @type {Range[]} */
    const gaps = [];
    let open = -1;
    for (let s = from; s < to; s += 1) {
      if (this.has(s)) {
        if (open >= 0) gaps.push([open, s]);
        open = -1;
      } else if (open < 0) open = s;
    }
    if (open >= 0) gaps.push([open, to]);
    return gaps;
  }

  /**
   * The whole hole that a missing sample belongs to, as far as the ring reaches.
   * @param {number} s
   * @returns {Range}
   */
  gapAround(s) {
    let from = s;
    let to = s + 1;
    while (from > Math.max(this.start, this.first) && !this.has(from - 1)) from -= 1;
    while (to < this.end && !this.has(to)) to += 1;
    return [from, to];
  }

  /**
   * ADC values of a lead over [from, to); NaN where the sample is not there or is `MISSING`. Limb leads that were not
   * sent are derived from I and II.
   * @param {string} lead @param {number} from @param {number} to
   * @returns {Float32Array}
   */
  read(lead, from, to) {
    const out = new Float32Array(Math.max(0, to - from)).fill(NaN);
    const own = bitOfLead(lead);
    const recipe = FROM_I_AND_II[lead];
    const sent = this.rowOfBit.get(own);
    const one = this.rowOfBit.get(0);
    const two = this.rowOfBit.get(1);
    const first = Math.max(from, this.start);
    const last = this.empty ? first : Math.min(to, this.end);
    for (let s = first; s < last; s += 1) {
      const slot = s % this.capacity;
      const mask = /** @type {number} */ (this.present[slot]);
      if (sent && mask & (1 << own)) out[s - from] = voltage(/** @type {number} */ (sent[slot]));
      else if (recipe && one && two && (mask & 3) === 3) {
        out[s - from] =
          recipe[0] * voltage(/** @type {number} */ (one[slot])) +
          recipe[1] * voltage(/** @type {number} */ (two[slot]));
      }
    }
    return out;
  }
}
