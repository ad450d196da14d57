/**
 * What the viewer knows, and how it learns it: rows by HTTP after every dial, changes by the feed.
 * Views listen; nothing here draws.
 */

import * as api from "/static/kit/shared/api.js";
import { FEED_PROTOCOL, Feed, feedUrl } from "/static/kit/shared/feed.js";

/**
 * @typedef {import("/static/viewer/js/contract.js").IncidentRow} IncidentRow
 * @typedef {import("/static/viewer/js/contract.js").IncidentDetail} IncidentDetail
 * @typedef {import("/static/viewer/js/contract.js").Snapshot} Snapshot
 */

export class Store {
  constructor() {
    /** @type {import("/static/viewer/js/contract.js").Me | null} */
    this.me = null;
    /** @type {import("/static/viewer/js/contract.js").Site | null} */
    this.site = null;
    /** @type {Map<string, IncidentRow>} */
    this.rows = new Map();
    this.loaded = false;
    /** @type {string | null} */
    this.current = null;
    /** @type {IncidentDetail | null} */
    this.detail = null;
    /** Full snapshots with their reports, by id. @type {Map<string, Snapshot>} */
    this.snapshots = new Map();
    /** One sentence about what last failed. */
    this.trouble = "";
    this.feed = new Feed(feedUrl("/feed/v1"), { protocol: FEED_PROTOCOL });
    /** @type {Set<() => void>} */
    this.listeners = new Set();
    this.refreshTimer = 0;
    /** @type {Set<string>} */
    this.openedSent = new Set();
    /** @type {Set<string>} */
    this.deliveredSent = new Set();
    this.#listen();
  }

  /** @param {() => void} hear */
  onChange(hear) {
    this.listeners.add(hear);
  }

  changed() {
    for (const hear of this.listeners) hear();
  }

  get mayDecide() {
    return this.me?.role === "cardiologist";
  }

  #listen() {
    const { feed } = this;
    feed.on("dial", (state) => {
      if (state === "open") {
        this.deliveredSent.clear();
        void this.reload();
      }
      if (state === "signed-out") this.signedOut();
      this.changed();
    });
    feed.on("incident", ({ incident }) => this.#row(incident));
    feed.on("timeline", (entry) => this.#entry(entry));
    feed.on("report", (report) => {
      if (this.detail && report.incident === this.detail.id) {
        this.detail = { ...this.detail, report };
        this.changed();
      }
    });
    feed.on("refusal", ({ text }) => this.fail(text));
  }

  /** @param {IncidentRow} row */
  #row(row) {
    if (row.state === "closed") this.rows.delete(row.id);
    else this.rows.set(row.id, row);
    if (this.detail?.id === row.id) {
      const { snapshots } = this.detail;
      this.detail = { ...this.detail, ...row, snapshots };
    }
    this.changed();
  }

