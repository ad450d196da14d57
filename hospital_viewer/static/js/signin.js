/** The sign-in page. */

import { fill, h, setText } from "/static/kit/shared/dom.js";
import { lang, setLang, t } from "/static/kit/shared/i18n.js";

export class SignIn {
  /** @param {import("/static/viewer/js/store.js").Store} store */
  constructor(store) {
    this.store = store;
    this.name = h("input", { id: "name", name: "username", autocomplete: "username", autocapitalize: "none", required: true });
    this.password = h("input", { id: "password", name: "password", type: "password", autocomplete: "current-password", required: true });
    this.error = h("p", { class: "error-line", role: "alert" });
    this.button = h("button", { type: "submit", class: "primary" });
    this.form = h("form", { class: "signin-form", onsubmit: (/** @type {Event} */ e) => void this.#submit(e) });
    this.el = h("main", { class: "signin" }, this.form);
  }

  render() {
    const version = `${lang()}${this.store.site?.name ?? ""}`;
    setText(this.error, this.error.textContent || this.store.trouble);
    if (this.form.dataset["version"] === version) return;
    this.form.dataset["version"] = version;
    setText(this.button, t("session.in"));
    fill(this.form,
      h("h1", null, "救命リレー"),
      h("p", { class: "site-name" }, this.store.site?.name ?? t("app.about")),
      h("label", { for: "name" }, t("session.name")), this.name,
      h("label", { for: "password" }, t("session.password")), this.password,
      this.button, this.error,
      h("p", { class: "small" }, t("app.intended")),
      h("button", { type: "button", class: "tool quiet", onclick: () => setLang(lang() === "ja" ? "en" : "ja") }, lang() === "ja" ? "English" : "日本語"));
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
