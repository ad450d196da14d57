/**
 * The live trace with everything that must stand beside it: age, filter, speed and gain, freeze and
 * look back. Knows no socket: give it frames and what the relay says of the stream.
 */

import { fill, h, setText } from "/static/kit/shared/dom.js";
import { tenths } from "/static/kit/shared/format.js";
import { onLang, t } from "/static/kit/shared/i18n.js";
import { ageS, stateOfAge } from "/static/kit/ecg/age.js";
import { onDeviceBox } from "/static/kit/ecg/device-box.js";
import { drawableLeads } from "/static/kit/ecg/leads.js";
import { PlayHead } from "/static/kit/ecg/playhead.js";
import { SampleRing } from "/static/kit/ecg/ring.js";
import { scaleWords } from "/static/kit/ecg/scale-words.js";
import { SweepPainter } from "/static/kit/ecg/sweep-paint.js";

/**
 * @typedef {import("/static/kit/ecg/age.js").AgeState} AgeState
 * @typedef {import("/static/kit/ecg/filters.js").FilterName} FilterName
 * @typedef {{id: string, fs_hz: number, uv_per_lsb: number, lead_mask: number}} StreamFacts
 */

const KEEP_S = 60;
const LOOK_BACK_S = 30;
const MOST_EARLY = 240;
const GAINS = [5, 10, 20];
const LEAD_SETS = /** @type {const} */ ({ 3: ["II", "V2", "V5"], 6: ["I", "II", "III", "V1", "V3", "V5"], 12: null });
const SHAPES = { live: "●", stale: "▲", lost: "✕", ended: "■", waiting: "…" };

/** @param {Element} element @returns {import("/static/kit/ecg/sweep-paint.js").SweepColours} */
function coloursOf(element) {
  const css = getComputedStyle(element);
  const of = (/** @type {string} */ name) => css.getPropertyValue(name).trim();
  return {
    background: of("--sweep-bg"),
    fine: of("--sweep-fine"),
    bold: of("--sweep-bold"),
    ink: of("--sweep-ink"),
    label: of("--sweep-label"),
    gap: of("--sweep-gap"),
  };
}

const USUAL_GAIN = 10;

