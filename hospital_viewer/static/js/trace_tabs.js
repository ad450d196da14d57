/** The row of a case's traces: live, trend, and each ECG by its time; walked with the arrow keys. */

import { fill, h, scrollInFrame } from "/static/kit/shared/dom.js";
import { clock } from "/static/kit/shared/format.js";
import { lang, t } from "/static/kit/shared/i18n.js";
import { letterOf, tierBadge } from "/static/kit/shared/tier.js";

/** @typedef {import("/static/viewer/js/contract.js").IncidentDetail} IncidentDetail */

export class TraceTabs {
  /** @param {(what: string) => void} show */
  constructor(show) {
    this.show = show;
    this.el = h("div", {
      class: "trace-tabs",
      role: "tablist",
      onkeydown: (/** @type {KeyboardEvent} */ event) => this.#walk(event),
    });
  }

  /** @param {IncidentDetail} detail @param {string | null} shown @param {HTMLElement} panel */
  render(detail, shown, panel) {
    const snaps = [...detail.snapshots].sort((a, b) => b.taken_at_us - a.taken_at_us);
    const version = JSON.stringify([
      shown,
      lang(),
      Boolean(detail.stream),
      snaps.map((s) => [s.id, s.tier, s.complete]),
    ]);
    if (this.el.dataset["version"] === version) return;
    this.el.dataset["version"] = version;
    const had = this.el.contains(document.activeElement);
    this.el.setAttribute("aria-label", t("trace.tabs"));
    const tab = (/** @type {string} */ id, /** @type {(Node | string | null)[]} */ ...inside) =>
      h(
        "button",
        {
          type: "button",
          role: "tab",
          class: "tab",
          id: `tab-${id}`,
          "aria-controls": "trace-panel",
          "aria-selected": String(shown === id),
          tabindex: shown === id ? "0" : "-1",
          onclick: () => this.show(id),
        },
        ...inside,
      );
    fill(
      this.el,
      detail.stream ? tab("live", `● ${t("trace.live")}`) : null,
      detail.stream ? tab("trend", `⌁ ${t("trace.trend")}`) : null,
      snaps.map((snap) =>
        tab(
          snap.id,
          h("span", null, clock(snap.taken_at_us, true)),
          letterOf(snap.tier) ? tierBadge(snap.tier, true) : null,
          h("span", { class: "tab-reason" }, t(`reason.${snap.reason}`)),
          snap.complete ? null : h("span", { class: "tab-reason" }, t("trace.incomplete")),
        ),
      ),
    );
    const chosen = /** @type {HTMLElement | null} */ (this.el.querySelector("[aria-selected=true]"));
    if (chosen) scrollInFrame(this.el, chosen);
    else this.el.firstElementChild?.setAttribute("tabindex", "0");
    if (had) chosen?.focus({ preventScroll: true });
    panel.setAttribute("aria-labelledby", chosen?.id ?? "");
  }

  /** Left and right walk the tabs, as in every other row of tabs. @param {KeyboardEvent} event */
  #walk(event) {
    const all = /** @type {HTMLElement[]} */ ([...this.el.children]);
    const here = all.findIndex((one) => one.getAttribute("aria-selected") === "true");
    const to = { ArrowLeft: here - 1, ArrowRight: here + 1, Home: 0, End: all.length - 1 }[event.key];
    const next = to === undefined ? undefined : all[(to + all.length) % all.length];
    if (!next) return;
    event.preventDefault();
    next.focus();
    next.click();
  }
}