  /** @param {import("/static/viewer/js/contract.js").TimelineEntry} entry */
  #entry(entry) {
    const { detail } = this;
    if (!detail || detail.id !== entry.incident) return;
    if (!detail.timeline.some((known) => known.entry === entry.entry)) {
      const timeline = [...detail.timeline, entry].sort((a, b) => a.entry - b.entry);
      this.detail = { ...detail, timeline };
    }
    if (entry.stage === "snapshot-stored" || entry.stage === "screened") {
      const id = entry.data["snapshot"];
      if (typeof id === "string") this.snapshots.delete(id);
      window.clearTimeout(this.refreshTimer);
      this.refreshTimer = window.setTimeout(() => void this.refreshDetail(), 150);
    }
    this.changed();
  }

  /** @param {unknown} error */
  fail(error) {
    if (error instanceof api.ApiError && error.status === 401 && this.me) this.signedOut();
    else this.trouble = error instanceof Error ? error.message : String(error);
    this.changed();
  }

  async start() {
    try {
      this.site = await api.get("/api/site");
    } catch { /* the name of the site is decoration; the sign-in says what is wrong */ }
    try {
      this.me = await api.get("/api/session");
      this.feed.start();
    } catch (error) {
      if (!(error instanceof api.ApiError) || error.status !== 401) this.fail(error);
    }
    this.changed();
  }

  /** @param {string} name @param {string} password */
  async signIn(name, password) {
    this.me = await api.post("/api/session", { name, password });
    this.trouble = "";
    this.feed.start();
    this.changed();
  }

  async signOut() {
    try {
      await api.del("/api/session");
    } catch (error) {
      this.fail(error);
      return;
    }
    this.signedOut();
  }

  signedOut() {
    this.feed.stop();
    this.me = null;
    this.rows.clear();
    this.loaded = false;
    this.close();
  }

  async reload() {
    try {
      const { incidents } = await api.get("/api/incidents?state=open");
      this.rows = new Map(incidents.map((/** @type {IncidentRow} */ row) => [row.id, row]));
      this.loaded = true;
      this.trouble = "";
      if (this.current) await this.refreshDetail();
    } catch (error) {
      this.fail(error);
    }
    this.changed();
  }

  /** @param {string} id */
  async open(id) {
    if (this.current !== id) {
      this.current = id;
      this.detail = null;
      this.changed();
    }
    await this.refreshDetail();
  }

  close() {
    this.current = null;
    this.detail = null;
    this.changed();
  }

  async refreshDetail() {
    const id = this.current;
    if (!id) return;
    try {
      const detail = await api.get(`/api/incidents/${id}`);
      if (this.current !== id) return;
      this.detail = detail;
      this.trouble = "";
    } catch (error) {
      this.fail(error);
    }
    this.changed();
  }

  /** @param {string} id @returns {Promise<Snapshot>} */
  async snapshot(id) {
    const kept = this.snapshots.get(id);
    if (kept?.complete && kept.report) return kept;
    const snap = await api.get(`/api/snapshots/${id}`);
    this.snapshots.set(id, snap);
    return snap;
  }

  /**
   * Says that the trace is on this screen and the screen is seen. Once for each trace; tried again
   * until the relay has it. @param {string} incident @param {string | null} snapshot
   */
  async opened(incident, snapshot) {
    const key = `${incident}:${snapshot ?? "live"}`;
    if (this.openedSent.has(key)) return;
    this.openedSent.add(key);
    try {
      await api.post(`/api/incidents/${incident}/opened`, { snapshot });
    } catch (error) {
      this.fail(error);
      if (error instanceof api.ApiError && (error.status === 0 || error.status >= 500)) {
        window.setTimeout(() => { this.openedSent.delete(key); if (this.current === incident) void this.opened(incident, snapshot); }, 2_000);
      }
    }
  }

  /** What waits for a reader and whose row is drawn now, where somebody can see it or hear it. @param {readonly IncidentRow[]} rows */
  drawn(rows) {
    if (document.visibilityState !== "visible" && !this.feed.armed) return;
    for (const { alert, unread } of rows) {
      if (alert?.state === "raised") this.#tell(alert.id, { kind: "delivered", alert: alert.id });
      else if (unread && alert?.state !== "delivered") this.#tell(unread, { kind: "shown", snapshot: unread });
    }
  }

  /** @param {string} id @param {{kind: string} & Record<string, string>} message */
  #tell(id, message) {
    if (!this.deliveredSent.has(id) && this.feed.send(message)) this.deliveredSent.add(id);
  }

  /** @param {string} decision @param {string} text @param {string | null} snapshot */
  async decide(decision, text, snapshot) {
    const id = this.current;
    if (!id) return;
    const entry = await api.post(`/api/incidents/${id}/decisions`, { decision, text, snapshot });
    this.#entry({ ...entry, incident: entry?.incident ?? id });
    if (this.detail?.id === id && entry) {
      this.detail = { ...this.detail, decision: { decision, text, who: entry.who, at_us: entry.at_us }, awaiting_read: false };
    }
    this.changed();
  }

  /** @param {string} text */
  async note(text) {
    if (!this.current) return;
    const entry = await api.post(`/api/incidents/${this.current}/notes`, { text });
    this.#entry({ ...entry, incident: entry?.incident ?? this.current });
  }
}
