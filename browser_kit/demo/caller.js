/** The 119 caller's picture beside the city: the first call with a picture that the hospital may see. */

import * as api from "/static/kit/shared/api.js";
import { fill, h } from "/static/kit/shared/dom.js";
import { t } from "/static/kit/shared/i18n.js";
import { WhepPlayer } from "/static/kit/video/whep.js";

const LOOK_EVERY_MS = 3_000;

export class CallerPicture {
  constructor() {
    /** @type {WhepPlayer | null} */
    this.player = null;
    this.call = "";
    this.title = h("h2");
    this.holder = h("div", { class: "caller-picture" });
    this.el = h("section", { class: "frame caller", hidden: true }, h("header", null, this.title), this.holder);
    window.setInterval(() => void this.look(), LOOK_EVERY_MS);
    void this.look();
  }

  /** Asks which call has a picture; a page that cannot know leaves what is shown. */
  async look() {
    /** @type {{id: string, state: string}[]} */
    let calls;
    try {
      ({ calls } = await api.get("/api/calls"));
    } catch {
      return;
    }
    if (!this.el.isConnected) {
      this.#show(""); // a window made narrow has no place for it
      return;
    }
    const here = calls.some((call) => call.id === this.call && call.state !== "ended");
    this.#show(here ? this.call : (calls.find((call) => call.state === "live")?.id ?? ""));
  }

  /** A picture that was moved on the page stands still until it is told to go on. */
  moved() {
    this.title.textContent = t("demo.caller");
    void this.player?.video.play().catch(() => null);
  }

  /** @param {string} call */
  #show(call) {
    this.el.hidden = call === "";
    if (call === this.call) return;
    this.player?.close();
    this.call = call;
    this.player = call ? new WhepPlayer(`/api/calls/${call}`, true) : null;
    fill(this.holder, this.player?.el);
  }
}
