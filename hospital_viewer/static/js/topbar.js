/** The bar on top: who is signed in, whether the relay is reached, and whether this page can ring. */

import { fill, h, setText } from "/static/kit/shared/dom.js";
import { bell } from "/static/kit/shared/icon.js";
import { lang, setLang, t } from "/static/kit/shared/i18n.js";
import { nextTheme, theme } from "/static/kit/shared/theme.js";
import { tierBadge } from "/static/kit/shared/tier.js";
import { ageSex } from "/static/kit/shared/format.js";
import { sounding } from "/static/viewer/js/triage.js";

/** @typedef {import("/static/viewer/js/contract.js").IncidentRow} IncidentRow */

export class TopBar {
  /**
   * @param {import("/static/viewer/js/store.js").Store} store
   * @param {import("/static/kit/shared/alarm.js").Alarm} alarm
   * @param {(id: string) => void} open
   */
  constructor(store, alarm, open) {
    this.store = store;
    this.alarm = alarm;
    this.open = open;
    /** @type {Set<string>} */
    this.chimed = new Set();
    this.link = h("span", { class: "link-state", role: "status" });
    this.armed = h("div", { class: "armed" });
    this.menu = h("div", { class: "menu" });
    this.bar = h("header", { class: "topbar" }, h("strong", { class: "brand" }, "救命リレー"), this.link, this.armed, this.menu);
    this.ringing = h("div", { class: "ringing", role: "alert", hidden: true });
    this.trouble = h("p", { class: "trouble", role: "alert", hidden: true });
    this.el = h("div", { class: "top" }, this.bar, this.ringing, this.trouble);
    /** @type {boolean | null} */
    this.shownArmed = null;
    this.shownRinging = "";
  }

  render() {
    this.#menu();
    this.#link();
    this.#armed();
    this.#ring();
    this.trouble.hidden = this.store.trouble === "";
    setText(this.trouble, this.store.trouble);
  }

  #menu() {
    const themeWord = t(`theme.${theme()}`);
    const key = `${lang()}${themeWord}${this.store.me?.display_name ?? ""}`;
    if (this.menu.dataset["key"] === key) return;
    this.menu.dataset["key"] = key;
    fill(this.menu,
      h("button", { type: "button", class: "tool quiet", onclick: () => setLang(lang() === "ja" ? "en" : "ja") }, lang() === "ja" ? "English" : "日本語"),
      h("button", { type: "button", class: "tool quiet", onclick: () => nextTheme() }, themeWord),
      h("span", { class: "me" }, this.store.me?.display_name ?? ""),
      h("button", { type: "button", class: "tool quiet", onclick: () => void this.store.signOut() }, t("session.out")));
  }

  #link() {
    const { feed } = this.store;
    const down = feed.state !== "open";
    const seconds = Math.floor((Date.now() - feed.sinceMs) / 1000);
    this.link.classList.toggle("down", down);
    setText(this.link, down ? `✕ ${t("link.down", { s: seconds })}` : `● ${t("link.up")}`);
  }

  #armed() {
    const { armed } = this.alarm;
    const key = `${armed}${lang()}`;
    if (this.armed.dataset["key"] === key) return;
    this.armed.dataset["key"] = key;
    this.armed.dataset["armed"] = String(armed);
    fill(this.armed, armed
      ? [h("span", { class: "armed-words" }, bell(false), t("alarm.armed")), h("button", { type: "button", class: "tool quiet", onclick: () => this.alarm.test() }, t("alarm.test"))]
      : [h("strong", { class: "armed-words" }, bell(true), t("alarm.silent")), h("button", { type: "button", class: "arm", onclick: () => void this.#arm() }, t("alarm.arm"))]);
  }

  async #arm() {
    if (await this.alarm.arm()) this.alarm.test();
    this.shownRinging = "";
    this.render();
  }

  #ring() {
    const { high, medium } = sounding([...this.store.rows.values()]);
    if (high.length) this.alarm.ring("high");
    else this.alarm.quiet();
    for (const { alert } of medium) {
      if (!alert || this.chimed.has(alert.id) || !this.alarm.armed) continue;
      this.chimed.add(alert.id);
      this.alarm.once("medium");
    }
    const shown = high.filter((row) => row.id !== this.store.current);
    const key = shown.map((row) => row.id).join() + lang();
    this.ringing.hidden = shown.length === 0;
    if (key === this.shownRinging) return;
    this.shownRinging = key;
    fill(this.ringing, shown.map((row) => this.#call(row)));
  }

  /** @param {IncidentRow} row */
  #call(row) {
    return h("button", { type: "button", class: "call", onclick: () => this.open(row.id) },
      tierBadge(row.alert?.tier),
      h("span", { class: "call-unit" }, row.unit),
      h("span", null, ageSex(row.patient)),
      h("strong", { class: "call-open" }, t("alarm.open")));
  }
}
