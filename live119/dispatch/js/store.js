/** What the console knows: who is signed in, the open calls, one of them on the big screen. */

import * as api from "/static/kit/shared/api.js";
import { CallBook } from "/static/kit/shared/calls.js";
import { FEED_PROTOCOL, Feed, feedUrl } from "/static/kit/shared/feed.js";

/**
 * @typedef {{id: string, state: string, hint: string, number: string | null, address: string | null, complaint: string, unit: string | null,
 *   taken_at_us: number, dispatched_at_us: number | null, sent_at_us: number | null, opened_at_us: number | null, allowed_at_us: number | null,
 *   live_at_us: number | null, frozen_at_us: number | null, ended_at_us: number | null, expires_at_us: number | null, guidance: string | null,
 *   position: {lat: number, lon: number, accuracy_m: number, at_us: number} | null,
 *   phone: {browser?: string, language?: string, battery_pct?: number, bytes_sent?: number, bitrate_kbps?: number, room_kbps?: number} | null,
 *   shares: {id: string, kind: string, target: string, at_us: number}[], stills: {id: string, at_us: number, by: string}[],
 *   incident: string | null, recording: string, cabin?: import("/static/kit/video/cabin.js").Cabin | null}} Call
 * @typedef {{units: string[], hospitals: {id: string, name: string}[], command: {id: string, name: string}[], map_tiles: string}} Places
 * @typedef {{url: string, expires_at_us: number, qr_svg: string, sms: string}} Invited
 */

export class Store {
  constructor() {
    this.feed = new Feed(feedUrl("/feed/v1"), { protocol: FEED_PROTOCOL });
    /** @type {{display_name: string, role: string} | null} */
    this.me = null;
    /** @type {Places} */
    this.places = { units: [], hospitals: [], command: [], map_tiles: "" };
    /** @type {string | null} */
    this.current = null;
    /** The newest link of each call, as long as this page is open. @type {Map<string, Invited>} */
    this.links = new Map();
    this.trouble = "";
    /** @type {() => void} */
    this.changed = () => {};
    /** @type {CallBook<Call>} */
    this.book = new CallBook(this.feed, (call) => call.state !== "ended" || call.id === this.current, (trouble) => { if (trouble) this.trouble = trouble; this.changed(); });
    this.feed.on("welcome", () => void this.look());
    this.feed.on("dial", (state) => { if (state === "signed-out") this.me = null; this.changed(); });
  }

  async start() {
    try {
      this.#in(await api.get("/api/session"));
    } catch { this.changed(); }
  }

  /** @param {string} name @param {string} password */
  async signIn(name, password) {
    this.#in(await api.post("/api/session", { name, password }));
  }

  async signOut() {
    this.feed.stop();
    await api.del("/api/session").catch(() => null);
    this.me = null;
    this.book.clear();
    this.changed();
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
    } catch (error) { this.trouble = String(error instanceof Error ? error.message : error); }
    this.changed();
  }

  /** Does something and shows what came of it. @param {string} path @param {unknown} [body] @param {string} [method] */
  async act(path, body, method = "POST") {
    try {
      const answer = method === "DELETE" ? await api.del(path) : await api.post(path, body);
      this.trouble = "";
      if (answer?.id) this.book.take(answer);
      this.changed();
      return answer;
    } catch (error) {
      this.trouble = error instanceof Error ? error.message : String(error);
      this.changed();
      return null;
    }
  }

  /** @param {string} id */
  open(id) {
    const before = this.current ? this.calls.get(this.current) : null;
    if (before?.state === "ended" && before.id !== id) this.calls.delete(before.id);
    this.current = id;
    this.changed();
  }

  get call() {
    return this.current ? this.calls.get(this.current) ?? null : null;
  }
}
