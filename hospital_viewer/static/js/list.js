/** The open cases, what needs a reader first. */

import { fill, h, replaceList } from "/static/kit/shared/dom.js";
import { ageSex, clock } from "/static/kit/shared/format.js";
import { lang, pick, t } from "/static/kit/shared/i18n.js";
import { since } from "/static/kit/shared/since.js";
import { decisionWords, letterOf, tierBadge } from "/static/kit/shared/tier.js";
import { triaged, unopened } from "/static/viewer/js/triage.js";

/** @typedef {import("/static/viewer/js/contract.js").IncidentRow} IncidentRow */

/** Who opened it first, and how many others did. @param {IncidentRow} row */
function openedWords(row) {
  const first = row.opened_by[0];
  if (!first) return "";
  const others = new Set(row.opened_by.map((o) => o.who)).size - 1;
  const who = `${first.who} ${clock(first.at_us)}`;
  return others > 0 ? t("list.opened_by_more", { who, n: others }) : t("list.opened_by", { who });
}

export class IncidentList {
  /** @param {import("/static/viewer/js/store.js").Store} store @param {(id: string) => void} open */
  constructor(store, open) {
    this.store = store;
    this.open = open;
    this.heading = h("h1", { class: "list-heading" });
    this.items = h("ul", { class: "cases" });
    this.empty = h("p", { class: "empty" });
    this.el = h("nav", { class: "list" }, this.heading, this.items, this.empty);
  }

  get rows() {
    return triaged(this.store.rows.values());
  }

  render() {
    const { rows } = this;
    const waiting = rows.filter((row) => row.awaiting_read).length;
    fill(this.heading, t("list.heading"), h("span", { class: "count" }, waiting ? t("list.waiting", { n: waiting }) : t("list.none_waiting")));
    this.empty.hidden = rows.length > 0;
    this.empty.textContent = this.store.loaded ? t("list.empty") : t("list.loading");
    replaceList(this.items, rows, (row) => row.id, (row, old) => this.#item(row, old));
    this.store.drawn(rows);
    document.title = waiting ? `(${waiting}) ${t("app.name")}` : t("app.name");
  }

  /** Written again when something of it changed; the button itself stays, so that no press is lost. @param {IncidentRow} row @param {HTMLElement | null} old */
  #item(row, old) {
    const version = JSON.stringify([row, row.id === this.store.current, lang()]);
    if (old && old.dataset["version"] === version) return old;
    const item = old ?? h("li", null, h("button", { type: "button", onclick: () => this.open(row.id) }));
    item.dataset["version"] = version;
    this.#write(/** @type {HTMLButtonElement} */ (item.firstElementChild), row);
    return item;
  }

  /** @param {HTMLButtonElement} button @param {IncidentRow} row */
  #write(button, row) {
    const { stream } = row;
    const opened = openedWords(row);
    button.className = `case${unopened(row) && letterOf(row.tier) === "A" ? " urgent" : ""}`;
    button.dataset["tier"] = letterOf(row.tier);
    button.setAttribute("aria-current", String(row.id === this.store.current));
    fill(button,
      h("span", { class: "case-head" }, h("strong", { class: "unit" }, row.unit), since(row.opened_at_us)),
      h("span", { class: "case-patient" }, ageSex(row.patient), stream ? h("span", { class: `stream ${stream.state}` }, ` ${t(`stream.${stream.state}`)}`) : ` ${t("stream.none")}`),
      h("span", { class: "case-tier" }, tierBadge(row.tier)),
      row.standstill && stream?.state === "live" ? h("strong", { class: "standstill" }, `▲ ${t("list.standstill")}`) : null,
      pick(/** @type {any} */ (row), "statement") ? h("span", { class: "case-statement" }, pick(/** @type {any} */ (row), "statement")) : null,
      h("span", { class: "case-foot" }, row.decision
        ? h("strong", null, `${decisionWords(row.decision.decision)}　${row.decision.who} ${clock(row.decision.at_us)}`)
        : opened || (row.awaiting_read ? h("strong", { class: "unread" }, t("list.unread")) : t("list.unopened"))));
  }
}
