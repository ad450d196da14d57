/** Closed cases: asked for by days, ambulance, tier, decision and words, and shown apart from the open ones. */

import * as api from "/static/kit/shared/api.js";
import { fill, h, setText } from "/static/kit/shared/dom.js";
import { ageSex, clock, day } from "/static/kit/shared/format.js";
import { lang, t } from "/static/kit/shared/i18n.js";
import { DECISIONS, decisionWords, letterOf, tierBadge } from "/static/kit/shared/tier.js";

/** @typedef {import("/static/viewer/js/contract.js").IncidentRow} IncidentRow */

export const ARCHIVE = "archive";
const ROWS_WANTED = 50;
const TIERS = ["A", "B", "C", "D", "E", "Q"];

/** The first moment of a day of this place, in µs; null for no day. @param {string} date @param {number} [later] */
function dayUs(date, later = 0) {
  const [year, month, of] = date.split("-").map(Number);
  return year && month && of ? new Date(year, month - 1, of + later).getTime() * 1000 : null;
}

export class Archive {
  /**
   * @param {import("/static/viewer/js/store.js").Store} store
   * @param {(id: string) => void} open
   */
  constructor(store, open) {
    this.store = store;
    this.open = open;
    /** @type {IncidentRow[]} */
    this.rows = [];
    /** @type {string | null} */
    this.beyond = null;
    /** How far back was looked. @type {number | null} */
    this.lookedToUs = null;
    this.asking = false;
    this.asked = false;
    this.error = "";
    /** Which question the answer must be to. */
    this.turn = 0;
    this.from = h("input", { type: "date" });
    this.to = h("input", { type: "date" });
    this.unit = h("input", { type: "text", maxlength: "200", autocomplete: "off" });
    this.tier = h("select", null);
    this.decision = h("select", null);
    this.words = h("input", { type: "search", maxlength: "200", autocomplete: "off" });
    this.heading = h("h1", { class: "list-heading", tabindex: "-1" });
    this.search = h("button", { type: "submit", class: "primary" });
    this.back = h("button", { type: "button", class: "archive-back", onclick: () => this.open("") });
    this.fields = h("div", { class: "archive-fields" });
    this.form = h(
      "form",
      {
        class: "archive-form",
        onsubmit: (/** @type {Event} */ event) => {
          event.preventDefault();
          void this.find();
        },
      },
      this.fields,
      this.search,
    );
    this.items = h("ul", { class: "cases" });
    this.state = h("p", { class: "archive-state", role: "status" });
    this.more = h("button", { type: "button", class: "more", onclick: () => void this.#next() });
    this.el = h(
      "main",
      { class: "archive", hidden: true },
      this.back,
      this.heading,
      this.form,
      this.items,
      this.state,
      this.more,
    );
    this.key = "";
    this.query = new URLSearchParams();
  }

  /** Whoever comes next has searched for nothing yet. */
  forget() {
    this.turn += 1;
    Object.assign(this, { rows: [], beyond: null, lookedToUs: null, asking: false, asked: false, error: "" });
    this.form.reset();
    this.items.replaceChildren();
  }

  render() {
    this.el.hidden = !this.store.inArchive;
    if (this.el.hidden) return;
    if (!this.asked) void this.find();
    const key = JSON.stringify([
      lang(),
      this.rows.map((row) => row.id),
      this.turn,
      this.asking,
      this.error,
      this.beyond,
    ]);
    if (this.key === key) return;
    this.key = key;
    this.#labels();
    fill(
      this.items,
      this.rows.map((row) => this.#item(row)),
    );
    this.more.hidden = !this.beyond || this.asking;
    setText(this.more, t("archive.more"));
    setText(this.state, this.#words());
  }

  #words() {
    if (this.error) return this.error;
    const far = this.lookedToUs === null ? "" : day(this.lookedToUs);
    if (this.asking) return far ? t("archive.asking_far", { day: far }) : t("archive.asking");
    const found = t("archive.found", { n: this.rows.length });
    return this.beyond ? `${found}　${t("archive.looked_to", { day: far })}` : `${found}　${t("archive.all")}`;
  }

  #labels() {
    setText(this.heading, t("archive.heading"));
    setText(this.back, `‹ ${t("case.back")}`);
    setText(this.search, t("archive.search"));
    if (this.fields.dataset["lang"] === lang()) return;
    this.fields.dataset["lang"] = lang();
    const any = () => h("option", { value: "" }, t("archive.any"));
    const [tier, decision] = [this.tier.value, this.decision.value];
    fill(
      this.tier,
      any(),
      TIERS.map((one) => h("option", { value: one }, `${one} ${t(`tier.${one}`)}`)),
    );
    fill(
      this.decision,
      any(),
      DECISIONS.map((one) => h("option", { value: one }, decisionWords(one))),
      h("option", { value: "none" }, t("archive.undecided")),
    );
    this.tier.value = tier;
    this.decision.value = decision;
    const fields = {
      from: this.from,
      to: this.to,
      unit: this.unit,
      tier: this.tier,
      decision: this.decision,
      words: this.words,
    };
    fill(
      this.fields,
      Object.entries(fields).map(([name, input]) => h("label", null, h("span", null, t(`archive.${name}`)), input)),
    );
  }

  #query() {
    const asked = new URLSearchParams();
    const named = {
      from_us: dayUs(this.from.value),
      to_us: dayUs(this.to.value, 1),
      unit: this.unit.value.trim(),
      tier: this.tier.value,
      decision: this.decision.value,
      words: this.words.value.trim(),
    };
    for (const [name, value] of Object.entries(named)) if (value) asked.set(name, String(value));
    return asked;
  }

  /** A new question. */
  async find() {
    this.turn += 1;
    Object.assign(this, { rows: [], beyond: null, lookedToUs: null, asked: true, query: this.#query() });
    await this.#next();
  }

  /** Asks on until a page is full, the end is reached, or the person asks something else. */
  async #next() {
    const { turn } = this;
    const wanted = this.rows.length + ROWS_WANTED;
    this.asking = true;
    this.error = "";
    this.store.changed();
    try {
      do {
        const asked = new URLSearchParams(this.query);
        if (this.beyond) asked.set("beyond", this.beyond);
        const found = await api.get(`/api/archive?${asked}`);
        if (this.turn !== turn) return;
        this.rows = [...this.rows, ...found.cases];
        this.beyond = found.beyond;
        this.lookedToUs = found.looked_to_us;
        this.store.changed();
      } while (this.beyond && this.rows.length < wanted && this.store.inArchive);
    } catch (error) {
      if (this.turn !== turn) return;
      if (error instanceof api.ApiError && error.status === 401) this.store.fail(error);
      this.error = error instanceof Error ? error.message : String(error);
    }
    this.asking = false;
    this.store.changed();
  }

  /** @param {IncidentRow} row */
  #item(row) {
    const tier = row.highest?.tier ?? row.tier;
    const { decision } = row;
    return h(
      "li",
      null,
      h(
        "button",
        { type: "button", class: "case closed", dataset: { tier: letterOf(tier) }, onclick: () => this.open(row.id) },
        h(
          "span",
          { class: "case-head" },
          h("strong", { class: "unit" }, row.unit),
          h("span", { class: "since" }, `${day(row.opened_at_us)} ${clock(row.opened_at_us)}`),
        ),
        h("span", { class: "case-patient" }, ageSex(row.patient)),
        h("span", { class: "case-tier" }, tierBadge(tier)),
        h(
          "span",
          { class: "case-foot" },
          decision ? h("strong", null, `${decisionWords(decision.decision)}　${decision.who}`) : t("archive.undecided"),
          decision?.text ? h("span", { class: "case-statement" }, decision.text) : null,
        ),
      ),
    );
  }
}
