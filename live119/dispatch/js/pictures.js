/** One player for every call that has a picture: small on the wall, and the same one on the big screen. */

import { WhepPlayer } from "/static/kit/video/whep.js";

/** @typedef {import("/static/dispatch/js/store.js").Call} Call */

const HAS_PICTURE = new Set(["allowed", "live", "frozen"]);
const MOST = 8;

export class Pictures {
  constructor() {
    /** @type {Map<string, WhepPlayer>} */
    this.players = new Map();
  }

  /**
   * Opens what is missing and closes what is over: the call on the big screen first, then the newest.
   * @param {Call[]} calls
   * @param {string | null} current
   */
  keep(calls, current) {
    const wanted = calls
      .filter((call) => HAS_PICTURE.has(call.state))
      .sort((a, b) => Number(b.id === current) - Number(a.id === current) || b.taken_at_us - a.taken_at_us)
      .slice(0, MOST)
      .map((call) => call.id);
    for (const [id, player] of this.players)
      if (!wanted.includes(id)) {
        player.close();
        player.el.remove();
        this.players.delete(id);
      }
    for (const id of wanted) if (!this.players.has(id)) this.players.set(id, new WhepPlayer(`/api/calls/${id}`, true));
  }

  /** @param {string} id */
  of(id) {
    return this.players.get(id) ?? null;
  }

  /**
   * Puts a player where it is to be seen; taken from one place to another it would stand still.
   * @param {HTMLElement} at
   * @param {WhepPlayer | null} player
   */
  place(at, player) {
    if (!player) return at.replaceChildren();
    if (player.el.parentElement === at) return;
    at.replaceChildren(player.el);
    player.straight();
  }

  close() {
    this.keep([], null);
  }
}
