/** Elements and words. Text only ever becomes text nodes; {漢字|かんじ} becomes ruby. */

/** @typedef {Node | string | null | undefined | false} Child */
const W = /** @type {Record<string, any>} */ ({});
export const LANGS = {
  ja: "日本語",
  "ja-easy": "やさしい日本語",
  en: "English",
  "zh-Hans": "简体中文",
  ko: "한국어",
  vi: "Tiếng Việt",
  "pt-BR": "Português",
};
export let lang = "ja";

/** @param {string} wanted */
export async function loadWords(wanted) {
  const tags = Object.keys(LANGS);
  lang = tags.find((tag) => tag === wanted) ?? tags.find((tag) => tag.slice(0, 2) === wanted.slice(0, 2)) ?? "en";
  Object.assign(W, await (await fetch(`/static/caller/words/${lang}.json`)).json());
  document.documentElement.lang = lang === "ja-easy" ? "ja" : lang;
}

/** A sentence or a list of them. @param {string} key */
export const words = (key) => /** @type {string[]} */ ([]).concat(W[key] ?? key);

/** One text with its furigana. @param {string} key @param {Record<string, string | number>} [v] */
export function t(key, v = {}) {
  return ruby(String(words(key)[0]).replace(/\$(mb|cap)/g, (_, name) => String(v[name] ?? "")));
}

/** @param {string} text */
export function ruby(text) {
  const out = document.createDocumentFragment();
  for (const [i, part] of text.split(/\{([^|{}]+\|[^{}]+)\}/).entries()) {
    if (i % 2 === 0) {
      out.append(part);
      continue;
    }
    const [base = "", above = ""] = part.split("|");
    out.append(h("ruby", {}, base, h("rt", {}, above)));
  }
  return out;
}

/** @param {string} tag @param {Record<string, any>} [props] @param {...Child} children @returns {any} */
export function h(tag, props = {}, ...children) {
  const el = document.createElement(tag);
  for (const [k, v] of Object.entries(props)) {
    if (k.startsWith("on")) el.addEventListener(k.slice(2), v);
    else if (k === "muted")
      // the attribute is only what a page begins with
      /** @type {HTMLVideoElement} */ (/** @type {unknown} */ (el)).muted = Boolean(v);
    else if (v !== false && v != null) el.setAttribute(k, v === true ? "" : v);
  }
  for (const child of children) if (child) el.append(child);
  return el;
}

/**
 * A drawing: paths, each with a class; limbs stand out by a white edge.
 * @param {string[][]} paths
 * @param {string} [box]
 */
export function draw(paths, box = "0 0 200 110") {
  const ns = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(ns, "svg");
  svg.setAttribute("viewBox", box);
  svg.setAttribute("aria-hidden", "true");
  for (const [d = "", cls = ""] of paths)
    for (const edge of /^[bp]/.test(cls) ? ["e ", ""] : [""]) {
      const path = document.createElementNS(ns, "path");
      path.setAttribute("d", d);
      path.setAttribute("class", edge + cls);
      svg.append(path);
    }
  return svg;
}

/** The whole screen. @param {...Child} children */
export function screen(...children) {
  const main = /** @type {HTMLElement} */ (document.getElementById("m"));
  main.replaceChildren();
  for (const child of children) if (child) main.append(child);
  return main;
}
