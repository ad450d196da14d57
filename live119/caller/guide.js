/** First aid on the caller's screen, and the beat to press to: sound, flash and vibration. */

import { draw, h, ruby, t, words } from "/static/caller/view.js";

export const RATE = 110;
export const PERIOD_S = 60 / RATE;
const AHEAD_S = 0.4;
const head = (/** @type {number} */ x, /** @type {number} */ y, r = 11) =>
  `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0`;
const GROUND = ["M6 106H194"];
/** Kneels over the chest; what has "push" goes down with the beat. */
const KNEELS = [
  ["M140 62L118 98H152", "b"],
  [head(106, 15), "bh push"],
  ["M112 33L140 62", "b push"],
  ["M112 33L84 74", "b push"],
  ["M58 34V62M49 52l9 11l9-11", "r push"],
];
/** Grey who needs help, blue who helps, red what to do: as on a safety sign. @type {Record<string, string[][]>} */
const PICTURES = {
  "cpr-adult": [GROUND, [head(22, 88), "ph"], ["M42 90H116", "p w"], ["M116 92L148 78L182 98", "p"], ...KNEELS],
  "cpr-child": [GROUND, [head(42, 92, 9), "ph"], ["M60 94H100", "p"], ["M100 95L118 86L138 98", "p"], ...KNEELS],
  aed: [
    [head(104, 14, 13), "ph"],
    ["M80 40L52 84M128 40L156 84", "p"],
    ["M76 32Q104 24 132 32L136 110H72Z", "ph"],
    ["M80 46h20v24h-20z", "y n1"],
    ["M112 76h18v26h-18z", "y n2"],
    ["M6 40h42v44h-42z", "y"],
    ["M30 46L20 64h14l-8 16", "r"],
    ["M48 54Q64 44 80 56M48 74Q70 116 112 92", "l"],
  ],
  choking: [
    GROUND,
    ["M78 102L82 66L50 46", "p w"],
    ["M50 48L46 82", "p"],
    [head(30, 36), "ph"],
    ["M132 102L126 60L112 34M126 60L112 102", "b"],
    [head(116, 14), "bh"],
    ["M114 40L90 74L62 68", "b"],
    ["M112 36L88 20L66 40", "b hit2"],
    ["M48 28L42 18M60 24V12", "r"],
  ],
  bleeding: [
    ["M4 90H116L150 80M116 90L152 96", "p w"],
    ["M58 72h64v28h-64z", "y"],
    ["M40 8L82 66M142 8L98 66", "b"],
    ["M168 18V52M158 41l10 12l10-12", "r press"],
  ],
  recovery: [
    GROUND,
    ["M120 92L186 98", "p"],
    ["M52 84L120 90", "p w"],
    ["M118 84L142 58L156 96", "p"],
    [head(34, 82, 12), "ph"],
    ["M62 80L76 102H46", "p"],
    ["M14 70q-8 2-10 8M14 86q-7 2-9 8", "r press"],
  ],
  burns: [
    ["M16 8H74V30H92V46H56V30H16Z", "y"],
    ["M66 54V76M74 52V78M82 54V76", "flow"],
    ["M4 92H106L150 84M106 92L152 98", "p w"],
    ["M62 86h24", "r"],
    ["M176 30a18 18 0 1 1-.1 0M176 36v12l8 6", "l"],
  ],
};

/**
 * Beats from `from` (inclusive) to `to`, counted from `start` so that no error adds up.
 * @param {number} start
 * @param {number} from
 * @param {number} to
 */
export function beats(start, from, to) {
  const found = [];
  for (let n = Math.max(0, Math.ceil((from - start) / PERIOD_S - 1e-9)); start + n * PERIOD_S < to; n += 1)
    found.push(start + n * PERIOD_S);
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
    } catch {
      /* no sound: flash and vibration remain */
    }
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
      const at = this.now() - this.start,
        n = Math.floor(at / PERIOD_S);
      el.classList.toggle("hit", at >= 0 && at - n * PERIOD_S < 0.13);
      if (n > this.last && at >= 0) {
        this.last = n;
        navigator.vibrate?.(60);
      }
      this.frame = requestAnimationFrame(flash);
    };
    flash();
  }

  /** Schedules the beats of the next moments on the sound's own clock. */
  ahead() {
    const { audio } = this;
    if (audio?.state !== this.clock) {
      this.clock = audio?.state;
      this.start = this.until = this.now() + 0.1;
      this.last = -1;
    }
    if (audio?.state !== "running") return;
    const now = audio.currentTime;
    for (const at of beats(this.start, Math.max(this.until, now), now + AHEAD_S)) {
      const tone = audio.createOscillator(),
        loud = audio.createGain();
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
  const el = h(
    "section",
    { class: "g", "aria-live": "assertive" },
    h("h1", {}, ruby(title)),
    draw(PICTURES[topic] ?? []),
  );
  el.append(h("ol", {}, ...steps.map((step) => h("li", {}, ruby(step)))));
  if (topic.startsWith("cpr")) {
    el.append(h("p", {}, t("beat")));
    beat.run(el);
  } else beat.stop();
  return el;
}
