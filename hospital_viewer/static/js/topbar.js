/** The bar on top: who is signed in, whether the relay is reached, and whether this page can ring. */

import { fill, h, setText } from "/static/kit/shared/dom.js";
import { bell } from "/static/kit/shared/icon.js";
import { lang, pick, setLang, t } from "/static/kit/shared/i18n.js";
import { OwnPassword } from "/static/kit/shared/password.js";
import { shortcutsButton } from "/static/kit/shared/shortcuts.js";
import { nextTheme, theme } from "/static/kit/shared/theme.js";
import { letterOf, tierBadge } from "/static/kit/shared/tier.js";
import { ageSex, clock, span } from "/static/kit/shared/format.js";
import { RingDevice } from "/static/viewer/js/ring_device.js";
import { CallBar } from "/static/viewer/js/call_bar.js";
import { sounding, triaged } from "/static/viewer/js/triage.js";

/** @typedef {import("/static/viewer/js/contract.js").IncidentRow} IncidentRow */

export class TopBar {
  /**
   * @param {import("/static/viewer/js/store.js").Store} store
   * @param {import("/static/viewer/js/ring.js").Ring} ring
   * @param {(id: string) => void} open
   * @param {import("/static/viewer/js/delivery.js").Delivery} delivery
   * @param {import("/static/kit/shared/hand.js").Hand} hand
   */
  constructor(store, ring, open, delivery, hand) {
    this.hand = hand;
    this.store = store;
    this.ring = ring;
    this.open = open;
    this.link = h("span", { class: "link-state", role: "status" });
    this.armed = h("div", { class: "armed" });
    this.notice = h("p", { class: "ring-notice", role: "status", hidden: true });
    this.lostFor = h("span", { class: "lost-for" });
    this.menu = h("div", { class: "menu" });
    this.keys = shortcutsButton();
    this.password = new OwnPassword();
    this.device = new RingDevice();
    this.drill = h("strong", { class: "drill-mark", hidden: true });
    this.bar = h(
      "header",
      { class: "topbar" },
      this.drill,
      h("strong", { class: "brand" }, "救命リレー"),
      this.link,
      this.armed,
      this.menu,
    );
    this.calls = new CallBar(delivery, (row) => this.#call(row));
    this.trouble = h("p", { class: "trouble", role: "alert", hidden: true });
    this.el = h("div", { class: "top" }, this.bar, this.calls.el, this.trouble);
  }

  /** Above the sign-in and the resting page: whether this page rings. Nothing of a case. */
  renderNotice() {
    this.password.close();
    this.device.close();
    const { armed } = this.ring;
    const words =
      armed.state === "lost"
        ? [
            t("alarm.lost"),
            t("alarm.lost_for", { span: span(armed.lostS(Date.now())) }),
            t(`alarm.cause.${armed.cause}`),
          ].join("　")
        : armed.state === "armed"
          ? t("alarm.armed")
          : "";
    const told = [words, ...this.store.feed.troubles()].filter(Boolean).join("　");
    this.notice.hidden = told === "";
    this.notice.dataset["armed"] = armed.state;
    setText(this.notice, told);
  }

  render() {
    this.#menu();
    this.#link();
    this.#armed();
    this.#ring();
    const { told } = this.store.blocked;
    const trouble = [
      this.hand.words,
      ...this.store.feed.troubles(),
      told ? pick(told, "words") : "",
      this.store.trouble,
    ]
      .filter(Boolean)
      .join("　");
    this.trouble.hidden = trouble === "";
    setText(this.trouble, trouble);
  }

  #menu() {
    this.drill.hidden = !this.store.site?.demo;
    setText(this.drill, t("drill.mark"));
    const themeWord = t(`theme.${theme()}`);
    const key = `${lang()}${themeWord}${this.store.me?.display_name ?? ""}`;
    if (this.menu.dataset["key"] === key) return;
    this.menu.dataset["key"] = key;
    this.keys.words();
    this.password.words();
    this.device.words();
    fill(
      this.menu,
      this.keys.button,
      h(
        "button",
        { type: "button", class: "tool quiet", onclick: () => setLang(lang() === "ja" ? "en" : "ja") },
        lang() === "ja" ? "English" : "日本語",
      ),
      h("button", { type: "button", class: "tool quiet", onclick: () => nextTheme() }, themeWord),
      h("span", { class: "me" }, this.store.me?.display_name ?? ""),
      this.device.button,
      this.password.button,
      h("button", { type: "button", class: "tool quiet", onclick: () => void this.#out() }, t("session.out")),
    );
  }

  async #out() {
    await this.device.leaving();
    await this.store.signOut();
  }

  #link() {
    const { feed } = this.store;
    const down = feed.state !== "open" || !this.store.now.isFresh;
    this.link.classList.toggle("down", down);
    setText(
      this.link,
      down
        ? `✕ ${t(this.store.blocked.told ? "link.blocked" : "link.down", { s: feed.silentS() })}`
        : `● ${t("link.up")}`,
    );
  }

