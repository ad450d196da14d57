/**
 * What a dispatcher pressed and the relay does not have: with its words and the reason, until it is sent again or
 * taken back.
 */

import { fill, h } from "/static/kit/shared/dom.js";
import { clock } from "/static/kit/shared/format.js";
import { lang, t } from "/static/kit/shared/i18n.js";

export class Undone {
  /** @param {import("/static/dispatch/js/store.js").Store} store */
  constructor(store) {
    this.store = store;
    this.el = h("section", { class: "undone", role: "alert", hidden: true });
    this.version = "";
  }

  render() {
    const { box, me } = this.store;
    const acts = box.acts.filter((act) => act.who === me?.name && (act.state !== "sending" || act.tried));
    const version = JSON.stringify([acts, lang()]);
    if (version === this.version) return;
    this.version = version;
    this.el.hidden = acts.length === 0;
    fill(
      this.el,
      acts.length
        ? [
            h("strong", null, `▲ ${t("undone.title", { n: acts.length })}`),
            h(
              "ul",
              null,
              acts.map((act) =>
                h(
                  "li",
                  { dataset: { state: act.state } },
                  h("strong", null, `${clock(act.madeMs * 1000, true)}　${act.title}`),
                  h("span", null, act.about),
                  h("span", { class: "undone-why" }, act.trouble || t("undone.why")),
                  h(
                    "span",
                    { class: "row" },
                    h(
                      "button",
                      { type: "button", class: "primary", onclick: () => void box.again(act.id) },
                      t("undone.again"),
                    ),
                    h("button", { type: "button", onclick: () => box.drop(act.id) }, t("undone.drop")),
                  ),
                ),
              ),
            ),
          ]
        : [],
    );
  }
}
