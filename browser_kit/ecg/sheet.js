/**
 * The twelve-lead sheet on a screen: layouts, zoom and pan with fingers, wheel or keys, and a caliper.
 * Speed, gain and filter stand beside it at all times. Knows no socket: give it a recording.
 */

import { fill, h, setText } from "/static/kit/shared/dom.js";
import { signedMm } from "/static/kit/shared/format.js";
import { onLang, t } from "/static/kit/shared/i18n.js";
import { measure, nudge } from "/static/kit/ecg/caliper.js";
import { onDeviceBox } from "/static/kit/ecg/device-box.js";
import { LAYOUTS, MM_PER_MV, fitSheet, roomyLayout } from "/static/kit/ecg/paper.js";
import { crisp, wholeScale } from "/static/kit/ecg/raster.js";
import { scaleWords } from "/static/kit/ecg/scale-words.js";
import { paintCaliper, paintSheet, tracesOf } from "/static/kit/ecg/sheet-paint.js";
import { SheetHand } from "/static/kit/ecg/sheet-hand.js";

/**
 * @typedef {import("/static/kit/ecg/snapshot.js").Recording} Recording
 * @typedef {import("/static/kit/ecg/paper.js").LayoutName} LayoutName
 * @typedef {import("/static/kit/ecg/report.js").Reading} Reading
 */

/** @param {Element} element @returns {import("/static/kit/ecg/sheet-paint.js").PaperColours} */
function coloursOf(element) {
  const css = getComputedStyle(element);
  const of = (/** @type {string} */ name) => css.getPropertyValue(name).trim();
  return {
    paper: of("--paper"),
    fine: of("--paper-fine"),
    bold: of("--paper-bold"),
    ink: of("--paper-ink"),
    label: of("--paper-label"),
    mark: of("--paper-mark"),
    gap: of("--paper-gap"),
    caliper: of("--paper-caliper"),
  };
}

/**
 * The words beside a trace, in the direction in which it is drawn.
 * @param {import("/static/kit/ecg/report.js").LeadReading} lead
 * @param {boolean} negate
 */
function noteOf(lead, negate) {
  if (lead.jUv === null) return null;
  const sign = negate ? -1 : 1;
  const meets = negate ? lead.meetsInverse : lead.meets;
  const j60 = lead.j60Uv === null ? "" : `  +60 ${signedMm(sign * lead.j60Uv)}`;
  const short = `${meets ? "▲" : ""}J ${signedMm(sign * lead.jUv)}`;
  return { text: `${short}${j60}`, short, strong: meets };
}

