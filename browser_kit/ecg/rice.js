/**
 * Codec 1 of a frame (docs/protocol.md §1.1): each lead's differences in Rice code. Pure; refuses a
 * payload that does not fit the header by throwing a RangeError.
 */

const MAX_ORDER = 2;
const MAX_K = 18;

/** Reads single bits, most significant first. */
class Bits {
  /** @param {Uint8Array} bytes @param {number} from byte */
  constructor(bytes, from) {
    this.bytes = bytes;
    this.at = from * 8;
    this.end = bytes.length * 8;
  }

  bit() {
    if (this.at >= this.end) throw new RangeError("the bits end too early");
    const bit = ((this.bytes[this.at >> 3] ?? 0) >> (7 - (this.at & 7))) & 1;
    this.at += 1;
    return bit;
  }

  /** @param {number} n */
  number(n) {
    let value = 0;
    for (let i = 0; i < n; i += 1) value = value * 2 + this.bit();
    return value;
  }

  unary() {
    let value = 0;
    while (this.bit() === 0) value += 1;
    return value;
  }
}

/**
 * @param {Uint8Array} payload @param {number} nLeads @param {number} nSamples
 * @returns {Int16Array[]} one array a lead
 */
export function decodeRice(payload, nLeads, nSamples) {
  if (payload.length < nLeads) throw new RangeError("the heads are missing");
  const heads = Array.from(payload.subarray(0, nLeads), (head) => ({ order: head >> 5, k: head & 31 }));
  if (heads.some(({ order, k }) => order > Math.min(MAX_ORDER, nSamples - 1) || k > MAX_K)) {
    throw new RangeError("a head is out of range");
  }
  const firstsEnd = nLeads + 2 * heads.reduce((sum, { order }) => sum + order, 0);
  const lowBits = heads.reduce((sum, { order, k }) => sum + (nSamples - order) * k, 0);
  const lowEnd = firstsEnd + Math.ceil(lowBits / 8);
  if (payload.length <= lowEnd) throw new RangeError("the payload is too short");
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const low = new Bits(payload, firstsEnd);
  const high = new Bits(payload, lowEnd);
  let at = nLeads;
  const rows = heads.map(({ order, k }) => {
    const firsts = Array.from({ length: order }, (_, i) => view.getInt16(at + 2 * i, true));
    at += 2 * order;
    return leadOf(firsts, k, nSamples, low, high);
  });
  if (high.end - high.at > 7) throw new RangeError("something follows the samples");
  while (high.at < high.end) if (high.bit()) throw new RangeError("something follows the samples");
  return rows;
}

/** @param {number[]} firsts @param {number} k @param {number} nSamples @param {Bits} low @param {Bits} high */
function leadOf(firsts, k, nSamples, low, high) {
  const row = new Int16Array(nSamples);
  const order = firsts.length;
  for (let i = 0; i < nSamples; i += 1) {
    let value;
    if (i < order) value = /** @type {number} */ (firsts[i]);
    else {
      const folded = high.unary() * 2 ** k + low.number(k);
      const difference = folded % 2 ? -(folded + 1) / 2 : folded / 2;
      const before = /** @type {number} */ (row[i - 1] ?? 0);
      const beforeThat = /** @type {number} */ (row[i - 2] ?? 0);
      value = difference + (order === 0 ? 0 : order === 1 ? before : 2 * before - beforeThat);
    }
    if (value < -32_768 || value > 32_767) throw new RangeError("a sample is out of range");
    row[i] = value;
  }
  return row;
}
