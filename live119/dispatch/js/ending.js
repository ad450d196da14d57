/** The end of a call cannot be undone: it is asked for once more, and the button wakes after a moment. */

import { fill, h, setText } from "/static/kit/shared/dom.js";
import { t } from "/static/kit/shared/i18n.js";

/** @typedef {import("/static/dispatch/js/store.js").Call} Call */

const WAKE_MS = 700;

export class Ending {
  /** @param {import("/static/dispatch/js/store.js").Store} store */
  constructor(store) {
    this.store = store;
    this.dialog = h("dialog", { class: "ending" });
    document.body.append(this.dialog);
  }

  /** @param {Call} call */
  ask(call) {
    if (this.dialog.open) return;
    const go = h(
      "button",
      {
        type: "button",
        class: "big end",
        disabled: true,
        onclick: async () => {
          go.disabled = true;
          setText(why, "");
          if (await this.store.act(call.id, { path: `/api/calls/${call.id}/end`, title: t("tool.end") }))
            this.dialog.close();
          else {
            const kept = this.store.box.acts.find((act) => act.path === `/api/calls/${call.id}/end`);
            setText(why, `${t("end.not")} ${kept?.trouble ?? ""}`);
          }
          go.disabled = false;
        },
      },
      t("end.yes"),
    );
    const why = h("p", { class: "error-line", role: "alert" });
    const back = h(
      "button",
      { type: "button", class: "big primary", onclick: () => this.dialog.close() },
      t("end.back"),
    );
    fill(
      this.dialog,
      h("h2", null, t("end.ask")),
      h("p", null, [call.address, call.number, call.complaint].filter(Boolean).join("　")),
      h("p", null, t("end.once")),
      why,
      h("div", { class: "row" }, back, go),
    );
    this.dialog.showModal();
    back.focus();
    window.setTimeout(() => {
      go.disabled = false;
    }, WAKE_MS);
  }

  /** Nobody is signed in: nothing lies over the sign-in. */
  close() {
    if (this.dialog.open) this.dialog.close();
  }
}
