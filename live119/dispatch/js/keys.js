/** One hand on the telephone, the other on the keyboard: whatever has a key on it can be pressed by it. */

import { h } from "/static/kit/shared/dom.js";

/** The key as it stands on a button. @param {string} key */
export const keycap = (key) => h("kbd", { "aria-hidden": "true" }, key.toUpperCase().replace("SHIFT+", "⇧"));

/** @param {KeyboardEvent} event */
function wanted(event) {
  const at = /** @type {HTMLElement | null} */ (event.target);
  if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || event.isComposing || at?.closest("input, select, textarea, video, dialog")) return null;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") return neighbour(event.key === "ArrowDown" ? 1 : -1);
  const key = event.shiftKey ? `shift+${event.key.toLowerCase()}` : event.key.toLowerCase();
  return /** @type {HTMLElement | null} */ (document.querySelector(`[data-key="${CSS.escape(key)}"]:not(:disabled)`));
}

/** The call above or below on the wall. @param {number} step */
function neighbour(step) {
  const cards = /** @type {HTMLElement[]} */ ([...document.querySelectorAll(".card")]);
  const here = cards.findIndex((card) => card.getAttribute("aria-current") === "true");
  return cards[here < 0 ? 0 : (here + step + cards.length) % cards.length] ?? null;
}

export function listen() {
  window.addEventListener("keydown", (event) => {
    const found = wanted(event);
    if (!found) return;
    event.preventDefault();
    if (found instanceof HTMLInputElement) found.focus();
    else found.click();
  });
}
