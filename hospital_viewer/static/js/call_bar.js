/**
 * The cases that ring, in a strip that never grows: the worst stand in it, all the others one press away
 * in a frame of their own. However many ring, trace and buttons stay where they are.
 */

import { fill, h, setText } from "/static/kit/shared/dom.js";
import { lang, t } from "/static/kit/shared/i18n.js";

/** @typedef {import("/static/viewer/js/contract.js").IncidentRow} IncidentRow */

const MOST = 2;

export class CallBar {
  /**
   * @param {import("/static/viewer/js/delivery.js").Delivery} delivery
   * @param {(row: IncidentRow) => HTMLElement} draw
   */
  constructor(delivery, draw) {
    this.delivery = delivery;
    this.draw = draw;
    this.narrow = window.matchMedia("(max-width: 699px)");
    this.open = false;
    this.version = "";
    /** @type {readonly IncidentRow[]} */
    this.rows = [];
    this.first = h("div", { class: "calls" });
    this.more = h("button", {
      type: "button",
      class: "calls-more",
      "aria-controls": "calls-all",
      onclick: () => this.#turn(!this.open),
    });
    this.all = h("div", { class: "calls-all", id: "calls-all", hidden: true });
    this.el = h("div", { class: "ringing", role: "alert", hidden: true }, this.first, this.more, this.all);
    this.narrow.addEventListener("change", () => this.show(this.rows));
    this.el.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !this.open) return;
      event.stopPropagation();
      this.#turn(false);
      this.more.focus();
    });
  }

  /** @param {readonly IncidentRow[]} rows the worst first */
  show(rows) {
    this.rows = rows;
    const most = this.narrow.matches ? 1 : MOST;
    const version = JSON.stringify([
      most,
      this.open,
      lang(),
      rows.map((row) => [row.id, row.call, row.alert, row.unread, row.unit, row.patient]),
    ]);
    if (version === this.version) return;
    this.version = version;
    this.el.hidden = rows.length === 0;
    const hidden = Math.max(0, rows.length - most);
    if (hidden === 0) this.open = false;
    this.more.hidden = hidden === 0;
    this.all.hidden = !this.open;
    this.more.setAttribute("aria-expanded", String(this.open));
    setText(this.more, this.open ? `▲ ${t("alarm.fewer")}` : `▼ ${t("alarm.more", { n: hidden })}`);
    fill(
      this.first,
      rows.slice(0, most).map((row) => this.#call(row)),
    );
    fill(this.all, this.open ? rows.slice(most).map((row) => this.#call(row)) : null);
  }

  /** Whether the frame with all of them was open and is not any more. */
  close() {
    const { open } = this;
    if (open) this.#turn(false);
    return open;
  }

  /** @param {IncidentRow} row */
  #call(row) {
    const call = this.draw(row);
    this.delivery.watch(call, row);
    return call;
  }

  /** @param {boolean} open */
  #turn(open) {
    this.open = open;
    this.show(this.rows);
  }
}
