/** One call on the big screen: next sentence, picture, ladder, link, guidance, place, shares, stills, end. */

import { WhepPlayer } from "/static/kit/video/whep.js";
import { fill, h, setText } from "/static/kit/shared/dom.js";
import { clock, span } from "/static/kit/shared/format.js";
import { lang, t } from "/static/kit/shared/i18n.js";
import { now, since } from "/static/kit/shared/since.js";
import { drawPlace, mapLink } from "/static/dispatch/js/map.js";
import { RUNGS, isWarning, nextSentence, reachedUs, rung } from "/static/dispatch/js/next.js";

/** @typedef {import("/static/dispatch/js/store.js").Call} Call */
/** @typedef {import("/static/dispatch/js/store.js").Store} Store */

const TOPICS = ["cpr-adult", "cpr-child", "aed", "choking", "bleeding", "recovery", "burns"];
const LANGUAGES = ["ja", "ja-easy", "en", "zh-Hans", "ko", "vi", "pt-BR"];
const KEEP_ALIVE_S = 20;
const PICTURE = new Set(["allowed", "live", "frozen"]);

export class CallView {
  /** @param {Store} store */
  constructor(store) {
    this.store = store;
    /** @type {WhepPlayer | null} */
    this.player = null;
    this.frozen = false;
    this.seconds = 0;
    this.say = h("section", { class: "say" });
    this.next = h("p", { class: "next", role: "status", "aria-live": "polite" });
    this.where = h("p");
    this.timer = h("p", { class: "timer" });
    this.screen = h("div");
    this.tools = h("div", { class: "tools" });
    this.stills = h("div", { class: "stills" });
    this.boxes = { ladder: h("section", { class: "box" }), link: h("section", { class: "box" }), guide: h("section", { class: "box" }), place: h("section", { class: "box" }), share: h("section", { class: "box" }) };
    const { ladder, link, guide, place, share } = this.boxes;
    fill(this.say, this.timer, h("div", null, this.where, this.next));
    this.body = h("div", { class: "call" }, this.say, h("div", { class: "picture" }, this.screen, this.tools, guide, this.stills), h("div", { class: "side" }, link, ladder, place, share));
    this.nothing = h("p", { class: "nopicture" });
    this.el = h("div", null, this.nothing, this.body);
  }

  get call() {
    return this.store.call;
  }

