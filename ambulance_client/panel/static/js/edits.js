/**
 * What was pressed on the patient card and is not yet with the tablet: field by field, so that two pages never
 * overwrite each other, and kept by the browser, so that a reload or a dead tablet app loses nothing.
 */

import { t } from "/static/kit/shared/i18n.js";

/** @typedef {import("/static/panel/js/contract.js").Card} Card */

const KEY = "kyumei-card-edits";
const SEND_AFTER_MS = 250;
const AGAIN_AFTER_MS = 2_000;

export class Edits {
  /** @param {(incident: string, fields: Partial<Card>) => Promise<unknown>} save */
  constructor(save) {
    this.save = save;
    /** @type {string | null} */
    this.incident = null;
    /** @type {Record<string, Partial<Card>>} by incident */
    this.waiting = this.#kept();
    this.timer = 0;
    this.busy = false;
    /** Why what waits is not with the tablet; empty while nothing is in the way. */
    this.trouble = "";
    /** Why entries were not taken and are gone; until somebody has read it. */
    this.lost = "";
    /** @type {(text: string) => void} */
    this.said = () => undefined;
  }

  /** The fields of this case that still wait; from now on they are sent. @param {string | null} incident */
  of(incident) {
    if (incident !== this.incident) {
      this.incident = incident;
      if (this.#next()) this.#later(0);
    }
    return incident ? (this.waiting[incident] ?? {}) : {};
  }

  /** @param {Partial<Card>} change */
  add(change) {
    if (!this.incident) return;
    this.waiting[this.incident] = { ...this.waiting[this.incident], ...change };
    this.#keep();
    this.#later(SEND_AFTER_MS);
  }

  #next() {
    return Object.keys(this.waiting)[0] ?? null;
  }

  /** @param {number} ms */
  #later(ms) {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.#send(), ms);
  }

  async #send() {
    const incident = this.#next();
    if (!incident || this.busy) return;
    const sent = { ...this.waiting[incident] };
    this.busy = true;
    try {
      await this.save(incident, sent);
      this.#done(incident, sent);
      this.trouble = "";
      this.said(`✓ ${t("card.saved")}`);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.said(`✕ ${why}`);
      const status = /** @type {{status?: number}} */ (error).status ?? 0;
      // the tablet will never take it: what comes after must not wait for it
      const isRefused = status >= 400 && status < 500;
      if (isRefused) this.#done(incident, sent);
      this.trouble = isRefused ? "" : why;
      if (isRefused) this.lost = why;
      this.#later(AGAIN_AFTER_MS);
      return;
    } finally {
      this.busy = false;
    }
    if (this.#next()) this.#later(0);
  }

  /** What was changed again meanwhile goes on waiting. @param {string} incident @param {Partial<Card>} sent */
  #done(incident, sent) {
    const left = Object.entries(this.waiting[incident] ?? {}).filter(
      ([name, value]) => !(name in sent) || sent[/** @type {keyof Card} */ (name)] !== value,
    );
    if (left.length) this.waiting[incident] = Object.fromEntries(left);
    else delete this.waiting[incident];
    this.#keep();
  }

  /** @returns {Record<string, Partial<Card>>} */
  #kept() {
    try {
      return JSON.parse(localStorage.getItem(KEY) ?? "{}");
    } catch {
      return {};
    }
  }

  #keep() {
    try {
      localStorage.setItem(KEY, JSON.stringify(this.waiting));
    } catch {
      /* the page itself still holds them */
    }
  }
}
