/** Elements that say how long ago something was, kept true once a second by one timer. */

import { span } from "/static/kit/shared/format.js";
import { h } from "/static/kit/shared/dom.js";

/** @type {() => number} */
let nowUs = () => Date.now() * 1000;

/** The relay's clock where it is known. @param {() => number} clock */
export function setClock(clock) {
  nowUs = clock;
}

export const now = () => nowUs();

/** @param {number} us @param {string} [className] */
export function since(us, className = "since") {
  const element = h("span", { class: className, dataset: { since: String(us) } });
  element.textContent = span((nowUs() - us) / 1e6);
  return element;
}

/** Renews them all; the pages call it once a second. */
export function tick() {
  for (const element of document.querySelectorAll("[data-since]")) {
    const words = span((nowUs() - Number(/** @type {HTMLElement} */ (element).dataset["since"])) / 1e6);
    if (element.textContent !== words) element.textContent = words;
  }
}
