/**
 * The samples of a snapshot for the sheet. A kept one comes as the hashed record, and its hash is
 * checked here; one that is still on its way is put together from its frames. In both, a sample that
 * is not there stays a hole.
 */

import * as api from "/static/kit/shared/api.js";
import { decodeFrameList } from "/static/kit/ecg/frame.js";
import { leadsOfMask } from "/static/kit/ecg/leads.js";
import { SampleRing } from "/static/kit/ecg/ring.js";

/**
 * @typedef {object} Recording ten seconds that can be drawn
 * @property {SampleRing} ring
 * @property {number} firstSample
 * @property {number} nSamples
 * @property {number} fsHz
 * @property {number} uvPerLsb
 * @property {number} leadMask
 * @property {"match" | "differs" | "unchecked"} hash whether the bytes are those that were kept
 *
 * @typedef {object} SnapshotFacts
 * @property {string} id
 * @property {string} incident
 * @property {string} stream
 * @property {number} first_sample
 * @property {number} n_samples
 * @property {number} fs_hz
 * @property {number} uv_per_lsb
 * @property {number} lead_mask
 * @property {string | null} sha256
 * @property {number | null} stored_at_us
 */

/** @param {SnapshotFacts} snapshot @returns {Promise<Recording>} */
export async function loadRecording(snapshot) {
  return snapshot.stored_at_us === null ? fromFrames(snapshot) : fromRecord(snapshot);
}

/**
 * `first-end` ranges; an empty text names none, no text at all means the whole.
 * @param {string | null} text @param {number} first @param {number} end
 * @returns {[number, number][]}
 */
export function rangesOf(text, first, end) {
  if (text === null) return [[first, end]];
  if (text === "") return [];
  return text.split(",").map((part) => {
    const [from, to] = part.split("-").map(Number);
    return [Math.max(first, Number(from)), Math.min(end, Number(to))];
  });
}

/**
 * The line that was hashed before the samples, as the relay sent it.
 * @param {string | null} base64
 * @returns {{bytes: Uint8Array<ArrayBuffer>, says: any} | null}
 */
function hashedHeader(base64) {
  if (!base64) return null;
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  return { bytes, says: JSON.parse(new TextDecoder().decode(bytes)) };
}

/** Whether the hashed line speaks of this very snapshot. @param {any} says @param {SnapshotFacts} s */
function speaksOf(says, s) {
  return (
    says.snapshot === s.id &&
    says.incident === s.incident &&
    says.stream === s.stream &&
    says.first_sample === s.first_sample &&
    says.n_samples === s.n_samples &&
    says.lead_mask === s.lead_mask &&
    says.fs_hz === s.fs_hz &&
    says.uv_per_lsb === s.uv_per_lsb
  );
}

/** @param {SnapshotFacts} snapshot @returns {Promise<Recording>} */
async function fromRecord(snapshot) {
  const { data, headers } = await api.bytes(`/api/snapshots/${snapshot.id}/samples`);
  const { first_sample: firstSample, n_samples: nSamples, lead_mask: leadMask } = snapshot;
  const leads = leadsOfMask(leadMask);
  if (data.byteLength !== 2 * leads.length * nSamples) throw new Error("The snapshot has another length than it says.");
  const view = new DataView(data);
  const header = hashedHeader(headers.get("X-Hash-Header"));
  /** @type {[number, number][]} */
  const present = header?.says.present ?? rangesOf(headers.get("X-Present"), firstSample, firstSample + nSamples);
  const ring = new SampleRing(nSamples);
  ring.spread(firstSample, nSamples);
  for (const [from, to] of present) {
    const rows = leads.map((_, r) =>
      Int16Array.from({ length: to - from }, (_v, i) =>
        view.getInt16(2 * (r * nSamples + from - firstSample + i), true),
      ),
    );
    ring.write({ firstSample: from, nSamples: to - from, leads, rows });
  }
  return {
    ring,
    firstSample,
    nSamples,
    leadMask,
    fsHz: snapshot.fs_hz,
    uvPerLsb: snapshot.uv_per_lsb,
    hash: await compare(header, data, snapshot),
  };
}

/** @param {SnapshotFacts} snapshot @returns {Promise<Recording>} */
async function fromFrames(snapshot) {
  const { first_sample: firstSample, n_samples: nSamples } = snapshot;
  const end = firstSample + nSamples;
  const { data } = await api.bytes(
    `/api/streams/${snapshot.stream}/frames?from_sample=${firstSample}&to_sample=${end}`,
  );
  const frames = decodeFrameList(data);
  const last = Math.max(end, ...frames.map((f) => f.firstSample + f.nSamples));
  const ring = new SampleRing(last - firstSample);
  ring.spread(firstSample, last - firstSample);
  for (const frame of frames) ring.write(frame);
  return {
    ring,
    firstSample,
    nSamples,
    leadMask: snapshot.lead_mask,
    fsHz: snapshot.fs_hz,
    uvPerLsb: snapshot.uv_per_lsb,
    hash: "unchecked",
  };
}

/**
 * @param {ReturnType<typeof hashedHeader>} header
 * @param {ArrayBuffer} samples
 * @param {SnapshotFacts} snapshot
 * @returns {Promise<Recording["hash"]>}
 */
async function compare(header, samples, snapshot) {
  if (!header || !snapshot.sha256 || !globalThis.crypto?.subtle) return "unchecked";
  const whole = await new Blob([header.bytes, samples]).arrayBuffer();
  const own = new Uint8Array(await crypto.subtle.digest("SHA-256", whole));
  const hex = Array.from(own, (b) => b.toString(16).padStart(2, "0")).join("");
  return hex === snapshot.sha256.toLowerCase() && speaksOf(header.says, snapshot) ? "match" : "differs";
}
