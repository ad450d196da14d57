/** A person's own password: the old one is asked, every other sign-in of theirs ends. */

import * as api from "/static/kit/shared/api.js";
import { fill, h, setText } from "/static/kit/shared/dom.js";
import { t } from "/static/kit/shared/i18n.js";

export class OwnPassword {
  constructor() {
    this.dialog = h("dialog", { class: "own-password" });
    this.button = h("button", { type: "button", class: "tool quiet own-password-open", onclick: () => this.ask() });
    document.body.append(this.dialog);
    this.words();
  }

  /** The button in the page's language. */
  words() {
    setText(this.button, t("password.change"));
  }

  ask() {
    if (this.dialog.open) return;
    const field = (/** @type {string} */ id, /** @type {string} */ complete) =>
      h("input", { id, type: "password", autocomplete: complete, required: true });
    const old = field("password-old", "current-password"),
      wanted = field("password-new", "new-password"),
      again = field("password-again", "new-password");
    const wrong = h("p", { class: "error-line", role: "alert" });
    const save = h("button", { type: "submit", class: "primary" }, t("password.save"));
    const label = (/** @type {string} */ key, /** @type {HTMLElement} */ input) => [
      h("label", { for: input.id }, t(key)),
      input,
    ];
    const send = async (/** @type {Event} */ event) => {
      event.preventDefault();
      if (wanted.value !== again.value) {
        setText(wrong, t("password.differ"));
        return;
      }
      save.disabled = true;
      try {
        await api.post("/api/session/password", { old: old.value, new: wanted.value });
        fill(
          this.dialog,
          h("p", { role: "status" }, t("password.done")),
          h("button", { type: "button", class: "primary", onclick: () => this.close() }, t("password.close")),
        );
      } catch (error) {
        setText(wrong, error instanceof Error ? error.message : String(error));
        save.disabled = false;
      }
    };
    fill(
      this.dialog,
      h("h2", null, t("password.change")),
      h("p", null, t("password.hint")),
      h(
        "form",
        { class: "signin-form", onsubmit: send },
        label("password.old", old),
        label("password.new", wanted),
        label("password.again", again),
        wrong,
        save,
        h("button", { type: "button", class: "tool quiet", onclick: () => this.close() }, t("password.cancel")),
      ),
    );
    this.dialog.showModal();
    old.focus();
  }

  /** Nobody is signed in, or nobody is here: nothing lies over the page, nothing of a password stays in it. */
  close() {
    if (this.dialog.open) this.dialog.close();
    fill(this.dialog);
  }
}
