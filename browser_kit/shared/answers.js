// Written by tests/house/written.py from relay/protocol/answers.py; not by hand.
// Types alone: nothing here runs, and no page loads it.

/**
 * @typedef {object} Me
 * @property {string} name
 * @property {string} display_name
 * @property {string} role
 * @property {string | null} hospital
 */

/**
 * @typedef {object} IncidentRow
 * @property {string} id
 * @property {string} unit
 * @property {number} opened_at_us
 * @property {string} state
 * @property {PatientCard | null} patient
 * @property {null} eta
 * @property {StreamRow | null} stream
 * @property {string | null} tier
 * @property {string | null} statement_ja
 * @property {string | null} statement_en
 * @property {AlertRow | null} alert
 * @property {OpenedBy[]} opened_by
 * @property {DecisionRow | null} decision
 * @property {number} snapshots
 * @property {HighestTier | null} highest
 * @property {CallToLook | null} call
 * @property {number} place
 * @property {boolean} awaiting_read
 * @property {string | null} unread
 * @property {Receipts} receipts
 * @property {ClimbRow[]} ladder
 * @property {boolean} standstill
 * @property {CabinRow | null} cabin
 * @property {LookingRow[]} looking
 */

/**
 * @typedef {object} RestingRow
 * @property {string} id
 * @property {string} unit
 * @property {number} opened_at_us
 * @property {string} state
 * @property {CallToLook | null} call
 * @property {number} place
 * @property {boolean} awaiting_read
 * @property {null} patient
 * @property {null} stream
 * @property {null} statement_ja
 * @property {null} statement_en
 * @property {null} decision
 * @property {null} tier
 * @property {null} alert
 * @property {null} highest
 * @property {OpenedBy[]} opened_by
 * @property {LookingRow[]} looking
 * @property {Record<string, any>} receipts
 * @property {ClimbRow[]} ladder
 */

/**
 * @typedef {object} IncidentDetail
 * @property {Record<string, MomentRow>} moments
 * @property {Record<string, IntervalRow>} intervals
 * @property {EcgRow[]} snapshots
 * @property {EntryRow[]} timeline
 * @property {number} earlier_entries
 * @property {ReportRow | null} report
 */

/**
 * @typedef {object} MomentRow
 * @property {number} at_us
 * @property {number | null} device_at_us
 * @property {string} by
 */

/**
 * @typedef {object} IntervalRow
 * @property {number | null} seconds
 * @property {boolean} is_reversed
 */

/**
 * @typedef {object} EarlierEntries
 * @property {EntryRow[]} timeline
 * @property {number} earlier_entries
 */

/**
 * @typedef {object} PatientCard
 * @property {number} rev
 * @property {"patient"} type
 * @property {number | null} age_years
 * @property {"M" | "F" | null} sex
 * @property {number | null} onset_at_us
 * @property {number | null} pain_nrs
 * @property {string | null} bp_right
 * @property {string | null} bp_left
 * @property {number | null} hr_bpm
 * @property {number | null} spo2_pct
 * @property {number | null} resp_per_min
 * @property {number | null} temp_c
 * @property {string | null} jcs
 * @property {string | null} history
 */

/**
 * @typedef {object} StreamRow
 * @property {string} id
 * @property {number} fs_hz
 * @property {number} uv_per_lsb
 * @property {number} lead_mask
 * @property {string} state
 * @property {number} newest_sample
 * @property {number | null} clock_offset_us
 * @property {number} started_at_us
 */

/**
 * @typedef {object} AlertRow
 * @property {string} id
 * @property {string} state
 * @property {number} raised_at_us
 * @property {string} tier
 * @property {string | null} snapshot
 */

/**
 * @typedef {object} DecisionRow
 * @property {string} decision
 * @property {string} text
 * @property {string} who
 * @property {number} at_us
 * @property {string | null} snapshot
 */

/**
 * @typedef {object} OpenedBy
 * @property {string} who
 * @property {number} at_us
 */

/**
 * @typedef {object} CallToLook
 * @property {string} level
 * @property {string} snapshot
 * @property {string | null} tier
 * @property {string} reason
 * @property {number} since_us
 */

/**
 * @typedef {object} ClimbRow
 * @property {string} ladder
 * @property {string} hospital
 * @property {string} place
 * @property {ClimbStepRow[]} steps
 * @property {string[] | null} rings
 * @property {ClimbNextRow | null} next
 */

/**
 * @typedef {object} ClimbStepRow
 * @property {string} target
 * @property {string} name
 * @property {number} at_us
 * @property {number} due_at_us
 * @property {string[]} channels
 * @property {string | null} skipped
 * @property {string | null} phone
 */

/**
 * @typedef {object} ClimbNextRow
 * @property {string} target
 * @property {string} name
 * @property {number} due_at_us
 */

/**
 * @typedef {object} HighestTier
 * @property {string} tier
 * @property {number} at_us
 */

/**
 * @typedef {object} LookingRow
 * @property {string} who
 * @property {string | null} snapshot
 * @property {number} since_us
 */

