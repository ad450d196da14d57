/**
 * The shapes that this page reads: those of the relay (docs/shapes.md), by the names that are used here.
 *
 * @typedef {import("/static/kit/shared/answers.js").Me} Me
 * @typedef {{name: string, version: string, screen_enabled: boolean, demo: boolean}} Site
 * @typedef {import("/static/kit/shared/answers.js").IncidentRow} WholeRow
 * @typedef {Omit<WholeRow, "snapshots" | "receipts" | "unread" | "standstill" | "cabin"> &
 *   Partial<Pick<WholeRow, "unread" | "standstill" | "cabin">> &
 *   {receipts: import("/static/kit/shared/tier.js").Receipts}} IncidentRow of a page that rests without some
 * @typedef {import("/static/kit/shared/answers.js").EcgRow & {report?: any}} Snapshot
 * @typedef {import("/static/kit/shared/answers.js").EntryRow} TimelineEntry
 * @typedef {import("/static/kit/shared/answers.js").ReportRow} LiveReport
 * @typedef {IncidentRow & import("/static/kit/shared/answers.js").IncidentDetail} IncidentDetail
 */

export {};
