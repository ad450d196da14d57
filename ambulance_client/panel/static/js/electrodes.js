/** A light per electrode, and the one thing to do next: device, exchanged electrodes, loose ones. */

import { fill, h, setText } from "/static/kit/shared/dom.js";
import { lang, t } from "/static/kit/shared/i18n.js";
import { deviceWords, electrodeAdvice, ownElectrodes, standstillWords, swapWords } from "/static/panel/js/words.js";

/** @typedef {import("/static/panel/js/contract.js").PanelState} PanelState */

const SHAPES = { good: "●", noisy: "▲", off: "✕" };

export class Electrodes {
  constructor() {
    this.lights = h("ul", { class: "electrodes" });
    this.advice = h("p", { class: "electrode-advice", role: "status" });
    this.swap = h("p", { class: "electrode-advice swap", role: "alert" });
    this.standstill = h("p", { class: "electrode-advice standstill", role: "alert" });
    this.version = "";
  }

  /** @param {PanelState} state */
  render(state) {
    const version = JSON.stringify([
      state.electrodes,
      state.source.state,
      state.source.text,
      state.swap,
      state.standstill_s,
      lang(),
    ]);
    if (this.version === version) return;
    this.version = version;
    this.lights.setAttribute("aria-label", t("electrode.label"));
    fill(
      this.lights,
      Object.entries(ownElectrodes(state.electrodes)).map(([lead, quality]) =>
        h(
          "li",
          { dataset: { quality } },
          h("strong", null, lead),
          h("span", null, `${SHAPES[quality]} ${t(`electrode.state.${quality}`)}`),
        ),
      ),
    );
    this.#line(this.advice, deviceWords(state.source) || electrodeAdvice(state.electrodes));
    this.#line(this.swap, swapWords(state.swap));
    this.#line(this.standstill, standstillWords(state.standstill_s));
  }

  /** @param {HTMLElement} line @param {string} words */
  #line(line, words) {
    line.hidden = words === "";
    setText(line, words);
  }
}
