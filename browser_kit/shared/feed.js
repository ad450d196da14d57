/**
 * A page's WebSocket feed as a small state machine: it redials with jitter, asks again for what it
 * watched, knows the relay's clock and how long nothing was heard. The socket, clock, timers and
 * chance are arguments, so that every schedule can be played in a test.
 */

import { decodeFrame } from "/static/kit/ecg/frame.js";
import { pick } from "/static/kit/shared/i18n.js";
import * as steady from "/static/kit/shared/steady.js";

/**
 * @typedef {"idle" | "connecting" | "open" | "waiting" | "signed-out" | "rests"} FeedState
 * @typedef {{armed: boolean, audio_ms: number, incident: string | null, snapshot: string | null}} Standing how a page
 *   stands: its sound, and whose trace is seen on it
 * @typedef {{kind: "state", state: Record<string, any>}} PanelSaid from the tablet to its own page
 * @typedef {import("/static/kit/shared/contract.js").ToPage | PanelSaid} FeedMessage
 * @typedef {import("/static/kit/shared/contract.js").FromPage} Said
 * @typedef {import("/static/kit/shared/contract.js").Beat} Beat
 * @typedef {object} FeedWorld
 * @property {(url: string, protocol: string | undefined) => WebSocket} socket
 * @property {() => number} nowMs wall clock
 * @property {() => number} random
 * @property {(run: () => void, ms: number) => number} later
 * @property {(timer: number) => void} cancel
 */

export const FEED_PROTOCOL = "kyumei.feed.v1";
const FIRST_WAIT_MS = 250;
const MOST_WAIT_MS = 5_000;
/** A socket that closes takes what it is given and sends nothing. */
const OPEN = 1;
const MOST_LOOK_BACK_S = 60;

/** @type {FeedWorld} */
const BROWSER = {
  socket: (url, protocol) => new WebSocket(url, protocol),
  nowMs: () => Date.now(),
  random: () => Math.random(),
  later: steady.later,
  cancel: steady.cancel,
};

export class Feed {
  /**
   * @param {string} url
   * @param {{protocol?: string, pingMs?: number, deadMs?: number, world?: FeedWorld}} [options] `pingMs` 0: the other
   *   side speaks by itself
   */
  constructor(url, { protocol, pingMs = 5_000, deadMs = 12_000, world = BROWSER } = {}) {
    this.url = url;
    this.protocol = protocol;
    this.pingMs = pingMs;
    this.deadMs = deadMs;
    this.world = world;
    /** @type {FeedState} */
    this.state = "idle";
    this.sinceMs = world.nowMs();
    this.heardMs = NaN;
    this.dialledMs = NaN;
    /** Relay's clock minus this page's, in ms. */
    this.offsetMs = 0;
    this.bestRttMs = Infinity;
    this.tries = 0;
    this.damaged = 0;
    /** @type {Map<string, {lookBackS: number, heardMs: number}>} */
    this.watched = new Map();
    /** How this page stands; told with every beat of the relay. @type {() => Standing} */
    this.stands = () => ({ armed: false, audio_ms: 0, incident: null, snapshot: null });
    /** Whether a person has touched the page since that was last told. */
    this.input = false;
    /** Why the relay has ended the session, in its own word. */
    this.endedWhy = "";
    this.beat = 0;
    /** The newest beat, whole. @type {Beat | null} */
    this.lastBeat = null;
    /** When the relay last said that it takes this page for one that can ring. */
    this.provedMs = NaN;
    this.told = "";
    /** @type {WebSocket | null} */
    this.ws = null;
    this.timer = 0;
    /** @type {Map<string, Set<(value: any) => void>>} */
    this.listeners = new Map();
  }

  /**
   * Kinds: every message's `kind`, and `dial` (this feed's own state), `frame`, `damaged`.
   * @param {string} kind @param {(value: any) => void} hear
   */
  on(kind, hear) {
    const set = this.listeners.get(kind) ?? new Set();
    this.listeners.set(kind, set.add(hear));
    return () => set.delete(hear);
  }

