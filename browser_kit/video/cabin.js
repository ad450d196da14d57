/** The ambulance's cabin camera on a console: closed until asked for, and always saying why there is no picture. */

import { fill, h, setText } from "/static/kit/shared/dom.js";
import { clock } from "/static/kit/shared/format.js";
import { lang, t } from "/static/kit/shared/i18n.js";
import { WhepPlayer } from "/static/kit/video/whep.js";

/**
 * @typedef {import("/static/kit/shared/answers.js").CabinRow} Cabin
 */

const KEEP_ALIVE_MS = 30_000;
/** @type {Record<string, string>} */
const SHAPES = { live: "●", frozen: "▲", stills: "▲", paused: "▲", failed: "✕", off: "○" };

export class CabinView {
  constructor() {
    this.incident = "";
    this.open = false;
    /** @type {WhepPlayer | null} */
    this.player = null;
    /** @type {Cabin | null} */
    this.cabin = null;
    this.button = h("button", {
      type: "button",
      class: "tool cabin-open",
      onclick: () => {
        this.open = !this.open;
        this.#draw();
      },
    });
    this.words = h("p", { class: "cabin-words", role: "status" });
    this.view = h("div", { class: "cabin-view" });
    // a sign of life, so that nobody is signed out while only looking
    window.setInterval(() => {
      if (this.player)
        void fetch(`/api/incidents/${this.incident}/cabin`, { credentials: "same-origin" }).catch(() => null);
    }, KEEP_ALIVE_MS);
    this.el = h(
      "section",
      { class: "cabin", hidden: true },
      h("div", { class: "cabin-head" }, this.button, this.words),
      this.view,
    );
  }

  /** @param {string | null | undefined} incident @param {Cabin | null | undefined} cabin */
  show(incident, cabin) {
    if (incident !== this.incident) {
      this.open = false;
      this.incident = incident ?? "";
    }
    this.cabin = (incident && cabin) || null;
    this.#draw();
  }

  #draw() {
    const { cabin } = this;
    this.el.hidden = !cabin || cabin.state === "off";
    const shown = this.open && !this.el.hidden;
    const plays = shown && (cabin?.state === "live" || cabin?.state === "frozen");
    const base = `/api/incidents/${this.incident}/cabin`;
    if (this.player && (!plays || this.player.base !== base)) {
      this.player.close();
      this.player = null;
    }
    if (plays && !this.player) this.player = new WhepPlayer(base);
    if (!cabin) return void fill(this.view);
    this.button.setAttribute("aria-pressed", String(this.open));
    setText(this.button, t(this.open ? "cabin.close" : "cabin.open"));
    const since = cabin.since_us && cabin.state !== "live" ? `（${clock(cabin.since_us, true)}）` : "";
    setText(this.words, `${SHAPES[cabin.state]} ${t(`cabin.${cabin.state}`)}${since}`);
    this.el.dataset["state"] = cabin.state;
    const still = shown && !plays ? cabin.still_at_us : null;
    const version = JSON.stringify([plays && base, still, shown && this.incident, lang()]);
    if (this.view.dataset["version"] === version) return;
    this.view.dataset["version"] = version;
    fill(
      this.view,
      this.player
        ? this.player.el
        : still
          ? h(
              "figure",
              null,
              h("img", { src: `${base}/still?at=${still}`, alt: t("cabin.still", { at: clock(still, true) }) }),
              h("figcaption", null, t("cabin.still", { at: clock(still, true) })),
            )
          : null,
    );
  }
}
