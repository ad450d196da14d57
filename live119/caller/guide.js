/** First aid on the caller's screen, and the beat to press to: sound, flash and vibration. */

import { draw, h, ruby, t, words } from "/static/caller/view.js";

export const RATE = 110;
export const PERIOD_S = 60 / RATE;
const AHEAD_S = 0.4;
const head = (/** @type {number} */ x, /** @type {number} */ y, r = 10) => `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0`;
const LYING = [[head(24, 88)], ["M36 90H128L150 78L168 98"], ["M8 104H192"]];
/** @type {Record<string, string[][]>} */
const PICTURES = {
  "cpr-adult": [...LYING, [head(98, 18), "push"], ["M98 30L86 58L80 78M98 30L74 58L72 78", "push"], ["M70 80H86", "push r"], ["M98 30L124 66L116 100L146 102"]],
  "cpr-child": [[head(40, 90, 9)], ["M51 92H104L118 84L128 98"], ["M8 104H192"], [head(98, 22), "push"], ["M98 34L84 60L72 82", "push"], ["M66 84H78", "push r"], ["M98 34L122 68L116 100L146 102"]],
  "aed": [["M70 20Q100 4 130 20L140 104H60Z"], ["M74 34h18v24h-18z", "y"], ["M114 70h18v24h-18z", "y"], ["M83 58C70 90 30 100 20 70M123 94C110 108 60 110 24 84", "r"], ["M4 48h30v30h-30z"], ["M20 52l-6 12h10l-6 12", "r"]],
  "choking": [[head(76, 22)], ["M80 33Q94 52 92 80L88 106M90 70L110 104"], ["M84 44L60 62"], [head(140, 18)], ["M140 30L146 70L138 106M146 70L160 106"], ["M140 38L116 34L104 50", "push"], ["M100 44l8 12", "push r"]],
  "bleeding": [["M10 84H130Q160 84 180 66M10 52H110L150 40"], ["M70 52q-10-34 12-30q22-10 34 30z", "y"], ["M96 22V4M86 12l10-8l10 8", "r"], ["M58 60h70v18h-70z", "y"]],
  "recovery": [[head(36, 78, 12)], ["M50 82Q90 62 120 78L150 56L176 92M120 80L150 96H184"], ["M62 78L54 96L28 96"], ["M8 106H192"], ["M22 70q-12-2-16 6M20 86q-10 2-14 8", "r"]],
  "burns": [["M20 12H70V30H84V40H56V30H20"], ["M62 46V66M72 46V70M82 46V64", "r"], ["M20 92Q60 70 100 78L170 72M100 98Q140 104 180 94M60 78q14 8 28 2"], ["M52 82h34v10h-34z", "y"]],
};

/** Beats from `from` (inclusive) to `to`, counted from `start` so that no error adds up. @param {number} start @param {number} from @param {number} to */
export function beats(start, from, to) {
  const found = [];
  for (let n = Math.max(0, Math.ceil((from - start) / PERIOD_S - 1e-9)); start + n * PERIOD_S < to; n += 1) found.push(start + n * PERIOD_S);
  return found;
}

export class Beat {
  constructor() {
    /** @type {AudioContext | null} */
    this.audio = null;
    this.timer = 0;
    this.frame = 0;
    this.start = 0;
    this.until = 0;
    this.last = -1;
    /** @type {string | undefined} */
    this.clock = undefined;
  }

  /** Called from a tap, so that the browser lets it sound later. */
  unlock() {
    try {
      this.audio ??= new AudioContext();
      void this.audio.resume();
    } catch { /* no sound: flash and vibration remain */ }
  }

  /** The clock of the sound where it runs, else the page's. */
  now() {
    return this.audio?.state === "running" ? this.audio.currentTime : performance.now() / 1000;
  }

  /** @param {HTMLElement} el flashes */
  run(el) {
    this.stop();
    this.clock = this.audio?.state;
    this.start = this.until = this.now() + 0.1;
    this.last = -1;
    this.timer = window.setInterval(() => this.ahead(), 100);
    const flash = () => {
      const at = this.now() - this.start, n = Math.floor(at / PERIOD_S);
      el.classList.toggle("hit", at >= 0 && at - n * PERIOD_S < 0.13);
      if (n > this.last && at >= 0) { this.last = n; navigator.vibrate?.(60); }
      this.frame = requestAnimationFrame(flash);
    };
    flash();
  }

  /** Schedules the beats of the next moments on the sound's own clock. */
  ahead() {
    const { audio } = this;
    if (audio?.state !== this.clock) { this.clock = audio?.state; this.start = this.until = this.now() + 0.1; this.last = -1; }
    if (!audio || audio.state !== "running") return;
    const now = audio.currentTime;
    for (const at of beats(this.start, Math.max(this.until, now), now + AHEAD_S)) {
      const tone = audio.createOscillator(), loud = audio.createGain();
      tone.frequency.value = 880;
      loud.gain.setValueAtTime(0.9, at);
      loud.gain.exponentialRampToValueAtTime(0.001, at + 0.09);
      tone.connect(loud).connect(audio.destination);
      tone.start(at);
      tone.stop(at + 0.1);
    }
    this.until = Math.max(this.until, now + AHEAD_S);
  }

  stop() {
    clearInterval(this.timer);
    cancelAnimationFrame(this.frame);
  }
}

/** @param {string} topic @param {Beat} beat */
export function guidance(topic, beat) {
  const [title = "", ...steps] = words(`g.${topic}`);
  const el = h("section", { class: "g", "aria-live": "assertive" }, h("h1", {}, ruby(title)), draw(PICTURES[topic] ?? []));
  el.append(h("ol", {}, ...steps.map((step) => h("li", {}, ruby(step)))));
  if (topic.startsWith("cpr")) {
    el.append(h("p", {}, t("beat")));
    beat.run(el);
  } else beat.stop();
  return el;
}
