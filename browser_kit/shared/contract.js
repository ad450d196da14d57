// Written by tests/house/written.py from feed.py and the bodies in relay/web; not by hand.
// Types alone: nothing here runs, and no page loads it.

/**
 * @typedef {import("/static/kit/shared/answers.js").Me} Me
 * @typedef {import("/static/kit/shared/answers.js").IncidentRow} IncidentRow
 * @typedef {import("/static/kit/shared/answers.js").RestingRow} RestingRow
 * @typedef {import("/static/kit/shared/answers.js").CallRow} CallRow
 */

/**
 * @typedef {object} ConsoleLost
 * @property {string} who
 * @property {number} since_us
 * @property {"gone" | "silent" | "ended"} why
 */

/**
 * @typedef {object} Trouble
 * @property {string} cause
 * @property {string} words_ja
 * @property {string} words_en
 */

/**
 * @typedef {object} FeedWelcome
 * @property {Me} user
 * @property {number} server_us
 * @property {boolean} rests
 * @property {"welcome"} kind
 */

/**
 * @typedef {object} Beat
 * @property {number} beat
 * @property {number} server_us
 * @property {boolean} armed
 * @property {number} pages
 * @property {number} armed_pages
 * @property {ConsoleLost[]} lost
 * @property {Record<string, number>} ages_ms
 * @property {Trouble[]} troubles
 * @property {number | null} rests_in_s
 * @property {"beat"} kind
 */

/**
 * @typedef {object} IncidentChanged
 * @property {IncidentRow | RestingRow} incident
 * @property {"incident"} kind
 */

/**
 * @typedef {object} Listed
 * @property {number} more
 * @property {string | null} beyond
 * @property {"listed"} kind
 */

/**
 * @typedef {object} CallChanged
 * @property {CallRow} call
 * @property {"call"} kind
 */

/**
 * @typedef {object} CallGone
 * @property {string} call
 * @property {"call-gone"} kind
 */

/**
 * @typedef {object} TimelineEntry
 * @property {string} incident
 * @property {number} entry
 * @property {number} at_us
 * @property {string} stage
 * @property {string} who
 * @property {Record<string, any>} data
 * @property {"timeline"} kind
 */

/**
 * @typedef {object} LiveReport
 * @property {string} stream
 * @property {string} incident
 * @property {number} first_sample
 * @property {number} n_samples
 * @property {string} statement_ja
 * @property {string} statement_en
 * @property {Record<string, any>} report
 * @property {"report"} kind
 */

/**
 * @typedef {object} StreamState
 * @property {string} stream
 * @property {"live" | "stale" | "lost" | "ended"} state
 * @property {number} newest_sample
 * @property {number} age_ms
 * @property {number} backlog_ms
 * @property {"stream-state"} kind
 */

/**
 * @typedef {object} Skipped
 * @property {string} stream
 * @property {number} from_sample
 * @property {number} to_sample
 * @property {"skipped"} kind
 */

/**
 * @typedef {object} FeedPong
 * @property {number} page_us
 * @property {number} server_us
 * @property {"pong"} kind
 */

/**
 * @typedef {object} FeedRefusal
 * @property {string} code
 * @property {string} text
 * @property {"refusal"} kind
 */

/**
 * @typedef {object} Watch
 * @property {string} stream
 * @property {number} [look_back_s]
 * @property {"watch"} kind
 */

/**
 * @typedef {object} Unwatch
 * @property {string} stream
 * @property {"unwatch"} kind
 */

/**
 * @typedef {object} Console
 * @property {boolean} armed
 * @property {number} [beat]
 * @property {number} [audio_ms]
 * @property {string | null} [incident]
 * @property {string | null} [snapshot]
 * @property {boolean} [input]
 * @property {"console"} kind
 */

/**
 * @typedef {object} Delivered
 * @property {string} alert
 * @property {"delivered"} kind
 */

/**
 * @typedef {object} Shown
 * @property {string} snapshot
 * @property {"shown"} kind
 */

/**
 * @typedef {object} FeedPing
 * @property {number} page_us
 * @property {"ping"} kind
 */

/**
 * @typedef {object} Again
 * @property {string} password
 */

/**
 * @typedef {object} CallerPosition
 * @property {number} lat
 * @property {number} lon
 * @property {number} accuracy_m
 * @property {true} consent
 */

/**
 * @typedef {object} Credentials
 * @property {string} name
 * @property {string} password
 */

/**
 * @typedef {object} Decided
 * @property {"stemi-cath" | "repeat-5min" | "not-stemi" | "unreadable"} decision
 * @property {string} [text]
 * @property {string | null} [snapshot]
 * @property {OnScreen | null} [live]
 * @property {string | null} [act]
 * @property {number | null} [after]
 */

/**
 * @typedef {object} Deleted
 * @property {string} reason
 */

/**
 * @typedef {object} Detail
 * @property {string | null} [browser]
 * @property {string | null} [language]
 * @property {number | null} [battery_pct]
 * @property {number | null} [bytes_sent]
 * @property {number | null} [bitrate_kbps]
 * @property {number | null} [room_kbps]
 */

/**
 * @typedef {object} Dispatched
 * @property {string} unit
 */

/**
 * @typedef {object} Guided
 * @property {string | null} topic
 */

/**
 * @typedef {object} Invited
 * @property {"sms" | "qr"} channel
 * @property {true} consent
 * @property {"" | "ja" | "ja-easy" | "en" | "zh-Hans" | "ko" | "vi" | "pt-BR"} [language]
 */

/**
 * @typedef {object} LetRing
 * @property {string} name
 * @property {string} endpoint
 * @property {string} p256dh
 * @property {string} auth
 */

/**
 * @typedef {object} NewPassword
 * @property {string} old
 * @property {string} new
 */

/**
 * @typedef {object} Note
 * @property {string} text
 * @property {string | null} [act]
 */

/**
 * @typedef {object} OnScreen
 * @property {string} stream
 * @property {number} first_sample
 * @property {number} n_samples
 */

/**
 * @typedef {object} Opened
 * @property {string | null} [snapshot]
 */

/**
 * @typedef {object} Progress
 * @property {"shown"
 *   | "asking"
 *   | "allowed"
 *   | "denied"
 *   | "no-camera"
 *   | "in-app-browser"
 *   | "insecure"
 *   | "busy"
 *   | "reloaded"
 *   | "stills"
 *   | "video"
 *   | "left"} step
 * @property {Detail} [detail]
 */

/**
 * @typedef {object} Reported
 * @property {"full" | "reduced" | "stills" | "paused" | "failed" | "off"} step
 */

/**
 * @typedef {object} Shared
 * @property {"unit" | "hospital" | "command"} kind
 * @property {string} target
 */

/**
 * @typedef {object} Taken
 * @property {string} [number]
 * @property {string} [address]
 * @property {string} [complaint]
 */

/**
 * @typedef {object} Token
 * @property {string} token
 */

/**
 * @typedef {object} TryWay
 * @property {string} channel
 * @property {string} to
 */

/**
 * @typedef {FeedWelcome
 *   | Beat
 *   | IncidentChanged
 *   | Listed
 *   | CallChanged
 *   | CallGone
 *   | TimelineEntry
 *   | LiveReport
 *   | StreamState
 *   | Skipped
 *   | FeedPong
 *   | FeedRefusal} ToPage
 * @typedef {Watch | Unwatch | Console | Delivered | Shown | FeedPing} FromPage
 */

export {};
