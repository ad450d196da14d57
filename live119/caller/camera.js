/** The camera and its line: video by WHIP, pictures while the radio is too weak, video again by itself. */

import { Whip, ask, jpeg, report, sendStill } from "/static/caller/net.js";

const EVERY_MS = 2_000;
const POOR_BPS = 100_000;
const GOOD_BPS = 300_000;
const POOR_TIMES = 3;
/** An iPhone in lockdown mode, say, has none: pictures at once. */
const HAS_VIDEO = "RTCPeerConnection" in window;
const USED = "kyumei-used";
const WHY = /** @type {Record<string, string>} */ ({
  NotFoundError: "no-camera",
  OverconstrainedError: "no-camera",
  NotReadableError: "busy",
  AbortError: "busy",
});

export class Camera {
  /** @param {() => any} state @param {(what: string) => void} told @param {() => void} changed */
  constructor(state, told, changed) {
    this.state = state;
    this.told = told;
    this.changed = changed;
    /** @type {MediaStream | null} */
    this.stream = null;
    /** @type {any[]} */
    this.ice = [];
    /** @type {"video" | "stills"} */
    this.mode = "video";
    this.connected = false;
    this.facing = "environment";
    this.many = this.torch = this.lit = false;
    this.sent = 0;
    this.allowance = 1;
    this.poor = this.good = this.timer = this.retry = this.settled = 0;
    this.busy = this.odd = false;
    this.wait = 500;
    this.battery = -1;
    this.eye = document.createElement("video");
    this.eye.muted = this.eye.playsInline = true;
    this.whip = new Whip((state) => this.#line(state));
    /** @type {any} */ (navigator).getBattery?.().then((/** @type {any} */ b) => {
      this.battery = Math.round(b.level * 100);
    });
  }

  mb() {
    return Math.round(this.sent / 1e5) / 10;
  }

  /** What a page before this one had sent of the same call, and what was agreed to. */
  recall() {
    const [sent = 0, allowance = 1] = (sessionStorage.getItem(USED) ?? "").split(" ").map(Number);
    this.sent = sent || 0;
    this.allowance = allowance || 1;
  }

  #used() {
    sessionStorage.setItem(USED, `${Math.round(this.sent)} ${this.allowance}`);
    return this.sent > (this.state()?.data_cap_mb ?? 60) * 1e6 * this.allowance;
  }

  detail() {
    return { bytes_sent: Math.round(this.sent), ...(this.battery >= 0 ? { battery_pct: this.battery } : {}) };
  }

