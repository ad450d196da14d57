/**
 * What was pressed and the tablet's own process does not have: on the page with its time until it is taken or taken
 * back.
 */

import { fill, h } from "/static/kit/shared/dom.js";
import { clock } from "/static/kit/shared/format.js";
import { lang, t } from "/static/kit/shared/i18n.js";

/** @typedef {import("/static/kit/shared/outbox.js").Act} Act */

const QUIET_MS = 1_500;

export class Unsent {
  /**
   * @param {import("/static/panel/js/presses.js").Presses} presses
   * @param {import("/static/panel/js/edits.js").Edits} edits
   * @param {() => number} nowUs
   */
  constructor(presses, edits, nowUs) {
    this.presses = presses;
    this.edits = edits;
    this.nowUs = nowUs;
    this.el = h("section", { class: "unsent", role: "alert", hidden: true });
    this.version = "";
  }

  render() {
    // one that is answered at once is no news
    const acts = this.presses.acts.filter(
      (act) => act.state !== "sending" || Date.now() * 1000 - Number(act.body["at_us"]) > QUIET_MS * 1000,
    );
    const { trouble, lost } = this.edits;
    const version = JSON.stringify([
      acts.map(({ id, state, trouble: why }) => [id, state, state === "sending" ? "" : why]),
      trouble,
      lost,
      lang(),
    ]);
    if (version === this.version) return;
    this.version = version;
    const lines = [
      ...acts.map((act) => this.#line(act)),
      trouble ? h("li", null, h("strong", null, t("unsent.card")), h("span", { class: "unsent-why" }, trouble)) : null,
      lost ? this.#lost(lost) : null,
    ].filter((line) => line !== null);
    this.el.hidden = lines.length === 0;
    fill(
      this.el,
      lines.length ? [h("strong", null, `▲ ${t("unsent.title", { n: lines.length })}`), h("ul", null, lines)] : [],
    );
  }

  /** @param {Act} act */
  #line(act) {
    const shiftUs = this.nowUs() - Date.now() * 1000;
    const why =
      act.state === "refused"
        ? `${t("unsent.refused")} ${act.trouble}`
        : act.state === "old"
          ? t("unsent.old")
          : t("unsent.waiting");
    return h(
      "li",
      { dataset: { state: act.state } },
      h("strong", null, `${clock(Number(act.body["at_us"]) + shiftUs, true)}　${act.title}`),
      h("span", { class: "unsent-why" }, why),
      h(
        "span",
        { class: "unsent-do" },
        act.state === "old"
          ? h(
              "button",
              { type: "button", class: "primary", onclick: () => void this.presses.box.again(act.id) },
              t("unsent.again"),
            )
          : null,
        h("button", { type: "button", onclick: () => this.presses.box.drop(act.id) }, t("unsent.drop")),
      ),
    );
  }

  /** @param {string} lost */
  #lost(lost) {
    return h(
      "li",
      { dataset: { state: "refused" } },
      h("strong", null, t("unsent.card")),
      h("span", { class: "unsent-why" }, `${t("unsent.refused")} ${lost}`),
      h(
        "span",
        { class: "unsent-do" },
        h(
          "button",
          {
            type: "button",
            onclick: () => {
              this.edits.lost = "";
              this.render();
            },
          },
          t("unsent.drop"),
        ),
      ),
    );
  }
}
