/** What the crew must have read: refused files, doubts about whose ECG it is. Each stays until somebody presses. */

import * as api from "/static/kit/shared/api.js";
import { fill, h } from "/static/kit/shared/dom.js";
import { clock } from "/static/kit/shared/format.js";
import { lang, pick, t } from "/static/kit/shared/i18n.js";

export class Remarks {
  /** @param {import("/static/kit/shared/alarm.js").Alarm} alarm */
  constructor(alarm) {
    this.alarm = alarm;
    /** @type {string[]} */
    this.ids = [];
    this.version = "";
    this.list = h("ul", { class: "remark-list" });
    this.button = h("button", { type: "button", class: "primary remarks-seen", onclick: () => void this.#seen() });
    this.error = h("p", { class: "error-line", role: "alert" });
    this.el = h(
      "section",
      { class: "panel-card remarks", role: "alert", hidden: true },
      this.list,
      this.error,
      this.button,
    );
  }

  /** @param {import("/static/panel/js/contract.js").PanelState} state */
  render(state) {
    const lines = state.remarks ?? [];
    const version = JSON.stringify([lines.map((line) => line.id), lang()]);
    if (version === this.version) return;
    this.version = version;
    if (lines.some((line) => !this.ids.includes(line.id))) this.alarm.once("medium");
    this.ids = lines.map((line) => line.id);
    this.el.hidden = lines.length === 0;
    fill(
      this.list,
      [...lines]
        .reverse()
        .map((line) =>
          h(
            "li",
            { dataset: { cause: line.cause } },
            h("time", null, clock(line.at_us)),
            h("span", null, `▲ ${pick(line, "words")}`),
          ),
        ),
    );
    fill(this.button, t("panel.understood"));
  }

  async #seen() {
    this.error.textContent = "";
    try {
      await api.post("/api/remarks/seen", { ids: this.ids });
    } catch (error) {
      this.error.textContent = error instanceof Error ? error.message : String(error);
    }
  }
}