export class SweepView {
  /** @param {{leads?: 3 | 6 | 12, gain?: number, filter?: FilterName}} [options] */
  constructor({ leads = 12, gain = USUAL_GAIN, filter = "diagnostic" } = {}) {
    this.leadSet = this.usualLeads = leads;
    this.gain = gain;
    /** @type {FilterName} */
    this.filter = filter;
    /** @type {StreamFacts | null} */
    this.stream = null;
    this.ring = new SampleRing(1);
    this.head = new PlayHead(500);
    this.lastArrivalMs = NaN;
    this.report = { ageMs: 0, atMs: 0, ended: false, backlogS: 0 };
    /** @type {import("/static/kit/ecg/frame.js").EcgFrame[]} */
    this.early = [];
    /** Sample at the right edge while frozen; null while running. @type {number | null} */
    this.frozenEnd = null;
    this.calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.dirty = true;
    this.painted = false;
    /** Called once the first samples of this stream are on the screen. @type {() => void} */
    this.onpainted = () => undefined;
    this.grid = h("canvas", { class: "layer", "aria-hidden": "true" });
    this.trace = h("canvas", { class: "layer", "aria-hidden": "true" });
    this.badge = h("span", { class: "age-badge" });
    this.scaleText = h("span", { class: "scale-text" });
    this.over = h("div", { class: "sweep-over", hidden: true, role: "status" });
    this.box = h("div", { class: "sweep-box", tabindex: "0", role: "img" }, this.grid, this.trace, this.over);
    this.freezeButton = h("button", { type: "button", class: "tool", onclick: () => this.toggleFreeze() });
    this.back = h("input", {
      type: "range",
      class: "look-back",
      min: "0",
      max: String(LOOK_BACK_S),
      step: "0.5",
      value: "0",
      hidden: true,
      oninput: () => this.#lookBack(),
    });
    this.backText = h("output", { class: "look-back-text", hidden: true });
    this.filterButton = h("button", { type: "button", class: "tool", onclick: () => this.#toggleFilter() });
    this.gainButton = h("button", { type: "button", class: "tool", onclick: () => this.#nextGain() });
    this.leadButtons = h("span", { class: "segmented", role: "group" });
    this.tools = h(
      "div",
      { class: "sweep-tools" },
      this.freezeButton,
      this.back,
      this.backText,
      this.leadButtons,
      this.gainButton,
      this.filterButton,
    );
    this.el = h(
      "section",
      { class: "sweep" },
      h("div", { class: "trace-status" }, this.badge, this.scaleText),
      this.box,
      this.tools,
    );
    this.box.addEventListener("keydown", (event) => this.#key(event));
    this.#words();
    this.painter = new SweepPainter(this.grid, this.trace);
    /** @type {import("/static/kit/ecg/device-box.js").DeviceBox} */
    this.room = { widthPx: 0, heightPx: 0, deviceWidth: 0, deviceHeight: 0, dpr: 1 };
    onDeviceBox(this.grid, (room) => {
      this.room = room;
      this.resized = true;
    });
    this.resized = true;
    onLang(() => {
      this.#words();
      this.resized = true;
    });
    document.addEventListener("kyumei-theme", () => {
      this.resized = true;
    });
    requestAnimationFrame((ms) => this.#frame(ms));
    window.setInterval(() => this.#status(), 100);
  }

  #words() {
    this.box.setAttribute("aria-label", t("sweep.label"));
    this.back.setAttribute("aria-label", t("sweep.look_back"));
    setText(this.freezeButton, this.frozenEnd === null ? t("sweep.freeze") : t("sweep.resume"));
    setText(this.gainButton, `${this.gain} mm/mV`);
    setText(this.filterButton, this.filter === "diagnostic" ? t("filter.to_monitor") : t("filter.to_diagnostic"));
    this.freezeButton.setAttribute("aria-pressed", String(this.frozenEnd !== null));
    this.leadButtons.setAttribute("aria-label", t("sweep.leads"));
    fill(
      this.leadButtons,
      Object.keys(LEAD_SETS).map((n) =>
        h(
          "button",
          {
            type: "button",
            class: "tool",
            "aria-pressed": String(Number(n) === this.leadSet),
            onclick: () => {
              this.leadSet = /** @type {3 | 6 | 12} */ (Number(n));
              this.resized = true;
              this.#words();
            },
          },
          t("sweep.n_leads", { n }),
        ),
      ),
    );
    setText(this.scaleText, scaleWords({ mmPerMv: this.gain, filter: this.filter, fsHz: this.stream?.fs_hz ?? NaN }));
    this.scaleText.classList.toggle("warn", this.filter === "monitor" || this.gain !== USUAL_GAIN);
  }

  /** As every new patient begins: 10 mm/mV, the diagnostic band, the leads that fit the screen. */
  usual() {
    this.gain = USUAL_GAIN;
    this.filter = "diagnostic";
    this.leadSet = this.usualLeads;
    this.resized = true;
    this.#words();
  }

  /** Shows a stream from now on; the same one again changes nothing. @param {StreamFacts | null} stream */
  setStream(stream) {
    if (stream && this.stream?.id === stream.id && this.stream.lead_mask === stream.lead_mask) return;
    this.stream = stream;
    const fs = stream?.fs_hz ?? 500;
    this.ring = new SampleRing(Math.round(KEEP_S * fs));
    this.head = new PlayHead(fs);
    this.lastArrivalMs = NaN;
    this.report = { ageMs: 0, atMs: 0, ended: false, backlogS: 0 };
    this.frozenEnd = null;
    this.painted = false;
    this.resized = true;
    this.#words();
    for (const frame of this.early.splice(0)) this.write(frame);
  }

  /**
   * Frames of a stream that is not named yet are kept until it is.
   * @param {import("/static/kit/ecg/frame.js").EcgFrame} frame
   */
  write(frame) {
    if (frame.stream !== this.stream?.id) {
      this.early.push(frame);
      if (this.early.length > MOST_EARLY) this.early.shift();
      return;
    }
    const before = this.ring.end;
    const range = this.ring.write(frame);
    if (this.ring.end > before) {
      this.lastArrivalMs = performance.now();
      if (before > 0 && frame.firstSample > before) this.dirty = true;
      this.head.arrived(this.ring.end, this.lastArrivalMs);
    }
    if (range && range[0] < before) this.dirty = true;
  }

  /** What the relay says of the stream. @param {{state: string, age_ms: number, backlog_ms: number}} state */
  setState(state) {
    this.report = {
      ageMs: state.age_ms,
      atMs: performance.now(),
      ended: state.state === "ended",
      backlogS: state.backlog_ms / 1000,
    };
  }

  /** Seconds since anything new came, and what that is called. */
  age() {
    const nowMs = performance.now();
    const seen = {
      nowMs,
      lastArrivalMs: this.lastArrivalMs,
      lagS: 0,
      reportedAgeMs: this.report.ageMs,
      reportedAtMs: this.report.atMs,
    };
    const sinceS = ageS(seen);
    const behindS =
      this.frozenEnd === null || !this.stream ? this.head.lagS : (this.ring.end - this.frozenEnd) / this.stream.fs_hz;
    return { sinceS, shownS: sinceS + behindS, state: stateOfAge(sinceS, this.report.ended) };
  }

  get leads() {
    const all = drawableLeads(this.stream?.lead_mask ?? 0);
    const set = LEAD_SETS[/** @type {3 | 6 | 12} */ (this.leadSet)];
    if (!set) return all;
    const some = set.filter((lead) => all.includes(lead));
    return some.length ? some : all.slice(0, this.leadSet);
  }

  #setUp() {
    if (!this.stream || this.room.widthPx < 20 || this.room.heightPx < 20) return false;
    this.painter.prepare(
      {
        leads: this.leads,
        fsHz: this.stream.fs_hz,
        uvPerLsb: this.stream.uv_per_lsb,
        mmPerMv: this.gain,
        filter: this.filter,
        colours: coloursOf(this.box),
        gapWords: (s) => t("sweep.gap", { s: s.toFixed(1) }),
      },
      this.room,
    );
    this.resized = false;
    this.dirty = true;
    return true;
  }

  /** @param {number} ms */
  #frame(ms) {
    requestAnimationFrame((next) => this.#frame(next));
    if (!this.box.isConnected || (this.resized && !this.#setUp()) || !this.stream) return;
    const [from, to] = this.head.advance(ms);
    if (Number.isNaN(this.head.at)) return;
    if (this.frozenEnd !== null) {
      if (this.dirty) this.painter.paintAll(this.ring, this.frozenEnd, true);
    } else if (this.dirty || this.#needsWhole(from, to)) this.painter.paintAll(this.ring, to, false);
    else if (to > from) this.painter.paintMore(this.ring, from, to);
    this.dirty = false;
    if (!this.painted && to > this.ring.first) {
      this.painted = true;
      this.onpainted();
      if (this.calm && this.frozenEnd === null) window.setTimeout(() => this.#calmDown(), 1_500);
    }
  }

  /**
   * A hole is drawn as one piece with its length, never in strips; so is a jump.
   * @param {number} from
   * @param {number} to
   */
  #needsWhole(from, to) {
    return to - from > this.painter.window / 2 || this.ring.gaps(Math.max(from - 1, this.ring.first), to).length > 0;
  }

  /** Where motion is unwanted the trace stands still and is renewed by hand. */
  #calmDown() {
    if (this.frozenEnd === null) this.toggleFreeze();
  }

  /** The ten seconds that are on the screen, the newest drawn sample last; null while nothing is drawn. */
  get shownRange() {
    const end = Math.floor(this.frozenEnd ?? this.head.at);
    if (!this.stream || !this.painted || Number.isNaN(end)) return null;
    const first = Math.max(this.ring.start, end - Math.round(10 * this.stream.fs_hz));
    return end > first ? { stream: this.stream.id, first_sample: first, n_samples: end - first } : null;
  }

  toggleFreeze() {
    this.frozenEnd = this.frozenEnd === null ? Math.floor(this.head.at || 0) : null;
    this.frozeAt = this.frozenEnd ?? 0;
    this.back.value = "0";
    this.back.hidden = this.frozenEnd === null;
    this.backText.hidden = this.back.hidden;
    this.el.classList.toggle("frozen", this.frozenEnd !== null);
    this.#lookBack();
    this.#words();
    this.dirty = true;
  }

  #lookBack() {
    if (this.frozenEnd === null || !this.stream) return;
    const backS = Number(this.back.value);
    this.frozenEnd = Math.max(this.ring.start, (this.frozeAt ?? 0) - Math.round(backS * this.stream.fs_hz));
    setText(this.backText, t("sweep.back", { s: backS.toFixed(1) }));
    this.dirty = true;
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const step = { ArrowLeft: 0.5, ArrowRight: -0.5 }[event.key];
    if (event.key === " ") this.toggleFreeze();
    else if (step && this.frozenEnd !== null) {
      this.back.value = String(Number(this.back.value) + step);
      this.#lookBack();
    } else return;
    event.preventDefault();
  }

  #toggleFilter() {
    this.filter = this.filter === "diagnostic" ? "monitor" : "diagnostic";
    this.resized = true;
    this.#words();
  }

  #nextGain() {
    this.gain = /** @type {number} */ (GAINS[(GAINS.indexOf(this.gain) + 1) % GAINS.length]);
    this.resized = true;
    this.#words();
  }

  /** The age, in words and shape, ten times a second. */
  #status() {
    if (!this.el.isConnected) return;
    const { sinceS, shownS, state } = this.age();
    this.el.dataset["state"] = state;
    const words =
      this.frozenEnd === null
        ? ageWords(state, state === "live" ? shownS : sinceS, this.report.backlogS)
        : t("age.frozen", { s: tenths(shownS || 0) });
    setText(this.badge, `${SHAPES[state]} ${words}`);
    this.over.hidden = state !== "lost" && state !== "stale" && this.frozenEnd === null && state !== "waiting";
    setText(
      this.over,
      this.frozenEnd !== null ? `❚❚ ${t("sweep.frozen")}` : t(`sweep.over.${state}`, { s: Math.floor(sinceS || 0) }),
    );
  }
}

/** @param {AgeState} state @param {number} s @param {number} backlogS */
function ageWords(state, s, backlogS) {
  const words = t(`age.${state}`, { s: state === "live" ? tenths(s) : String(Math.floor(s || 0)) });
  return backlogS >= 1 ? `${words} · ${t("age.backlog", { s: Math.ceil(backlogS) })}` : words;
}
