/**
 * A press is carried out although its button is drawn anew under the finger.
 *
 * A browser makes a click only of a button that stands in the page from finger down to finger up (UI Events, "click").
 * Pages here draw whatever changed, an alarm's strip within the second in which somebody presses it: such a press
 * reached nobody, and nothing said so. What was pressed is what the person saw: it is carried out, once.
 */

const PRESSED = "button, a[href], [role=button], [role=tab]";
/** A browser's own click comes with the release of a mouse; after a touch it may wait for a second one. */
const OWN_CLICK_MS = { mouse: 50, touch: 350 };

/**
 * @typedef {object} Held
 * @property {HTMLElement} element
 * @property {DOMRect} box where it stood
 * @property {Element[]} around what it stood in, innermost first
 * @property {boolean} taken whether it was taken out of the page since
 */

export class Finger {
  /** @param {Element} stage what is drawn into it are whole screens: a press on one that has gone is not carried out */
  constructor(stage) {
    this.stage = stage;
    /** @type {Held | null} */
    this.held = null;
    this.watch = new MutationObserver((changes) => this.#changed(changes));
    /** @param {string} kind @param {(event: any) => void} hear */
    const hear = (kind, hear) => document.addEventListener(kind, hear, { capture: true, passive: true });
    hear("pointerdown", (event) => {
      if (event.isPrimary && event.button === 0) this.#down(event.target);
    });
    hear("pointerup", (event) => {
      if (event.isPrimary) this.#up(event);
    });
    hear("pointercancel", () => this.#let());
    hear("keydown", (event) => {
      if (event.key === " " && !event.repeat) this.#down(document.activeElement);
    });
    hear("keyup", (event) => {
      if (event.key === " ") this.#later(OWN_CLICK_MS.mouse);
    });
    hear("click", (event) => {
      if (event.isTrusted && buttonOf(event.target)) this.#let();
    });
  }

  /** @param {EventTarget | null} target */
  #down(target) {
    this.#let();
    const element = buttonOf(target);
    if (!element) return;
    /** @type {Element[]} */
    const around = [];
    for (let at = element.parentElement; at && at !== this.stage; at = at.parentElement) around.push(at);
    this.held = { element, box: element.getBoundingClientRect(), around, taken: false };
    this.watch.observe(document.body, { childList: true, subtree: true });
  }

  /** @param {MutationRecord[]} changes */
  #changed(changes) {
    const { held } = this;
    if (!held) return;
    const stood = [held.element, ...held.around];
    held.taken ||= changes.some((change) =>
      [...change.removedNodes].some((node) => stood.includes(/** @type {Element} */ (node))),
    );
  }

  /** @param {PointerEvent} event */
  #up(event) {
    const box = this.held?.box;
    if (!box) return;
    const isOn =
      event.clientX >= box.left &&
      event.clientX <= box.right &&
      event.clientY >= box.top &&
      event.clientY <= box.bottom;
    if (isOn) this.#later(event.pointerType === "mouse" ? OWN_CLICK_MS.mouse : OWN_CLICK_MS.touch);
    else this.#let();
  }

  /** Carry it out, unless the browser's own click comes first. @param {number} ms */
  #later(ms) {
    const { held } = this;
    if (!held) return;
    setTimeout(() => {
      if (this.held !== held) return;
      this.#changed(this.watch.takeRecords());
      this.#let();
      const stillThere = held.element.isConnected || held.around.some((one) => one.isConnected);
      if (held.taken && stillThere) held.element.click();
    }, ms);
  }

  #let() {
    this.held = null;
    this.watch.disconnect();
  }
}

/** @param {EventTarget | null} target @returns {HTMLElement | null} */
function buttonOf(target) {
  return target instanceof Element ? target.closest(PRESSED) : null;
}
