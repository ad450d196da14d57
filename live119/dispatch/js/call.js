/** One call on the big screen: next sentence, picture, ladder, link, guidance, place, shares, stills, end. */

import { CabinView } from "/static/kit/video/cabin.js";
import { ClipList } from "/static/kit/video/clips.js";
import { fill, h, setText } from "/static/kit/shared/dom.js";
import { clock, span } from "/static/kit/shared/format.js";
import { knows, lang, t } from "/static/kit/shared/i18n.js";
import { now, since } from "/static/kit/shared/since.js";
import { Ending } from "/static/dispatch/js/ending.js";
import { keycap } from "/static/dispatch/js/keys.js";
import { isOpened, linkBox } from "/static/dispatch/js/link.js";
import { drawPlace, mapLink } from "/static/dispatch/js/map.js";
import { RUNGS, isWarning, nextSentence, reachedUs, rung } from "/static/dispatch/js/next.js";
import { ToldBox } from "/static/dispatch/js/told.js";

/** @typedef {import("/static/dispatch/js/store.js").Call} Call */
/** @typedef {import("/static/dispatch/js/store.js").Store} Store */

const TOPICS = ["cpr-adult", "cpr-child", "aed", "choking", "bleeding", "recovery", "burns"];

export class CallView {
  /** @param {Store} store @param {import("/static/dispatch/js/pictures.js").Pictures} pictures */
  constructor(store, pictures) {
    this.store = store;
    this.pictures = pictures;
    this.shown = "";
    this.wider = 0;
    this.frozen = false;
    this.say = h("section", { class: "say" });
    this.next = h("p", { class: "next", role: "status", "aria-live": "polite" });
    this.where = h("p");
    this.taped = h("p", { class: "recorded" });
    this.timer = h("p", { class: "timer" });
    this.screen = h("div");
    this.tools = h("div", { class: "tools" });
    this.stills = h("div", { class: "stills" });
    this.cabin = new CabinView();
    this.clips = new ClipList(true);
    this.told = new ToldBox(store);
    this.ending = new Ending(store);
    this.boxes = {
      ladder: h("section", { class: "box" }),
      link: h("section", { class: "box" }),
      guide: h("section", { class: "box" }),
      place: h("section", { class: "box" }),
      share: h("section", { class: "box" }),
    };
    fill(this.say, this.timer, h("div", null, this.where, this.next, this.taped));
    this.side = h("div", { class: "side" });
    this.body = h(
      "div",
      { class: "call" },
      this.say,
      h("div", { class: "picture" }, this.screen, this.tools, this.cabin.el, this.boxes.guide, this.stills),
      this.side,
    );
    this.nothing = h("p", { class: "nopicture" });
    this.el = h("div", null, this.nothing, this.body);
  }

  get call() {
    return this.store.call;
  }

  get player() {
    return this.call ? this.pictures.of(this.call.id) : null;
  }