export class SheetView {
  constructor() {
    /** @type {Recording | null} */
    this.rec = null;
    /** @type {Reading | null} */
    this.reading = null;
    /** @type {LayoutName | null} what the reader chose; null: what fits */
    this.chosen = null;
    this.cabrera = false;
    /** @type {import("/static/kit/ecg/filters.js").FilterName} */
    this.filter = "diagnostic";
    /** @type {import("/static/kit/ecg/caliper.js").Caliper | null} */
    this.caliper = null;
    /** @type {"a" | "b"} */
    this.active = "b";
    this.measuring = false;
    /** What is painted, on whole pixels of the screen. @type {import("/static/kit/ecg/sheet-paint.js").View} */
    this.view = { pxPerMm: 1, xPx: 0, yPx: 0, dpr: 1 };
    /** What the hand asked for: small steps add up here. */
    this.wish = { pxPerMm: 1, xPx: 0, yPx: 0 };
    /** @type {import("/static/kit/ecg/device-box.js").DeviceBox} */
    this.room = { widthPx: 0, heightPx: 0, deviceWidth: 0, deviceHeight: 0, dpr: 1 };
    this.fitted = true;
    this.queued = false;
    /** Called when samples of the recording are on the screen. @type {() => void} */
    this.onpainted = () => undefined;
    this.canvas = h("canvas", { class: "layer", "aria-hidden": "true" });
    this.readout = h("output", { class: "caliper-readout", hidden: true, "aria-live": "polite" });
    this.box = h("div", { class: "sheet-box", tabindex: "0", role: "application" }, this.canvas, this.readout);
    this.layoutPick = h("select", { class: "tool", onchange: () => this.#choose() });
    this.cabreraButton = h("button", {
      type: "button",
      class: "tool",
      onclick: () => {
        this.cabrera = !this.cabrera;
        this.#changed();
      },
    });
    this.filterButton = h("button", {
      type: "button",
      class: "tool",
      onclick: () => {
        this.filter = this.filter === "monitor" ? "diagnostic" : "monitor";
        this.#changed();
      },
    });
    this.caliperButton = h("button", { type: "button", class: "tool", onclick: () => this.toggleCaliper() });
    this.fitButton = h("button", { type: "button", class: "tool", onclick: () => this.fit() });
    this.scaleText = h("span", { class: "scale-text" });
    this.warning = h("span", { class: "hash-warning", role: "alert" });
    this.tools = h(
      "div",
      { class: "sheet-tools" },
      this.layoutPick,
      this.caliperButton,
      this.fitButton,
      this.cabreraButton,
      this.filterButton,
    );
    this.el = h(
      "section",
      { class: "sheet" },
      h("div", { class: "trace-status" }, this.scaleText, this.warning),
      this.box,
      this.tools,
    );
    this.box.addEventListener("keydown", (event) => this.#key(event));
    this.#words();
    this.hand = new SheetHand(this);
    onDeviceBox(this.canvas, (room) => this.#resized(room));
    onLang(() => {
      this.#words();
      this.draw();
    });
    document.addEventListener("kyumei-theme", () => this.draw());
  }

  #words() {
    this.box.setAttribute("aria-label", t("sheet.label"));
    this.layoutPick.setAttribute("aria-label", t("sheet.layout"));
    fill(
      this.layoutPick,
      LAYOUTS.map((name) =>
        h("option", { value: name, selected: name === this.layoutName }, t(`sheet.layout.${name}`)),
      ),
    );
    setText(this.caliperButton, t("sheet.caliper"));
    setText(this.fitButton, t("sheet.fit"));
    setText(this.cabreraButton, "Cabrera");
    setText(this.filterButton, this.filter === "diagnostic" ? t("filter.to_monitor") : t("filter.to_diagnostic"));
    this.caliperButton.setAttribute("aria-pressed", String(this.measuring));
    this.cabreraButton.setAttribute("aria-pressed", String(this.cabrera));
    const timing = t(
      this.layoutName === "12x1" || this.layoutName === "6x2n" ? "sheet.simultaneous" : "sheet.sequential",
    );
    setText(
      this.scaleText,
      scaleWords({ mmPerMv: MM_PER_MV, filter: this.filter, fsHz: this.rec?.fsHz ?? NaN, timing }),
    );
    this.scaleText.classList.toggle("warn", this.filter === "monitor");
    setText(this.warning, this.rec?.hash === "differs" ? t("sheet.hash_differs") : "");
  }

  /** @returns {LayoutName} */
  get layoutName() {
    if (this.chosen) return this.chosen;
    return this.room.widthPx < 560 ? "6x2n" : "3x4";
  }

  /** @param {Recording | null} rec @param {Reading | null} reading */
  show(rec, reading) {
    const other = rec !== this.rec;
    this.rec = rec;
    this.reading = reading;
    if (other) this.caliper = null;
    this.#changed(other);
  }

  /** As every new patient begins: the layout that fits, the usual order of leads, the diagnostic band, no caliper. */
  usual() {
    this.chosen = null;
    this.cabrera = false;
    this.filter = "diagnostic";
    if (this.measuring) this.toggleCaliper();
    this.caliper = null;
    this.#changed();
  }

  #choose() {
    this.chosen = /** @type {LayoutName} */ (this.layoutPick.value);
    this.#changed();
  }

  #changed(refit = true) {
    const { widthPx, heightPx, dpr } = this.room;
    this.layout = roomyLayout(this.layoutName, { cabrera: this.cabrera }, widthPx, heightPx, dpr);
    this.traces = this.rec ? tracesOf(this.rec, this.layout, this.filter) : new Map();
    if (refit) this.fit();
    this.#words();
    this.draw();
  }

  /** @param {import("/static/kit/ecg/device-box.js").DeviceBox} room */
  #resized(room) {
    if (room.widthPx < 20 || room.heightPx < 20) return;
    this.room = room;
    this.canvas.width = room.deviceWidth;
    this.canvas.height = room.deviceHeight;
    this.#changed(this.fitted);
    if (!this.fitted) this.#loosened();
  }

