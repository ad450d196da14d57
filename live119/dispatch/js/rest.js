/** The console while nobody is at it: no caller is on it, and it asks for the person before it shows one again. */

import { fill, h, setText } from "/static/kit/shared/dom.js";
import { lang, t } from "/static/kit/shared/i18n.js";

export class Rest {
  /** @param {import("/static/dispatch/js/store.js").Store} store */
  constructor(store) {
    this.store = store;
    this.password = h("input", {
      id: "wake-password",
      type: "password",
      autocomplete: "current-password",
      required: true,
    });
    this.wrong = h("p", { class: "error-line", role: "alert" });
    this.el = h("main", { class: "signin box rest" });
  }

  render() {
    const who = this.store.me?.display_name ?? "";
    const version = `${lang()} ${who}`;
    if (this.el.dataset["version"] === version) return;
    this.el.dataset["version"] = version;
    fill(
      this.el,
      h("h1", null, t("app.name")),
      h("p", null, t("rest.why")),
      h(
        "form",
        { onsubmit: (/** @type {Event} */ event) => void this.#wake(event) },
        h("label", { for: "wake-password" }, t("rest.password", { who })),
        this.password,
        h("button", { class: "primary big", type: "submit" }, t("rest.go")),
        this.wrong,
        h("button", { type: "button", class: "tool quiet", onclick: () => void this.store.signOut() }, t("rest.other")),
      ),
    );
  }

  /** @param {Event} event */
  async #wake(event) {
    event.preventDefault();
    try {
      await this.store.wake(this.password.value);
      this.password.value = "";
      setText(this.wrong, "");
    } catch (error) {
      setText(this.wrong, error instanceof Error ? error.message : String(error));
    }
  }
}
