/**
 * `PanelState` of docs/http.md, for the type checker.
 *
 * @typedef {{id: string, taken_at_us: number, first_sample: number, reason: string, stored_at_us: number | null,
 *   tier: string | null, statement_ja: string, statement_en: string,
 *   origin?: {recorded_ja: string, recorded_en: string, doubts: string[], doubts_ja: string, doubts_en: string} |
 *   null}} PanelSnapshot
 * @typedef {import("/static/kit/shared/tier.js").Receipts & {snapshot?: string | null, taken_at_us?: number | null,
 *   decision_text?: string | null,
 *   watched_live_at_us?: number | null, watched_live_by?: string | null}} PanelReceipts
 * @typedef {{age_years?: number | null, sex?: "M" | "F" | null, onset_at_us?: number | null, pain_nrs?: number | null,
 *   bp_right?: string | null, bp_left?: string | null, hr_bpm?: number | null, spo2_pct?: number | null,
 *   resp_per_min?: number | null, temp_c?: number | null, jcs?: string | null, history?: string | null}} Card
 * @typedef {{entry: number, incident: string, at_us: number, stage: string, who: string, data: Record<string, any>}}
 *   Notice
 *
 * @typedef {object} PanelState
 * @property {string} unit
 * @property {boolean} drill
 * @property {string | null} incident
 * @property {number} now_us
 * @property {{state: "connected" | "connecting" | "lost" | "refused", since_us: number, text: string, refused_as:
 *   number | null, cause?: string, words_ja?: string, words_en?: string, phone?: string, rtt_ms: number | null,
 *   offset_ms: number | null}} link
 * @property {{name: string, state: "waiting" | "running" | "silent" | "ended" | "failed", text: string, words_ja?:
 *   string, words_en?: string, rate_ppm: number | null, rate_error_ppm: number | null}} source
 * @property {{id: string, fs_hz: number, uv_per_lsb: number, lead_mask: number, newest_sample: number} | null} stream
 * @property {{words_ja: string, words_en: string} | null} [clock] the tablet's clock is minutes off; every time here
 *   is the relay's
 * @property {number} backlog_s
 * @property {number} lost_s
 * @property {boolean} spool_ok
 * @property {{ecg_s: number, entries: number} | null} recovered
 * @property {{id: string, taken_at_us: number, state: "waiting" | "sent" | "refused", text: string}[]} photos
 * @property {number} photo_bytes how large a photo may be, as the relay said
 * @property {{id: string, kind: string, at_us: number, text: string, why: string}[]} refused what the relay would not
 *   take; it stays until a person removes it
 * @property {number} room_min
 * @property {number} disk_free_mb
 * @property {{code: string, words_ja: string, words_en: string} | null} swap
 * @property {number | null} standstill_s seconds without a QRS although the electrodes are good
 * @property {Card | null} patient
 * @property {{fmc: number | null, depart: number | null, door: number | null}} marks
 * @property {Record<string, "good" | "noisy" | "off">} electrodes
 * @property {{step: "full" | "reduced" | "stills" | "paused", calls: {id: string, state: string, hint: string,
 *   complaint: string, stills: {id: string, at_us: number, by: string}[]}[],
 *   camera: {state: "live" | "reduced" | "stills" | "paused" | "connecting" | "failed", text: string} | null}} video
 * @property {PanelSnapshot[]} snapshots
 * @property {PanelReceipts} receipts
 * @property {{looking: {who: string, snapshot: string | null, since_us: number}[], pages: number | null, armed:
 *   number | null, nobody?: {words_ja: string, words_en: string} | null} | null} attention how the hospitals stand
 *   now; null while that is not known
 * @property {{id: string, at_us: number, cause: string, words_ja: string, words_en: string}[]} remarks what the crew
 *   has not confirmed yet
 * @property {Notice[]} notices
 */

export {};
