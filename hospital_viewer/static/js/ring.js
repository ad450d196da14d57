/**
 * Whether this page would ring, proved every second, and what is heard when it would not. The failure
 * of the alarm is itself an alarm: two falling tones, and words that say since when.
 */

import { Armed } from "/static/kit/shared/armed.js";
import { every } from "/static/kit/shared/steady.js";
import { sounding } from "/static/viewer/js/triage.js";

const LOOK_MS = 1_000;
/** Shorter stretches in which nothing would have been heard are not worth a word. */
const SHORT_MS = 10_000;

export class Ring {
  /**
   * @param {import("/static/viewer/js/store.js").Store} store
   * @param {import("/static/kit/shared/alarm.js").Alarm} alarm
   * @param {() => void} changed
   */
  constructor(store, alarm, changed) {
    this.store = store;
    this.alarm = alarm;
    this.changed = changed;
    this.armed = new Armed();
    /** @type {Set<string>} */
    this.chimed = new Set();
    /** Colleagues' consoles whose loss was heard here. @type {Set<string>} */
    this.lostHeard = new Set();
    every(() => this.look(), LOOK_MS);
    store.feed.on("beat", () => {
      if (document.visibilityState !== "visible") this.look();
    });
  }

  /** From a person's gesture. */
  async arm() {
    if (!(await this.alarm.arm())) return;
    await this.alarm.watchOutputs().catch(() => {});
    this.armed.want(Date.now());
    this.alarm.test();
    this.store.feed.tellStanding();
    this.look();
  }

  /** A person signs out here. */
  release() {
    this.armed.release();
    this.alarm.quiet();
  }

  /** The relay has ended the session: this page will not ring, and that is heard. */
  ended() {
    this.armed.end(Date.now());
    this.sound();
  }

  /** Somebody has signed in again where the session had ended: their gesture arms what was armed before. */
  back() {
    if (this.armed.cause === "session") this.armed.want(Date.now());
  }

  /** Whether this page is armed and its sound runs: what the relay is told. */
  get isSounding() {
    return (
      this.armed.wanted &&
      this.alarm.armed &&
      this.alarm.hasOutput &&
      this.armed.cause !== "sound" &&
      this.armed.cause !== "session"
    );
  }

  look() {
    const { feed } = this.store;
    const before = `${this.armed.state}${this.armed.cause}`;
    const running = this.alarm.look() || (this.alarm.armed && Date.now() - this.armed.wantedMs < 2 * LOOK_MS);
    const { hasOutput } = this.alarm;
    this.armed.look(Date.now(), { running, hasOutput, heardMs: feed.heardMs, provedMs: feed.provedMs });
    if (before !== `${this.armed.state}${this.armed.cause}`) {
      feed.tellStanding();
      this.changed();
    }
    this.sound();
  }

  /** What is to be heard now: a case before the alarm's own failure, a failure before silence. */
  sound() {
    const { high, hand, soft } = sounding([...this.store.rows.values()]);
    const isLost = this.armed.state === "lost";
    if (high.length) this.alarm.ring("high");
    else if (hand.length) this.alarm.ring("medium");
    else if (isLost) this.alarm.ring("low");
    else this.alarm.quiet();
    for (const { call } of soft) this.#once(this.chimed, call?.snapshot ?? "", "medium");
    for (const one of this.store.feed.lastBeat?.["lost"] ?? [])
      this.#once(this.lostHeard, `${one.who}${one.since_us}`, "low");
  }

  /** @param {Set<string>} heard @param {string} key @param {import("/static/kit/shared/alarm.js").Priority} priority */
  #once(heard, key, priority) {
    if (heard.has(key) || !this.alarm.armed || this.alarm.ringing) return;
    heard.add(key);
    this.alarm.once(priority);
  }

  /** Stretches in which nothing would have been heard, until somebody puts them away. */
  get gaps() {
    return this.armed.gaps.filter(({ fromMs, toMs }) => toMs - fromMs >= SHORT_MS);
  }
}
