/** Fingers, mouse and wheel on a sheet: drag, pinch, double tap, caliper. */

/**
 * @typedef {object} Handled what the hand moves
 * @property {HTMLElement} box
 * @property {boolean} measuring
 * @property {boolean} fitted
 * @property {{pxPerMm: number, xPx: number, yPx: number, dpr: number}} view
 * @property {import("/static/kit/ecg/caliper.js").Caliper | null} caliper
 * @property {"a" | "b"} active
 * @property {(factor: number, x: number, y: number) => void} zoom
 * @property {(dx: number, dy: number) => void} pan
 * @property {() => void} fit
 * @property {() => void} draw
 */

const NEAR_PX = 28;
const DOUBLE_MS = 300;

export class SheetHand {
  /** @param {Handled} sheet */
  constructor(sheet) {
    this.sheet = sheet;
    /** @type {Map<number, {x: number, y: number}>} */
    this.fingers = new Map();
    this.lastTap = { ms: 0, x: 0, y: 0 };
    const { box } = sheet;
    box.addEventListener("pointerdown", (event) => this.#down(event));
    box.addEventListener("pointermove", (event) => this.#move(event));
    for (const name of /** @type {const} */ (["pointerup", "pointercancel"])) {
      box.addEventListener(name, (event) => this.fingers.delete(event.pointerId));
    }
    box.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
  }

  /** @param {MouseEvent} event */
  #at(event) {
    const { left, top } = this.sheet.box.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  }

  /** @param {{x: number, y: number}} at */
  #mm(at) {
    const { view } = this.sheet;
    return { xMm: (at.x - view.xPx) / view.pxPerMm, yMm: (at.y - view.yPx) / view.pxPerMm };
  }

  /** @param {PointerEvent} event */
  #down(event) {
    const at = this.#at(event);
    const { sheet } = this;
    this.fingers.set(event.pointerId, at);
    sheet.box.setPointerCapture(event.pointerId);
    sheet.box.focus({ preventScroll: true });
    if (this.fingers.size !== 1) return;
    if (sheet.measuring) this.#grab(at);
    else this.#maybeDouble(at, event.timeStamp);
  }

  /** Takes the nearer end of the caliper, or starts a new one. @param {{x: number, y: number}} at */
  #grab(at) {
    const { sheet } = this;
    const near = /** @type {const} */ (["a", "b"]).find((end) => {
      const p = sheet.caliper?.[end];
      return (
        p &&
        Math.hypot(
          sheet.view.xPx + p.xMm * sheet.view.pxPerMm - at.x,
          sheet.view.yPx + p.yMm * sheet.view.pxPerMm - at.y,
        ) < NEAR_PX
      );
    });
    if (near) sheet.active = near;
    else {
      sheet.caliper = { a: this.#mm(at), b: this.#mm(at) };
      sheet.active = "b";
    }
    sheet.draw();
  }

  /** @param {{x: number, y: number}} at @param {number} ms */
  #maybeDouble(at, ms) {
    const { lastTap, sheet } = this;
    const twice = ms - lastTap.ms < DOUBLE_MS && Math.hypot(at.x - lastTap.x, at.y - lastTap.y) < NEAR_PX;
    this.lastTap = { ms: twice ? 0 : ms, ...at };
    if (!twice) return;
    if (sheet.fitted) sheet.zoom(2.5, at.x, at.y);
    else sheet.fit();
  }

  /** @param {PointerEvent} event */
  #move(event) {
    const before = this.fingers.get(event.pointerId);
    if (!before) return;
    const at = this.#at(event);
    const other = [...this.fingers].find(([id]) => id !== event.pointerId)?.[1];
    this.fingers.set(event.pointerId, at);
    const { sheet } = this;
    if (other) {
      const factor =
        Math.hypot(at.x - other.x, at.y - other.y) / Math.max(1, Math.hypot(before.x - other.x, before.y - other.y));
      sheet.zoom(factor, (at.x + other.x) / 2, (at.y + other.y) / 2);
    } else if (sheet.measuring && sheet.caliper) {
      sheet.caliper = { ...sheet.caliper, [sheet.active]: this.#mm(at) };
      sheet.draw();
    } else if (!sheet.fitted) sheet.pan(at.x - before.x, at.y - before.y);
  }

  /** @param {WheelEvent} event */
  #wheel(event) {
    if (this.sheet.fitted && !event.ctrlKey && event.deltaY > 0) return;
    event.preventDefault();
    const at = this.#at(event);
    this.sheet.zoom(Math.exp(-event.deltaY * 0.002), at.x, at.y);
  }
}
