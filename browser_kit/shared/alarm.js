/**
 * The sound of an alert, made with Web Audio and patterned after IEC 60601-1-8 (no conformity is
 * claimed): high priority is ten pulses, five and five; medium is three, rising; low is two, falling: the
 * alarm itself has failed. A browser lets a page sound
 * only after a person's gesture: until then, and whenever the device takes the sound away, the page
 * is *silent* and says so to its user and to the relay.
 */

import { cancel, every } from "/static/kit/shared/steady.js";

/**
 * @typedef {"high" | "medium" | "low"} Priority
 * @typedef {{atS: number, hz: number, lengthS: number}} Pulse
 */

const C4 = 261.63,
  E4 = 329.63,
  G4 = 392.0,
  C5 = 523.25;
const PULSE_S = 0.15;
const SPACE_S = 0.1;
/** From the end of a burst to the next one. */
const REST_S = { high: 4, medium: 8, low: 12 };
/** Amplitude of the fundamental and its harmonics; all within 15 dB of each other. */
export const HARMONICS = [1, 0.8, 0.65, 0.5, 0.4, 0.3];
const AHEAD_S = 20;

/** Five pulses: three, a longer space, two. @param {number} startS @returns {Pulse[]} */
function five(startS) {
  const step = PULSE_S + SPACE_S;
  const late = PULSE_S + SPACE_S;
  return [C4, E4, G4, G4, C5].map((hz, i) => ({
    atS: startS + i * step + (i >= 3 ? late : 0),
    hz,
    lengthS: PULSE_S,
  }));
}

/**
 * One burst.
 * @param {Priority} priority
 * @returns {Pulse[]}
 */
export function burst(priority) {
  if (priority === "low") return [E4, C4].map((hz, i) => ({ atS: i * 0.5, hz, lengthS: 0.3 }));
  if (priority === "medium") {
    return [C4, E4, G4].map((hz, i) => ({ atS: i * 0.4, hz, lengthS: 0.2 }));
  }
  const first = five(0);
  const end = /** @type {Pulse} */ (first[4]).atS + PULSE_S;
  return [...first, ...five(end + 0.5)];
}

/** @param {readonly Pulse[]} pulses */
const lengthOf = (pulses) => Math.max(...pulses.map((p) => p.atS + p.lengthS));

export class Alarm {
  /** @param {() => void} changed called when armed or ringing changes */
  constructor(changed) {
    this.changed = changed;
    /** @type {AudioContext | null} */
    this.audio = null;
    /** @type {GainNode | null} */
    this.out = null;
    /** @type {Priority | null} */
    this.ringing = null;
    this.untilS = 0;
    this.timer = 0;
    /** The sound's own clock at the last look, in ms. */
    this.lookedMs = -1;
    this.isMoving = false;
    /** Whether the device has something to sound with; true where the browser does not say. */
    this.hasOutput = true;
    this.hadOutput = false;
  }

  /** The sound's own clock: it moves on while sound comes out. */
  get audioMs() {
    return this.audio ? Math.round(this.audio.currentTime * 1000) : 0;
  }

  /**
   * To be called every second or so: whether the sound really runs, by its own clock. A state that says "running" and
   * stands still is silent.
   */
  look() {
    const { audioMs } = this;
    this.isMoving = this.armed && audioMs !== this.lookedMs;
    this.lookedMs = audioMs;
    if (this.audio && !this.armed) void this.audio.resume().catch(() => {});
    return this.isMoving;
  }

  /** Hear of loudspeakers that come and go. A browser that names none is believed to have one. */
  async watchOutputs() {
    const media = navigator.mediaDevices;
    if (!media?.enumerateDevices) return;
    const count = async () => {
      const outputs = (await media.enumerateDevices()).filter((device) => device.kind === "audiooutput");
      this.hadOutput ||= outputs.length > 0;
      this.hasOutput = outputs.length > 0 || !this.hadOutput;
      this.changed();
    };
    media.addEventListener("devicechange", () => void count());
    await count();
  }

