/**
 * What the viewer knows, and how it learns it: rows by HTTP after every dial, changes by the feed.
 * Views listen; nothing here draws.
 */

import * as api from "/static/kit/shared/api.js";
import { t } from "/static/kit/shared/i18n.js";
import { Blocked } from "/static/kit/shared/blocked.js";
import { browserStorage, Outbox } from "/static/kit/shared/outbox.js";
import { later } from "/static/kit/shared/steady.js";
import { decisionWords } from "/static/kit/shared/tier.js";
import { FEED_PROTOCOL, Feed, feedUrl } from "/static/kit/shared/feed.js";
import { Now, restingRow } from "/static/viewer/js/now.js";
import { Older } from "/static/viewer/js/older.js";
import { Reading } from "/static/viewer/js/reading.js";

/**
 * @typedef {import("/static/viewer/js/contract.js").IncidentRow} IncidentRow
 * @typedef {import("/static/viewer/js/contract.js").IncidentDetail} IncidentDetail
 * @typedef {import("/static/viewer/js/contract.js").Snapshot} Snapshot
 */

/** Entries after which the relay knows more of a case than the page was told. */
const MEASURED = new Set(["snapshot-stored", "screened", "mark", "patient", "delivered", "trace-opened", "decided"]);

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
    /** The case was closed already when it was opened here: it is read, and nothing is done to it. */
    this.isArchived = false;
    /** The closed cases are on the screen, and no case. */
    this.inArchive = false;
    /** Full snapshots with their reports, by id. @type {Map<string, Snapshot>} */
    this.snapshots = new Map();
    /** One sentence about what last failed; where the relay did not answer, it goes by itself when it does. */
    this.trouble = "";
    this.unreached = false;
    this.feed = new Feed(feedUrl("/feed/v1"), { protocol: FEED_PROTOCOL });
    this.blocked = new Blocked(
      this.feed,
      () => {
        if (this.blocked.told && !this.resting) void this.reload();
        this.changed();
      },
      (error) => this.fail(error),
    );
    this.now = new Now(this.feed);
    this.outbox = new Outbox({
      key: "kyumei-unsent",
      storage: browserStorage,
      nowMs: Date.now,
      later,
      send: (act) => this.#post(act),
      who: () => (this.resting ? "" : (this.me?.name ?? "")),
      changed: () => this.changed(),
    });
    /** @type {Set<() => void>} */
    this.listeners = new Set();
    this.refreshTimer = 0;
    /** Nobody has used this page for a while: it rings, and shows no patient until the person is here again. */
    this.resting = false;
    /** Why the relay has ended the session, in its own word; empty while nothing was ended. */
    this.endedWhy = "";
    this.reading = new Reading(this);
    this.older = new Older(this);
    this.#listen();
  }

  /** @param {() => void} hear */
  onChange(hear) {
    this.listeners.add(hear);
  }

  changed() {
    for (const hear of this.listeners) hear();
  }

  /** @param {import("/static/kit/shared/outbox.js").Act} act */
  async #post({ path, body }) {
    try {
      return await api.post(path, body);
    } catch (error) {
      if (error instanceof api.ApiError && error.status === 401) this.fail(error);
      throw error;
    }
  }

  get mayDecide() {
    return this.me?.role === "cardiologist";
  }

  #listen() {
    const { feed } = this;
    feed.on("dial", (state) => {
      if (state === "open") this.reading.redialled();
      if (state === "signed-out") this.signedOut(feed.endedWhy || "ended");
      this.changed();
    });
    feed.on("welcome", ({ rests, user }) => {
      if (rests) this.rest(user);
      else void this.reload().then(() => this.outbox.flush());
    });
    feed.on("beat", () => {
      if (this.trouble && this.unreached && !this.resting) void this.reload();
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
      this.isArchived = this.isArchived && row.state === "closed";
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
    if (MEASURED.has(entry.stage)) {
      const id = entry.data["snapshot"];
      if (typeof id === "string") this.snapshots.delete(id);
      window.clearTimeout(this.refreshTimer);
      this.refreshTimer = window.setTimeout(() => void this.refreshDetail(), 150);
    }
    this.changed();
  }

  /** @param {unknown} error */
  fail(error) {
    this.unreached = error instanceof api.ApiError && (error.status === 0 || error.status >= 500);
    if (error instanceof api.ApiError && error.code === "session-rests") this.rest(this.me);
    else if (error instanceof api.ApiError && error.status === 401 && this.me) this.signedOut("ended");
    else this.trouble = error instanceof Error ? error.message : String(error);
    this.changed();
  }

  async start() {
    // the name of the site is decoration, and nothing waits for it; the sign-in says what is wrong
    void api
      .get("/api/site")
      .then((site) => {
        this.site = site;
        this.changed();
      })
      .catch(() => null);
    try {
      this.me = await api.get("/api/session");
      this.feed.start();
    } catch (error) {
      if (error instanceof api.ApiError && error.code === "session-rests") this.feed.start();
      else if (!(error instanceof api.ApiError) || error.status !== 401) this.fail(error);
    }
    this.changed();
  }

  /** Shows no patient any more and rings on. @param {import("/static/viewer/js/contract.js").Me | null} me */
  rest(me) {
    this.me = me ?? this.me;
    if (this.resting) return;
    this.resting = true;
    const waiting = new Map([...this.rows.values()].map(restingRow).map((row) => [row.id, row]));
    this.#forget();
    this.rows = waiting;
    this.changed();
  }

  /** The person is here again. @param {string} password */
  async wake(password) {
    this.me = await api.post("/api/session/wake", { password });
    this.trouble = "";
    this.feed.restart();
    this.changed();
  }

  /** What was shown of patients leaves the page. */
  #forget() {
    this.rows.clear();
    this.loaded = false;
    this.detail = null;
    this.snapshots.clear();
    this.reading.forget();
  }

  /** @param {string} name @param {string} password */
  async signIn(name, password) {
    this.me = await api.post("/api/session", { name, password });
    this.trouble = "";
    this.endedWhy = "";
    this.feed.start();
    this.changed();
  }

  async signOut() {
    try {
      await api.del("/api/session");
      this.signedOut("");
    } catch (error) {
      this.fail(error);
    }
  }

  /** @param {string} why the relay's word, empty where the person has signed out here */
  signedOut(why) {
    this.feed.stop();
    this.me = null;
    this.resting = false;
    this.endedWhy = why;
    this.inArchive = false;
    this.#forget();
    this.close();
  }

  async reload() {
    this.resting = false; // the relay shows rows again: the person is back, here or on another page of this browser
    try {
      this.rows = await this.older.fresh();
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
      this.isArchived = false;
      this.inArchive = false;
      this.changed();
    }
    await this.refreshDetail();
  }

  showArchive() {
    this.inArchive = true;
    this.close();
  }

  close() {
    this.current = null;
    this.detail = null;
    this.isArchived = false;
    this.changed();
  }

  async refreshDetail() {
    const id = this.current;
    if (!id || this.resting) return;
    try {
      const detail = await api.get(`/api/incidents/${id}`);
      if (this.current !== id || this.resting) return;
      // closed while it is on the screen, it can still be answered: a decision may be on its way
      const first = this.detail === null;
      this.isArchived = detail.state === "closed" && (first || this.isArchived);
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
    this.snapshots.set(id, await api.get(`/api/snapshots/${id}`));
    return /** @type {Snapshot} */ (this.snapshots.get(id));
  }

  /**
   * A decision on what was on the screen. Null once the relay has it, else the order as it waits on this page.
   * @param {{decision: string, text: string, snapshot: string | null, live: unknown, after: number}} order `live`:
   *   the ten seconds of a live
   *   trace; `after`: the newest decision that stood there when the person was asked
   */
  async decide(order) {
    const { detail } = this;
    if (!detail) throw new Error(t("decide.no_case"));
    const left = await this.outbox.add({
      path: `/api/incidents/${detail.id}/decisions`,
      body: { ...order },
      title: `${decisionWords(order.decision)}　${order.text}`,
      about: detail.unit,
      incident: detail.id,
    });
    if (this.current === detail.id) await this.refreshDetail();
    return left;
  }

  /** A line to the crew. @param {string} text */
  async note(text) {
    const { detail } = this;
    if (!detail) throw new Error(t("decide.no_case"));
    const left = await this.outbox.add({
      path: `/api/incidents/${detail.id}/notes`,
      body: { text },
      title: text,
      about: detail.unit,
      incident: detail.id,
    });
    if (this.current === detail.id) await this.refreshDetail();
    return left;
  }

  /**
   * The person has looked at what stands there now and sends it all the same.
   * @param {string} id
   * @param {number | null} [after] the decision they were shown
   */
  async sendAgain(id, after = null) {
    const act = this.outbox.act(id);
    if (!act) return;
    let seen = /** @type {Record<string, unknown>} */ ({});
    try {
      if ("after" in act.body)
        seen = { after: after ?? (await api.get(`/api/incidents/${act.incident}`)).receipts.decided_entry ?? 0 };
    } catch {
      /* the relay is not reached: it waits as it is */
    }
    await this.outbox.again(id, seen);
    if (this.current === act.incident) await this.refreshDetail();
  }
}
