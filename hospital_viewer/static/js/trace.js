/** The trace of a case: sheets of its snapshots and the live sweep, one shown at a time. */

import { fill, h, setText } from "/static/kit/shared/dom.js";
import { ageSex, clock, stamp } from "/static/kit/shared/format.js";
import { lang, t } from "/static/kit/shared/i18n.js";
import { letterOf, tierBadge } from "/static/kit/shared/tier.js";
import * as api from "/static/kit/shared/api.js";
import { decodeFrameList } from "/static/kit/ecg/frame.js";
import { readReport } from "/static/kit/ecg/report.js";
import { SheetView } from "/static/kit/ecg/sheet.js";
import { loadRecording } from "/static/kit/ecg/snapshot.js";
import { SweepView } from "/static/kit/ecg/sweep.js";
import { TrendPane } from "/static/viewer/js/trend.js";
import { firstSnapshot } from "/static/viewer/js/triage.js";

/** @typedef {import("/static/viewer/js/contract.js").Snapshot} Snapshot */
/** @typedef {import("/static/viewer/js/contract.js").IncidentDetail} IncidentDetail */

const LOOK_BACK_S = 30;

export class TraceView {
  /** @param {import("/static/viewer/js/store.js").Store} store */
  constructor(store) {
    this.store = store;
    this.sweep = new SweepView();
    this.sheet = new SheetView();
    this.trend = new TrendPane(store);
    /** What is on show: "live", "trend" or a snapshot's id; null before anything. @type {string | null} */
    this.shown = null;
    /** @type {string | null} */
    this.incident = null;
    /** The snapshot whose samples are in the sheet. @type {Snapshot | null} */
    this.snapshot = null;
    this.stream = "";
    this.tabs = h("div", { class: "trace-tabs", role: "tablist" });
    this.head = h("p", { class: "sheet-head" });
    this.newer = h("button", { type: "button", class: "newer-ecg", hidden: true });
    this.message = h("p", { class: "trace-message", role: "status" });
    this.stage = h("div", { class: "trace-stage" });
    this.el = h("section", { class: "trace" }, this.newer, this.tabs, this.head, this.stage);
    this.sweep.onpainted = () => this.#seen();
    this.sheet.onpainted = () => this.#seen();
    document.addEventListener("visibilitychange", () => this.#seen());
    store.feed.on("frame", (frame) => this.sweep.write(frame));
    store.feed.on("stream-state", (state) => { if (state.stream === this.stream) this.sweep.setState(state); });
    store.feed.on("skipped", (hole) => void this.#fetch(hole.stream, hole.from_sample, hole.to_sample));
  }

  /** The report of what is on show. */
  get report() {
    return this.isNow ? this.store.detail?.report?.report ?? null : this.snapshot?.report ?? null;
  }

  /** Which snapshot a decision made now is about. */
  get decidedOn() {
    return this.isNow ? null : this.shown;
  }

  /** Whether what is on show follows the stream: the live trace or the trend, not a snapshot. */
  get isNow() {
    return this.shown === "live" || this.shown === "trend";
  }

  render() {
    const { detail } = this.store;
    if (!detail) {
      if (!this.store.current) this.#leave();
      return;
    }
    if (detail.id !== this.incident) this.#enter(detail);
    this.#watch(detail.stream);
    this.#renew(detail);
    if (this.shown === null) {
      const first = firstSnapshot(detail.snapshots, detail.timeline);
      if (first) void this.show(first.id);
      else if (detail.stream) void this.show("live");
      else this.#say(t("trace.none"));
    }
    this.#newer(detail);
    this.#tabs(detail);
    this.#head(detail);
  }

  /** An ECG that nobody has read came while another is on show. @param {IncidentDetail} detail */
  #newer(detail) {
    const snap = detail.snapshots.find((one) => one.id === detail.unread);
    this.newer.hidden = !snap || snap.id === this.shown || this.shown === null;
    if (!snap || this.newer.hidden) return;
    this.newer.onclick = () => void this.show(snap.id);
    setText(this.newer, t("trace.newer", { at: clock(snap.taken_at_us, true), reason: t(`reason.${snap.reason}`) }));
  }

  /** @param {IncidentDetail} detail */
  #enter(detail) {
    this.incident = detail.id;
    this.shown = null;
    this.snapshot = null;
    this.sheet.show(null, null);
  }