  /** Whether a sound would be heard now. */
  get armed() {
    return this.audio?.state === "running";
  }

  /** To be called from a person's gesture. */
  async arm() {
    if (!this.audio) {
      this.audio = new AudioContext();
      this.audio.onstatechange = () => this.changed();
    }
    try {
      await this.audio.resume();
    } catch {
      /* stays silent, and the page says so */
    }
    this.changed();
    return this.armed;
  }

  /** One medium burst, so that a person knows the volume is up. */
  test() {
    if (this.audio && this.armed && !this.ringing)
      this.#play(burst("medium"), this.audio.currentTime + 0.05, this.#gain());
  }

  /** One burst, not repeated. @param {Priority} priority */
  once(priority) {
    if (this.audio && this.armed && !this.ringing)
      this.#play(burst(priority), this.audio.currentTime + 0.05, this.#gain());
  }

  /** Repeats until `quiet()`. @param {Priority} priority */
  ring(priority) {
    if (this.ringing === priority) return;
    this.quiet();
    this.ringing = priority;
    this.untilS = 0;
    this.#keepRinging();
    this.timer = every(() => this.#keepRinging(), 1_000);
    this.changed();
  }

  quiet() {
    if (!this.ringing) return;
    this.ringing = null;
    cancel(this.timer);
    this.out?.disconnect();
    this.out = null;
    if (navigator.vibrate) navigator.vibrate(0);
    this.changed();
  }

  /** Bursts are put on the audio clock well ahead, because a hidden page's timers are slow. */
  #keepRinging() {
    const { audio, ringing } = this;
    if (!audio || !ringing || !this.armed) return;
    this.out ??= this.#gain();
    const pulses = burst(ringing);
    let at = Math.max(this.untilS, audio.currentTime + 0.05);
    while (at < audio.currentTime + AHEAD_S) {
      this.#play(pulses, at, this.out);
      at += lengthOf(pulses) + REST_S[ringing];
    }
    this.untilS = at;
    if (navigator.vibrate && document.visibilityState === "visible") navigator.vibrate([200, 100, 200, 100, 200]);
  }

  #gain() {
    const audio = /** @type {AudioContext} */ (this.audio);
    const gain = audio.createGain();
    gain.gain.value = 0.35;
    gain.connect(audio.destination);
    return gain;
  }

  /** @param {readonly Pulse[]} pulses @param {number} startS @param {GainNode} out */
  #play(pulses, startS, out) {
    const audio = /** @type {AudioContext} */ (this.audio);
    const imag = new Float32Array([0, ...HARMONICS]);
    const wave = audio.createPeriodicWave(new Float32Array(imag.length), imag);
    for (const { atS, hz, lengthS } of pulses) {
      const tone = audio.createOscillator();
      const shape = audio.createGain();
      const at = startS + atS;
      tone.setPeriodicWave(wave);
      tone.frequency.value = hz;
      shape.gain.setValueAtTime(0, at);
      shape.gain.linearRampToValueAtTime(1, at + 0.02);
      shape.gain.setValueAtTime(1, at + lengthS - 0.03);
      shape.gain.linearRampToValueAtTime(0, at + lengthS);
      tone.connect(shape).connect(out);
      tone.start(at);
      tone.stop(at + lengthS);
    }
  }
}

/**
 * Keeps the screen lit while `wanted()` is true, again after the page was hidden.
 * @param {() => boolean} wanted
 * @returns {() => void} call when `wanted` may have changed
 */
export function keepAwake(wanted) {
  /** @type {WakeLockSentinel | null} */
  let lock = null;
  const check = async () => {
    if (!("wakeLock" in navigator) || document.visibilityState !== "visible") return;
    if (wanted() && (!lock || lock.released)) {
      try {
        lock = await navigator.wakeLock.request("screen");
      } catch {
        /* low battery: the screen may dim; the sound does not depend on it */
      }
    } else if (!wanted() && lock) {
      await lock.release();
      lock = null;
    }
  };
  document.addEventListener("visibilitychange", check);
  return () => void check();
}