/**
 * @typedef {object} Receipts
 * @property {string | null} snapshot
 * @property {number | null} stored_at_us
 * @property {number | null} delivered_at_us
 * @property {string | null} delivered_to
 * @property {number | null} opened_at_us
 * @property {string | null} opened_by
 * @property {number | null} watched_live_at_us
 * @property {string | null} watched_live_by
 * @property {number | null} decided_at_us
 * @property {string | null} decided_by
 * @property {number | null} decided_entry
 * @property {string | null} decision
 * @property {string | null} decision_text
 * @property {boolean} decided_on_earlier
 * @property {number | null} disputed_at_us
 * @property {string | null} disputed_by
 * @property {string | null} disputed_decision
 * @property {string | null} disputed_text
 * @property {number | null} understood_at_us
 */

/**
 * @typedef {object} CabinRow
 * @property {string} state
 * @property {string} step
 * @property {number | null} since_us
 * @property {number | null} still_at_us
 */

/**
 * @typedef {object} ArchivePage
 * @property {IncidentRow[]} cases
 * @property {string | null} beyond
 * @property {number | null} looked_to_us
 */

/**
 * @typedef {object} EcgRow
 * @property {OriginRow | null} origin
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
 * @property {boolean} complete
 * @property {number[][]} present
 */

/**
 * @typedef {object} EcgDetail
 * @property {OriginRow | null} origin
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
 * @property {boolean} complete
 * @property {number[][]} present
 * @property {Record<string, any> | null} report
 */

/**
 * @typedef {object} OriginRow
 * @property {string} recorded_ja
 * @property {string} recorded_en
 * @property {string[]} doubts
 * @property {string} doubts_ja
 * @property {string} doubts_en
 * @property {string | null} recorded_at
 * @property {number | null} recorded_ago_s
 * @property {number | null} age_years
 * @property {string | null} sex
 * @property {number | null} other_case_at_us
 */

/**
 * @typedef {object} EntryRow
 * @property {number} entry
 * @property {string} incident
 * @property {number} at_us
 * @property {string} stage
 * @property {string} who
 * @property {Record<string, any>} data
 */

/**
 * @typedef {object} ReportRow
 * @property {string} stream
 * @property {string} incident
 * @property {number} first_sample
 * @property {number} n_samples
 * @property {string} statement_ja
 * @property {string} statement_en
 * @property {Record<string, any>} report
 */

/**
 * @typedef {object} TrendAnswer
 * @property {string} incident
 * @property {TrendRun[]} runs
 */

/**
 * @typedef {object} TrendRun
 * @property {string} stream
 * @property {number} fs_hz
 * @property {number} started_at_us
 * @property {number[]} end_sample
 * @property {number[]} at_us
 * @property {string} tier
 * @property {(number | null)[]} hr_bpm
 * @property {(number | null)[]} qrs_ms
 * @property {Record<string, (number | null)[]>} st_j_uv
 * @property {Record<string, (number | null)[]>} st_j60_uv
 * @property {(number | null)[]} st_vm_uv
 * @property {(number | null)[]} stc_vm_uv
 * @property {Record<string, number> | null} baseline_j60_uv
 * @property {number | null} baseline_to_sample
 */

/**
 * @typedef {object} CallRow
 * @property {string} id
 * @property {string | null} incident
 * @property {string} state
 * @property {string} hint
 * @property {string | null} number
 * @property {string | null} address
 * @property {string} complaint
 * @property {string | null} unit
 * @property {number} taken_at_us
 * @property {number | null} dispatched_at_us
 * @property {number | null} sent_at_us
 * @property {number | null} opened_at_us
 * @property {number | null} allowed_at_us
 * @property {number | null} live_at_us
 * @property {number | null} frozen_at_us
 * @property {number | null} ended_at_us
 * @property {number | null} expires_at_us
 * @property {string | null} guidance
 * @property {PositionRow | null} position
 * @property {Record<string, any> | null} phone
 * @property {SharedWith[]} shares
 * @property {StillRow[]} stills
 * @property {string} recording
 * @property {CabinRow | null} cabin
 * @property {number | null} shared_until_us
 */

/**
 * @typedef {object} SharedWith
 * @property {string} id
 * @property {string} kind
 * @property {string} target
 * @property {number} at_us
 */

/**
 * @typedef {object} StillRow
 * @property {string} id
 * @property {number} at_us
 * @property {string} by
 */

/**
 * @typedef {object} PositionRow
 * @property {number} lat
 * @property {number} lon
 * @property {number} accuracy_m
 * @property {number} at_us
 */

/**
 * @typedef {object} CallerState
 * @property {string} call
 * @property {string} state
 * @property {string} site_name
 * @property {string | null} guidance
 * @property {number} data_cap_mb
 * @property {IceServerRow[]} ice_servers
 * @property {boolean} ended
 * @property {number} at_us
 * @property {boolean} recorded
 * @property {boolean} glimpses
 */

/**
 * @typedef {object} IceServerRow
 * @property {string[]} urls
 * @property {string} username
 * @property {string} credential
 */

export {};
