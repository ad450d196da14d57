/** What the hospital decided: as large as the screen the first time, and on top ever after. */

import { fill, h } from "/static/kit/shared/dom.js";
import { clock } from "/static/kit/shared/format.js";
import { lang, pick, t } from "/static/kit/shared/i18n.js";
import { decisionWords, receiptChain, tierBadge } from "/static/kit/shared/tier.js";
import { tierAdvice } from "/static/panel/js/words.js";

/** @typedef {import("/static/panel/js/contract.js").PanelState} PanelState */

export class Answer {
  /**
   * @param {import("/static/kit/shared/alarm.js").Alarm} alarm
   * @param {import("/static/panel/js/presses.js").Presses} presses
   */
  constructor(alarm, presses) {
    this.alarm = alarm;
    this.presses = presses;
    this.words = h("section", { class: "answer-words", "aria-live": "assertive" });
    this.chain = h("section", { class: "panel-card chain" });
    this.screen = h("section", { class: "panel-card screened" });
    this.el = h("div", { class: "answer-column" }, this.words, this.screen, this.chain);
    this.dialog = h("dialog", { class: "decided" });
    document.body.append(this.dialog);
    // the event comes some time after the closing: a newer decision may have opened the dialog again by then, and
    // nobody has read that one
    this.dialog.addEventListener("close", () => {
      if (!this.dialog.open) this.#understood();
    });
    this.seen = "";
    this.soundedOpen = "";
    /** @type {string | null} */
    this.soundedQ = null;
    /** Which decision the open dialog shows. @type {number | null} */
    this.shown = null;
  }

  /** @param {PanelState} state */
  render(state) {
    const r = state.receipts;
    this.#words(state);
    const isAnswered = Boolean(r.decision) && !r.decided_on_earlier;
    this.#once(this.chain, r, () => [
      h(
        "h2",
        null,
        t("panel.receipts"),
        r.taken_at_us ? ` ${t("panel.ecg_of", { at: clock(r.taken_at_us, true) })}` : "",
      ),
      receiptChain(r),
    ]);
    const last = state.snapshots.at(-1) ?? null;
    const newest = state.snapshots.reduce(
      (best, snap) => (!best || snap.taken_at_us > best.taken_at_us ? snap : best),
      last,
    );
    this.#once(this.screen, [newest, isAnswered], () => [
      h("h2", null, t("panel.screened"), newest ? ` ${clock(newest.taken_at_us, true)}` : ""),
      newest ? tierBadge(newest.tier) : h("p", null, t("panel.no_snapshot")),
      newest ? h("p", { class: "statement-words" }, pick(newest, "statement")) : null,
      newest?.origin ? h("p", { class: "origin" }, pick(newest.origin, "recorded")) : null,
      newest?.origin?.doubts.length ? h("p", { class: "origin doubt" }, `▲ ${pick(newest.origin, "doubts")}`) : null,
      newest && !isAnswered ? h("p", { class: "advice" }, tierAdvice(newest.tier)) : null,
    ]);
    this.#askCrew(state, newest);
    const key = `${state.incident}:${r.decided_at_us ?? ""}:${r.decision ?? ""}`;
    if (r.decision && key !== this.#known()) this.#shout(state, key);
    if (r.opened_at_us && !isAnswered && this.soundedOpen !== `${state.incident}${r.opened_at_us}`) {
      if (this.soundedOpen) this.alarm.once("medium");
      this.soundedOpen = `${state.incident}${r.opened_at_us}`;
    }
    if (!r.opened_at_us && !this.soundedOpen) this.soundedOpen = "none";
  }

  /**
   * An ECG that nobody can read is the crew's to take again; heard once.
   * @param {PanelState} state
   * @param {import("/static/panel/js/contract.js").PanelSnapshot | null} newest
   */
  #askCrew(state, newest) {
    const key = newest && newest.tier === "Q" ? `${state.incident}${newest.id}` : "";
    if (key && this.soundedQ !== null && this.soundedQ !== key) this.alarm.once("medium");
    this.soundedQ = key;
  }

  /** @param {PanelState} state */
  #words(state) {
    const r = state.receipts;
    this.words.dataset["decision"] = r.decision ?? "";
    this.#once(this.words, [r, state.snapshots.length > 0, state.attention, state.link.state], () => {
      if (r.decision) {
        return [
          disputeWords(r),
          h(
            "p",
            { class: "answer-from" },
            `${r.decided_by ?? ""} ${r.decided_at_us ? clock(r.decided_at_us, true) : ""}`,
          ),
          h("h1", { class: "answer-big" }, decisionWords(r.decision)),
          r.decision_text ? h("p", { class: "answer-text", tabindex: "0" }, r.decision_text) : null,
          h("p", { class: "answer-next" }, t(`next.${r.decision}`)),
          r.understood_at_us
            ? h("p", { class: "answer-told" }, t("panel.doctor_told", { at: clock(r.understood_at_us, true) }))
            : null,
          r.decided_on_earlier
            ? h(
                "div",
                { class: "answer-newer" },
                h("p", null, t("panel.on_earlier", { at: r.taken_at_us ? clock(r.taken_at_us, true) : "" })),
                whereItIs(state, "h2"),
              )
            : null,
        ];
      }
      return [whereItIs(state, "h1")];
    });
  }

  /** @param {PanelState} state @param {string} key */
  #shout(state, key) {
    if (this.seen === key && this.dialog.open) return;
    this.seen = key;
    const r = state.receipts;
    const decision = String(r.decision);
    this.dialog.dataset["decision"] = decision;
    this.shown = r.decided_entry ?? null;
    fill(
      this.dialog,
      disputeWords(r),
      h(
        "p",
        { class: "answer-from" },
        `${state.unit}　${r.decided_by ?? ""} ${r.decided_at_us ? clock(r.decided_at_us, true) : ""}`,
      ),
      h("h1", { class: "answer-huge" }, decisionWords(decision)),
      r.decision_text ? h("p", { class: "answer-text", tabindex: "0" }, r.decision_text) : null,
      h("p", { class: "answer-next" }, t(`next.${decision}`)),
      h(
        "button",
        {
          type: "button",
          class: "primary understood",
          autofocus: true,
          onclick: () => {
            this.dialog.close();
            this.#understood();
          },
        },
        t("panel.understood"),
      ),
    );
    if (!this.dialog.open) this.dialog.showModal();
    this.alarm.quiet();
    this.alarm.ring(decision === "stemi-cath" ? "high" : "medium");
  }

  /** The decision the crew has already confirmed on this tablet; a reload does not shout again. */
  #known() {
    try {
      return localStorage.getItem("kyumei-understood") ?? "";
    } catch {
      return this.dialog.open ? "" : this.seen;
    }
  }

  /**
   * At the press itself and not at the event after it: a state that came between the two opened the same decision
   * again.
   */
  #understood() {
    try {
      localStorage.setItem("kyumei-understood", this.seen);
    } catch {
      /* shown again after a reload, which is the safe side */
    }
    this.alarm.quiet();
    const { shown } = this;
    this.shown = null;
    // that the crew has read it goes back to the doctor
    if (shown !== null) void this.presses.press("/api/understood", { entry: shown }, t("panel.understood"));
  }

  /** @param {HTMLElement} part @param {unknown} of @param {() => (Node | null)[]} draw */
  #once(part, of, draw) {
    const version = JSON.stringify([of, lang()]);
    if (part.dataset["version"] === version) return;
    part.dataset["version"] = version;
    fill(part, draw());
  }
}

