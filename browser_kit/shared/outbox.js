/**
 * What a person has ordered and the relay has not confirmed. An order leaves this box only when the relay
 * has it or the person takes it back: it survives a lost line, a sign-in, a reload and a restart of the
 * browser, and is carried out once (each carries an id that the relay knows again). Storage, sending and
 * the clock are arguments.
 */

import { ApiError } from "/static/kit/shared/api.js";

/**
 * @typedef {"waiting" | "sending" | "asks" | "old" | "refused"} ActState waiting: goes by itself as soon as it can;
 *   asks: something has happened meanwhile and the person must look; old: too old to go by itself; refused: the relay
 *   will never take it
 * @typedef {object} Act
 * @property {string} id
 * @property {string} path
 * @property {Record<string, unknown>} body
 * @property {string} who the account that ordered it; nobody else's page sends it
 * @property {string} title what it is, as the person reads it
 * @property {string} about whose it is: the ambulance
 * @property {string} incident
 * @property {number} madeMs
 * @property {ActState} state
 * @property {string} trouble one sentence, empty while there is none
 * @property {boolean} [tried] whether it failed once: from then on it stays in sight, also while it is tried again
 * @property {number} [goesMs] how long it goes by itself; without it `OLD_MS`
 */

/**
 * The browser's own storage, asked for only when it is used: a page in another site's frame may have none, and must
 * live all the same.
 */
export const browserStorage = {
  /** @param {string} key */
  getItem: (key) => localStorage.getItem(key),
  /** @param {string} key @param {string} value */
  setItem: (key, value) => localStorage.setItem(key, value),
};

/** An order this old may have been overtaken by what happened since: the person is asked. */
export const OLD_MS = 120_000;
const AGAIN_MS = 4_000;

export class Outbox {
  /**
   * @param {object} world
   * @param {string} world.key where it is kept
   * @param {Pick<Storage, "getItem" | "setItem">} world.storage
   * @param {(act: Act) => Promise<unknown>} world.send
   * @param {() => number} world.nowMs
   * @param {(run: () => void, ms: number) => unknown} world.later
   * @param {() => string} world.who the account that is signed in, empty for nobody
   * @param {() => void} world.changed
   */
  constructor(world) {
    this.world = world;
    /** @type {Act[]} */
    this.acts = this.#kept();
    this.isDue = false;
  }

  /** @returns {Act[]} */
  #kept() {
    try {
      const kept = JSON.parse(this.world.storage.getItem(this.world.key) ?? "[]");
      return kept.map((/** @type {Act} */ act) => (act.state === "sending" ? { ...act, state: "waiting" } : act));
    } catch {
      return [];
    }
  }

  #keep() {
    try {
      this.world.storage.setItem(this.world.key, JSON.stringify(this.acts));
    } catch {
      /* no room or no storage: it is kept on the page for as long as that lives */
    }
    this.world.changed();
  }

  /** @param {string} id @param {Partial<Act>} change */
  #set(id, change) {
    this.acts = this.acts.map((act) => (act.id === id ? { ...act, ...change } : act));
    this.#keep();
  }

  /** @param {string} id */
  act(id) {
    return this.acts.find((act) => act.id === id) ?? null;
  }

  /**
   * Keep an order and send it.
   * @param {Pick<Act, "path" | "body" | "title" | "about" | "incident" | "goesMs">} order
   * @returns {Promise<Act | null>} null once the relay has it, else the order as it waits here
   */
  async add(order) {
    const id = newId();
    const act = {
      ...order,
      id,
      body: { ...order.body, act: id },
      who: this.world.who(),
      madeMs: this.world.nowMs(),
      state: /** @type {ActState} */ ("waiting"),
      trouble: "",
    };
    this.acts = [...this.acts, act];
    this.#keep();
    return this.#send(act);
  }

  /**
   * The person has looked: send it as it is, or with what they have seen since.
   * @param {string} id
   * @param {Record<string, unknown>} [seen]
   */
  async again(id, seen = {}) {
    const act = this.act(id);
    if (!act || act.state === "sending") return act;
    this.#set(id, { body: { ...act.body, ...seen }, madeMs: this.world.nowMs(), state: "waiting" });
    return this.#send(/** @type {Act} */ (this.act(id)));
  }

  /** The person takes it back. @param {string} id */
  drop(id) {
    this.acts = this.acts.filter((act) => act.id !== id);
    this.#keep();
  }

  /** Send what waits; called when the relay is reached, when somebody signs in, and by itself every few seconds. */
  async flush() {
    for (const { id } of this.acts) {
      const act = this.act(id); // as it stands now: another round may have sent it meanwhile
      if (act?.state !== "waiting" || act.who !== this.world.who()) continue;
      if (this.world.nowMs() - act.madeMs > (act.goesMs ?? OLD_MS)) this.#set(act.id, { state: "old" });
      else await this.#send(act);
    }
  }

  /** @param {Act} act @returns {Promise<Act | null>} */
  async #send(act) {
    this.#set(act.id, { state: "sending" }); // what was the trouble stays said until the relay has it
    try {
      await this.world.send(act);
      this.drop(act.id);
      return null;
    } catch (error) {
      const trouble = error instanceof Error ? error.message : String(error);
      this.#set(act.id, { state: stateAfter(error), trouble, tried: true });
      this.#due();
      return this.act(act.id);
    }
  }

  #due() {
    if (this.isDue || !this.acts.some((act) => act.state === "waiting")) return;
    this.isDue = true;
    this.world.later(() => {
      this.isDue = false;
      void this.flush().then(() => this.#due());
    }, AGAIN_MS);
  }
}

/** Whether trying again can help. @param {unknown} error @returns {ActState} */
function stateAfter(error) {
  if (!(error instanceof ApiError)) return "waiting";
  if (error.code === "decided-meanwhile") return "asks";
  return error.status === 0 || error.status === 401 || error.status === 429 || error.status >= 500
    ? "waiting"
    : "refused";
}

/** A UUID; `crypto.randomUUID` exists only on secure pages. */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const hex = [...bytes]
    .map((byte, i) => (i === 6 ? (byte & 15) | 64 : i === 8 ? (byte & 63) | 128 : byte).toString(16).padStart(2, "0"))
    .join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
