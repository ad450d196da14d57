/**
 * Pictures beside the trace: 119 calls shared with this ambulance. Small; one touch makes it half the screen.
 * The trace stays in sight, and while ECG waits for the radio no picture is fetched at all.
 */

import { fill, h, setText } from "/static/kit/shared/dom.js";
import { clock } from "/static/kit/shared/format.js";
import { lang, t } from "/static/kit/shared/i18n.js";
import { WhepPlayer } from "/static/kit/video/whep.js";

/** @typedef {import("/static/panel/js/contract.js").PanelState} PanelState */
/** @typedef {PanelState["video"]["calls"][number]} SharedCall */

const GONE_SHOWN_MS = 60_000;
const STILLS_SHOWN = 3;
const PICTURE = new Set(["allowed", "live", "frozen"]);

export class Picture {
  /** @param {HTMLElement} work the page's two columns, told when a picture is large */
  constructor(work) {
    this.work = work;
    /** @type {WhepPlayer | null} */
    this.player = null;
    this.current = "";
    this.goneAtMs = 0;
    this.goneAt = "";
    this.heading = h("h2");
    this.size = h("button", { type: "button", class: "picture-size", onclick: () => this.#resize() });
    this.choice = h("div", { class: "picture-choice" });
    this.view = h("div", { class: "picture-view", onclick: () => this.#resize() });
    this.words = h("p", { class: "picture-words", role: "status" });
    this.stills = h("div", { class: "picture-stills" });
    this.el = h(
      "section",
      { class: "panel-card picture", hidden: true },
      h("div", { class: "picture-head" }, this.heading, this.size),
      this.choice,
      this.view,
      this.words,
      this.stills,
    );
  }

  #resize() {
    if (!this.current) return;
    this.work.dataset["big"] = String(this.work.dataset["big"] !== "true");
    if (this.work.dataset["big"] === "true") this.el.scrollIntoView({ block: "nearest" });
    this.#label();
  }

  #label() {
    setText(this.size, t(this.work.dataset["big"] === "true" ? "picture.small" : "picture.big"));
  }

  /** @param {PanelState} state */
  render(state) {
    const { calls, step } = state.video;
    const waits = step === "stills" || step === "paused";
    const before = this.current;
    if (!calls.some((call) => call.id === this.current)) this.current = calls[0]?.id ?? "";
    if (before && !calls.some((call) => call.id === before)) this.#gone();
    const call = calls.find((one) => one.id === this.current) ?? null;
    const recently = !call && this.goneAtMs > 0 && performance.now() - this.goneAtMs < GONE_SHOWN_MS;
    this.el.hidden = !call && !recently;
    setText(this.heading, t("picture.title"));
    this.size.hidden = !call;
    this.#label();
    this.#fresh(this.choice, [calls.length > 1 && calls.map((one) => [one.id, one.complaint]), this.current], () =>
      calls.length < 2
        ? null
        : calls.map((one) =>
            h(
              "button",
              {
                type: "button",
                "aria-pressed": String(one.id === this.current),
                onclick: () => {
                  this.current = one.id;
                  this.render(state);
                },
              },
              one.complaint || t("picture.call"),
            ),
          ),
    );
    this.#play(call, waits);
    const newest = call?.stills.at(-1);
    setText(
      this.words,
      call
        ? waits
          ? `▲ ${t("picture.ecg_first")}`
          : this.#about(call)
        : recently
          ? `✕ ${t("picture.gone", { at: this.goneAt })}`
          : "",
    );
    this.#fresh(this.stills, [call?.id, waits ? null : call?.stills.map((still) => still.id), newest?.id], () =>
      call && !waits
        ? call.stills
            .slice(-STILLS_SHOWN)
            .reverse()
            .map((still) =>
              h("img", {
                src: `/api/calls/${call.id}/stills/${still.id}`,
                alt: t("picture.still", { at: clock(still.at_us, true) }),
                onclick: (/** @type {Event} */ e) => /** @type {HTMLElement} */ (e.target).classList.toggle("large"),
              }),
            )
        : null,
    );
  }

  /** @param {SharedCall} call */
  #about(call) {
    if (!PICTURE.has(call.state)) return t("picture.not_yet");
    return [call.complaint, call.hint === "stills" ? t("picture.stills") : ""].filter(Boolean).join("　");
  }

  /** The share has ended: the picture goes before anything else, and the page says so. */
  #gone() {
    this.#stop();
    this.goneAtMs = performance.now();
    this.goneAt = clock(Date.now() * 1000, true);
    if (!this.current) this.work.dataset["big"] = "false";
  }

  /** @param {SharedCall | null} call @param {boolean} waits */
  #play(call, waits) {
    const base = call && !waits && PICTURE.has(call.state) ? `/api/calls/${call.id}` : "";
    if (this.player && this.player.base !== base) this.#stop();
    if (base && !this.player) {
      this.player = new WhepPlayer(base, true);
      fill(this.view, this.player.el);
    }
    this.view.hidden = !this.player;
  }

  #stop() {
    this.player?.close();
    this.player = null;
    fill(this.view);
  }

  /** @param {HTMLElement} el @param {unknown} of @param {() => any} make */
  #fresh(el, of, make) {
    const version = JSON.stringify([of, lang()]);
    if (el.dataset["version"] === version) return;
    el.dataset["version"] = version;
    fill(el, make());
  }
}
