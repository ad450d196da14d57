/**
 * Orders that the relay has not confirmed: on the page with their words until it has them or the person takes them
 * back.
 */

import { fill, h } from "/static/kit/shared/dom.js";
import { clock } from "/static/kit/shared/format.js";
import { lang, t } from "/static/kit/shared/i18n.js";

/** @typedef {import("/static/kit/shared/outbox.js").Act} Act */

export class Unsent {
  /** @param {import("/static/viewer/js/store.js").Store} store @param {(id: string) => void} open */
  constructor(store, open) {
    this.store = store;
    this.open = open;
    this.el = h("section", { class: "unsent", role: "status", hidden: true });
    this.version = "";
  }

  render() {
    const { outbox, me } = this.store;
    const acts = outbox.acts.filter((act) => act.state !== "sending" || act.tried);
    const version = JSON.stringify([acts, me?.name, this.store.resting, lang()]);
    if (version === this.version) return;
    this.version = version;
    this.el.hidden = acts.length === 0;
    fill(
      this.el,
      acts.length
        ? [
            h("strong", null, `▲ ${t("unsent.title", { n: acts.length })}`),
            h(
              "ul",
              null,
              acts.map((act) => this.#line(act)),
            ),
          ]
        : [],
    );
  }

  /** Whose page this is decides what may be read of it. @param {Act} act */
  #line(act) {
    const { me, resting } = this.store;
    const mine = me?.name === act.who && !resting;
    const head = h("span", { class: "unsent-head" }, `${clock(act.madeMs * 1000, true)}　${act.about}`);
    if (!mine) return h("li", null, head, h("span", null, t("unsent.of", { who: act.who })));
    const why =
      act.state === "asks"
        ? t("unsent.asks")
        : act.state === "old"
          ? t("unsent.old")
          : act.state === "refused"
            ? `${t("unsent.refused")} ${act.trouble}`
            : act.trouble || t("unsent.waiting");
    return h(
      "li",
      { dataset: { state: act.state } },
      head,
      h("strong", null, act.title),
      h("span", { class: "unsent-why" }, why),
      h(
        "span",
        { class: "unsent-do" },
        act.state === "asks"
          ? h("button", { type: "button", onclick: () => this.open(act.incident) }, t("unsent.look"))
          : null,
        act.state === "refused"
          ? null
          : h(
              "button",
              { type: "button", class: "primary", onclick: () => void this.store.sendAgain(act.id) },
              t(act.state === "asks" ? "unsent.anyway" : "unsent.again"),
            ),
        h("button", { type: "button", onclick: () => this.store.outbox.drop(act.id) }, t("unsent.drop")),
      ),
    );
  }
}
