/**
 * What the relay would not take. The only copy is on this tablet: it stays here until somebody sends it again or
 * throws it away.
 */

import * as api from "/static/kit/shared/api.js";
import { fill, h } from "/static/kit/shared/dom.js";
import { clock } from "/static/kit/shared/format.js";
import { lang, t } from "/static/kit/shared/i18n.js";

/** @typedef {import("/static/panel/js/contract.js").PanelState["refused"][number]} Thing */

export class Refused {
  constructor() {
    this.el = h("section", { class: "unsent refused", role: "alert", hidden: true });
    this.error = "";
    /** Asked before it is thrown away. @type {string | null} */
    this.sure = null;
    this.version = "";
    /** @type {Thing[]} */
    this.things = [];
  }

  /** @param {import("/static/panel/js/contract.js").PanelState} state */
  render(state) {
    this.things = state.refused ?? [];
    this.#draw();
  }

  #draw() {
    const version = JSON.stringify([this.things, this.error, this.sure, lang()]);
    if (version === this.version) return;
    this.version = version;
    this.el.hidden = this.things.length === 0;
    fill(
      this.el,
      this.things.length
        ? [
            h("strong", null, `✕ ${t("refused.title", { n: this.things.length })}`),
            h(
              "ul",
              null,
              this.things.map((thing) => this.#line(thing)),
            ),
            this.error ? h("p", { class: "error-line" }, this.error) : null,
          ]
        : [],
    );
  }

  /** @param {Thing} thing */
  #line(thing) {
    const remove =
      this.sure === thing.id
        ? h(
            "button",
            { type: "button", class: "danger", onclick: () => void this.#ask("remove", thing.id) },
            t("refused.sure"),
          )
        : h(
            "button",
            {
              type: "button",
              onclick: () => {
                this.sure = thing.id;
                this.#draw();
              },
            },
            t("refused.remove"),
          );
    return h(
      "li",
      { dataset: { state: "refused" } },
      h(
        "strong",
        null,
        `${clock(thing.at_us, true)}　${t(`refused.kind.${thing.kind}`)}${thing.text ? `「${thing.text}」` : ""}`,
      ),
      thing.kind === "photo"
        ? h("img", { class: "refused-picture", src: `/api/refused/${thing.id}`, alt: t("refused.kind.photo") })
        : null,
      h("span", { class: "unsent-why" }, `${t("refused.why")} ${thing.why}`),
      h(
        "span",
        { class: "unsent-do" },
        h(
          "button",
          { type: "button", class: "primary", onclick: () => void this.#ask("again", thing.id) },
          t("unsent.again"),
        ),
        remove,
      ),
    );
  }

  /** @param {"again" | "remove"} what @param {string} id */
  async #ask(what, id) {
    this.error = "";
    try {
      await api.post(`/api/refused/${what}`, { id });
      this.sure = null;
    } catch (error) {
      this.error = error instanceof Error ? error.message : String(error);
    }
    this.#draw();
  }
}