  render() {
    const { call } = this;
    this.body.hidden = !call;
    this.nothing.hidden = Boolean(call);
    if (!call) { setText(this.nothing, t("call.none")); this.close(); return; }
    setText(this.next, nextSentence(call));
    this.say.dataset["warn"] = String(isWarning(call));
    setText(this.where, [rung(call), call.address, call.complaint, call.unit].filter(Boolean).join("　"));
    this.second();
    this.#picture(call);
    this.#fresh(this.boxes.link, [call.id, call.state, call.unit, this.store.links.get(call.id)?.url, this.store.places], () => this.#link(call));
    this.#fresh(this.boxes.ladder, [call.id, RUNGS.map((name) => reachedUs(call, name)), call.state, call.hint, call.phone], () => this.#ladder(call));
    this.#fresh(this.boxes.guide, [call.id, call.guidance, call.state === "ended"], () => this.#guide(call));
    this.#fresh(this.boxes.place, [call.id, call.position], () => this.#place(call));
    this.#fresh(this.boxes.share, [call.id, call.shares, call.state === "ended", this.store.places], () => this.#share(call));
    this.#fresh(this.stills, [call.id, call.stills], () => call.stills.slice(-12).reverse().map((still) =>
      h("a", { href: `/api/calls/${call.id}/stills/${still.id}`, target: "_blank", rel: "noopener" },
        h("img", { src: `/api/calls/${call.id}/stills/${still.id}`, alt: `${t(still.by === "caller" ? "still.caller" : "still.kept")} ${clock(still.at_us, true)}`, loading: "lazy" }))));
  }

  /** Drawn again only where something of it changed, so that nothing is lost under the hand. @param {HTMLElement} el @param {unknown} of @param {() => any} make */
  #fresh(el, of, make) {
    const version = JSON.stringify([of, lang()]);
    if (el.dataset["version"] === version) return;
    el.dataset["version"] = version;
    fill(el, make());
  }

  /** Once a second: the timer; and a sign of life, so that nobody is signed out while only looking. */
  second() {
    const { call } = this;
    if (!call) return;
    setText(this.timer, span(Math.max(0, Math.floor(((call.ended_at_us ?? now()) - call.taken_at_us) / 1e6))));
    this.seconds += 1;
    if (this.seconds % KEEP_ALIVE_S === 0 && call.state !== "ended") void fetch(`/api/calls/${call.id}/stats`, { credentials: "same-origin" }).catch(() => null);
  }

  /** @param {Call} call */
  #picture(call) {
    const wanted = PICTURE.has(call.state);
    if (this.player && (!wanted || this.player.call !== call.id)) this.close();
    if (wanted && !this.player) this.player = new WhepPlayer(call.id);
    const newest = call.hint === "stills" || call.hint === "denied" ? call.stills.filter((still) => still.by === "caller").at(-1) : null;
    this.#fresh(this.screen, [call.id, call.state, wanted, newest?.id], () => {
      if (newest) return h("div", { class: "whep" }, h("img", { class: "stillview", src: `/api/calls/${call.id}/stills/${newest.id}`, alt: t("still.caller") }), h("p", { class: "whep-words" }, t("still.at", { at: clock(newest.at_us, true) })));
      return this.player ? this.player.el : h("p", { class: "nopicture" }, t(`picture.${call.state === "ended" ? "ended" : "none"}`));
    });
    this.#fresh(this.tools, [call.id, call.state, this.frozen], () => this.#tools(call));
  }

  /** @param {Call} call */
  #tools(call) {
    const off = !this.player;
    const tool = (/** @type {string} */ key, /** @type {() => void} */ press, cls = "") => h("button", { type: "button", class: cls, disabled: off && cls !== "end", onclick: press }, t(key));
    return [
      tool(this.frozen ? "tool.go" : "tool.freeze", () => { this.frozen = !this.frozen; this.player?.freeze(this.frozen); this.render(); }),
      tool("tool.still", () => void this.#keep(call)), tool("tool.turn", () => this.player?.turn()), tool("tool.zoom", () => this.player?.zoom()),
      call.state === "ended" ? null : tool("tool.end", () => void this.store.act(`/api/calls/${call.id}/end`), "end"),
    ];
  }

  /** @param {Call} call */
  async #keep(call) {
    const blob = await this.player?.still();
    if (!blob) return;
    const answer = await fetch(`/api/calls/${call.id}/stills`, { method: "POST", credentials: "same-origin", headers: { "Content-Type": "image/jpeg", "X-Kyumei": "1" }, body: blob }).catch(() => null);
    this.store.trouble = answer?.ok ? "" : t("still.failed");
    this.store.changed();
  }

  /** First the ambulance, then the words to read aloud, then the link. @param {Call} call */
  #link(call) {
    if (call.state === "ended") return h("h2", null, t("state.ended"));
    const { places } = this.store;
    const unit = h("select", { "aria-label": t("unit.label") }, places.units.map((name) => h("option", { value: name, selected: name === call.unit }, name)));
    const sent = h("div", { class: "row" }, unit, h("button", { type: "button", class: call.state === "taken" ? "primary big" : "", onclick: () => void this.store.act(`/api/calls/${call.id}/dispatched`, { unit: unit.value }) }, t(call.unit ? "unit.change" : "unit.go")));
    if (call.state === "taken") return [h("h2", null, t("unit.first")), sent];
    const tongue = h("select", { "aria-label": t("link.language") }, LANGUAGES.map((tag) => h("option", { value: tag }, t(`lang.${tag}`))));
    const send = (/** @type {string} */ channel) => void this.#invite(call, channel, tongue.value);
    const made = this.store.links.get(call.id);
    return [
      h("h2", null, t("read.title")), h("ol", { class: "read" }, [1, 2, 3].map((n) => h("li", null, t(`read.${n}`)))),
      tongue, h("div", { class: "row" },
        h("button", { type: "button", class: "primary big", disabled: !call.number, onclick: () => send("sms") }, t(call.sent_at_us ? "link.sms_again" : "link.sms")),
        h("button", { type: "button", class: "big", onclick: () => send("qr") }, t("link.qr"))),
      made ? this.#made(call, made) : null,
      ["sent", "opened", "allowed", "live", "frozen"].includes(call.state) ? h("button", { type: "button", class: "tool quiet", onclick: () => { this.store.links.delete(call.id); void this.store.act(`/api/calls/${call.id}/revoke`); } }, t("link.revoke")) : null,
      sent,
    ];
  }

  /** @param {Call} call @param {import("/static/dispatch/js/store.js").Invited} made */
  #made(call, made) {
    if (call.state !== "sent") return null;
    const copy = h("button", { type: "button", onclick: async () => { await navigator.clipboard.writeText(made.url).catch(() => null); setText(copy, t("link.copied")); } }, t("link.copy"));
    return h("div", { class: "made" }, h("p", { class: made.sms === "failed" ? "error-line" : "" }, t(`sms.${made.sms}`)),
      h("img", { class: "qr", alt: t("link.qr_alt"), src: `data:image/svg+xml,${encodeURIComponent(made.qr_svg)}` }),
      h("p", { class: "link" }, made.url), h("div", { class: "row" }, copy, h("span", null, t("link.until", { at: clock(made.expires_at_us) }))));
  }

  /** @param {Call} call @param {string} channel @param {string} language */
  async #invite(call, channel, language) {
    const made = await this.store.act(`/api/calls/${call.id}/invite`, { channel, consent: true, language });
    if (made) this.store.links.set(call.id, made);
    this.store.changed();
  }

  /** @param {Call} call */
  #ladder(call) {
    const { phone } = call;
    const facts = phone ? [phone.browser, phone.battery_pct === undefined ? null : t("phone.battery", { n: phone.battery_pct }),
      phone.bitrate_kbps === undefined ? null : `${(phone.bitrate_kbps / 1000).toFixed(1)} Mbit/s`, phone.bytes_sent === undefined ? null : `${(phone.bytes_sent / 1e6).toFixed(1)} MB`] : [];
    return [h("h2", null, t("ladder.title")), h("ol", { class: "ladder" }, RUNGS.map((name) => {
      const at = reachedUs(call, name);
      return h("li", { class: name === call.state ? "now" : at ? "done" : "" }, h("span", null, at ? "✓" : "○"), t(`state.${name}`), at ? h("span", null, clock(at, true), name === call.state ? [" ", since(at)] : "") : "");
    })), h("p", null, facts.filter(Boolean).join("　"))];
  }

  /** @param {Call} call */
  #guide(call) {
    const set = (/** @type {string | null} */ topic) => void this.store.act(`/api/calls/${call.id}/guidance`, { topic });
    return [h("h2", null, t("guide.title")), h("div", { class: "topics" }, TOPICS.map((topic) =>
      h("button", { type: "button", "aria-pressed": String(topic === call.guidance), class: topic === call.guidance ? "primary" : "", disabled: call.state === "ended", onclick: () => set(topic === call.guidance ? null : topic) }, t(`topic.${topic}`))))];
  }

  /** @param {Call} call */
  #place(call) {
    const { position } = call;
    if (!position) return [h("h2", null, t("place.title")), h("p", null, t("place.none"))];
    return [h("h2", null, t("place.title")), drawPlace(position),
      h("p", null, `${position.lat.toFixed(5)}, ${position.lon.toFixed(5)}　± ${Math.round(position.accuracy_m)} m　`, clock(position.at_us, true)),
      h("a", { href: mapLink(position), target: "_blank", rel: "noopener noreferrer" }, t("place.open"))];
  }

  /** @param {Call} call */
  #share(call) {
    const { units, hospitals, command } = this.store.places;
    const named = new Map([...hospitals, ...command].map((one) => [one.id, one.name]));
    const pick = h("select", { "aria-label": t("share.with") },
      [...units.map((id) => ["unit", id]), ...hospitals.map(({ id }) => ["hospital", id]), ...command.map(({ id }) => ["command", id])].map(([kind = "", id = ""]) =>
        h("option", { value: `${kind} ${id}`, selected: kind === "unit" && id === call.unit }, `${t(`kind.${kind}`)} ${named.get(id) ?? id}`)));
    const go = () => { const [kind = "", ...target] = pick.value.split(" "); void this.store.act(`/api/calls/${call.id}/shares`, { kind, target: target.join(" ") }); };
    return [h("h2", null, t("share.title")), ...call.shares.map((one) => h("div", { class: "row" }, h("span", null, `✓ ${t(`kind.${one.kind}`)} ${named.get(one.target) ?? one.target}`),
      h("button", { type: "button", class: "tool", onclick: () => void this.store.act(`/api/calls/${call.id}/shares/${one.id}`, undefined, "DELETE") }, t("share.end")))),
      call.state === "ended" ? null : h("div", { class: "row" }, pick, h("button", { type: "button", onclick: go }, t("share.go")))];
  }

  close() {
    this.player?.close();
    this.player = null;
    this.frozen = false;
  }
}