/**
 * Two people's newest decisions on this ECG are not the same.
 * @param {import("/static/panel/js/contract.js").PanelReceipts} r
 */
function disputeWords(r) {
  if (!r.disputed_by) return null;
  const at = r.disputed_at_us ? clock(r.disputed_at_us, true) : "";
  const words = `${decisionWords(String(r.disputed_decision))} ${r.disputed_text ?? ""}`;
  const other = `${r.disputed_by} ${at}　${words}`;
  return h(
    "div",
    { class: "dispute", role: "alert" },
    h("strong", null, `▲ ${t("panel.dispute")}`),
    h("p", null, other),
    h("p", null, t("panel.dispute_do")),
  );
}

/** Who looks at this moment; known only while the link is up. @param {PanelState} state */
function lookers(state) {
  return [...new Set((state.attention?.looking ?? []).map((one) => one.who))];
}

/**
 * How far the ECG that waits for an answer has come. What somebody *does* is told only while it is so.
 * @param {PanelState} state
 * @param {"h1" | "h2"} head
 */
function whereItIs(state, head) {
  const r = state.receipts;
  const now = lookers(state);
  const live =
    r.watched_live_by && !r.opened_at_us
      ? h(
          "p",
          null,
          t("panel.watched_live", {
            who: r.watched_live_by,
            at: r.watched_live_at_us ? clock(r.watched_live_at_us, true) : "",
          }),
        )
      : null;
  const looking = now.length
    ? h("p", { class: "looking-now" }, `● ${t("panel.looking_now", { who: now.join("・") })}`)
    : null;
  const silent =
    state.attention?.armed === 0
      ? h(
          "p",
          { class: "no-alarm", role: "alert" },
          `▲ ${t(state.attention.pages ? "panel.no_armed" : "panel.no_page")}`,
        )
      : null;
  /** @type {(big: string, small?: string) => HTMLElement} */
  const said = (big, small) =>
    h("div", null, h(head, null, big), looking, small ? h("p", null, small) : null, live, silent);
  if (r.opened_at_us)
    return said(
      t("panel.opened_by", { who: r.opened_by ?? "", at: clock(r.opened_at_us, true) }),
      t("panel.wait_decision"),
    );
  if (r.delivered_at_us) return said(t("panel.delivered_to", { who: r.delivered_to ?? "" }), t("panel.not_opened"));
  if (r.stored_at_us) return said(t("panel.nobody_yet"));
  return state.snapshots.length ? said(t("panel.kept_here"), t("panel.sent_later")) : said(t("panel.not_sent"));
}
