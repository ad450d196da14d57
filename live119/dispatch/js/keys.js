/** One hand on the telephone, the other on the keyboard: whatever has a key on it can be pressed by it. */

import { h } from "/static/kit/shared/dom.js";
import { isCharacter, shortcutsOn } from "/static/kit/shared/shortcuts.js";

/** The key as it stands on a button. @param {string} key */
export const keycap = (key) => h("kbd", { "aria-hidden": "true" }, key.toUpperCase().replace("SHIFT+", "⇧"));

/** @param {KeyboardEvent} event */
function wanted(event) {
  const at = /** @type {HTMLElement | null} */ (event.target);
  if (
    event.ctrlKey ||
    event.altKey ||
    event.metaKey ||
    event.repeat ||
    event.isComposing ||
    at?.closest("input, select, textarea, video, dialog")
  )
    return null;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") return neighbour(event.key === "ArrowDown" ? 1 : -1);
  if (isCharacter(event.key) && !shortcutsOn()) return null;
  const key = event.shiftKey ? `shift+${event.key.toLowerCase()}` : event.key.toLowerCase();
  const found = /** @type {HTMLElement | null} */ (
    document.querySelector(`[data-key="${CSS.escape(key)}"]:not(:disabled)`)
  );
  return found?.getClientRects().length ? found : null; // what is folded away is not pressed
}

/** The call above or below on the wall. @param {number} step */
function neighbour(step) {
  const cards = /** @type {HTMLElement[]} */ ([...document.querySelectorAll(".card")]);
  const here = cards.findIndex((card) => card.getAttribute("aria-current") === "true");
  return cards[here < 0 ? 0 : (here + step + cards.length) % cards.length] ?? null;
}

/** Escape folds what is unfolded and leaves what is being written. */
function closed() {
  const cancel = /** @type {HTMLElement | null} */ (document.querySelector("[data-escape]"));
  if (cancel) {
    cancel.click();
    return true;
  }
  const open = /** @type {HTMLDetailsElement | null} */ (document.querySelector("details[open]"));
  if (!open) return false;
  open.open = false;
  open.querySelector("summary")?.focus();
  return true;
}

export function listen() {
  window.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.isComposing && !document.querySelector("dialog[open]")) {
      if (closed()) event.preventDefault();
      return;
    }
    const found = wanted(event);
    if (!found) return;
    event.preventDefault();
    if (found instanceof HTMLInputElement) found.focus();
    else found.click();
  });
}
