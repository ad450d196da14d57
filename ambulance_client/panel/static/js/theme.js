/** Night by default; daylight at a touch, remembered on this tablet. */

const KEY = "kyumei-panel-theme";

/** @returns {"night" | "light"} */
export function theme() {
  return document.documentElement.dataset["theme"] === "light" ? "light" : "night";
}

/** @param {"night" | "light"} wanted */
function show(wanted) {
  document.documentElement.dataset["theme"] = wanted;
  document.querySelector('meta[name="color-scheme"]')?.setAttribute("content", wanted === "light" ? "light" : "dark");
  document.dispatchEvent(new Event("kyumei-theme"));
}

export function turnTheme() {
  const wanted = theme() === "night" ? "light" : "night";
  show(wanted);
  try {
    localStorage.setItem(KEY, wanted);
  } catch {
    /* night again after a reload */
  }
}

try {
  show(localStorage.getItem(KEY) === "light" ? "light" : "night");
} catch {
  show("night");
}
