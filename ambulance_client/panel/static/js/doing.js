/** The crew's own acts: the snapshot, the three moments, a line to the hospital, a new case. */

import * as api from "/static/kit/shared/api.js";
import { fill, h, setText } from "/static/kit/shared/dom.js";
import { clock } from "/static/kit/shared/format.js";
import { lang, t } from "/static/kit/shared/i18n.js";
import { PhotoButton } from "/static/panel/js/photo.js";

/** @typedef {import("/static/panel/js/contract.js").PanelState} PanelState */

const MARKS = /** @type {const} */ (["fmc", "depart", "door"]);
const QUICK = ["pain_up", "pain_down", "shock", "vf", "repeat_done", "arriving"];
const WAKE_MS = 700;
const SNAPSHOT_S = 10;

/**
 * Whole seconds until ten seconds are recorded, 0 when they are.
 * @param {PanelState["stream"]} stream
 */
function missingSeconds(stream) {
  return stream ? Math.max(0, Math.ceil(SNAPSHOT_S - stream.newest_sample / stream.fs_hz)) : 0;
}

export class Doing {
  /**
   * @param {{nowUs: () => number, state: () => PanelState | null, presses:
   *   import("/static/panel/js/presses.js").Presses}} about
   */
  constructor({ nowUs, state, presses }) {
    this.nowUs = nowUs;
    this.state = state;
    this.presses = presses;
    this.snapshot = h("button", { type: "button", class: "snapshot", onclick: () => void this.#snapshot() });
    this.snapshotBusy = false;
    this.marks = MARKS.map((mark) => ({
      mark,
      button: h("button", { type: "button", class: "mark", onclick: () => void this.#mark(mark) }),
    }));
    this.note = h("button", { type: "button", class: "small-act", onclick: () => this.#askNote() });
    this.newCase = h("button", { type: "button", class: "small-act", onclick: () => this.#askCase() });
    this.photo = new PhotoButton();
    this.error = h("p", { class: "error-line", role: "alert" });
    this.wasOffline = false;
    this.el = h(
      "div",
      { class: "doing" },
      this.marks.map(({ button }) => button),
      h("div", { class: "small-acts" }, this.photo.button, this.photo.picker, this.note, this.newCase),
      this.snapshot,
      this.error,
    );
    this.dialog = h("dialog", { class: "ask" });
    document.body.append(this.dialog);
  }

  render() {
    const state = this.state();
    const missingS = missingSeconds(state?.stream ?? null);
    const version_ = `${lang()}${missingS}`;
    if (!this.snapshotBusy && this.snapshot.dataset["version"] !== version_) {
      this.snapshot.dataset["version"] = version_;
      const below = missingS > 0 ? t("act.snapshot_wait", { s: missingS }) : t("act.snapshot_10s");
      fill(this.snapshot, h("strong", null, t("act.snapshot")), h("small", null, below));
    }
    this.snapshot.disabled = this.snapshotBusy || !state?.stream || missingS > 0;
    for (const { mark, button } of this.marks) {
      const { at, isKept } = this.#stamped(mark);
      const version = `${at}${isKept}${lang()}`;
      if (button.dataset["version"] === version) continue;
      button.dataset["version"] = version;
      button.setAttribute("aria-pressed", String(isKept));
      fill(
        button,
        h("strong", null, t(`act.${mark}`)),
        h("span", null, at ? `${isKept ? "✓" : "▲"} ${clock(at, true)}` : t("act.press")),
      );
    }
    this.photo.render(state);
    setText(this.note, t("act.note"));
    setText(this.newCase, t("act.new_case"));
  }

  /** When a moment was pressed, and whether the tablet has it. @param {typeof MARKS[number]} mark */
  #stamped(mark) {
    const waits = this.presses.markUs(mark);
    if (waits !== null)
      return { at: waits + Math.round((this.nowUs() / 1000 - Date.now()) / 100) * 100_000, isKept: false };
    const at = this.state()?.marks[mark] ?? null;
    return { at, isKept: at !== null };
  }

  /** The tablet's own program answers again: what could not be reached then is no longer the trouble. */
  recovered() {
    if (this.wasOffline) setText(this.error, "");
    this.wasOffline = false;
  }

  /** @param {() => Promise<unknown>} act */
  async #try(act) {
    setText(this.error, "");
    try {
      await act();
      return true;
    } catch (error) {
      this.wasOffline = error instanceof api.ApiError && error.status === 0;
      setText(this.error, error instanceof Error ? error.message : String(error));
      return false;
    }
  }

  async #snapshot() {
    if (this.snapshotBusy) return;
    this.snapshotBusy = true;
    this.snapshot.disabled = true;
    delete this.snapshot.dataset["version"];
    fill(this.snapshot, h("strong", null, t("act.snapshot_taking")));
    setText(this.error, "");
    const left = await this.presses.snapshot(t("act.snapshot"));
    const good = left === null;
    if (left?.state === "refused") setText(this.error, `${t("act.snapshot_not")} ${left.trouble}`);
    if (good) {
      this.snapshot.classList.add("taken");
      fill(this.snapshot, h("strong", null, `✓ ${t("act.snapshot_taken")}`));
    }
    window.setTimeout(
      () => {
        this.snapshotBusy = false;
        this.snapshot.classList.remove("taken");
        this.render();
      },
      good ? 1_500 : 0,
    );
  }

  /** A moment that is already stamped is asked about before it is stamped again. @param {typeof MARKS[number]} mark */
  async #mark(mark) {
    const { at } = this.#stamped(mark);
    const stamp = () => {
      void this.presses.press("/api/mark", { mark }, t(`act.${mark}`));
    };
    if (at === null) stamp();
    else
      this.#ask(t("act.again", { what: t(`act.${mark}`), time: clock(at, true) }), t("act.again_yes"), async () =>
        stamp(),
      );
  }

  #askCase() {
    const ends = this.state()?.incident ?? null;
    this.#ask(t("act.new_case_ask"), t("act.new_case_yes"), () => api.post("/api/case", ends ? { ends } : {}));
  }

  /** @param {string} question @param {string} yes @param {() => Promise<unknown>} act */
  #ask(question, yes, act) {
    const why = h("p", { class: "error-line", role: "alert" });
    const go = h(
      "button",
      {
        type: "button",
        class: "go",
        disabled: true,
        onclick: async () => {
          go.disabled = true;
          setText(why, "");
          // said here too, for the line of the page lies behind this dialog
          if (await this.#try(act)) this.dialog.close();
          else setText(why, `${t("act.not_done")} ${this.error.textContent}`);
          go.disabled = false;
        },
      },
      yes,
    );
    fill(
      this.dialog,
      h("h2", null, question),
      why,
      go,
      h("button", { type: "button", class: "back", onclick: () => this.dialog.close() }, t("pad.cancel")),
    );
    this.dialog.showModal();
    /** @type {HTMLElement} */ (this.dialog.querySelector(".back")).focus();
    window.setTimeout(() => {
      go.disabled = false;
    }, WAKE_MS);
  }

  #askNote() {
    const send = (/** @type {string} */ text) => {
      if (!text.trim()) return;
      void this.presses.press("/api/note", { text: text.trim() }, `${t("act.note")}　${text.trim()}`);
      this.dialog.close();
    };
    const own = h("input", {
      type: "text",
      maxlength: "500",
      "aria-label": t("act.note_own"),
      placeholder: t("act.note_own"),
    });
    fill(
      this.dialog,
      h("h2", null, t("act.note")),
      h(
        "div",
        { class: "quick" },
        QUICK.map((key) => h("button", { type: "button", onclick: () => send(t(`quick.${key}`)) }, t(`quick.${key}`))),
      ),
      h(
        "form",
        {
          class: "own-note",
          onsubmit: (/** @type {Event} */ e) => {
            e.preventDefault();
            send(own.value);
          },
        },
        own,
        h("button", { type: "submit", class: "primary" }, t("act.send")),
      ),
      h("button", { type: "button", class: "back", onclick: () => this.dialog.close() }, t("pad.cancel")),
    );
    this.dialog.showModal();
    /** @type {HTMLElement} */ (this.dialog.querySelector(".back")).focus();
  }
}
