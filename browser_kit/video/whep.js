/** A live picture by WHEP: one element, dials again by itself, says what it is doing. View only. */

import { within } from "/static/kit/shared/api.js";
import { h, setText } from "/static/kit/shared/dom.js";
import { clock } from "/static/kit/shared/format.js";
import { t } from "/static/kit/shared/i18n.js";
import { gathered, trickle } from "/static/kit/video/gather.js";
import { Glimpses, LineJudge } from "/static/kit/video/glimpses.js";

const FIRST_WAIT_MS = 500;
const MOST_WAIT_MS = 5_000;
const STALE_S = 3;
const JUDGE_EVERY_MS = 2_000;
const HOPELESS = 2;
/** A device in lockdown mode, say, has none. */
const HAS_VIDEO = "RTCPeerConnection" in window;

export class WhepPlayer {
  /**
   * @param {string} base where `/ice` and `/whep` are, such as `/api/calls/…`
   * @param {boolean} [hasGlimpses] whether pictures can be had in place of video
   */
  constructor(base, hasGlimpses = false) {
    this.base = base;
    this.video = h("video", { autoplay: true, playsinline: true, muted: true, class: "whep-video" });
    this.words = h("p", { class: "whep-words", role: "status" });
    this.judge = new LineJudge();
    this.glimpses = hasGlimpses
      ? new Glimpses(
          base,
          this.judge,
          () => this.#look(),
          () => this.#video(),
        )
      : null;
    this.el = h("div", { class: "whep", dataset: { mode: "video" } }, this.video, this.glimpses?.canvas, this.words);
    /** @type {RTCPeerConnection | null} */
    this.pc = null;
    this.at = "";
    this.wait = FIRST_WAIT_MS;
    this.timer = 0;
    this.over = false;
    this.seenMs = 0;
    this.turned = 0;
    this.zoomed = 1;
    this.hopeless = 0;
    this.watchdog = window.setInterval(() => this.#look(), 500);
    this.judging = hasGlimpses ? window.setInterval(() => void this.#judge(), JUDGE_EVERY_MS) : 0;
    this.#frames();
    void this.#dial();
  }

  /** Whether pictures are fresh. */
  get isLive() {
    return this.seenMs > 0 && performance.now() - this.seenMs < STALE_S * 1000;
  }

  #frames() {
    const seen = () => {
      this.seenMs = performance.now();
      if (this.#mode === "video") this.glimpses?.hide();
      if (!this.over) this.video.requestVideoFrameCallback(seen);
    };
    this.video.requestVideoFrameCallback?.(seen);
  }

  #look() {
    const age = Math.floor((performance.now() - this.seenMs) / 1000);
    const text =
      this.#mode === "pictures"
        ? this.#pictureWords()
        : !HAS_VIDEO
          ? t("whep.none")
          : !this.seenMs
            ? t("whep.waiting")
            : this.isLive
              ? ""
              : t("whep.stale", { s: age });
    setText(this.words, text);
    this.el.dataset["live"] = String(this.isLive);
  }

  get #mode() {
    return this.el.dataset["mode"];
  }

