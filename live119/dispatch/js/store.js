/** What the console knows: who is signed in, the open calls, one of them on the big screen. */

import * as api from "/static/kit/shared/api.js";
import { pick, t } from "/static/kit/shared/i18n.js";
import { Blocked } from "/static/kit/shared/blocked.js";
import { CallBook } from "/static/kit/shared/calls.js";
import { browserStorage, Outbox } from "/static/kit/shared/outbox.js";
import { FEED_PROTOCOL, Feed, feedUrl } from "/static/kit/shared/feed.js";
import { Drafts } from "/static/dispatch/js/drafts.js";

/**
 * @typedef {{path: string, body?: Record<string, unknown>, method?: "POST" | "DELETE", title: string}} Order what was
 *   pressed, and as the dispatcher reads it
 */
/**
 * @typedef {{id: string, state: string, hint: string, number: string | null, address: string | null, complaint:
 *   string, unit: string | null,
 *   taken_at_us: number, dispatched_at_us: number | null, sent_at_us: number | null, opened_at_us: number | null,
 *   allowed_at_us: number | null,
 *   live_at_us: number | null, frozen_at_us: number | null, ended_at_us: number | null, expires_at_us: number | null,
 *   guidance: string | null,
 *   position: {lat: number, lon: number, accuracy_m: number, at_us: number} | null,
 *   phone: {browser?: string, language?: string, battery_pct?: number, bytes_sent?: number, bitrate_kbps?: number,
 *   room_kbps?: number} | null,
 *   shares: {id: string, kind: string, target: string, at_us: number}[], stills: {id: string, at_us: number, by:
 *   string}[],
 *   incident: string | null, recording: string, shared_until_us?: number | null, cabin?:
 *   import("/static/kit/video/cabin.js").Cabin | null}} Call
 * @typedef {{units: string[], hospitals: {id: string, name: string}[], command: {id: string, name: string}[],
 *   map_tiles: string}} Places
 * @typedef {{url: string, expires_at_us: number, qr_svg: string, sms: string}} Invited
 */

export class Store {
  constructor() {
    this.feed = new Feed(feedUrl("/feed/v1"), { protocol: FEED_PROTOCOL });
    /** @type {{name: string, display_name: string, role: string} | null} */
    this.me = null;
    /** @type {Places} */
    this.places = { units: [], hospitals: [], command: [], map_tiles: "" };
    /** @type {string | null} */
    this.current = null;
    /** The newest link of each call, as long as this page is open. @type {Map<string, Invited>} */
    this.links = new Map();
    this.trouble = "";
    /** Why a call is not taken, until it is. */
    this.notTaken = "";
    this.blocked = new Blocked(
      this.feed,
      () => this.changed(),
      (error) => this.#refused(error),
    );
    this.drafts = new Drafts();
    /** An SMS or an ending minutes late is worse than none: nothing here goes by itself a second time. */
    this.box = new Outbox({
      key: "kyumei-desk-undone",
      storage: browserStorage,
      nowMs: Date.now,
      later: () => null,
      send: (act) => this.#send(act),
      who: () => this.me?.name ?? "",
      changed: () => this.changed(),
    });
    /** Whether this relay runs a drill: no real caller is on the line. */
    this.isDrill = false;
    /** @type {() => void} */
    this.changed = () => {};
    /** @type {CallBook<Call>} */
    this.book = new CallBook(
      this.feed,
      (call) => call.state !== "ended" || call.id === this.current,
      () => this.changed(),
    );
    /** Nobody has used this console for a while: it shows no caller until the person is here again. */
    this.resting = false;
    this.feed.on("welcome", () => {
      this.resting = false;
      void this.look();
    });
    this.feed.on("dial", (state) => {
      if (state === "signed-out") this.ended();
      if (state === "rests") this.rest();
      this.changed();
    });
    let told = "";
    this.feed.on("beat", () => {
      const now = this.feed.troubles().join();
      if (now !== told) {
        told = now;
        this.changed();
      }
    });
  }

