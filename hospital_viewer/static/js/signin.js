/** The sign-in page. */

import { h, setText } from "/static/kit/shared/dom.js";
import { lang, setLang, t } from "/static/kit/shared/i18n.js";

export class SignIn {
  /** @param {import("/static/viewer/js/store.js").Store} store */
  constructor(store) {
    this.store = store;
    this.name = h("input", {
      id: "name",
      name: "username",
      autocomplete: "username",
      autocapitalize: "none",
      required: true,
    });
    this.password = h("input", {
      id: "password",
      name: "password",
      type: "password",
      autocomplete: "current-password",
      required: true,
    });
    this.error = h("p", { class: "error-line", role: "alert" });
    this.button = h("button", { type: "submit", class: "primary" });
    this.site = h("p", { class: "site-name" });
    this.why = h("p", { class: "ended-why", role: "alert" });
    this.nameLabel = h("label", { for: "name" });
    this.passwordLabel = h("label", { for: "password" });
    this.intended = h("p", { class: "small" });
    this.other = h("button", {
      type: "button",
      class: "tool quiet",
      onclick: () => setLang(lang() === "ja" ? "en" : "ja"),
    });
    this.form = h(
      "form",
      { class: "signin-form", onsubmit: (/** @type {Event} */ e) => void this.#submit(e) },
      h("h1", null, "救命リレー"),
      this.site,
      this.why,
      this.nameLabel,
      this.name,
      this.passwordLabel,
      this.password,
      this.button,
      this.error,
      this.intended,
      this.other,
    );
    this.el = h("main", { class: "signin" }, this.form);
  }

  /** Words alone: a form that is built anew under a hand loses its press, its focus and a screen reader's place. */
  render() {
    const { site, endedWhy, trouble } = this.store;
    setText(this.error, this.error.textContent || trouble);
    setText(this.site, site?.name ?? t("app.about"));
    setText(this.why, endedWhy ? t(`ended.${endedWhy}`) : "");
    this.why.hidden = !endedWhy;
    setText(this.nameLabel, t("session.name"));
    setText(this.passwordLabel, t("session.password"));
    setText(this.button, t("session.in"));
    setText(this.intended, t("app.intended"));
    setText(this.other, lang() === "ja" ? "English" : "日本語");
  }

  /** @param {Event} event */
  async #submit(event) {
    event.preventDefault();
    this.button.disabled = true;
    setText(this.error, "");
    try {
      await this.store.signIn(this.name.value.trim(), this.password.value);
      this.password.value = "";
    } catch (error) {
      setText(this.error, error instanceof Error ? error.message : String(error));
    }
    this.button.disabled = false;
  }
}
