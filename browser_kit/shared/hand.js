/**
 * A person's hand on the page: what alone keeps a session in use. What a page does by itself (asking, drawing,
 * redialling) does not,
 * and a page that nobody has touched for a while is told so before it hides what it shows.
 */

import { t } from "/static/kit/shared/i18n.js";

const KINDS = ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"];
/** So long before it happens. */
const WARN_S = 60;

export class Hand {
  /** @param {import("/static/kit/shared/feed.js").Feed} feed @param {() => void} changed */
  constructor(feed, changed) {
    this.feed = feed;
    for (const kind of KINDS) {
      document.addEventListener(
        kind,
        (event) => {
          if (!isByHand(event)) return;
          const warned = this.leftS !== null;
          feed.input = true;
          if (!warned) return;
          feed.tellStanding(true);
          changed();
        },
        { passive: true, capture: true },
      );
    }
  }

  /** In how many seconds this page will hide what it shows; null while that is far, or somebody is here. */
  get leftS() {
    const inS = this.feed.lastBeat?.["rests_in_s"];
    if (typeof inS !== "number" || this.feed.input || this.feed.state !== "open") return null;
    const leftS = inS - this.feed.silentS();
    return leftS > WARN_S ? null : Math.max(0, leftS);
  }

  /** The same in words; empty while there is nothing to say. */
  get words() {
    const { leftS } = this;
    return leftS === null ? "" : t("hand.soon", { s: leftS });
  }
}

/**
 * Browsers tell of a pointer that moved where only the page moved under it; a script's events are nobody's.
 * @param {Event} event
 */
function isByHand(event) {
  if (!event.isTrusted) return false;
  return (
    event.type !== "pointermove" ||
    /** @type {PointerEvent} */ (event).movementX !== 0 ||
    /** @type {PointerEvent} */ (event).movementY !== 0
  );
}
