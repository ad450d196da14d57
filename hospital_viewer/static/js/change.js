/** What has changed since an earlier recording of the case: one sentence, then each lead in millimetres. */

import * as api from "/static/kit/shared/api.js";
import { fill, h } from "/static/kit/shared/dom.js";
import { clock, signedMm } from "/static/kit/shared/format.js";
import { lang, pick, t } from "/static/kit/shared/i18n.js";
import { STANDARD_12 } from "/static/kit/ecg/leads.js";

/**
 * @typedef {import("/static/viewer/js/contract.js").Snapshot} Snapshot
 * @typedef {{j_uv: number, j60_uv: number, se_uv: number, t_uv: number | null}} LeadChange
 * @typedef {{answer: string, statement_ja: string, statement_en: string, risen: string[], fallen: string[], leads:
 *   Record<string, LeadChange>}} Change
 * @typedef {{snapshot: string, earlier: string | null, earlier_taken_at_us: number | null, change: Change | null}}
 *   Comparison
 */

export class ChangeCard {
  /** @param {import("/static/viewer/js/store.js").Store} store */
  constructor(store) {
    this.store = store;
    this.el = h("section", { class: "card change" });
    this.el.hidden = true;
    /** Asked for, so that a late answer to an older question is dropped. */
    this.asked = "";
    /** What the person chose to compare with, by snapshot. @type {Map<string, string>} */
    this.chosen = new Map();
  }

  /** @param {Snapshot | null} snapshot the one on show @param {readonly Snapshot[]} all of the case */
  render(snapshot, all) {
    const others = snapshot
      ? all.filter((one) => one.id !== snapshot.id && one.tier && one.taken_at_us <= snapshot.taken_at_us)
      : [];
    const question =
      snapshot?.report && others.length
        ? JSON.stringify([
            snapshot.id,
            snapshot.tier,
            snapshot.report?.version,
            this.chosen.get(snapshot.id),
            others.map((one) => [one.id, one.tier]),
            lang(),
          ])
        : "";
    if (question === this.asked) return;
    this.asked = question;
    this.el.hidden = !question;
    if (question && snapshot) void this.#ask(snapshot, others, question);
  }

  /** @param {Snapshot} snapshot @param {readonly Snapshot[]} others @param {string} question */
  async #ask(snapshot, others, question) {
    const chosen = this.chosen.get(snapshot.id);
    try {
      /** @type {Comparison} */
      const found = await api.get(`/api/snapshots/${snapshot.id}/comparison${chosen ? `?earlier=${chosen}` : ""}`);
      if (this.asked === question) this.#draw(snapshot, others, found);
    } catch (error) {
      if (this.asked !== question) return;
      this.asked = "";
      fill(
        this.el,
        h("h2", null, t("change.heading")),
        h("p", { class: "error-line" }, error instanceof Error ? error.message : String(error)),
      );
    }
  }

  /** @param {Snapshot} snapshot @param {readonly Snapshot[]} others @param {Comparison} found */
  #draw(snapshot, others, found) {
    const { change } = found;
    if (!change || !found.earlier) {
      this.el.hidden = true;
      return;
    }
    const choice = h(
      "select",
      {
        "aria-label": t("change.with"),
        onchange: (/** @type {Event} */ event) => {
          this.chosen.set(snapshot.id, /** @type {HTMLSelectElement} */ (event.target).value);
          this.store.changed();
        },
      },
      [...others]
        .sort((a, b) => a.taken_at_us - b.taken_at_us)
        .map((one) =>
          h(
            "option",
            { value: one.id, selected: one.id === found.earlier },
            `${clock(one.taken_at_us, true)}　${t(`reason.${one.reason}`)}`,
          ),
        ),
    );
    const moved = new Set([...change.risen, ...change.fallen].map((lead) => lead.replace("-", "")));
    const names = [...STANDARD_12, ...Object.keys(change.leads).filter((name) => !STANDARD_12.includes(name))];
    fill(
      this.el,
      h("h2", null, t("change.heading")),
      h("label", { class: "change-with" }, h("span", null, t("change.with")), choice),
      h(
        "p",
        { class: change.answer === "NOT_CHANGED" ? "change-words" : "change-words strong" },
        pick(/** @type {any} */ (change), "statement"),
      ),
      h(
        "ul",
        { class: "change-leads" },
        names.map((name) => {
          const lead = change.leads[name];
          return h(
            "li",
            { class: moved.has(name) ? "moved" : "" },
            h("b", null, name),
            h("span", null, lead ? signedMm(lead.j60_uv) : "–"),
          );
        }),
      ),
      h("p", { class: "small" }, t("change.legend")),
    );
  }
}