  async open() {
    try {
      await this.#see();
    } catch (error) {
      const name = error instanceof Error ? error.name : "";
      return this.told(WHY[name] ?? "denied");
    }
    this.told("allowed");
    clearInterval(this.timer);
    this.timer = window.setInterval(() => void this.#tick(), EVERY_MS);
    this.#awake();
    if (HAS_VIDEO) return void this.#dial();
    this.#pictures();
    void this.#still();
  }

  async #see() {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = await navigator.mediaDevices.getUserMedia({
      audio: false,
      video: {
        facingMode: { ideal: this.facing },
        width: { ideal: 640 },
        height: { ideal: 360 },
        frameRate: { ideal: 15, max: 30 },
      },
    });
    const track = this.#track();
    if (track) track.onended = () => void this.wake();
    this.torch = Boolean(/** @type {any} */ (track?.getCapabilities?.())?.torch);
    this.lit = false;
    this.many = (await navigator.mediaDevices.enumerateDevices()).filter((d) => d.kind === "videoinput").length > 1;
    this.eye.srcObject = this.stream;
    await this.eye.play().catch(() => null);
  }

  #track() {
    return this.stream?.getVideoTracks()[0] ?? null;
  }

  async flip() {
    this.facing = this.facing === "environment" ? "user" : "environment";
    await this.#anew();
  }

  async light() {
    this.lit = !this.lit;
    await this.#track()
      ?.applyConstraints(/** @type {any} */ ({ advanced: [{ torch: this.lit }] }))
      .catch(() => null);
  }

  /** The camera again, on the line that stands. */
  async #anew() {
    try {
      await this.#see();
      const sender = this.whip.pc?.getSenders()[0];
      if (sender) await sender.replaceTrack(this.#track());
      this.told("allowed");
    } catch {
      this.told("busy");
    }
  }

  /** Back from the lock screen or another app. */
  async wake() {
    if (!this.timer || document.hidden) return;
    this.#awake();
    const track = this.#track();
    if (!track || track.readyState === "ended" || track.muted) await this.#anew();
    this.hurry();
  }

  #awake() {
    navigator.wakeLock?.request("screen").catch(() => null);
  }

  /** @param {string} state */
  #line(state) {
    this.connected = state === "connected";
    if (this.connected) {
      this.wait = 500;
      this.settled = 0;
      void report("video", this.detail());
    }
    if (state === "failed" || state === "disconnected" || state === "closed")
      this.#redial(state === "disconnected" ? 2_500 : 0);
    this.changed();
  }

  /** @param {number} after */
  #redial(after) {
    clearTimeout(this.retry);
    this.retry = window.setTimeout(
      () => {
        if (!this.connected) void this.#dial();
      },
      after + this.wait * (0.5 + Math.random()),
    );
    this.wait = Math.min(4_000, this.wait * 2);
  }

  /** The network came back: try now. */
  hurry() {
    if (!this.timer || this.connected) return;
    this.wait = 500;
    this.#redial(-500);
  }

  async #dial() {
    const track = this.#track();
    if (!this.timer || !track || this.mode === "stills" || this.#used()) return;
    try {
      await this.whip.start(track, this.ice);
    } catch {
      this.whip.stop(false);
      this.#redial(0);
    }
  }

  /** The caller agreed to as much again. */
  more() {
    this.allowance += 1;
    if (HAS_VIDEO) this.#video();
  }

  async #tick() {
    if (this.mode === "stills") return this.#still();
    if (this.state()?.glimpses) void this.#glimpse();
    const { fresh, room } = await this.whip.speed();
    this.sent += fresh;
    const bps = (fresh * 8) / (EVERY_MS / 1000);
    const isPoor = !this.connected || (Number.isNaN(room) ? bps < POOR_BPS / 4 : room < POOR_BPS);
    this.poor = isPoor ? this.poor + 1 : 0;
    // the first seconds of a line say nothing of what it carries
    this.settled += 1;
    if (this.connected)
      void report("video", {
        ...this.detail(),
        ...(this.settled > 2
          ? { bitrate_kbps: Math.round(bps / 1000), ...(room >= 0 ? { room_kbps: Math.round(room / 1000) } : {}) }
          : {}),
      });
    if (this.#used()) {
      this.#pictures();
      return this.told("cap");
    }
    if (this.poor >= POOR_TIMES) this.#pictures();
    return this.changed();
  }

  #pictures() {
    this.mode = "stills";
    this.good = 0;
    // a poor line is for the pictures alone: no video is tried beside them
    clearTimeout(this.retry);
    this.whip.stop();
    this.connected = false;
    void report("stills", this.detail());
    this.changed();
  }

  #video() {
    this.mode = "video";
    this.poor = -POOR_TIMES;
    this.wait = 500;
    this.changed();
    void this.#dial();
  }

  /** A small picture beside the video, every other time: somebody who watches has a poor line. */
  async #glimpse() {
    this.odd = !this.odd;
    if (this.odd || this.busy) return;
    this.busy = true;
    const blob = await jpeg(this.eye, 480);
    if (blob && (await sendStill(blob, "glimpses").catch(() => null))?.ok) this.sent += blob.size;
    this.busy = false;
  }

  /** One picture; how fast it went says whether video would go. */
  async #still() {
    if (this.busy) return;
    this.busy = true;
    try {
      const blob = await jpeg(this.eye, 640);
      if (blob) {
        const asked = performance.now();
        await ask("/live/api/state");
        const from = performance.now();
        const answer = await sendStill(blob);
        // a far relay is no slow line: what a question alone takes is left out
        const bps = (blob.size * 8_000) / Math.max(20, performance.now() - from - (from - asked));
        if (answer.ok) this.sent += blob.size;
        this.good = answer.ok && bps > GOOD_BPS ? this.good + 1 : 0;
      }
    } catch {
      this.good = 0;
    }
    this.busy = false;
    this.changed();
    if (HAS_VIDEO && this.good >= POOR_TIMES && !this.#used()) this.#video();
  }

  /** Camera off, line closed; the relay has already ended its side. */
  close() {
    clearInterval(this.timer);
    clearTimeout(this.retry);
    this.timer = 0;
    this.connected = false;
    this.whip.stop(false);
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = null;
    this.eye.srcObject = null;
  }
}
