/** The theme a person chose on this device: dark, light or night. */

export const THEMES = /** @type {const} */ (["dark", "light", "night"]);
const STORE = "kyumei-theme";

/** @returns {typeof THEMES[number]} */
export function theme() {
  const kept = document.documentElement.dataset["theme"];
  return THEMES.find((name) => name === kept) ?? "dark";
}

/** @param {string} name */
export function setTheme(name) {
  document.documentElement.dataset["theme"] = name;
  try {
    localStorage.setItem(STORE, name);
  } catch {
    /* not kept, still shown */
  }
  document.dispatchEvent(new CustomEvent("kyumei-theme"));
}

/** @param {string} [fallback] */
export function restoreTheme(fallback = "dark") {
  let kept = null;
  try {
    kept = localStorage.getItem(STORE);
  } catch {
    /* private window */
  }
  setTheme(THEMES.find((name) => name === kept) ?? fallback);
}

/** The next one, for a single button. */
export function nextTheme() {
  setTheme(/** @type {string} */ (THEMES[(THEMES.indexOf(theme()) + 1) % THEMES.length]));
}
