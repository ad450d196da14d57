/**
 * Whether a person can have seen what was drawn: at least half of it in the window, the page visible,
 * for a whole second without a break. Painted is not seen.
 */

export const SEEN_SHARE = 0.5;
export const SEEN_MS = 1_000;

/** @typedef {{key: string, there: boolean, told: boolean, timer: number}} Watched */

export class InView {
  /** @param {(key: string, element: Element) => void} tell once for each key that was seen on an element */
  constructor(tell) {
    this.tell = tell;
    /** @type {Map<Element, Watched>} */
    this.watched = new Map();
    this.observer = new IntersectionObserver(
      (entries) => {
        for (const entry of entries) this.#moved(entry);
      },
      { threshold: [0, SEEN_SHARE] },
    );
    document.addEventListener("visibilitychange", () => {
      for (const [element, one] of this.watched) this.#time(element, one);
    });
  }

  /**
   * What stands on an element from now on; the same again changes nothing.
   * @param {Element} element
   * @param {string} key
   */
  watch(element, key) {
    const one = this.watched.get(element);
    if (one?.key === key) return;
    if (one) this.forget(element);
    this.watched.set(element, { key, there: false, told: false, timer: 0 });
    this.observer.observe(element);
  }

  /** @param {Element} element */
  forget(element) {
    window.clearTimeout(this.watched.get(element)?.timer);
    this.watched.delete(element);
    this.observer.unobserve(element);
  }

  /** Elements that are no longer in the page are let go. */
  tidy() {
    for (const element of this.watched.keys()) if (!element.isConnected) this.forget(element);
  }

  /** Whether what stands on an element was seen. @param {Element} element */
  told(element) {
    return this.watched.get(element)?.told === true;
  }

  /** Whether this is in sight at this moment, and has been for its second. @param {string} key */
  isSeen(key) {
    return (
      document.visibilityState === "visible" &&
      [...this.watched.values()].some((one) => one.key === key && one.there && one.told)
    );
  }

  /** @param {IntersectionObserverEntry} entry */
  #moved({ target, intersectionRatio }) {
    const one = this.watched.get(target);
    if (!one) return;
    one.there = intersectionRatio >= SEEN_SHARE;
    this.#time(target, one);
  }

  /** Begins or breaks the second. @param {Element} element @param {Watched} one */
  #time(element, one) {
    const seen = one.there && document.visibilityState === "visible";
    if (!seen) {
      window.clearTimeout(one.timer);
      one.timer = 0;
    } else if (!one.told && one.timer === 0) {
      one.timer = window.setTimeout(() => {
        one.timer = 0;
        one.told = true;
        this.tell(one.key, element);
      }, SEEN_MS);
    }
  }
}