  /** Armed, silent, or armed and lost: since when nothing would be heard, why, and what to do. */
  #armed() {
    const { armed } = this.ring;
    const { state, cause } = armed;
    const gaps = this.ring.gaps;
    const key = JSON.stringify([state, cause, lang(), gaps, this.#consoles()]);
    if (this.armed.dataset["key"] !== key) {
      this.armed.dataset["key"] = key;
      this.armed.dataset["armed"] = { armed: "true", silent: "false", lost: "lost" }[state];
      fill(this.armed, this.#armedWords());
    }
    if (state === "lost") setText(this.lostFor, t("alarm.lost_for", { span: span(armed.lostS(Date.now())) }));
  }

  #armedWords() {
    const { state, cause } = this.ring.armed;
    const arm = h("button", { type: "button", class: "arm", onclick: () => void this.#arm() }, t("alarm.arm"));
    if (state === "silent") return [h("strong", { class: "armed-words" }, bell(true), t("alarm.silent")), arm];
    const gaps = this.ring.gaps.map(({ fromMs, toMs }) =>
      h("span", { class: "gap" }, t("alarm.gap", { from: clock(fromMs * 1000, true), to: clock(toMs * 1000, true) })),
    );
    const away = gaps.length
      ? h("button", { type: "button", class: "gap-seen", onclick: () => this.#putAway() }, t("alarm.gap_seen"))
      : null;
    if (state === "lost") {
      return [
        h("strong", { class: "armed-words", role: "alert" }, bell(true), t("alarm.lost")),
        this.lostFor,
        h("span", { class: "armed-why" }, t(`alarm.cause.${cause}`)),
        cause === "link" || cause === "relay" ? null : arm,
      ];
    }
    return [
      h("span", { class: "armed-words" }, bell(false), t("alarm.armed")),
      h("button", { type: "button", class: "tool quiet", onclick: () => this.ring.alarm.test() }, t("alarm.test")),
      h("span", { class: "consoles" }, this.#consoles()),
      gaps,
      away,
    ].flat();
  }

  /** How many pages of this hospital can ring, and whose was lost. */
  #consoles() {
    const beat = this.store.feed.lastBeat;
    if (!beat || !this.store.now.isFresh) return "";
    const lost = beat["lost"].map((/** @type {{who: string, since_us: number}} */ one) =>
      t("alarm.colleague_lost", { who: one.who, at: clock(one.since_us) }),
    );
    return [t("alarm.consoles", { n: beat["armed_pages"] }), ...lost].join("　▲ ");
  }

  #putAway() {
    this.ring.armed.gaps = [];
    this.render();
  }

  async #arm() {
    await this.ring.arm();
    this.render();
  }

  #ring() {
    this.ring.sound();
    const { high, hand } = sounding(triaged(this.store.rows.values()));
    this.calls.show([...high, ...hand].filter((row) => row.id !== this.store.current));
  }

  /** @param {IncidentRow} row */
  #call(row) {
    return h(
      "button",
      {
        type: "button",
        class: "call",
        dataset: { tier: letterOf(row.call?.tier), level: row.call?.level ?? "" },
        onclick: () => this.open(row.id),
      },
      tierBadge(row.call?.tier),
      h("span", { class: "call-unit" }, row.unit),
      h("span", null, ageSex(row.patient)),
      h("strong", { class: "call-open" }, t("alarm.open")),
    );
  }
}
