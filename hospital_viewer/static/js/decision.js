/**
 * The four answers. A tap opens a step that repeats the words and the patient; the button that sends
 * lies elsewhere than the tapped one and wakes after a moment, so that no second tap sends by itself.
 */

import { fill, h, setText } from "/static/kit/shared/dom.js";
import { ageSex, clock } from "/static/kit/shared/format.js";
import { lang, t } from "/static/kit/shared/i18n.js";
import { DECISIONS, decisionWords } from "/static/kit/shared/tier.js";

const WAKE_MS = 700;

export class DecisionBar {
  /**
   * @param {import("/static/viewer/js/store.js").Store} store
   * @param {import("/static/viewer/js/trace.js").TraceView} trace
   */
  constructor(store, trace) {
    this.store = store;
    this.trace = trace;
    this.buttons = h("div", { class: "answers", role: "group" });
    this.made = h("p", { class: "decided-line", role: "status" });
    this.el = h("footer", { class: "decision-bar" }, this.made, this.buttons);
    this.dialog = h("dialog", { class: "confirm" });
    this.dialog.addEventListener("cancel", () => this.#close());
    document.body.append(this.dialog);
    this.wakeTimer = 0;
    this.sending = false;
  }

  render() {
    const { detail, mayDecide } = this.store;
    if (!detail) {
      if (this.dialog.open && !this.sending) this.#close();
      return;
    }
    const decision = detail.decision;
    this.made.hidden = !decision;
    if (decision) setText(this.made, `${t("decide.made")} ${decisionWords(decision.decision)}　${decision.text}　${decision.who} ${clock(decision.at_us, true)}`);
    const version = `${lang()}${mayDecide}`;
    if (this.buttons.dataset["version"] === version) return;
    this.buttons.dataset["version"] = version;
    this.buttons.setAttribute("aria-label", t("decide.label"));
    fill(this.buttons, mayDecide
      ? DECISIONS.map((decision_, i) => h("button", { type: "button", class: "answer", dataset: { decision: decision_ }, "aria-keyshortcuts": String(i + 1), onclick: () => this.ask(decision_) },
        h("span", { class: "long" }, decisionWords(decision_)), h("span", { class: "short", "aria-hidden": "true" }, t(`decision.short.${decision_}`))))
      : h("p", { class: "small" }, t("decide.not_yours")));
  }

  /** @param {string} decision */
  ask(decision) {
    const { detail, mayDecide } = this.store;
    if (!detail || !mayDecide || this.dialog.open) return;
    const snapshot = this.trace.decidedOn;
    const text = h("textarea", { rows: "2", maxlength: "500", placeholder: t("decide.text"), "aria-label": t("decide.text") });
    const send = h("button", { type: "button", class: "send", disabled: true }, t("decide.send"));
    const error = h("p", { class: "error-line", role: "alert" });
    send.addEventListener("click", () => void this.#send(decision, text.value.trim(), snapshot, send, error));
    const taken = detail.snapshots.find((snap) => snap.id === snapshot)?.taken_at_us;
    fill(this.dialog,
      h("p", { class: "confirm-who" }, `${detail.unit}　${ageSex(detail.patient)}`),
      h("p", { class: "small" }, taken ? t("decide.on_snapshot", { time: clock(taken, true) }) : t("decide.on_live")),
      h("h2", { class: "confirm-words", dataset: { decision } }, decisionWords(decision)),
      send, error, text,
      h("button", { type: "button", class: "back", onclick: () => this.#close() }, t("decide.back")));
    this.dialog.showModal();
    text.blur();
    /** @type {HTMLElement} */ (this.dialog.querySelector(".back")).focus();
    this.wakeTimer = window.setTimeout(() => { send.disabled = false; }, WAKE_MS);
  }

  #close() {
    window.clearTimeout(this.wakeTimer);
    if (this.dialog.open) this.dialog.close();
    fill(this.dialog);
  }

  /** @param {string} decision @param {string} text @param {string | null} snapshot @param {HTMLButtonElement} send @param {HTMLElement} error */
  async #send(decision, text, snapshot, send, error) {
    if (this.sending) return;
    this.sending = true;
    send.disabled = true;
    setText(send, t("decide.sending"));
    setText(error, "");
    try {
      await this.store.decide(decision, text, snapshot);
      this.#close();
    } catch (problem) {
      setText(error, problem instanceof Error ? problem.message : String(problem));
      setText(send, t("decide.send"));
      send.disabled = false;
    }
    this.sending = false;
  }
}
