/** The patient card by buttons only: age, sex, onset, pain, vital signs, consciousness, history. */

import { fill, h, setText } from "/static/kit/shared/dom.js";
import { clock } from "/static/kit/shared/format.js";
import { lang, t } from "/static/kit/shared/i18n.js";
import { Pad } from "/static/panel/js/pad.js";

/** @typedef {import("/static/panel/js/contract.js").Card} Card */

const AGES = [20, 30, 40, 50, 60, 70, 80, 90];
const ONSETS_MIN = [0, 15, 30, 60, 120, 180, 360, 720];
const JCS = ["0", "1", "2", "3", "10", "20", "30", "100", "200", "300"];
const HISTORY = /** @type {const} */ ([
  "mi",
  "pci",
  "angina",
  "hf",
  "htn",
  "dm",
  "lipid",
  "ckd",
  "stroke",
  "anticoag",
  "antiplatelet",
  "contrast",
]);

const FIELDS = /** @type {const} */ ([
  "age_years",
  "sex",
  "onset_at_us",
  "pain_nrs",
  "bp_right",
  "bp_left",
  "hr_bpm",
  "spo2_pct",
  "resp_per_min",
  "temp_c",
  "jcs",
  "history",
]);

/** @type {Record<string, Omit<import("/static/panel/js/pad.js").PadField, "label">>} */
const VITALS = {
  bp_right: { unit: "mmHg", min: 20, max: 300, digits: 3, pair: true },
  bp_left: { unit: "mmHg", min: 20, max: 300, digits: 3, pair: true },
  hr_bpm: { unit: "/min", min: 0, max: 350, digits: 3 },
  spo2_pct: { unit: "%", min: 0, max: 100, digits: 3 },
  resp_per_min: { unit: "/min", min: 0, max: 120, digits: 3 },
  temp_c: { unit: "℃", min: 20, max: 46, digits: 2, tenth: true },
};

export class PatientCard {
  /**
   * @param {import("/static/panel/js/edits.js").Edits} edits
   * @param {() => number} nowUs
   */
  constructor(edits, nowUs) {
    this.edits = edits;
    this.nowUs = nowUs;
    /** @type {Card} */
    this.card = {};
    this.pad = new Pad();
    this.body = h("div", { class: "card-body" });
    this.state = h("p", { class: "card-state", role: "status" });
    this.closeButton = h("button", { type: "button", class: "primary card-close", onclick: () => this.dialog.close() });
    this.dialog = h(
      "dialog",
      { class: "patient-card" },
      this.body,
      h("div", { class: "card-foot" }, this.state, this.closeButton),
    );
    document.body.append(this.dialog);
    edits.said = (text) => setText(this.state, text);
  }

  /**
   * What the tablet holds, under what was pressed here and is still on its way.
   * @param {Card | null} card
   * @param {string | null} incident
   */
  take(card, incident) {
    const shown = { ...card, ...this.edits.of(incident) };
    const version = JSON.stringify([shown, lang()]);
    if (this.body.dataset["version"] === version) return;
    this.body.dataset["version"] = version;
    this.card = Object.fromEntries(FIELDS.map((name) => [name, shown[name] ?? null]));
    this.#draw();
  }

  open() {
    this.#draw();
    this.dialog.showModal();
    this.body.scrollTop = 0;
  }

