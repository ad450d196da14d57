/**
 * Keys of one letter or digit, which a person can switch off on this device (WCAG 2.1.4): who speaks to
 * the machine or rests a hand on the keyboard must not answer a case by that. Arrows and Escape stay.
 */

import { h, setText } from "/static/kit/shared/dom.js";
import { t } from "/static/kit/shared/i18n.js";

const STORE = "kyumei-shortcuts";

/** Whether letters and digits act. */
export function shortcutsOn() {
  try {
    return localStorage.getItem(STORE) !== "off";
  } catch {
    return true;
  }
}

/** Whether a key is one of those that can be switched off. @param {string} key */
export const isCharacter = (key) => [...key].length === 1;

/** The button that switches them; `words` writes it anew after a change of language. */
export function shortcutsButton() {
  const button = h("button", {
    type: "button",
    class: "tool quiet shortcuts",
    onclick: () => {
      try {
        localStorage.setItem(STORE, shortcutsOn() ? "off" : "on");
      } catch {
        /* a private window keeps nothing; the keys stay on */
      }
      words();
    },
  });
  const words = () => {
    button.setAttribute("aria-pressed", String(shortcutsOn()));
    setText(button, t(shortcutsOn() ? "shortcuts.on" : "shortcuts.off"));
  };
  words();
  return { button, words };
}
