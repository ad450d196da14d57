/** A call's live picture by WHEP: one element, dials again by itself, says what it is doing. View only. */

import { h, setText } from "/static/kit/shared/dom.js";
import { t } from "/static/kit/shared/i18n.js";

const FIRST_WAIT_MS = 500;
const MOST_WAIT_MS = 5_000;
const STALE_S = 3;

export class WhepPlayer {
  /** @param {string} call */
  constructor(call) {
    this.call = call;
    this.video = h("video", { autoplay: true, playsinline: true, muted: true, class: "whep-video" });
    this.video.muted = true;
    this.words = h("p", { class: "whep-words", role: "status" });
    this.el = h("div", { class: "whep" }, this.video, this.words);
    /** @type {RTCPeerConnection | null} */
    this.pc = null;
    this.at = "";
    this.wait = FIRST_WAIT_MS;
    this.timer = 0;
    this.over = false;
    this.seenMs = 0;
    this.turned = 0;
    this.zoomed = 1;
    this.watchdog = window.setInterval(() => this.#look(), 500);
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
      if (!this.over) this.video.requestVideoFrameCallback(seen);
    };
    this.video.requestVideoFrameCallback?.(seen);
  }

  #look() {
    const age = Math.floor((performance.now() - this.seenMs) / 1000);
    const text = !this.seenMs ? t("whep.waiting") : this.isLive ? "" : t("whep.stale", { s: age });
    setText(this.words, text);
    this.el.dataset["live"] = String(this.isLive);
  }

  async #dial() {
    if (this.over) return;
    this.#hangUp();
    try {
      const ice = await (await this.#ask(`/api/calls/${this.call}/ice`)).json();
      const pc = this.pc = new RTCPeerConnection({ iceServers: ice.ice_servers });
      pc.addTransceiver("video", { direction: "recvonly" });
      pc.ontrack = (event) => { this.video.srcObject = new MediaStream([event.track]); void this.video.play().catch(() => null); };
      pc.onconnectionstatechange = () => this.#line(pc);
      await pc.setLocalDescription();
      await gathered(pc);
      const answer = await this.#ask(`/api/calls/${this.call}/whep`, { method: "POST", headers: { "Content-Type": "application/sdp" }, body: pc.localDescription?.sdp ?? "" });
      this.at = answer.headers.get("Location") ?? "";
      if (this.over || pc !== this.pc) return void this.#goodbye();
      await pc.setRemoteDescription({ type: "answer", sdp: await answer.text() });
    } catch {
      this.#again();
    }
  }

  /** @param {string} path @param {RequestInit} [init] */
  async #ask(path, init = {}) {
    const answer = await fetch(path, { credentials: "same-origin", cache: "no-store", signal: AbortSignal.timeout(10_000), ...init, headers: { "X-Kyumei": "1", ...init.headers } });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer;
  }

  /** @param {RTCPeerConnection} pc */
  #line(pc) {
    if (pc !== this.pc) return;
    if (pc.connectionState === "connected") this.wait = FIRST_WAIT_MS;
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

  #place() {
    this.video.style.transform = `rotate(${this.turned}deg) scale(${this.zoomed})`;
  }

  /** Holds the picture on screen; the line goes on. @param {boolean} hold */
  freeze(hold) {
    if (hold) this.video.pause();
    else void this.video.play().catch(() => null);
    this.el.dataset["frozen"] = String(hold);
  }

  /** What is on screen, as a JPEG. @returns {Promise<Blob | null>} */
  async still() {
    const { videoWidth: w, videoHeight: hh } = this.video;
    if (!w) return null;
    for (let side = 1_600, quality = 0.85; side > 200; side *= 0.8, quality = 0.7) {
      const k = Math.min(1, side / Math.max(w, hh));
      const canvas = h("canvas", { width: Math.round(w * k), height: Math.round(hh * k) });
      canvas.getContext("2d")?.drawImage(this.video, 0, 0, canvas.width, canvas.height);
      const blob = await new Promise((/** @type {(b: Blob | null) => void} */ done) => canvas.toBlob(done, "image/jpeg", quality));
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
    this.#hangUp();
    this.video.srcObject = null;
  }
}

/** @param {RTCPeerConnection} pc */
async function gathered(pc) {
  if (pc.iceGatheringState === "complete") return;
  await new Promise((done) => {
    pc.addEventListener("icegatheringstatechange", () => { if (pc.iceGatheringState === "complete") done(0); });
    setTimeout(done, 1_000);
  });
}
