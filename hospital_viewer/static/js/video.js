/** 119 calls shared with this hospital: a strip of buttons, and the caller's picture when one is pressed. View only. */

import { fill, h, replaceList, setText } from "/static/kit/shared/dom.js";
import { CallBook } from "/static/kit/shared/calls.js";
import { clock } from "/static/kit/shared/format.js";
import { lang, t } from "/static/kit/shared/i18n.js";
import { WhepPlayer } from "/static/kit/video/whep.js";

/**
 * @typedef {{id: string, state: string, complaint: string, unit: string | null, stills: {id: string, at_us: number,
 *   by: string}[]}} SharedCall
 */

export class SharedVideo {
  /** @param {import("/static/viewer/js/store.js").Store} store */
  constructor(store) {
    this.store = store;
    /** @type {CallBook<SharedCall>} */
    this.book = new CallBook(
      store.feed,
      (call) => call.state !== "ended",
      () => this.render(),
    );
    this.current = "";
    /** @type {WhepPlayer | null} */
    this.player = null;
    this.title = h("strong");
    this.buttons = h("div", { class: "video-buttons" });
    this.strip = h("div", { class: "video-strip" }, this.title, this.buttons);
    this.pane = h("section", { class: "video-pane" });
    this.el = h("div", { class: "video", hidden: true }, this.strip, this.pane);
  }

  /** @param {string} id */
  #open(id) {
    this.current = id === this.current ? "" : id;
    this.render();
  }

  /** Whether a picture was open and is not any more. */
  close() {
    if (!this.current) return false;
    this.#open(this.current);
    return true;
  }

  render() {
    if (!this.store.me || this.store.resting) this.book.clear();
    const { calls } = this.book;
    if (!calls.has(this.current)) this.current = "";
    this.el.hidden = calls.size === 0;
    setText(this.title, t("video.title"));
    replaceList(
      this.buttons,
      [...calls.values()],
      (call) => call.id,
      (call, old) => this.#button(call, old),
    );
    this.#paint(calls.get(this.current));
  }

  /** @param {SharedCall} call @param {HTMLElement | null} old */
  #button(call, old) {
    const el = old ?? h("button", { type: "button", class: "tool", onclick: () => this.#open(call.id) });
    el.setAttribute("aria-pressed", String(call.id === this.current));
    setText(
      el,
      [call.unit, call.complaint, t(call.state === "live" ? "video.live" : "video.waiting")].filter(Boolean).join("　"),
    );
    return el;
  }

  /** @param {SharedCall | undefined} call */
  #paint(call) {
    if (this.player && this.player.base !== `/api/calls/${call?.id}`) {
      this.player.close();
      this.player = null;
    }
    const version = JSON.stringify([call?.id, call?.stills, lang()]);
    if (this.pane.dataset["version"] === version) return;
    this.pane.dataset["version"] = version;
    if (!call) return void fill(this.pane);
    this.player ??= new WhepPlayer(`/api/calls/${call.id}`, true);
    fill(
      this.pane,
      this.player.el,
      h(
        "div",
        { class: "video-stills" },
        ...call.stills
          .slice(-8)
          .reverse()
          .map((still) =>
            h(
              "a",
              { href: `/api/calls/${call.id}/stills/${still.id}`, target: "_blank", rel: "noopener" },
              h("img", {
                src: `/api/calls/${call.id}/stills/${still.id}`,
                alt: t("video.still", { at: clock(still.at_us, true) }),
              }),
            ),
          ),
      ),
    );
  }
}
