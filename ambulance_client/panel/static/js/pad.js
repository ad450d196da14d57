/** Large keys for gloves: a number pad in a dialog. Nothing is typed. */

import { fill, h, setText } from "/static/kit/shared/dom.js";
import { t } from "/static/kit/shared/i18n.js";

/**
 * @typedef {object} PadField
 * @property {string} label
 * @property {string} unit
 * @property {number} min
 * @property {number} max
 * @property {number} digits most digits of one number
 * @property {boolean} [pair] two numbers, 132/84
 * @property {boolean} [tenth] one decimal
 */

export class Pad {
  constructor() {
    this.shown = h("output", { class: "pad-shown", "aria-live": "polite" });
    this.error = h("p", { class: "error-line", role: "alert" });
    this.dialog = h("dialog", { class: "pad" });
    document.body.append(this.dialog);
    this.text = "";
    /** @type {PadField | null} */
    this.field = null;
    /** @type {(value: string | null) => void} */
    this.done = () => undefined;
    this.dialog.addEventListener("keydown", (event) => {
      if (/^[0-9./]$/.test(event.key)) this.#press(event.key);
      else if (event.key === "Backspace") this.#press("⌫");
      else if (event.key === "Enter") this.#ok();
      else return;
      event.preventDefault();
    });
  }

  /** @param {PadField} field @param {(value: string | null) => void} done null: unknown */
  ask(field, done) {
    this.field = field;
    this.done = done;
    this.text = "";
    const keys = ["1", "2", "3", "4", "5", "6", "7", "8", "9", field.pair ? "/" : field.tenth ? "." : "", "0", "⌫"];
    fill(
      this.dialog,
      h("h2", null, field.label, field.unit ? ` (${field.unit})` : ""),
      this.shown,
      h(
        "div",
        { class: "pad-keys" },
        keys.map((key) =>
          key
            ? h(
                "button",
                { type: "button", "aria-label": key === "⌫" ? t("pad.delete") : key, onclick: () => this.#press(key) },
                key,
              )
            : h("span"),
        ),
      ),
      this.error,
      h(
        "div",
        { class: "pad-end" },
        h("button", { type: "button", onclick: () => this.dialog.close() }, t("pad.cancel")),
        h("button", { type: "button", onclick: () => this.#end(null) }, t("pad.unknown")),
        h("button", { type: "button", class: "primary", onclick: () => this.#ok() }, t("pad.ok")),
      ),
    );
    this.#show();
    this.dialog.showModal();
  }

  /** @param {string} key */
  #press(key) {
    const { field } = this;
    if (!field) return;
    if (key === "⌫") this.text = this.text.slice(0, -1);
    else if (key === "/" || key === ".") {
      const allowed = key === "/" ? field.pair : field.tenth;
      if (allowed && this.text && !this.text.includes(key)) this.text += key;
    } else this.#digit(key, field);
    setText(this.error, "");
    this.#show();
  }

  /** A pair's first number ends by itself when it cannot grow. @param {string} key @param {PadField} field */
  #digit(key, field) {
    const part = this.text.split(/[/.]/).at(-1) ?? "";
    const most = field.tenth && this.text.includes(".") ? 1 : field.digits;
    if (part.length < most) this.text += key;
    else if (field.pair && !this.text.includes("/")) this.text += `/${key}`;
  }

  #show() {
    setText(this.shown, this.text || "–");
  }

  #ok() {
    const { field } = this;
    if (!field) return;
    const parts = this.text.split("/");
    const numbers = parts.map(Number);
    const good =
      parts.length === (field.pair ? 2 : 1) &&
      numbers.every((n, i) => parts[i] !== "" && n >= field.min && n <= field.max) &&
      (!field.pair ||
        (parts.every((p) => p.length >= 2) && /** @type {number} */ (numbers[0]) > /** @type {number} */ (numbers[1])));
    if (good) this.#end(this.text);
    else setText(this.error, t(field.pair ? "pad.range_pair" : "pad.range", { min: field.min, max: field.max }));
  }

  /** @param {string | null} value */
  #end(value) {
    this.dialog.close();
    this.done(value);
  }
}