  #pictureWords() {
    const at = this.glimpses?.atUs;
    if (!HAS_VIDEO) return `${t("whep.none")} ${at ? clock(at, true) : ""}`;
    return at ? t("whep.pictures", { at: clock(at, true) }) : t("whep.pictures_wait");
  }

  /** Asks the relay what this line carries; it knows sooner than the decoder. */
  async #judge() {
    if (this.#mode !== "video" || !this.at || this.pc?.connectionState !== "connected") return;
    let isTooSlow = false;
    try {
      isTooSlow = Boolean((await (await this.#ask(this.at)).json()).pictures);
    } catch (error) {
      isTooSlow = error instanceof DOMException;
    }
    if (!this.over && this.#mode === "video" && this.judge.heard(isTooSlow, performance.now())) this.#pictures();
  }

  /** The line carries no video, or none gets through: a picture every few seconds. */
  #pictures() {
    clearTimeout(this.timer);
    this.#hangUp();
    this.el.dataset["mode"] = "pictures";
    this.glimpses?.start();
  }

  /** The line is good again; the last picture stays until the video comes. */
  #video() {
    if (this.over || !HAS_VIDEO) return;
    this.glimpses?.stop();
    this.el.dataset["mode"] = "video";
    this.hopeless = 0;
    void this.#dial();
  }

  async #dial() {
    if (this.over) return;
    this.#hangUp();
    if (!HAS_VIDEO) return void (this.glimpses && this.#pictures());
    try {
      const ice = await (await this.#ask(`${this.base}/ice`)).json();
      const pc = new RTCPeerConnection({ iceServers: ice.ice_servers });
      this.pc = pc;
      pc.addTransceiver("video", { direction: "recvonly" });
      pc.ontrack = (event) => {
        this.video.srcObject = new MediaStream([event.track]);
        void this.video.play().catch(() => null);
      };
      pc.onconnectionstatechange = () => this.#line(pc);
      await pc.setLocalDescription();
      await gathered(pc);
      const offer = pc.localDescription?.sdp ?? "";
      const answer = await this.#ask(`${this.base}/whep`, {
        method: "POST",
        headers: { "Content-Type": "application/sdp" },
        body: offer,
      });
      const at = answer.headers.get("Location") ?? "";
      this.at = at;
      if (this.over || pc !== this.pc) return void this.#goodbye();
      trickle(
        pc,
        offer,
        (body) =>
          void this.#ask(at, {
            method: "PATCH",
            headers: { "Content-Type": "application/trickle-ice-sdpfrag" },
            body,
          }).catch(() => null),
      );
      await pc.setRemoteDescription({ type: "answer", sdp: await answer.text() });
    } catch {
      this.#again();
    }
  }

  /** @param {string} path @param {RequestInit} [init] */
  async #ask(path, init = {}) {
    const answer = await fetch(path, {
      credentials: "same-origin",
      cache: "no-store",
      signal: within(10_000),
      ...init,
      headers: { "X-Kyumei": "1", ...init.headers },
    });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer;
  }

  /** @param {RTCPeerConnection} pc */
  #line(pc) {
    if (pc !== this.pc) return;
    if (pc.connectionState === "connected") [this.wait, this.hopeless] = [FIRST_WAIT_MS, 0];
    // nothing ever got through: a firewall that stops all but HTTP, perhaps
    if (
      pc.connectionState === "failed" &&
      ++this.hopeless >= HOPELESS &&
      this.glimpses &&
      this.judge.leave(performance.now())
    )
      return this.#pictures();
    if (pc.connectionState === "failed" || pc.connectionState === "disconnected") this.#again();
  }

  #again() {
    clearTimeout(this.timer);
    if (this.over) return;
    this.timer = window.setTimeout(() => void this.#dial(), this.wait * (0.5 + Math.random()));
    this.wait = Math.min(MOST_WAIT_MS, this.wait * 2);
  }

  /** A quarter turn. */
  turn() {
    this.turned = (this.turned + 90) % 360;
    this.#place();
  }

  zoom() {
    this.zoomed = this.zoomed >= 4 ? 1 : this.zoomed * 2;
    this.#place();
  }

  /** Upright, whole and running: what a new place on the page begins with. */
  straight() {
    this.turned = 0;
    this.zoomed = 1;
    this.#place();
    this.freeze(false);
  }

  #place() {
    // a quarter turn swaps the sides: without this the picture would leave its frame
    const { clientWidth: w, clientHeight: hh } = this.el,
      fit = this.turned % 180 && w && hh ? Math.min(w / hh, hh / w) : 1;
    const how = `rotate(${this.turned}deg) scale(${this.zoomed * fit})`;
    this.video.style.transform = how;
    if (this.glimpses) this.glimpses.canvas.style.transform = how;
  }

  /** Holds the picture on screen; the line goes on. @param {boolean} hold */
  freeze(hold) {
    if (hold) this.video.pause();
    else void this.video.play().catch(() => null);
    if (this.glimpses) this.glimpses.held = hold;
    this.el.dataset["frozen"] = String(hold);
  }

  /** What is on screen, as a JPEG. @returns {Promise<Blob | null>} */
  async still() {
    const glimpse = this.glimpses && !this.glimpses.canvas.hidden ? this.glimpses.canvas : null;
    const from = glimpse ?? this.video;
    const w = glimpse?.width ?? this.video.videoWidth,
      hh = glimpse?.height ?? this.video.videoHeight;
    if (!w) return null;
    for (let side = 1_600, quality = 0.85; side > 200; side *= 0.8, quality = 0.7) {
      const k = Math.min(1, side / Math.max(w, hh));
      const canvas = h("canvas", { width: Math.round(w * k), height: Math.round(hh * k) });
      canvas.getContext("2d")?.drawImage(from, 0, 0, canvas.width, canvas.height);
      const blob = await new Promise((/** @type {(b: Blob | null) => void} */ done) =>
        canvas.toBlob(done, "image/jpeg", quality),
      );
      if (blob && blob.size <= 200_000) return blob;
    }
    return null;
  }

  #goodbye() {
    if (this.at) void this.#ask(this.at, { method: "DELETE", keepalive: true }).catch(() => null);
    this.at = "";
  }

  #hangUp() {
    this.#goodbye();
    this.pc?.close();
    this.pc = null;
  }

  close() {
    this.over = true;
    clearTimeout(this.timer);
    clearInterval(this.watchdog);
    clearInterval(this.judging);
    this.glimpses?.stop();
    this.#hangUp();
    this.video.srcObject = null;
  }
}
