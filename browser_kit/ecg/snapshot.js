/**
 * The samples of a snapshot for the sheet. A complete one comes as the hashed record, and its hash is
 * checked here; one with holes is put together from its frames, so that the holes are known.
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
 * @property {"match" | "differs" | "unchecked"} hash whether the bytes are those that were stored
 */

/**
 * @param {{id: string, stream: string, first_sample: number, n_samples: number, fs_hz: number, uv_per_lsb: number, lead_mask: number, sha256: string | null, complete: boolean}} snapshot
 * @returns {Promise<Recording>}
 */
export async function loadRecording(snapshot) {
  return snapshot.complete ? fromRecord(snapshot) : fromFrames(snapshot);
}

/** @param {Parameters<typeof loadRecording>[0]} snapshot @returns {Promise<Recording>} */
async function fromRecord(snapshot) {
  const { data, headers } = await api.bytes(`/api/snapshots/${snapshot.id}/samples`);
  /** @param {string} name @param {number} fallback */
  const header = (name, fallback) => Number(headers.get(name) ?? fallback);
  const leadMask = header("X-Lead-Mask", snapshot.lead_mask);
  const nSamples = header("X-N-Samples", snapshot.n_samples);
  const firstSample = header("X-First-Sample", snapshot.first_sample);
  const leads = leadsOfMask(leadMask);
  if (data.byteLength !== 2 * leads.length * nSamples) throw new Error("The snapshot has another length than it says.");
  const view = new DataView(data);
  const rows = leads.map((_, r) => Int16Array.from({ length: nSamples }, (_v, i) => view.getInt16(2 * (r * nSamples + i), true)));
  const ring = new SampleRing(nSamples);
  ring.write({ firstSample, nSamples, leads, rows });
  return {
    ring, firstSample, nSamples, leadMask,
    fsHz: header("X-Fs-Hz", snapshot.fs_hz),
    uvPerLsb: header("X-Uv-Per-Lsb", snapshot.uv_per_lsb),
    hash: await compare(data, headers.get("X-Hash-Header"), snapshot),
  };
}

/** @param {Parameters<typeof loadRecording>[0]} snapshot @returns {Promise<Recording>} */
async function fromFrames(snapshot) {
  const from = snapshot.first_sample;
  const to = from + snapshot.n_samples;
  const { data } = await api.bytes(`/api/streams/${snapshot.stream}/frames?from_sample=${from}&to_sample=${to}`);
  const frames = decodeFrameList(data);
  const ring = new SampleRing(Math.max(snapshot.n_samples, to - Math.min(from, ...frames.map((f) => f.firstSample)) + 8_000));
  for (const frame of frames) ring.write(frame);
  return {
    ring, firstSample: from, nSamples: snapshot.n_samples, leadMask: snapshot.lead_mask,
    fsHz: snapshot.fs_hz, uvPerLsb: snapshot.uv_per_lsb, hash: "unchecked",
  };
}

/**
 * Whether header and samples are what was hashed, and the header speaks of this very snapshot.
 * @param {ArrayBuffer} data
 * @param {string | null} headerBase64 the line that was hashed before the samples
 * @param {{id: string, first_sample: number, n_samples: number, lead_mask: number, uv_per_lsb: number, sha256: string | null}} snapshot
 * @returns {Promise<Recording["hash"]>}
 */
async function compare(data, headerBase64, snapshot) {
  if (!snapshot.sha256 || !headerBase64 || !globalThis.crypto?.subtle) return "unchecked";
  const header = Uint8Array.from(atob(headerBase64), (c) => c.charCodeAt(0));
  const whole = new Uint8Array(header.length + data.byteLength);
  whole.set(header);
  whole.set(new Uint8Array(data), header.length);
  const own = new Uint8Array(await crypto.subtle.digest("SHA-256", whole));
  const hex = Array.from(own, (b) => b.toString(16).padStart(2, "0")).join("");
  const says = JSON.parse(new TextDecoder().decode(header));
  const same = says.snapshot === snapshot.id && says.first_sample === snapshot.first_sample
    && says.n_samples === snapshot.n_samples && says.lead_mask === snapshot.lead_mask
    && says.uv_per_lsb === snapshot.uv_per_lsb;
  return same && hex === snapshot.sha256.toLowerCase() ? "match" : "differs";
}