  /** @param {Partial<Card>} change */
  #set(change) {
    this.card = { ...this.card, ...change };
    this.edits.add(change);
    this.#draw();
  }

  #draw() {
    const { card } = this;
    setText(this.closeButton, t("card.close"));
    const top = this.body.scrollTop;
    const focused =
      document.activeElement instanceof HTMLElement && this.body.contains(document.activeElement)
        ? document.activeElement.dataset["id"]
        : undefined;
    fill(
      this.body,
      this.#row(
        "card.sex",
        ["M", "F"].map((sex) =>
          this.#choice(`sex${sex}`, t(`patient.sex.${sex}`), card.sex === sex, () =>
            this.#set({ sex: card.sex === sex ? null : /** @type {"M" | "F"} */ (sex) }),
          ),
        ),
      ),
      this.#age(),
      this.#onset(),
      this.#row(
        "card.pain",
        Array.from({ length: 11 }, (_, n) =>
          this.#choice(`pain${n}`, String(n), card.pain_nrs === n, () =>
            this.#set({ pain_nrs: card.pain_nrs === n ? null : n }),
          ),
        ),
        "eleven",
      ),
      this.#row(
        "card.vitals",
        Object.keys(VITALS).map((name) => this.#vital(name)),
        "vitals",
      ),
      this.#row(
        "card.jcs",
        JCS.map((value) =>
          this.#choice(`jcs${value}`, value, card.jcs === value, () =>
            this.#set({ jcs: card.jcs === value ? null : value }),
          ),
        ),
        "ten",
      ),
      this.#history(),
    );
    this.body.scrollTop = top;
    if (focused)
      /** @type {HTMLElement | null} */ (this.body.querySelector(`[data-id="${focused}"]`))?.focus({
        preventScroll: true,
      });
  }

  /** @param {string} key @param {(Node | null)[]} inside @param {string} [className] */
  #row(key, inside, className = "") {
    return h("fieldset", null, h("legend", null, t(key)), h("div", { class: `choices ${className}` }, inside));
  }

  /** @param {string} id @param {string} text @param {boolean} on @param {() => void} act */
  #choice(id, text, on, act) {
    return h(
      "button",
      { type: "button", class: "choice", dataset: { id }, "aria-pressed": String(on), onclick: act },
      on ? `✓ ${text}` : text,
    );
  }

  #age() {
    const age = this.card.age_years ?? null;
    const step = (/** @type {number} */ by) => this.#set({ age_years: Math.max(0, Math.min(120, (age ?? 60) + by)) });
    return h(
      "fieldset",
      null,
      h("legend", null, t("card.age")),
      h(
        "div",
        { class: "choices ages" },
        AGES.map((decade) =>
          this.#choice(
            `age${decade}`,
            t("card.decade", { n: decade }),
            age !== null && Math.floor(age / 10) * 10 === decade,
            () => this.#set({ age_years: decade + 5 }),
          ),
        ),
      ),
      h(
        "div",
        { class: "stepper" },
        ...[-5, -1].map((by) =>
          h(
            "button",
            { type: "button", dataset: { id: `by${by}` }, onclick: () => step(by) },
            String(by).replace("-", "\u2212"),
          ),
        ),
        h("output", { class: "step-value" }, age === null ? t("card.unknown") : t("patient.age", { age })),
        ...[1, 5].map((by) =>
          h("button", { type: "button", dataset: { id: `by${by}` }, onclick: () => step(by) }, `+${by}`),
        ),
      ),
    );
  }

  #onset() {
    const at = this.card.onset_at_us ?? null;
    return h(
      "fieldset",
      null,
      h(
        "legend",
        null,
        t("card.onset"),
        h("strong", { class: "chosen" }, at === null ? ` ${t("card.unknown")}` : ` ${clock(at)}`),
      ),
      h(
        "div",
        { class: "choices onset" },
        ONSETS_MIN.map((min) =>
          h(
            "button",
            {
              type: "button",
              class: "choice",
              dataset: { id: `onset${min}` },
              onclick: () => this.#set({ onset_at_us: Math.round(this.nowUs() - min * 60e6) }),
            },
            min === 0 ? t("card.now") : min < 60 ? t("card.min_ago", { n: min }) : t("card.h_ago", { n: min / 60 }),
          ),
        ),
        h(
          "button",
          {
            type: "button",
            class: "choice",
            dataset: { id: "onset-" },
            onclick: () => this.#set({ onset_at_us: null }),
          },
          t("card.unknown"),
        ),
      ),
    );
  }

  /** @param {string} name */
  #vital(name) {
    const field = /** @type {Omit<import("/static/panel/js/pad.js").PadField, "label">} */ (VITALS[name]);
    const value = /** @type {Record<string, unknown>} */ (this.card)[name];
    return h(
      "button",
      {
        type: "button",
        class: "vital",
        dataset: { id: name },
        onclick: () =>
          this.pad.ask({ ...field, label: t(`vital.${name}`) }, (text) =>
            this.#set({ [name]: text === null ? null : field.pair ? text : Number(text) }),
          ),
      },
      h("span", null, t(`vital.${name}`)),
      h("strong", null, value === null || value === undefined ? "–" : `${value}`),
      h("small", null, field.unit),
    );
  }

  /** Kept as words, so that the hospital reads them as they are. */
  #history() {
    const text = this.card.history ?? "";
    const parts = text.split("、").filter(Boolean);
    return this.#row(
      "card.history",
      HISTORY.map((key) => {
        const word = t(`history.${key}`);
        const on = parts.includes(word);
        return this.#choice(`history-${key}`, word, on, () => {
          const next = on ? parts.filter((part) => part !== word) : [...parts, word];
          this.#set({ history: next.length ? next.join("、") : null });
        });
      }),
      "history",
    );
  }
}