  render() {
    const { call } = this;
    if (this.shown !== (call?.id ?? "")) {
      this.shown = call?.id ?? "";
      this.frozen = false;
      this.wider = 0;
    }
    this.body.hidden = !call;
    this.nothing.hidden = Boolean(call);
    this.cabin.show(call?.state === "ended" ? null : call?.incident, call?.cabin);
    this.clips.show(call?.recording === "clips" ? [call.id] : []);
    if (!call) {
      setText(this.nothing, t("call.none"));
      return;
    }
    setText(this.next, nextSentence(call, this.store.links.get(call.id)?.sms === "sent"));
    this.say.dataset["warn"] = String(isWarning(call));
    setText(this.taped, call.recording === "clips" && call.state !== "ended" ? t("recorded") : "");
    setText(this.where, [rung(call), call.address, call.complaint, call.unit].filter(Boolean).join("　"));
    this.second();
    this.#picture(call);
    this.#sides(call);
    this.told.show(call);
    this.#fresh(
      this.boxes.link,
      [call.id, call.state, call.unit, Boolean(call.number), this.store.links.get(call.id)?.url, this.store.places],
      () => linkBox(this.store, call),
    );
    this.#fresh(
      this.boxes.ladder,
      [call.id, RUNGS.map((name) => reachedUs(call, name)), call.state, call.hint, call.phone],
      () => this.#ladder(call),
    );
    this.#fresh(this.boxes.guide, [call.id, call.guidance, call.state === "ended"], () => this.#guide(call));
    this.#fresh(this.boxes.place, [call.id, call.position, this.wider, this.store.places.map_tiles], () =>
      this.#place(call),
    );
    this.#fresh(
      this.boxes.share,
      [call.id, call.shares, call.state === "ended", call.shared_until_us, this.store.places],
      () => this.#share(call),
    );
    this.#fresh(this.stills, [call.id, call.stills], () =>
      call.stills
        .slice(-12)
        .reverse()
        .map((still) =>
          h(
            "a",
            { href: `/api/calls/${call.id}/stills/${still.id}`, target: "_blank", rel: "noopener" },
            h("img", {
              src: `/api/calls/${call.id}/stills/${still.id}`,
              alt: `${t(still.by === "caller" ? "still.caller" : "still.kept")} ${clock(still.at_us, true)}`,
              loading: "lazy",
            }),
          ),
        ),
    );
  }

  /**
   * Until the page is open the link is what matters; then where the caller is and who else looks.
   * @param {Call} call
   */
  #sides(call) {
    const { ladder, link, place, share } = this.boxes,
      order = isOpened(call) ? "opened" : "before";
    if (this.side.dataset["order"] === order) return;
    this.side.dataset["order"] = order;
    fill(
      this.side,
      order === "opened" ? [ladder, place, share, this.told.el, link] : [this.told.el, link, ladder, place, share],
      this.clips.el,
    );
  }

  /**
   * Drawn again only where something of it changed, so that nothing is lost under the hand.
   * @param {HTMLElement} el
   * @param {unknown} of
   * @param {() => any} make
   */
  #fresh(el, of, make) {
    const version = JSON.stringify([of, lang()]);
    if (el.dataset["version"] === version) return;
    el.dataset["version"] = version;
    fill(el, make());
  }

  /** Once a second: the timer. */
  second() {
    const { call } = this;
    if (!call) return;
    setText(this.timer, span(Math.max(0, Math.floor(((call.ended_at_us ?? now()) - call.taken_at_us) / 1e6))));
  }

  /** @param {Call} call */
  #picture(call) {
    const { player } = this;
    const newest =
      call.hint === "stills" || call.hint === "denied"
        ? call.stills.filter((still) => still.by === "caller").at(-1)
        : null;
    if (player && !newest) {
      this.screen.dataset["version"] = "";
      this.pictures.place(this.screen, player);
    } else
      this.#fresh(this.screen, [call.id, call.state, newest?.id], () => {
        if (newest)
          return h(
            "div",
            { class: "whep" },
            h("img", { class: "stillview", src: `/api/calls/${call.id}/stills/${newest.id}`, alt: t("still.caller") }),
            h("p", { class: "whep-words" }, t("still.at", { at: clock(newest.at_us, true) })),
          );
        return h("p", { class: "nopicture" }, t(`picture.${call.state === "ended" ? "ended" : "none"}`));
      });
    this.#fresh(this.tools, [call.id, call.state, this.frozen, Boolean(player)], () => this.#tools(call));
  }

  /** @param {Call} call */
  #tools(call) {
    const off = !this.player;
    const tool = (/** @type {string} */ key, /** @type {string} */ cap, /** @type {() => void} */ press, cls = "") =>
      h(
        "button",
        { type: "button", class: cls, disabled: off && cls !== "end", dataset: { key: cap }, onclick: press },
        t(key),
        keycap(cap),
      );
    return [
      tool(this.frozen ? "tool.go" : "tool.freeze", "f", () => {
        this.frozen = !this.frozen;
        this.player?.freeze(this.frozen);
        this.render();
      }),
      tool("tool.still", "s", () => void this.#keep(call)),
      tool("tool.turn", "r", () => this.player?.turn()),
      tool("tool.zoom", "z", () => this.player?.zoom()),
      call.state === "ended" ? null : tool("tool.end", "shift+e", () => this.ending.ask(call), "end"),
    ];
  }

  /** @param {Call} call */
  async #keep(call) {
    const blob = await this.player?.still();
    if (!blob) return;
    const answer = await fetch(`/api/calls/${call.id}/stills`, {
      method: "POST",
      credentials: "same-origin",
      headers: { "Content-Type": "image/jpeg", "X-Kyumei": "1" },
      body: blob,
    }).catch(() => null);
    this.store.trouble = answer?.ok ? "" : t("still.failed");
    this.store.changed();
  }

  /** @param {Call} call */
  #ladder(call) {
    const { phone } = call;
    const facts = phone
      ? [
          phone.browser && t(`browser.${phone.browser}`),
          phone.language && knows(`lang.${phone.language}`) && t(`lang.${phone.language}`),
          phone.battery_pct === undefined ? null : t("phone.battery", { n: phone.battery_pct }),
          phone.bitrate_kbps === undefined ? null : `${(phone.bitrate_kbps / 1000).toFixed(1)} Mbit/s`,
          phone.bytes_sent === undefined ? null : `${(phone.bytes_sent / 1e6).toFixed(1)} MB`,
        ]
      : [];
    return [
      h("h2", null, t("ladder.title")),
      h(
        "ol",
        { class: "ladder" },
        RUNGS.map((name) => {
          const at = reachedUs(call, name);
          return h(
            "li",
            { class: name === call.state ? "now" : at ? "done" : "" },
            h("span", null, at ? "✓" : "○"),
            t(`state.${name}`),
            at ? h("span", null, clock(at, true), name === call.state ? [" ", since(at)] : "") : "",
          );
        }),
      ),
      h("p", null, facts.filter(Boolean).join("　")),
    ];
  }

  /** @param {Call} call */
  #guide(call) {
    const set = (/** @type {string | null} */ topic) =>
      void this.store.act(call.id, {
        path: `/api/calls/${call.id}/guidance`,
        body: { topic },
        title: topic ? t(`topic.${topic}`) : t("guide.none"),
      });
    return [
      h("h2", null, t("guide.title")),
      h(
        "div",
        { class: "topics" },
        TOPICS.map((topic, n) =>
          h(
            "button",
            {
              type: "button",
              dataset: { key: String(n + 1) },
              "aria-pressed": String(topic === call.guidance),
              class: topic === call.guidance ? "primary" : "",
              disabled: call.state === "ended",
              onclick: () => set(topic === call.guidance ? null : topic),
            },
            t(`topic.${topic}`),
            keycap(String(n + 1)),
          ),
        ),
      ),
    ];
  }

  /** @param {Call} call */
  #place(call) {
    const { position } = call;
    if (!position) return [h("h2", null, t("place.title")), h("p", null, t("place.none"))];
    const look = (/** @type {string} */ sign, /** @type {number} */ step) =>
      h(
        "button",
        {
          type: "button",
          class: "tool",
          "aria-label": t(step < 0 ? "place.nearer" : "place.wider"),
          onclick: () => {
            this.wider += step;
            this.render();
          },
        },
        sign,
      );
    const at = `${position.lat.toFixed(5)}, ${position.lon.toFixed(5)}`;
    const copy = h(
      "button",
      {
        type: "button",
        class: "tool",
        onclick: async () => {
          await navigator.clipboard.writeText(at).catch(() => null);
          setText(copy, t("link.copied"));
        },
      },
      t("place.copy"),
    );
    return [
      h("h2", null, t("place.title")),
      drawPlace(position, this.store.places.map_tiles, this.wider),
      h("p", null, `${at}　± ${Math.round(position.accuracy_m)} m　`, clock(position.at_us, true)),
      h(
        "div",
        { class: "row" },
        look("＋", -1),
        look("－", 1),
        copy,
        h("a", { href: mapLink(position), target: "_blank", rel: "noopener noreferrer" }, t("place.open")),
      ),
    ];
  }

  /** @param {Call} call */
  #share(call) {
    const { units, hospitals, command } = this.store.places;
    const named = new Map([...hospitals, ...command].map((one) => [one.id, one.name]));
    const pick = h(
      "select",
      { "aria-label": t("share.with") },
      [
        ...units.map((id) => ["unit", id]),
        ...hospitals.map(({ id }) => ["hospital", id]),
        ...command.map(({ id }) => ["command", id]),
      ].map(([kind = "", id = ""]) =>
        h(
          "option",
          { value: `${kind} ${id}`, selected: kind === "unit" && id === call.unit },
          `${t(`kind.${kind}`)} ${named.get(id) ?? id}`,
        ),
      ),
    );
    const go = () => {
      const [kind = "", ...target] = pick.value.split(" ");
      void this.store.act(call.id, {
        path: `/api/calls/${call.id}/shares`,
        body: { kind, target: target.join(" ") },
        title: `${t("share.go")} ${pick.selectedOptions[0]?.textContent ?? ""}`,
      });
    };
    return [
      h("h2", null, t("share.title")),
      ...call.shares.map((one) =>
        h(
          "div",
          { class: "row" },
          h("span", null, `✓ ${t(`kind.${one.kind}`)} ${named.get(one.target) ?? one.target}`),
          h(
            "button",
            {
              type: "button",
              class: "tool",
              onclick: () =>
                void this.store.act(call.id, {
                  path: `/api/calls/${call.id}/shares/${one.id}`,
                  method: "DELETE",
                  title: `${t("share.end")} ${named.get(one.target) ?? one.target}`,
                }),
            },
            t("share.end"),
          ),
        ),
      ),
      call.state === "ended"
        ? h(
            "p",
            { class: "share-ends" },
            t(call.shares.length ? "share.until" : "share.over", {
              at: new Date((call.shared_until_us ?? 0) / 1000).toLocaleString(lang()),
            }),
          )
        : h("div", { class: "row" }, pick, h("button", { type: "button", onclick: go }, t("share.go"))),
    ];
  }
}
