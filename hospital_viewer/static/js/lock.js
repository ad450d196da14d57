/**
 * The page while nobody is at it: it rings, says which ambulance waits, and asks for the person before it shows more.
 */

import { fill, h, setText } from "/static/kit/shared/dom.js";
import { lang, t } from "/static/kit/shared/i18n.js";
import { since } from "/static/kit/shared/since.js";
import { tierBadge } from "/static/kit/shared/tier.js";
import { triaged } from "/static/viewer/js/triage.js";

export class Lock {
  /** @param {import("/static/viewer/js/store.js").Store} store */
  constructor(store) {
    this.store = store;
    this.why = h("p", { class: "lock-why" });
    this.waiting = h("ul", { class: "lock-waiting", "aria-live": "assertive" });
    this.password = h("input", {
      id: "wake-password",
      name: "password",
      type: "password",
      autocomplete: "current-password",
      required: true,
    });
    this.label = h("label", { for: "wake-password" });
    this.button = h("button", { type: "submit", class: "primary" });
    this.error = h("p", { class: "error-line", role: "alert" });
    this.other = h("button", { type: "button", class: "tool quiet", onclick: () => void store.signOut() });
    this.form = h(
      "form",
      { class: "signin-form", onsubmit: (/** @type {Event} */ event) => void this.#wake(event) },
      h("h1", null, "救命リレー"),
      this.why,
      this.waiting,
      this.label,
      this.password,
      this.button,
      this.error,
      this.other,
    );
    this.el = h("main", { class: "signin lock" }, this.form);
    this.version = "";
  }

  render() {
    const { me, rows } = this.store;
    const asking = triaged(rows.values()).filter((row) => row.call);
    const version = JSON.stringify([lang(), me?.display_name, asking.map((row) => [row.id, row.call])]);
    if (version === this.version) return;
    this.version = version;
    setText(this.why, t("lock.why", { who: me?.display_name ?? "" }));
    setText(this.label, t("lock.password", { who: me?.display_name ?? "" }));
    setText(this.button, t("lock.wake"));
    setText(this.other, t("lock.other"));
    fill(
      this.waiting,
      asking.length
        ? asking.map((row) =>
            h(
              "li",
              { dataset: { level: row.call?.level ?? "" } },
              tierBadge(row.call?.tier),
              h("strong", null, row.unit),
              since(row.call?.since_us ?? row.opened_at_us),
            ),
          )
        : h("li", { class: "none" }, t("lock.nothing")),
    );
  }

  /** @param {Event} event */
  async #wake(event) {
    event.preventDefault();
    this.button.disabled = true;
    setText(this.error, "");
    try {
      await this.store.wake(this.password.value);
      this.password.value = "";
    } catch (error) {
      setText(this.error, error instanceof Error ? error.message : String(error));
    }
    this.button.disabled = false;
  }
}