  /** @param {string} kind @param {unknown} value */
  #emit(kind, value) {
    for (const hear of this.listeners.get(kind) ?? []) hear(value);
  }

  /** @param {FeedState} state */
  #become(state) {
    if (state === this.state) return;
    this.state = state;
    this.sinceMs = this.world.nowMs();
    this.#emit("dial", state);
  }

  start() {
    if (this.ws || this.state === "connecting") return;
    this.world.cancel(this.timer);
    this.#become("connecting");
    const ws = this.world.socket(this.url, this.protocol);
    this.ws = ws;
    ws.binaryType = "arraybuffer";
    if (Number.isNaN(this.heardMs)) this.heardMs = this.world.nowMs();
    this.dialledMs = this.world.nowMs();
    ws.onopen = () => this.#opened(ws);
    ws.onmessage = (event) => this.#heard(ws, event.data);
    ws.onclose = (event) => this.#closed(ws, event.code, event.reason);
    this.#schedule(ws);
  }

  /** Dials anew with what the session may do now. */
  restart() {
    this.stop();
    this.start();
  }

  /** Seconds in which the relay was not heard, however often it was dialled meanwhile. */
  silentS() {
    return Number.isNaN(this.heardMs) ? 0 : Math.max(0, Math.floor((this.world.nowMs() - this.heardMs) / 1000));
  }

  /** Ends the feed for good (signing out). */
  stop() {
    const ws = this.ws;
    this.ws = null;
    this.world.cancel(this.timer);
    ws?.close(1000);
    this.#become("idle");
  }

  /** Dials now instead of waiting: the network came back, the page became visible. */
  hurry() {
    if (this.state !== "waiting") return;
    this.tries = 0;
    this.start();
  }

  /** @param {WebSocket} ws */
  #opened(ws) {
    if (ws !== this.ws) return;
    this.tries = 0;
    this.bestRttMs = Infinity;
    this.#become("open");
    const now = this.world.nowMs();
    for (const [stream, seen] of this.watched) {
      const missedS = Number.isNaN(seen.heardMs) ? 0 : (now - seen.heardMs) / 1000;
      this.send({ kind: "watch", stream, look_back_s: Math.min(MOST_LOOK_BACK_S, seen.lookBackS + missedS) });
    }
    this.told = "";
    if (this.pingMs) this.#ping();
  }

  #ping() {
    this.send({ kind: "ping", page_us: Math.round(this.world.nowMs() * 1000) });
  }

  /** @param {WebSocket} ws */
  #schedule(ws) {
    this.timer = this.world.later(() => {
      if (ws !== this.ws) return;
      if (this.world.nowMs() - Math.max(this.heardMs, this.dialledMs) > this.deadMs) {
        this.#closed(ws, 4008);
        ws.close();
        return;
      }
      if (this.state === "open" && this.pingMs) this.#ping();
      this.#schedule(ws);
    }, this.pingMs || 1_000);
  }

  /** @param {WebSocket} ws @param {unknown} data */
  #heard(ws, data) {
    if (ws !== this.ws) return;
    this.heardMs = this.world.nowMs();
    if (typeof data === "string") this.#text(data);
    else this.#binary(/** @type {ArrayBuffer} */ (data));
  }

  /** @param {string} text */
  #text(text) {
    /** @type {FeedMessage} */
    let message;
    try {
      message = JSON.parse(text);
    } catch {
      this.damaged += 1;
      return;
    }
    if (message.kind === "welcome") this.offsetMs = message["server_us"] / 1000 - this.heardMs;
    if (message.kind === "beat") this.#beaten(message);
    if (message.kind === "pong") this.#pong(message["page_us"] / 1000, message["server_us"] / 1000);
    this.#emit(message.kind, message);
  }

  /**
   * The relay reaches this page: say how it stands, from the message itself, which no hidden page delays.
   * @param {Beat} beat
   */
  #beaten(beat) {
    this.beat = beat["beat"];
    this.lastBeat = beat;
    if (beat["armed"]) this.provedMs = this.heardMs;
    this.tellStanding(true);
  }

  /** What the relay cannot do now, in sentences. */
  troubles() {
    const told = this.state === "open" ? (this.lastBeat?.["troubles"] ?? []) : [];
    return told.map((/** @type {Record<string, string>} */ one) => pick(one, "words"));
  }

  /** How the page stands, where that is new or the relay has asked. @param {boolean} [asked] */
  tellStanding(asked = false) {
    const standing = this.stands();
    const { audio_ms: _, ...rest } = standing;
    const told = JSON.stringify(rest);
    if (!asked && told === this.told) return;
    if (this.send({ kind: "console", beat: this.beat, ...standing, input: this.input })) {
      this.told = told;
      this.input = false;
    }
  }

  /** The answer with the shortest way tells the clock best. @param {number} sentMs @param {number} serverMs */
  #pong(sentMs, serverMs) {
    const rtt = this.heardMs - sentMs;
    if (rtt > this.bestRttMs * 1.5) return;
    this.bestRttMs = Math.min(rtt, this.bestRttMs);
    this.offsetMs = serverMs - (sentMs + this.heardMs) / 2;
  }

  /** @param {ArrayBuffer} data */
  #binary(data) {
    let frame;
    try {
      frame = decodeFrame(data);
    } catch (error) {
      this.damaged += 1;
      this.#emit("damaged", error);
      return;
    }
    const seen = this.watched.get(frame.stream);
    if (seen) seen.heardMs = this.heardMs;
    this.#emit("frame", frame);
  }

  /** @param {WebSocket} ws @param {number} code @param {string} [reason] */
  #closed(ws, code, reason = "") {
    if (ws !== this.ws) return;
    this.ws = null;
    this.world.cancel(this.timer);
    if (code === 4001 || code === 4004) {
      this.endedWhy = reason.split(":", 1)[0] ?? "";
      this.#become(code === 4001 ? "signed-out" : "rests");
      return;
    }
    const most =
      code === 1012 || code === 4003 ? FIRST_WAIT_MS : Math.min(MOST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.tries);
    this.tries += 1;
    this.#become("waiting");
    this.timer = this.world.later(() => this.start(), this.world.random() * most);
  }

  /** @param {Said} message @returns {boolean} whether it left */
  send(message) {
    if (!this.ws || this.state !== "open" || this.ws.readyState > OPEN) return false;
    this.ws.send(JSON.stringify(message));
    return true;
  }

  /** @param {string} stream @param {number} lookBackS */
  watch(stream, lookBackS = 12) {
    if (this.watched.has(stream)) return;
    this.watched.set(stream, { lookBackS, heardMs: NaN });
    this.send({ kind: "watch", stream, look_back_s: lookBackS });
  }

  /** @param {string} stream */
  unwatch(stream) {
    if (this.watched.delete(stream)) this.send({ kind: "unwatch", stream });
  }

  /** The relay's clock, as well as this page knows it. */
  serverUs() {
    return (this.world.nowMs() + this.offsetMs) * 1000;
  }
}

/** The feed's address on the page's own host. @param {string} path */
export function feedUrl(path) {
  return `${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}${path}`;
}
