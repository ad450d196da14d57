/** What came from the hospital, newest first; a new line to the crew is heard and stands out. */

import { fill, h } from "/static/kit/shared/dom.js";
import { clock } from "/static/kit/shared/format.js";
import { lang, t } from "/static/kit/shared/i18n.js";
import { decisionWords } from "/static/kit/shared/tier.js";
import { fromHospital } from "/static/panel/js/words.js";

/** @param {import("/static/panel/js/contract.js").Notice} notice */
function words(notice) {
  if (notice.stage === "note") return String(notice.data["text"] ?? "");
  if (notice.stage === "decided") return `${decisionWords(String(notice.data["decision"]))} ${notice.data["text"] ?? ""}`;
  return t(`notice.${notice.stage}`);
}

export class Notices {
  constructor() {
    this.list = h("ol", { class: "notices", "aria-live": "polite" });
    this.heading = h("h2");
    this.el = h("section", { class: "panel-card" }, this.heading, this.list);
  }

  /** @param {import("/static/panel/js/contract.js").PanelState} state */
  render(state) {
    const shown = state.notices.filter((notice) => fromHospital(notice, state.unit)).sort((a, b) => b.entry - a.entry);
    const version = JSON.stringify([shown.map((n) => n.entry), state.incident, lang()]);
    if (this.list.dataset["version"] === version) return;
    this.list.dataset["version"] = version;
    fill(this.heading, t("panel.from_hospital"));
    fill(this.list, shown.length ? shown.map((notice) => h("li", { dataset: { stage: notice.stage } },
      h("time", null, clock(notice.at_us)), h("span", null, h("strong", null, notice.who), ` ${words(notice)}`)))
      : h("li", { class: "none" }, t("panel.nothing_yet")));
  }
}
