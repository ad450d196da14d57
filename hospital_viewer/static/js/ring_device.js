/** This device rings though the page is closed (Web Push): let it ring, try it, stop it; and the person's others. */

import * as api from "/static/kit/shared/api.js";
import { fill, h, setText } from "/static/kit/shared/dom.js";
import { clock } from "/static/kit/shared/format.js";
import { lang, t } from "/static/kit/shared/i18n.js";

// addresses that stay with every release: a page's other files have a new one each time, a subscription must not
const ROOM = ["", "static", "viewer"].join("/");
const WORKER = `${ROOM}/ring_worker.js`,
  SCOPE = `${ROOM}/ring/`;

/** Which device this browser is, and whether it stops ringing with the sign-out: kept by the browser. */
const MINE = "kyumei-ring-device",
  UNTIL_OUT = "kyumei-ring-until-out";

/** @typedef {{ id: string, name: string, put_at_us: number, told_at_us: number | null }} Device */

/** Whether this browser can, and if not, the words that say what to do. */
export function hindrance() {
  const iOs =
    /iPhone|iPad|iPod/.test(navigator.userAgent) || (navigator.maxTouchPoints > 1 && /Mac/.test(navigator.platform));
  if (!window.isSecureContext) return "device.insecure";
  if (!("serviceWorker" in navigator) || !("PushManager" in window)) return iOs ? "device.ios" : "device.cannot";
  return Notification.permission === "denied" ? "device.denied" : "";
}

/** What the list calls this browser. */
export function deviceName() {
  const ua = navigator.userAgent;
  const browser = [/Edg/, /Firefox|FxiOS/, /Chrome|CriOS/, /Safari/].find((one) => one.test(ua));
  const names = { Edg: "Edge", "Firefox|FxiOS": "Firefox", "Chrome|CriOS": "Chrome", Safari: "Safari" };
  const on = ["iPhone", "iPad", "Android", "Windows", "Mac", "Linux"].find((one) => ua.includes(one)) ?? "";
  return [browser ? names[/** @type {keyof typeof names} */ (browser.source)] : "", on].filter(Boolean).join(", ");
}

export class RingDevice {
  constructor() {
    this.dialog = h("dialog", { class: "own-password ring-device" });
    const asked = () => void this.ask();
    this.button = h("button", { type: "button", class: "tool quiet ring-device-open", onclick: asked });
    this.said = h("p", { class: "ring-said", role: "status" });
    this.list = h("ul", { class: "ring-devices" });
    this.key = "";
    this.mine = localStorage.getItem(MINE) ?? "";
    this.ends = h("input", { type: "checkbox", id: "ring-until-out" });
    this.ends.checked = localStorage.getItem(UNTIL_OUT) === "1";
    this.ends.onchange = () => localStorage.setItem(UNTIL_OUT, this.ends.checked ? "1" : "0");
    document.body.append(this.dialog);
    this.words();
  }

  /** The button in the page's language. */
  words() {
    setText(this.button, t("device.open"));
  }

  close() {
    if (this.dialog.open) this.dialog.close();
  }

  async ask() {
    if (this.dialog.open) return;
    const no = hindrance();
    const ring = h(
      "button",
      { type: "button", class: "primary", onclick: () => void this.#do(() => this.#letRing()) },
      t("device.ring"),
    );
    setText(this.said, no ? t(no) : "");
    fill(
      this.dialog,
      h("h2", null, t("device.heading")),
      h("p", null, t("device.hint")),
      h("p", { class: "ring-ios" }, t("device.ios")),
      no ? null : ring,
      this.said,
      h("label", { class: "ring-ends", for: "ring-until-out" }, this.ends, t("device.until_out")),
      h("h3", null, t("device.mine")),
      this.list,
      h("button", { type: "button", class: "tool quiet", onclick: () => this.close() }, t("password.close")),
    );
    this.dialog.showModal();
    await this.#do(() => this.#refresh());
  }

  /** Before the sign-out: the device stops ringing where the person has chosen that. */
  async leaving() {
    if (!this.mine || localStorage.getItem(UNTIL_OUT) !== "1") return;
    try {
      await api.del(`/api/ring-devices/${this.mine}`);
      await forget();
    } catch {
      // it rings on; the list shows it, and so does the administrator's
    }
  }

  /** @param {() => Promise<void>} act */
  async #do(act) {
    try {
      await act();
    } catch (error) {
      setText(this.said, error instanceof Error ? error.message : String(error));
    }
  }

