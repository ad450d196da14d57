/** 119 calls shared with this hospital: a strip of buttons, and the caller's picture when one is pressed. View only. */

import * as api from "/static/kit/shared/api.js";
import { fill, h } from "/static/kit/shared/dom.js";
import { clock } from "/static/kit/shared/format.js";
import { lang, t } from "/static/kit/shared/i18n.js";
import { WhepPlayer } from "/static/kit/video/whep.js";

/** @typedef {{id: string, state: string, complaint: string, unit: string | null, stills: {id: string, at_us: number, by: string}[]}} SharedCall */

const KEEP_ALIVE_MS = 30_000;

export class SharedVideo {
  /** @param {import("/static/viewer/js/store.js").Store} store */
  constructor(store) {
    this.store = store;
    /** @type {Map<string, SharedCall>} */
    this.calls = new Map();
    this.current = "";
    /** @type {WhepPlayer | null} */
    this.player = null;
    this.strip = h("div", { class: "video-strip" });
    this.pane = h("section", { class: "video-pane" });
    this.el = h("div", { class: "video", hidden: true }, this.strip, this.pane);
    store.feed.on("welcome", () => void this.#all());
    store.feed.on("call", ({ call }) => { this.calls.set(call.id, call); this.render(); });
    store.feed.on("call-gone", ({ call }) => { this.calls.delete(call); this.render(); });
    window.setInterval(() => { if (this.current && this.store.me) void api.get(`/api/calls/${this.current}`).catch(() => null); }, KEEP_ALIVE_MS);
  }

  async #all() {
    try {
      const { calls } = await api.get("/api/calls");
      this.calls = new Map(calls.map((/** @type {SharedCall} */ call) => [call.id, call]));
    } catch { this.calls.clear(); }
    this.render();
  }

  /** @param {string} id */
  #open(id) {
    this.current = id === this.current ? "" : id;
    this.render();
  }

  render() {
    if (!this.store.me) this.calls.clear();
    for (const call of [...this.calls.values()]) if (call.state === "ended") this.calls.delete(call.id);
    if (!this.calls.has(this.current)) this.current = "";
    this.el.hidden = this.calls.size === 0;
    const version = JSON.stringify([[...this.calls.values()], this.current, lang()]);
    if (this.el.dataset["version"] === version) return;
    this.el.dataset["version"] = version;
    fill(this.strip, h("strong", null, t("video.title")), ...[...this.calls.values()].map((call) =>
      h("button", { type: "button", class: "tool", "aria-pressed": String(call.id === this.current), onclick: () => this.#open(call.id) },
        [call.unit, call.complaint, t(call.state === "live" ? "video.live" : "video.waiting")].filter(Boolean).join("　"))));
    this.#paint();
  }

  #paint() {
    const call = this.calls.get(this.current);
    if (this.player && this.player.call !== this.current) {
      this.player.close();
      this.player = null;
    }
    if (!call) return void fill(this.pane);
    this.player ??= new WhepPlayer(call.id);
    fill(this.pane, this.player.el, h("div", { class: "video-stills" }, ...call.stills.slice(-8).reverse().map((still) =>
      h("a", { href: `/api/calls/${call.id}/stills/${still.id}`, target: "_blank", rel: "noopener" },
        h("img", { src: `/api/calls/${call.id}/stills/${still.id}`, alt: t("video.still", { at: clock(still.at_us, true) }) })))));
  }
}
