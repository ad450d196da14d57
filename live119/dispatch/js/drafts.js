/** What a dispatcher has typed and the relay does not have: kept by the browser through sign-in and reload. */

const KEY = "kyumei-desk-drafts";

/** @typedef {Record<string, string>} Draft */

export class Drafts {
  constructor() {
    /** @type {Record<string, Draft>} by call, or `take` */
    this.kept = read();
  }

  /** @param {string} key */
  get(key) {
    return this.kept[key] ?? null;
  }

  /** @param {string} key @param {Draft} draft */
  set(key, draft) {
    this.kept[key] = draft;
    this.#keep();
  }

  /** @param {string} key */
  drop(key) {
    delete this.kept[key];
    this.#keep();
  }

  #keep() {
    try {
      localStorage.setItem(KEY, JSON.stringify(this.kept));
    } catch {
      /* no storage: the page itself still holds them */
    }
  }
}

/** @returns {Record<string, Draft>} */
function read() {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "{}");
  } catch {
    return {};
  }
}
