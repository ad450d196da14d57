/** What came from the hospital, newest first; a new line to the crew is heard and stands out. */

import { fill, h } from "/static/kit/shared/dom.js";
import { clock } from "/static/kit/shared/format.js";
import { knows, lang, t } from "/static/kit/shared/i18n.js";
import { decisionWords } from "/static/kit/shared/tier.js";
import { deviceWords, gathered } from "/static/kit/shared/told.js";
import { fromHospital } from "/static/panel/js/words.js";

/** @param {import("/static/panel/js/contract.js").Notice} notice */
function words(notice) {
  if (notice.stage === "note") return String(notice.data["text"] ?? "");
  if (notice.stage === "decided")
    return `${decisionWords(String(notice.data["decision"]))} ${notice.data["text"] ?? ""}`;
  if (notice.stage === "ladder-step") return ladderWords(notice.data);
  if (ABOUT_LETTERS.includes(notice.stage)) {
    const way = String(notice.data["channel"]);
    const whom = String(notice.data["told"] || t("way.site"));
    return (
      deviceWords(notice) || `${knows(`way.${way}`) ? t(`way.${way}`) : way} ${whom} ${t(`notice.${notice.stage}`)}`
    );
  }
  return t(`notice.${notice.stage}`);
}

/** Whom the hospital's ladder rang, or that nobody has opened the ECG. @param {Record<string, any>} data */
function ladderWords(data) {
  const place = String(data["place"] ?? "");
  if (data["target"] === "crew")
    return data["phone"] ? t("ladder.crew_phone", { place, phone: data["phone"] }) : t("ladder.crew", { place });
  const whom = `${t(`ladder.${data["target"]}`)} ${data["name"] ?? ""}`.trim();
  const said = t("ladder.rang", { place, whom });
  return data["skipped"] ? `${place}：${whom}：${t(`ladder.skip.${data["skipped"]}`)}` : said;
}

const KEY = "kyumei-notices-heard";
/** Of these the second counts: whoever was rung is rung again after so many. */
const ABOUT_LETTERS = ["told", "not-told", "link-opened"];

export class Notices {
  /** @param {import("/static/kit/shared/alarm.js").Alarm} alarm */
  constructor(alarm) {
    this.alarm = alarm;
    /** Up to which entry of which case a person has heard. @type {{incident: string, entry: number}} */
    this.heard = this.#kept();
    this.sounded = 0;
    this.understood = h("button", {
      type: "button",
      class: "primary notices-heard",
      hidden: true,
      onclick: () => this.#hear(),
    });
    /** @type {import("/static/panel/js/contract.js").PanelState | null} */
    this.state = null;
    this.list = h("ol", { class: "notices", "aria-live": "polite" });
    this.heading = h("h2");
    this.el = h("section", { class: "panel-card from-hospital" }, this.heading, this.understood, this.list);
  }

  /** @param {import("/static/panel/js/contract.js").PanelState} state */
  render(state) {
    this.state = state;
    if (this.heard.incident !== state.incident) this.heard = { incident: state.incident ?? "", entry: 0 };
    const isNew = (/** @type {import("/static/panel/js/contract.js").Notice} */ n) =>
      n.stage === "note" && n.entry > this.heard.entry;
    const shown = gathered(
      state.notices.filter((n) => fromHospital(n, state.unit)).sort((a, b) => a.entry - b.entry),
    ).sort((a, b) => Number(isNew(b)) - Number(isNew(a)) || b.entry - a.entry);
    const version = JSON.stringify([shown.map((n) => [n.entry, n.data["devices"]]), this.heard, lang()]);
    if (this.list.dataset["version"] === version) return;
    this.list.dataset["version"] = version;
    const lines = shown.filter(isNew);
    fill(this.heading, t("panel.from_hospital"));
    fill(this.understood, t("panel.understood"));
    this.understood.hidden = lines.length === 0;
    this.el.dataset["new"] = String(lines.length > 0);
    fill(
      this.list,
      shown.length
        ? shown.map((notice) =>
            h(
              "li",
              { dataset: { stage: notice.stage, new: String(lines.includes(notice)) } },
              h("time", null, clock(notice.at_us, ABOUT_LETTERS.includes(notice.stage))),
              h("span", null, h("strong", null, notice.who), ` ${words(notice)}`),
            ),
          )
        : h("li", { class: "none" }, t("panel.nothing_yet")),
    );
    const newest = lines[0]?.entry ?? 0;
    if (newest > this.sounded) {
      this.sounded = newest;
      this.alarm.once("medium");
      this.#bringUp();
    }
  }

  /** Right below the hospital's answer, which stays on top of the column. */
  #bringUp() {
    const column = this.el.parentElement;
    if (!column?.clientHeight) {
      this.el.scrollIntoView({ block: "nearest" }); // on a phone the page is the column
      return;
    }
    const above = column.querySelector(".answer-words")?.getBoundingClientRect().height ?? 0;
    column.scrollTop += this.el.getBoundingClientRect().top - column.getBoundingClientRect().top - above - 8;
  }

  #hear() {
    const { state } = this;
    if (!state) return;
    this.heard = { incident: state.incident ?? "", entry: Math.max(0, ...state.notices.map((n) => n.entry)) };
    try {
      localStorage.setItem(KEY, JSON.stringify(this.heard));
    } catch {
      /* shown as new again after a reload, which is the safe side */
    }
    this.render(state);
  }

  /** @returns {{incident: string, entry: number}} */
  #kept() {
    try {
      return JSON.parse(localStorage.getItem(KEY) ?? "null") ?? { incident: "", entry: 0 };
    } catch {
      return { incident: "", entry: 0 };
    }
  }
}