  /** @returns {import("/static/kit/ecg/sheet-paint.js").View} */
  #fitting() {
    const { widthPx, heightPx, dpr } = this.room;
    return {
      dpr,
      ...(this.layout && widthPx ? fitSheet(this.layout, widthPx, heightPx, dpr) : { pxPerMm: 1, xPx: 0, yPx: 0 }),
    };
  }

  /**
   * Scale and origin from now on, brought onto the screen's pixels.
   * @param {{pxPerMm: number, xPx: number, yPx: number}} at
   */
  #place({ pxPerMm, xPx, yPx }) {
    const { dpr } = this.room;
    this.wish = { ...this.wish, xPx, yPx };
    this.view = { dpr, pxPerMm, xPx: crisp(xPx, dpr), yPx: crisp(yPx, dpr) };
    this.draw();
  }

  fit() {
    if (!this.layout || this.room.widthPx < 20) return;
    const whole = this.#fitting();
    this.wish = whole;
    this.#place(whole);
    this.fitted = true;
    this.box.classList.add("fitted");
  }

  /** Zooms about a point of the box. @param {number} factor @param {number} x @param {number} y */
  zoom(factor, x, y) {
    const least = this.#fitting().pxPerMm;
    const wanted = Math.min(24, Math.max(least, this.wish.pxPerMm * factor));
    if (wanted <= least * 1.001) {
      this.fit();
      return;
    }
    this.wish = { ...this.wish, pxPerMm: wanted };
    const pxPerMm = wholeScale(wanted, this.room.dpr);
    const real = pxPerMm / this.view.pxPerMm;
    this.#loosened(pxPerMm, x - (x - this.wish.xPx) * real, y - (y - this.wish.yPx) * real);
  }

  /** @param {number} dx @param {number} dy */
  pan(dx, dy) {
    this.#loosened(this.view.pxPerMm, this.wish.xPx + dx, this.wish.yPx + dy);
  }

  /** The sheet cannot be pushed out of sight. @param {number} [pxPerMm] @param {number} [xPx] @param {number} [yPx] */
  #loosened(pxPerMm = wholeScale(this.wish.pxPerMm, this.room.dpr), xPx = this.wish.xPx, yPx = this.wish.yPx) {
    const { layout, room } = this;
    if (!layout) return;
    const keep = (/** @type {number} */ at, /** @type {number} */ size, /** @type {number} */ space) =>
      size <= space ? (space - size) / 2 : Math.min(0, Math.max(space - size, at));
    this.fitted = false;
    this.box.classList.remove("fitted");
    this.#place({
      pxPerMm,
      xPx: keep(xPx, layout.widthMm * pxPerMm, room.widthPx),
      yPx: keep(yPx, layout.heightMm * pxPerMm, room.heightPx),
    });
  }

  toggleCaliper() {
    this.measuring = !this.measuring;
    this.box.classList.toggle("measuring", this.measuring);
    if (this.measuring && !this.caliper && this.layout) {
      const cell = this.layout.cells[0];
      if (cell)
        this.caliper = { a: { xMm: cell.xMm + 10, yMm: cell.yMm }, b: { xMm: cell.xMm + 30, yMm: cell.yMm - 5 } };
    }
    if (!this.measuring) this.caliper = null;
    if (this.measuring) this.box.focus();
    this.#words();
    this.draw();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const { widthPx: width, heightPx: height } = this.room;
    if (event.key === "+" || event.key === ";") this.zoom(1.3, width / 2, height / 2);
    else if (event.key === "-") this.zoom(1 / 1.3, width / 2, height / 2);
    else if (event.key === "0") this.fit();
    else if (this.caliper && event.key === " ") this.active = this.active === "a" ? "b" : "a";
    else if (this.caliper) {
      const moved = nudge(this.caliper[this.active], event.key, { shift: event.shiftKey, alt: event.altKey });
      if (!moved) return;
      this.caliper = { ...this.caliper, [this.active]: moved };
    } else {
      const step = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] }[event.key];
      if (!step || this.fitted) return;
      this.pan(/** @type {number} */ (step[0]), /** @type {number} */ (step[1]));
    }
    event.preventDefault();
    event.stopPropagation();
    this.draw();
  }

  draw() {
    if (this.queued) return;
    this.queued = true;
    requestAnimationFrame(() => {
      this.queued = false;
      this.#paint();
    });
  }

  #paint() {
    const { widthPx: width, heightPx: height, dpr } = this.room;
    const ctx = this.canvas.getContext("2d");
    if (!ctx || !this.layout || width < 20 || !this.box.isConnected) return;
    ctx.setTransform(dpr, 0, 0, dpr, 0, 0);
    const colours = coloursOf(this.box);
    const notes = new Map(
      (this.reading?.leads ?? []).flatMap((lead) =>
        [false, true].flatMap((negate) => {
          const note = noteOf(lead, negate);
          return note ? [/** @type {const} */ ([`${negate ? "-" : ""}${lead.lead}`, note])] : [];
        }),
      ),
    );
    paintSheet(
      ctx,
      {
        layout: this.layout,
        rec: this.rec,
        traces: this.traces ?? new Map(),
        view: this.view,
        colours,
        notes,
        gapWords: (s) => t("sweep.gap", { s: s.toFixed(1) }),
        missingWords: t("sheet.no_lead"),
      },
      width,
      height,
    );
    if (this.caliper) paintCaliper(ctx, this.view, this.caliper, this.active, colours);
    this.#readout();
    if (this.rec) this.onpainted();
  }

  #readout() {
    this.readout.hidden = !this.caliper;
    if (!this.caliper) return;
    const m = measure(this.caliper);
    const rate = m.perMin === null ? "" : `  ${Math.round(m.perMin)}/min`;
    const mv = (m.uv / 1000).toFixed(2).replace("-", "\u2212");
    const mm = m.mm.toFixed(1).replace("-", "\u2212");
    setText(this.readout, `${Math.round(m.ms)} ms${rate}  ${mv} mV (${mm} mm)`);
  }
}
