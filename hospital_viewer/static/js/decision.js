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
    /** The case that the open dialog is about. */
    this.asked = "";
  }

  render() {
    const { detail, mayDecide } = this.store;
    this.buttons.hidden = this.store.isArchived;
    // of which case, is not known yet: no press goes nowhere
    for (const button of this.buttons.querySelectorAll("button")) button.disabled = !detail;
    if (!detail) {
      if (this.dialog.open && !this.sending && (!this.store.current || this.store.resting)) this.#putAside();
      return;
    }
    const decision = detail.decision;
    this.made.hidden = !decision;
    if (decision) {
      const by = `${decision.who} ${clock(decision.at_us, true)}`;
      setText(this.made, `${t("decide.made")} ${decisionWords(decision.decision)}　${decision.text}　${by}`);
    }
    const version = `${lang()}${mayDecide}`;
    if (this.buttons.dataset["version"] === version) return;
    this.buttons.dataset["version"] = version;
    this.buttons.setAttribute("aria-label", t("decide.label"));
    fill(
      this.buttons,
      mayDecide
        ? DECISIONS.map((decision_, i) =>
            h(
              "button",
              {
                type: "button",
                class: "answer",
                dataset: { decision: decision_ },
                "aria-keyshortcuts": String(i + 1),
                onclick: () => this.ask(decision_),
              },
              h("span", { class: "long" }, decisionWords(decision_)),
              h("span", { class: "short", "aria-hidden": "true" }, t(`decision.short.${decision_}`)),
            ),
          )
        : h("p", { class: "small" }, t("decide.not_yours")),
    );
  }

  /** @param {string} decision */
  ask(decision) {
    const { detail, mayDecide } = this.store;
    if (!detail || !mayDecide || this.store.isArchived || this.dialog.open) return;
    const snapshot = this.trace.decidedOn;
    const live = this.trace.shownRange;
    // what comes while the question lies over the page has not been read
    const after = detail.receipts.decided_entry ?? 0;
    const text = h("textarea", {
      rows: "2",
      maxlength: "500",
      placeholder: t("decide.text"),
      "aria-label": t("decide.text"),
    });
    this.asked = detail.id;
    text.value = takeDraft(detail.id);
    const send = h("button", { type: "button", class: "send", disabled: true }, t("decide.send"));
    const error = h("p", { class: "error-line", role: "alert" });
    send.addEventListener(
      "click",
      () => void this.#send({ decision, text: text.value.trim(), snapshot, live, after }, send, error),
    );
    const taken = detail.snapshots.find((snap) => snap.id === snapshot)?.taken_at_us;
    fill(
      this.dialog,
      h("p", { class: "confirm-who" }, `${detail.unit}　${ageSex(detail.patient)}`),
      h("p", { class: "small" }, taken ? t("decide.on_snapshot", { time: clock(taken, true) }) : t("decide.on_live")),
      h("h2", { class: "confirm-words", dataset: { decision } }, decisionWords(decision)),
      send,
      error,
      text,
      h("button", { type: "button", class: "back", onclick: () => this.#close() }, t("decide.back")),
    );
    this.dialog.showModal();
    text.blur();
    /** @type {HTMLElement} */ (this.dialog.querySelector(".back")).focus();
    this.wakeTimer = window.setTimeout(() => {
      send.disabled = false;
    }, WAKE_MS);
  }

  /** The case has left the page under somebody's hands: what they had written comes back with it. */
  #putAside() {
    const text = this.dialog.querySelector("textarea")?.value.trim() ?? "";
    if (text && this.asked) keepDraft({ incident: this.asked, text });
    this.#close();
  }

  #close() {
    window.clearTimeout(this.wakeTimer);
    if (this.dialog.open) this.dialog.close();
    fill(this.dialog);
  }

  /**
   * The dialog closes as done only when the relay has the decision. Otherwise the decision stays on the page,
   * with its text, until it has arrived or was taken back (unsent.js).
   * @param {{decision: string, text: string, snapshot: string | null, live: unknown, after: number}} order @param
   *   {HTMLButtonElement} send @param {HTMLElement} error
   */
  async #send(order, send, error) {
    if (this.sending) return;
    this.sending = true;
    send.disabled = true;
    setText(send, t("decide.sending"));
    setText(error, "");
    try {
      const left = await this.store.decide(order);
      if (left && this.store.me && !this.store.resting) this.#stays(left);
      else this.#close();
    } catch (problem) {
      setText(error, problem instanceof Error ? problem.message : String(problem));
      setText(send, t("decide.send"));
      send.disabled = false;
    }
    this.sending = false;
  }

  /**
   * It has not arrived: what stands in the way, and what the person can do now.
   * @param {import("/static/kit/shared/outbox.js").Act} act
   */
  #stays(act) {
    const asks = act.state === "asks";
    const r = this.store.detail?.receipts;
    const theirs = `${decisionWords(String(r?.decision))} ${r?.decision_text ?? ""}`;
    const other = asks && r?.decided_by ? `${r.decided_by} ${clock(r.decided_at_us ?? 0, true)}　${theirs}` : "";
    fill(
      this.dialog,
      h("h2", { class: "confirm-words", role: "alert" }, t(asks ? "decide.meanwhile" : "decide.not_sent")),
      other ? h("p", { class: "dispute" }, other) : null,
      h("p", null, act.title),
      asks || act.state === "refused" ? null : h("p", { class: "small" }, t("decide.kept")),
      act.trouble && !asks ? h("p", { class: "error-line" }, act.trouble) : null,
      act.state === "refused"
        ? null
        : h(
            "button",
            {
              type: "button",
              class: "send",
              onclick: () => {
                this.#close();
                void this.store.sendAgain(act.id, r?.decided_entry ?? null);
              },
            },
            t(asks ? "unsent.anyway" : "unsent.again"),
          ),
      h(
        "button",
        {
          type: "button",
          onclick: () => {
            this.store.outbox.drop(act.id);
            this.#close();
          },
        },
        t("unsent.drop"),
      ),
      h("button", { type: "button", class: "back", onclick: () => this.#close() }, t("decide.leave")),
    );
    /** @type {HTMLElement} */ (this.dialog.querySelector(".back")).focus();
  }
}

const DRAFT = "kyumei-draft";

/** @param {{incident: string, text: string}} draft */
function keepDraft(draft) {
  try {
    localStorage.setItem(DRAFT, JSON.stringify(draft));
  } catch {
    /* nothing to keep it in: it must be written again */
  }
}

/** @param {string} incident */
function takeDraft(incident) {
  try {
    const draft = JSON.parse(localStorage.getItem(DRAFT) ?? "null");
    if (draft?.incident !== incident) return "";
    localStorage.removeItem(DRAFT);
    return String(draft.text);
  } catch {
    return "";
  }
}
