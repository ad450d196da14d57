/**
 * Reads one binary ECG frame (docs/protocol.md §1). A frame that fails any check is refused whole:
 * nothing of it reaches the screen.
 */

import { crc32c } from "/static/kit/ecg/crc32c.js";
import { leadsOfMask } from "/static/kit/ecg/leads.js";
import { decodeRice } from "/static/kit/ecg/rice.js";

export const HEADER_BYTES = 48;
export const MAX_FRAME_BYTES = 65_536;
const MAX_SAMPLES = 4_000;
const LEAD_BITS = 17;

/**
 * @typedef {object} EcgFrame
 * @property {string} stream UUID in lower case with hyphens
 * @property {number} epoch
 * @property {number} seq
 * @property {number} firstSample
 * @property {number} nSamples per lead
 * @property {number} leadMask
 * @property {boolean} backlog sent to fill a hole
 * @property {string[]} leads one name a row
 * @property {Int16Array[]} rows ADC integers, one array a lead
 */

/** What a damaged or foreign frame is refused with. `code` is stable. */
export class FrameError extends Error {
  /** @param {"size"|"version"|"checksum"|"header"|"codec"|"payload"} code @param {string} text */
  constructor(code, text) {
    super(text);
    this.name = "FrameError";
    this.code = code;
  }
}

/**
 * An unsigned 64-bit integer that a page can count with (< 2^53).
 * @param {DataView} view @param {number} at
 */
function count(view, at) {
  const high = view.getUint32(at + 4, true);
  if (high >= 0x200000) throw new FrameError("header", "A position lies beyond 2^53.");
  return high * 0x1_0000_0000 + view.getUint32(at, true);
}

/** @param {Uint8Array} bytes sixteen of them */
function uuid(bytes) {
  const hex = Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** @param {DataView} view @param {number} from @param {number} n */
function int16Row(view, from, n) {
  const row = new Int16Array(n);
  for (let i = 0; i < n; i += 1) row[i] = view.getInt16(from + 2 * i, true);
  return row;
}

/**
 * The frame in these bytes, after its checksum and every field were checked.
 * @param {ArrayBuffer | Uint8Array} data
 * @returns {EcgFrame}
 */
export function decodeFrame(data) {
  const bytes = data instanceof Uint8Array ? data : new Uint8Array(data);
  if (bytes.length > MAX_FRAME_BYTES) throw new FrameError("size", "The frame is too long.");
  if (bytes.length <= HEADER_BYTES + 4) throw new FrameError("size", "The frame is too short.");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint8(0) !== 1 || view.getUint8(1) !== 1) {
    throw new FrameError("version", "The frame has another version or kind.");
  }
  const end = bytes.length - 4;
  if (crc32c(bytes.subarray(0, end)) !== view.getUint32(end, true)) {
    throw new FrameError("checksum", "The frame was damaged on its way.");
  }
  const flags = view.getUint8(3);
  const nSamples = view.getUint16(40, true);
  const leadMask = view.getUint32(44, true);
  if (
    nSamples < 1 ||
    nSamples > MAX_SAMPLES ||
    leadMask === 0 ||
    leadMask >>> LEAD_BITS ||
    view.getUint16(42, true) !== 0 ||
    flags > 1
  ) {
    throw new FrameError("header", "The frame's header has a value outside its range.");
  }
  const leads = leadsOfMask(leadMask);
  return {
    stream: uuid(bytes.subarray(4, 20)),
    epoch: view.getUint32(20, true),
    seq: count(view, 24),
    firstSample: count(view, 32),
    nSamples,
    leadMask,
    backlog: flags === 1,
    leads,
    rows: rowsOf(view.getUint8(2), bytes.subarray(HEADER_BYTES, end), leads.length, nSamples),
  };
}

/** @param {number} codec @param {Uint8Array} payload @param {number} nLeads @param {number} nSamples */
function rowsOf(codec, payload, nLeads, nSamples) {
  if (codec === 1) {
    try {
      return decodeRice(payload, nLeads, nSamples);
    } catch (error) {
      throw new FrameError("payload", `The frame's samples do not add up: ${String(error)}.`);
    }
  }
  if (codec !== 0) throw new FrameError("codec", "The frame uses an unknown codec.");
  if (payload.length !== 2 * nLeads * nSamples) {
    throw new FrameError("payload", "The frame's payload has another length than its header says.");
  }
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  return Array.from({ length: nLeads }, (_, i) => int16Row(view, 2 * nSamples * i, nSamples));
}

/**
 * The frames of `GET /api/streams/{id}/frames`: each preceded by its length as u32 LE.
 * @param {ArrayBuffer} data
 * @returns {EcgFrame[]}
 */
export function decodeFrameList(data) {
  const view = new DataView(data);
  const frames = [];
  let at = 0;
  while (at + 4 <= data.byteLength) {
    const length = view.getUint32(at, true);
    if (at + 4 + length > data.byteLength) throw new FrameError("size", "The list ends inside a frame.");
    frames.push(decodeFrame(new Uint8Array(data, at + 4, length)));
    at += 4 + length;
  }
  if (at !== data.byteLength) throw new FrameError("size", "The list ends inside a length.");
  return frames;
}