  async #refresh() {
    const found = await api.get("/api/ring-devices");
    this.key = found.public_key;
    /** @type {Device[]} */
    const devices = found.devices;
    fill(this.list, ...devices.map((one) => this.#row(one)));
    if (!devices.length) fill(this.list, h("li", null, t("device.none")));
  }

  /** @param {Device} one */
  #row(one) {
    const told = one.told_at_us ? t("device.told", { at: clock(one.told_at_us) }) : t("device.never");
    const tried = () => this.#do(() => this.#tryIt(one.id));
    const stopped = () => this.#do(() => this.#stop(one.id));
    return h(
      "li",
      null,
      h("span", { class: "ring-name" }, one.id === this.mine ? `${one.name} ${t("device.this")}` : one.name),
      h("span", { class: "ring-told" }, told),
      h("button", { type: "button", class: "tool", onclick: () => void tried() }, t("device.try")),
      h("button", { type: "button", class: "tool", onclick: () => void stopped() }, t("device.stop")),
    );
  }

  async #letRing() {
    setText(this.said, t("device.asking"));
    if ((await Notification.requestPermission()) !== "granted") {
      setText(this.said, t("device.denied"));
      return;
    }
    const registration = await navigator.serviceWorker.register(WORKER, { scope: SCOPE });
    await active(registration);
    if (!this.key) await this.#refresh();
    const old = await registration.pushManager.getSubscription();
    if (old && keyOf(old) !== this.key) await old.unsubscribe();
    const options = { userVisibleOnly: true, applicationServerKey: this.key };
    const { endpoint, keys } = (await registration.pushManager.subscribe(options)).toJSON();
    const device = await api.post("/api/ring-devices", { name: deviceName(), endpoint, ...keys });
    this.mine = device.id;
    localStorage.setItem(MINE, device.id);
    await this.#refresh();
    setText(this.said, t("device.done"));
  }

  /** @param {string} id */
  async #tryIt(id) {
    setText(this.said, t("device.trying"));
    const trial = await api.post(`/api/ring-devices/${id}/try`, undefined);
    await this.#refresh();
    setText(this.said, trial.words_en ? (lang() === "ja" ? trial.words_ja : trial.words_en) : t("device.tried"));
  }

  /** @param {string} id */
  async #stop(id) {
    await api.del(`/api/ring-devices/${id}`);
    if (id === this.mine) await forget();
    if (id === this.mine) localStorage.removeItem(MINE);
    await this.#refresh();
    setText(this.said, t("device.stopped"));
  }
}

/** The browser's own subscription ends. */
async function forget() {
  const registration = await navigator.serviceWorker.getRegistration(SCOPE);
  await (await registration?.pushManager.getSubscription())?.unsubscribe();
}

/** @param {ServiceWorkerRegistration} registration */
function active(registration) {
  const waiting = registration.installing ?? registration.waiting;
  if (registration.active || !waiting) return Promise.resolve();
  return new Promise((done) => {
    waiting.addEventListener("statechange", () => waiting.state === "activated" && done(undefined));
  });
}

/** The site's key that a subscription was made with. @param {PushSubscription} subscription */
function keyOf(subscription) {
  const bytes = new Uint8Array(subscription.options.applicationServerKey ?? new ArrayBuffer(0));
  return btoa(String.fromCharCode(...bytes))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=+$/, "");
}
