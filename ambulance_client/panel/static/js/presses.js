/** What the crew presses reaches the tablet's own process once, at the moment of the press, or stays on this page. */

import * as api from "/static/kit/shared/api.js";
import { browserStorage, Outbox } from "/static/kit/shared/outbox.js";

/** @typedef {import("/static/panel/js/contract.js").PanelState} PanelState */

const KEY = "kyumei-presses";
/** A moment, a line or a reading stays true: it carries its own time. As long as the tablet takes it. */
const STAYS_TRUE_MS = 12 * 3_600_000;
/** Ten seconds of ECG are the newest when they are taken: later than this they are others than the crew meant. */
const SNAPSHOT_MS = 20_000;

export class Presses {
  /** @param {{state: () => PanelState | null, changed: () => void}} about */
  constructor({ state, changed }) {
    this.state = state;
    this.box = new Outbox({
      key: KEY,
      storage: browserStorage,
      nowMs: Date.now,
      later: (run, ms) => window.setTimeout(run, ms),
      send: ({ path, body }) => api.post(path, body),
      who: () => "crew",
      changed,
    });
  }

  get acts() {
    return this.box.acts;
  }

  /** @param {string} path @param {Record<string, unknown>} body @param {string} title */
  press(path, body, title) {
    return this.#add(path, body, title, STAYS_TRUE_MS);
  }

  /** Only one is asked for at a time; the one that waits is sent instead of a second. @param {string} title */
  async snapshot(title) {
    const waits = this.acts.find((act) => act.path === "/api/snapshot");
    const left = await (waits ? this.box.again(waits.id) : this.#add("/api/snapshot", {}, title, SNAPSHOT_MS));
    if (left?.state === "refused") this.box.drop(left.id); // it is said at the button
    return left;
  }

  /** @param {string} path @param {Record<string, unknown>} body @param {string} title @param {number} goesMs */
  #add(path, body, title, goesMs) {
    const state = this.state();
    const incident = state?.incident ?? "";
    const of = incident ? { incident } : {}; // before the first word of the tablet: the case that is on
    return this.box.add({
      path,
      body: { ...body, ...of, at_us: Date.now() * 1000 },
      title,
      about: state?.unit ?? "",
      incident,
      goesMs,
    });
  }

  /** When a moment was pressed that the tablet does not have yet, by the tablet's own clock. @param {string} mark */
  markUs(mark) {
    const act = this.acts
      .filter((one) => one.path === "/api/mark" && one.body["mark"] === mark && one.state !== "refused")
      .at(-1);
    return act ? Number(act.body["at_us"]) : null;
  }
}
