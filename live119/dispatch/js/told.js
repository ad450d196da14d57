/**
 * What the caller said: number, address, complaint. Seldom known at the first ring, so it can be put right at any
 * time.
 */

import { fill, h } from "/static/kit/shared/dom.js";
import { lang, t } from "/static/kit/shared/i18n.js";

/** @typedef {import("/static/dispatch/js/store.js").Call} Call */

const FIELDS = /** @type {const} */ (["number", "address", "complaint"]);

export class ToldBox {
  /** @param {import("/static/dispatch/js/store.js").Store} store */
  constructor(store) {
    this.store = store;
    this.el = h("section", { class: "box told" });
  }

  /** @param {Call} call */
  show(call) {
    const isEdited = this.store.drafts.get(call.id) !== null && call.state !== "ended";
    // what is being typed is not drawn anew when the call changes
    const version = JSON.stringify([
      call.id,
      isEdited,
      isEdited || FIELDS.map((name) => call[name]),
      call.state === "ended",
      lang(),
    ]);
    if (this.el.dataset["version"] === version) return;
    this.el.dataset["version"] = version;
    fill(this.el, isEdited ? this.#form(call) : this.#lines(call));
  }

  /** @param {Call} call */
  #lines(call) {
    return [
      h(
        "dl",
        null,
        FIELDS.flatMap((name) => [
          h("dt", null, t(`take.${name}`)),
          h("dd", { class: call[name] ? "" : "missing" }, call[name] || t("told.missing")),
        ]),
      ),
      call.state === "ended"
        ? null
        : h(
            "button",
            {
              type: "button",
              class: "tool quiet",
              onclick: () => {
                this.store.drafts.set(call.id, Object.fromEntries(FIELDS.map((name) => [name, call[name] ?? ""])));
                this.show(call);
                this.el.querySelector("input")?.focus();
              },
            },
            t("told.change"),
          ),
    ];
  }

  /** @param {Call} call */
  #form(call) {
    const draft = this.store.drafts.get(call.id) ?? {};
    const inputs = FIELDS.map((name) =>
      h("input", {
        name,
        value: draft[name] ?? "",
        autocomplete: "off",
        "aria-label": t(`take.${name}`),
        placeholder: t(`take.${name}`),
        maxlength: name === "number" ? 32 : 400,
        ...(name === "number" ? { inputmode: "tel", pattern: "[0-9+\\(\\) \\-]*", title: t("take.number_how") } : {}),
      }),
    );
    const typed = () => Object.fromEntries(inputs.map((input) => [input.name, input.value]));
    const save = async (/** @type {Event} */ event) => {
      event.preventDefault();
      const body = typed();
      if (
        await this.store.act(call.id, {
          path: `/api/calls/${call.id}/told`,
          body,
          title: `${t("told.change")} ${FIELDS.map((name) => body[name])
            .filter(Boolean)
            .join("　")}`,
        })
      )
        this.store.drafts.drop(call.id);
      this.store.changed();
    };
    return h(
      "form",
      { class: "take", onsubmit: save, oninput: () => this.store.drafts.set(call.id, typed()) },
      inputs,
      h(
        "div",
        { class: "row" },
        h("button", { type: "submit", class: "primary" }, t("told.save")),
        h(
          "button",
          {
            type: "button",
            class: "quiet",
            dataset: { escape: "" },
            onclick: () => {
              this.store.drafts.drop(call.id);
              this.store.changed();
            },
          },
          t("told.cancel"),
        ),
      ),
    );
  }
}
