/** The open cases, what needs a reader first. */

import { alone, fill, h, replaceList, setText } from "/static/kit/shared/dom.js";
import { ageSex, clock } from "/static/kit/shared/format.js";
import { lang, pick, t } from "/static/kit/shared/i18n.js";
import { since } from "/static/kit/shared/since.js";
import { decisionWords, isGraver, letterOf, tierBadge } from "/static/kit/shared/tier.js";
import { ARCHIVE } from "/static/viewer/js/archive.js";
import { triaged } from "/static/viewer/js/triage.js";

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
  /**
   * @param {import("/static/viewer/js/store.js").Store} store @param {(id: string) => void} open
   * @param {import("/static/viewer/js/delivery.js").Delivery} delivery
   */
  constructor(store, open, delivery) {
    this.store = store;
    this.delivery = delivery;
    this.open = open;
    this.heading = h("h1", { class: "list-heading" });
    this.items = h("ul", { class: "cases" });
    this.empty = h("p", { class: "empty" });
    this.more = h("button", { type: "button", class: "more", onclick: () => void store.older.load() });
    this.archive = h("button", { type: "button", class: "to-archive", onclick: () => this.open(ARCHIVE) });
    this.el = h("nav", { class: "list" }, this.heading, this.items, this.more, this.empty, this.archive);
  }

  get rows() {
    return triaged(this.store.rows.values());
  }

  render() {
    const { rows } = this;
    const waiting = rows.filter((row) => row.awaiting_read).length;
    fill(
      this.heading,
      t("list.heading"),
      h("span", { class: "count" }, waiting ? t("list.waiting", { n: waiting }) : t("list.none_waiting")),
    );
    this.more.hidden = this.store.older.more <= 0;
    this.more.textContent = t("list.more", { n: this.store.older.more });
    setText(this.archive, t("archive.open"));
    this.empty.hidden = rows.length > 0;
    this.empty.textContent = this.store.loaded ? t("list.empty") : t("list.loading");
    replaceList(
      this.items,
      rows,
      (row) => row.id,
      (row, old) => this.#item(row, old),
    );
    for (const [i, row] of rows.entries()) this.delivery.watch(/** @type {Element} */ (this.items.children[i]), row);
    this.delivery.report();
  }

  /**
   * Written again when something of it changed; the button itself stays, so that no press is lost.
   * @param {IncidentRow} row
   * @param {HTMLElement | null} old
   */
  #item(row, old) {
    const version = JSON.stringify([
      row,
      row.id === this.store.current,
      lang(),
      this.store.now.streamState(row),
      this.store.now.isFresh,
    ]);
    if (old && old.dataset["version"] === version) return old;
    const item = old ?? h("li", null, h("button", { type: "button", onclick: () => this.open(row.id) }));
    item.dataset["version"] = version;
    const button = /** @type {HTMLButtonElement} */ (item.firstElementChild);
    alone(
      () => this.#write(button, row),
      () => fill(button, h("strong", { class: "unit" }, row.unit), ` ▲ ${t("part.broken")}`),
    );
    return item;
  }

  /** @param {HTMLButtonElement} button @param {IncidentRow} row */
  #write(button, row) {
    const state = this.store.now.streamState(row);
    const calls = row.call && row.call.level !== "soft" ? letterOf(row.call.tier) : null;
    button.className = `case${calls ? (calls === "A" ? " urgent" : " asked") : ""}`;
    button.dataset["tier"] = letterOf(row.tier);
    button.setAttribute("aria-current", String(row.id === this.store.current));
    fill(
      button,
      h("span", { class: "case-head" }, h("strong", { class: "unit" }, row.unit), since(row.opened_at_us)),
      h(
        "span",
        { class: "case-patient" },
        ageSex(row.patient),
        h("span", { class: `stream ${state}` }, ` ${t(`stream.${state}`)}`),
      ),
      h(
        "span",
        { class: "case-tier" },
        tierBadge(row.tier),
        isGraver(row.highest?.tier, row.tier) && row.highest
          ? h(
              "span",
              { class: "highest" },
              t("list.highest", { tier: letterOf(row.highest.tier), at: clock(row.highest.at_us) }),
            )
          : null,
      ),
      row.standstill && state === "live" ? h("strong", { class: "standstill" }, `▲ ${t("list.standstill")}`) : null,
      pick(/** @type {any} */ (row), "statement")
        ? h("span", { class: "case-statement" }, pick(/** @type {any} */ (row), "statement"))
        : null,
      h("span", { class: "case-foot" }, this.#foot(row)),
    );
  }

  /** What waits comes first; then what was decided; then who looked. @param {IncidentRow} row */
  #foot(row) {
    const { call, decision } = row;
    const waits = call
      ? h(
          "strong",
          { class: "unread" },
          t(`list.call.${call.level}`, { at: clock(call.since_us), reason: t(`reason.${call.reason}`) }),
        )
      : null;
    const decided = decision
      ? h("strong", null, `${decisionWords(decision.decision)}　${decision.who} ${clock(decision.at_us)}`)
      : null;
    const now = this.store.now.lookers(row);
    const looking = now.length
      ? h("span", { class: "looking" }, `● ${t("list.looking", { who: now.join("・") })}`)
      : null;
    if (waits || decided || looking) return [waits, decided, looking];
    return openedWords(row) || t("list.unopened");
  }
}
