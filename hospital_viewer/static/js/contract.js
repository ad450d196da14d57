/**
 * The shapes of docs/http.md, for the type checker.
 *
 * @typedef {{name: string, display_name: string, role: string, hospital: string | null}} Me
 * @typedef {{name: string, version: string, screen_enabled: boolean, demo: boolean}} Site
 * @typedef {{rev?: number, age_years?: number | null, sex?: "M" | "F" | null, onset_at_us?: number | null, pain_nrs?:
 *   number | null,
 *   bp_right?: string | null, bp_left?: string | null, hr_bpm?: number | null, spo2_pct?: number | null,
 *   resp_per_min?: number | null, temp_c?: number | null, jcs?: string | null, history?: string | null}} PatientCard
 * @typedef {{id: string, fs_hz: number, uv_per_lsb: number, lead_mask: number, state: string, newest_sample: number,
 *   started_at_us: number, clock_offset_us?: number | null}} StreamRow
 * @typedef {{who: string, at_us: number}} Opened
 * @typedef {{decision: string, text: string, who: string, at_us: number}} Decision
 * @typedef {{id: string, state: "raised" | "delivered" | "opened" | "decided" | "closed", raised_at_us: number, tier:
 *   string, snapshot?: string | null}} Alert
 *
 * @typedef {{level: "high" | "hand" | "soft", snapshot: string, tier: string | null, reason: string, since_us:
 *   number}} Call
 *
 * @typedef {object} IncidentRow
 * @property {boolean} [standstill] no QRS is seen in the live stream
 * @property {string} id
 * @property {string} unit
 * @property {number} opened_at_us
 * @property {string} state
 * @property {PatientCard | null} patient
 * @property {number | null} eta
 * @property {StreamRow | null} stream
 * @property {string | null} tier
 * @property {string | null} statement_ja
 * @property {string | null} statement_en
 * @property {Alert | null} alert
 * @property {Opened[]} opened_by
 * @property {Decision | null} decision
 * @property {import("/static/kit/video/cabin.js").Cabin | null} [cabin]
 * @property {boolean} awaiting_read
 * @property {Call | null} call that a human is asked to look, and how loudly: the relay's judgement
 * @property {number} place where the row stands in the list, the lowest first
 * @property {{who: string, snapshot: string | null, since_us: number}[]} looking who has the trace on a screen now
 * @property {{tier: string, at_us: number} | null} highest the gravest tier so far
 * @property {import("/static/kit/shared/tier.js").Receipts} receipts
 * @property {string | null} [unread] the snapshot whose arrival at a human the crew waits for
 *
 * @typedef {object} Snapshot
 * @property {string} id
 * @property {string} incident
 * @property {string} stream
 * @property {number} first_sample
 * @property {number} n_samples
 * @property {number} taken_at_us
 * @property {number | null} stored_at_us
 * @property {string} reason
 * @property {string | null} sha256
 * @property {number} fs_hz
 * @property {number} uv_per_lsb
 * @property {number} lead_mask
 * @property {string | null} tier
 * @property {string | null} statement_ja
 * @property {string | null} statement_en
 * @property {any} report
 * @property {boolean} complete
 * @property {{recorded_ja: string, recorded_en: string, doubts: string[], doubts_ja: string, doubts_en: string} |
 *   null} [origin] what a file says of itself
 *
 * @typedef {{entry: number, incident: string, at_us: number, stage: string, who: string, data: Record<string, any>}}
 *   TimelineEntry
 * @typedef {{stream: string, incident: string, first_sample: number, n_samples: number, statement_ja: string,
 *   statement_en: string, report: any}} LiveReport
 * @typedef {Omit<IncidentRow, "snapshots"> & {snapshots: Snapshot[], timeline: TimelineEntry[], report: LiveReport |
 *   null, earlier_entries?: number,
 *   intervals?: Record<string, {seconds: number | null, is_reversed: boolean}>}} IncidentDetail
 */

export {};