  #leave() {
    if (this.stream) this.store.feed.unwatch(this.stream);
    this.stream = "";
    this.incident = null;
    this.shown = null;
    this.snapshot = null;
  }

  /** @param {IncidentDetail["stream"]} stream */
  #watch(stream) {
    if ((stream?.id ?? "") === this.stream) return;
    if (this.stream) this.store.feed.unwatch(this.stream);
    this.stream = stream?.id ?? "";
    this.sweep.setStream(stream);
    if (stream) this.store.feed.watch(stream.id, LOOK_BACK_S);
  }

  /** A snapshot whose report or whose last samples came later. @param {IncidentDetail} detail */
  #renew(detail) {
    const row = detail.snapshots.find((snap) => snap.id === this.shown);
    const had = this.snapshot;
    if (row && had && had.id === row.id && (row.tier !== had.tier || row.complete !== had.complete)) void this.show(row.id, true);
  }

  /** @param {string} what @param {boolean} [again] */
  async show(what, again = false) {
    if (what === this.shown && !again) return;
    this.shown = what;
    if (what === "live") {
      fill(this.stage, this.sweep.el);
      this.sweep.resized = true;
      this.sweep.painted = false;
    } else if (what === "trend") {
      fill(this.stage, this.trend.el);
      if (this.store.detail) await this.trend.open(this.store.detail);
    } else await this.#showSnapshot(what, again);
    this.store.changed();
  }

  /** @param {string} id @param {boolean} again */
  async #showSnapshot(id, again) {
    if (!again) this.#say(t("trace.loading"));
    try {
      const snap = await this.store.snapshot(id);
      const rec = again && this.snapshot?.id === id && this.snapshot.complete ? this.sheet.rec : await loadRecording(snap);
      if (this.shown !== id) return;
      this.snapshot = snap;
      fill(this.stage, this.sheet.el);
      this.sheet.show(rec, readReport(snap.report));
    } catch (error) {
      if (this.shown === id && !again) {
        this.#say(error instanceof Error ? error.message : String(error));
        this.stage.append(h("button", { type: "button", onclick: () => void this.show(id, true) }, t("trace.retry")));
      }
    }
  }

  /** @param {string} text */
  #say(text) {
    setText(this.message, text);
    fill(this.stage, this.message);
  }

  /** Samples are on the screen: say so when the screen is really seen. Numbers alone (the trend) are not the trace. */
  #seen() {
    if (document.visibilityState !== "visible" || !this.incident || !this.shown || this.shown === "trend") return;
    if (this.shown === "live" ? this.sweep.painted && this.sweep.el.isConnected : this.sheet.rec && this.snapshot?.id === this.shown) {
      void this.store.opened(this.incident, this.decidedOn);
    }
  }

  /** Samples that the feed left out. @param {string} stream @param {number} from @param {number} to */
  async #fetch(stream, from, to) {
    const fs = this.sweep.stream?.fs_hz ?? 500;
    const first = Math.max(from, to - 60 * fs);
    try {
      const { data } = await api.bytes(`/api/streams/${stream}/frames?from_sample=${first}&to_sample=${to}`);
      for (const frame of decodeFrameList(data)) this.sweep.write(frame);
    } catch (error) {
      this.store.fail(error);
    }
  }

  /** @param {IncidentDetail} detail */
  #tabs(detail) {
    const snaps = [...detail.snapshots].sort((a, b) => b.taken_at_us - a.taken_at_us);
    const version = JSON.stringify([this.shown, lang(), Boolean(detail.stream), snaps.map((s) => [s.id, s.tier, s.complete])]);
    if (this.tabs.dataset["version"] === version) return;
    this.tabs.dataset["version"] = version;
    const tab = (/** @type {string} */ id, /** @type {(Node | string | null)[]} */ ...inside) => h("button", {
      type: "button", role: "tab", class: "tab", "aria-selected": String(this.shown === id), onclick: () => void this.show(id),
    }, ...inside);
    fill(this.tabs, detail.stream ? tab("live", `● ${t("trace.live")}`) : null,
      detail.stream ? tab("trend", `⌁ ${t("trace.trend")}`) : null,
      snaps.map((snap) => tab(snap.id,
        h("span", null, clock(snap.taken_at_us, true)),
        letterOf(snap.tier) ? tierBadge(snap.tier, true) : null,
        h("span", { class: "tab-reason" }, t(`reason.${snap.reason}`)),
        snap.complete ? null : h("span", { class: "tab-reason" }, t("trace.incomplete")))));
  }

  /** What a printed sheet carries at its head. @param {IncidentDetail} detail */
  #head(detail) {
    this.head.hidden = this.isNow || !this.snapshot;
    const { snapshot } = this;
    if (this.head.hidden || !snapshot) return;
    const reading = readReport(snapshot.report);
    const value = (/** @type {string} */ name, /** @type {number | null | undefined} */ v, /** @type {string} */ unit) => (v === null || v === undefined ? `${name} –` : `${name} ${Math.round(v)}${unit}`);
    fill(this.head,
      [detail.unit, stamp(snapshot.taken_at_us), ageSex(detail.patient)].map((words) => h("span", { class: "who" }, words)),
      [value("HR", reading?.hrBpm, "/min"), reading?.prMs ? value("PR", reading.prMs, " ms") : "", value("QRS", reading?.qrsMs, " ms"), value("QTcF", reading?.qtcMs, " ms")].filter(Boolean).map((words) => h("span", null, words)),
      h("strong", null, t("sheet.unconfirmed")));
  }
}
