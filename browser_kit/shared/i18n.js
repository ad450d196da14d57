/**
 * Words by key from flat JSON catalogues. Japanese first, English complete; a key that is missing
 * shows itself, which a test forbids. All languages are loaded at the start: the toggle needs no net.
 */

/** @typedef {"ja" | "en"} Lang */

export const LANGS = /** @type {readonly Lang[]} */ (["ja", "en"]);
const STORE = "kyumei-lang";

/** @type {Record<Lang, Record<string, string>>} */
const words = { ja: {}, en: {} };
/** @type {Lang} */
let current = "ja";
/** @type {Set<() => void>} */
const listeners = new Set();

/** @returns {Lang} */
export const lang = () => current;

/**
 * Loads catalogues and picks the language last chosen on this device, else the first that the browser asks for.
 * @param {readonly string[]} folders URLs of folders that hold `ja.json` and `en.json`
 */
export async function loadWords(folders) {
  await Promise.all(
    folders.flatMap((folder) =>
      LANGS.map(async (code) => {
        const answer = await fetch(`${folder}/${code}.json`);
        if (!answer.ok) throw new Error(`The words ${folder}/${code}.json cannot be read.`);
        Object.assign(words[code], await answer.json());
      }),
    ),
  );
  current = readKept() ?? wanted(navigator.languages ?? []);
  document.documentElement.lang = current;
}

/**
 * The first of a browser's languages that there are words for; English for whoever named only others.
 * @param {readonly string[]} tags as `navigator.languages` @returns {Lang}
 */
export function wanted(tags) {
  const first = tags.map((tag) => tag.toLowerCase().split("-")[0]).find((tag) => tag === "ja" || tag === "en");
  return /** @type {Lang | undefined} */ (first) ?? (tags.length ? "en" : "ja");
}

/** @returns {Lang | null} */
function readKept() {
  try {
    const kept = localStorage.getItem(STORE);
    return kept === "ja" || kept === "en" ? kept : null;
  } catch {
    return null;
  }
}

/** @param {Lang} code */
export function setLang(code) {
  current = code;
  document.documentElement.lang = code;
  try {
    localStorage.setItem(STORE, code);
  } catch {
    /* a private window keeps nothing; the page still switches */
  }
  for (const tell of listeners) tell();
}

/** @param {() => void} tell */
export function onLang(tell) {
  listeners.add(tell);
}

/**
 * The words of a key; `{name}` is replaced from `vars`.
 * @param {string} key @param {Record<string, string | number>} [vars]
 */
export function t(key, vars) {
  const text = words[current][key] ?? words.ja[key] ?? key;
  return vars ? text.replace(/\{(\w+)\}/g, (whole, name) => String(vars[name] ?? whole)) : text;
}

/** @param {string} key */
export const knows = (key) => key in words[current];

/**
 * The field of an object in the language shown: `pick(x, "statement")` → `x.statement_ja`.
 * @param {Record<string, unknown> | null | undefined} from @param {string} name
 * @returns {string}
 */
export function pick(from, name) {
  const own = from?.[`${name}_${current}`];
  const other = from?.[`${name}_ja`] ?? from?.[`${name}_en`];
  return typeof own === "string" && own !== "" ? own : typeof other === "string" ? other : "";
}