  async start() {
    void api
      .get("/api/site")
      .then(({ demo }) => {
        this.isDrill = demo;
        this.changed();
      })
      .catch(() => null);
    try {
      this.#in(await api.get("/api/session"));
    } catch (error) {
      this.#refused(error);
      this.changed();
    }
  }

  /** @param {string} name @param {string} password */
  async signIn(name, password) {
    this.#in(await api.post("/api/session", { name, password }));
  }

  /** The person is here again. @param {string} password */
  async wake(password) {
    this.me = await api.post("/api/session/wake", { password });
    this.resting = false;
    this.feed.restart();
    this.changed();
  }

  /** Callers leave the page; what was typed and not sent stays behind it. */
  rest() {
    this.resting = true;
    this.feed.stop();
    this.book.clear();
    this.links.clear();
    this.changed();
  }

  /** The session rests, or is over. @param {unknown} error */
  #refused(error) {
    if (!(error instanceof api.ApiError) || error.status !== 401) return;
    if (error.code === "session-rests") this.rest();
    else this.ended();
  }

  async signOut() {
    this.feed.stop();
    await api.del("/api/session").catch(() => null);
    this.me = null;
    this.resting = false;
    this.book.clear();
    this.changed();
  }

  /** What is in the way now, in sentences. */
  get troubles() {
    const { told } = this.blocked;
    return [
      ...this.feed.troubles(),
      told ? pick(told, "words") : "",
      this.notTaken,
      this.trouble,
      this.book.trouble,
    ].filter((one, i, all) => one && all.indexOf(one) === i);
  }

  get calls() {
    return this.book.calls;
  }

  /** @param {any} me */
  #in(me) {
    this.me = me;
    this.feed.start();
    this.changed();
  }

  /** Ambulances, hospitals and command posts as the relay has them now. */
  async look() {
    try {
      this.places = await api.get("/api/places");
      this.trouble = "";
    } catch (error) {
      this.trouble = String(error instanceof Error ? error.message : error);
    }
    this.changed();
  }

  /** @param {import("/static/kit/shared/outbox.js").Act} order */
  async #send({ path, body, incident }) {
    const { act: _, method, ...given } = body;
    let answer;
    try {
      answer = method === "DELETE" ? await api.del(path) : await api.post(path, given);
    } catch (error) {
      this.#refused(error);
      throw error;
    }
    if (answer?.id) this.book.take(answer);
    if (answer?.url) this.links.set(incident, answer);
  }

  /**
   * Does something with a call, or keeps it on the page with the reason; whether the relay has it.
   * @param {string} call
   * @param {Order} order
   */
  async act(call, { path, body = {}, method = "POST", title }) {
    for (const one of this.box.acts)
      if (one.path === path && one.who === this.me?.name && (!path.endsWith("/shares") || one.title === title))
        this.box.drop(one.id); // pressed anew
    const of = this.calls.get(call);
    const left = await this.box.add({
      path,
      body: { ...body, method },
      title,
      about: of?.address || of?.number || "",
      incident: call,
    });
    return left === null;
  }

  /**
   * A new call; what was typed stays typed where the relay does not have it.
   * @param {import("/static/dispatch/js/drafts.js").Draft} told
   */
  async take(told) {
    try {
      const made = await api.post("/api/calls", told);
      this.notTaken = "";
      this.book.take(made);
      return made;
    } catch (error) {
      this.notTaken = `${t("take.not")} ${error instanceof Error ? error.message : String(error)}`;
      this.#refused(error);
      this.changed();
      return null;
    }
  }

  /** The session is over: the sign-in comes, and what was typed waits behind it. */
  ended() {
    this.feed.stop();
    this.me = null;
    this.resting = false;
    this.changed();
  }

  /** @param {string} id */
  open(id) {
    const before = this.current ? this.calls.get(this.current) : null;
    if (before?.state === "ended" && before.id !== id) this.calls.delete(before.id);
    this.current = id;
    this.changed();
  }

  get call() {
    return this.current ? (this.calls.get(this.current) ?? null) : null;
  }
}
