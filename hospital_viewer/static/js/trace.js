/** The trace of a case: sheets of its snapshots and the live sweep, one shown at a time. */

import { fill, h, setText } from "/static/kit/shared/dom.js";
import { ageSex, clock, stamp } from "/static/kit/shared/format.js";
import { pick, t } from "/static/kit/shared/i18n.js";
import { since } from "/static/kit/shared/since.js";
import { InView } from "/static/kit/shared/in_view.js";
import * as api from "/static/kit/shared/api.js";
import { decodeFrameList } from "/static/kit/ecg/frame.js";
import { readReport } from "/static/kit/ecg/report.js";
import { SheetView } from "/static/kit/ecg/sheet.js";
import { loadRecording } from "/static/kit/ecg/snapshot.js";
import { SweepView } from "/static/kit/ecg/sweep.js";
import { liveRate } from "/static/viewer/js/live_rate.js";
import { TraceTabs } from "/static/viewer/js/trace_tabs.js";
import { TrendPane } from "/static/viewer/js/trend.js";
import { firstSnapshot } from "/static/viewer/js/triage.js";

/** @typedef {import("/static/viewer/js/contract.js").Snapshot} Snapshot */
/** @typedef {import("/static/viewer/js/contract.js").IncidentDetail} IncidentDetail */

const LOOK_BACK_S = 30;
/** Who waits longer for a link's ECG is reading another one; it does not go away under their eyes. */
const WANTED_MS = 30_000;

export class TraceView {
  /**
   * @param {import("/static/viewer/js/store.js").Store} store
   * @param {import("/static/viewer/js/delivery.js").Delivery} delivery
   */
  constructor(store, delivery) {
    this.store = store;
    this.delivery = delivery;
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
    /** The stream whose samples were asked for. */
    this.followed = "";
    /** The ECG that a link asks for, until it is shown or its reader goes elsewhere. */
    this.wanted = "";
    this.wantedUntilMs = 0;
    this.tabs = new TraceTabs((what) => void this.show(what));
    this.head = h("p", { class: "sheet-head" });
    this.newer = h("button", { type: "button", class: "newer-ecg", hidden: true });
    this.message = h("p", { class: "trace-message", role: "status" });
    this.doubt = h("p", { class: "origin doubt", role: "alert", hidden: true });
    this.stage = h("div", { class: "trace-stage", role: "tabpanel", id: "trace-panel" });
    this.el = h("section", { class: "trace" }, this.newer, this.tabs.el, this.head, this.doubt, this.stage);
    /** Reading begins when the trace was in sight; on show alone is not enough. */
    this.inView = new InView((key) => this.#read(key));
    this.sweep.onpainted = () => this.#painted();
    this.sheet.onpainted = () => this.#painted();
    store.feed.on("frame", (frame) => this.sweep.write(frame));
    store.feed.on("stream-state", (state) => {
      if (state.stream === this.stream) this.sweep.setState(state);
    });
    store.feed.on("skipped", (hole) => void this.#fetch(hole.stream, hole.from_sample, hole.to_sample));
  }

  /** The report of what is on show. */
  get report() {
    return this.isNow ? (this.store.detail?.report?.report ?? null) : (this.snapshot?.report ?? null);
  }

  /** Which snapshot a decision made now is about. */
  get decidedOn() {
    return this.isNow ? null : this.shown;
  }

  /** The ten seconds of the live trace that are on the screen; null for a sheet, which names itself. */
  get shownRange() {
    return this.shown === "live" ? this.sweep.shownRange : null;
  }

  /** Whether what is on show follows the stream: the live trace or the trend, not a snapshot. */
  get isNow() {
    return this.shown === "live" || this.shown === "trend";
  }

  render() {
    const { detail } = this.store;
    if (!detail) {
      // a page that rests may follow nothing: the relay would close it for asking
      if (!this.store.current || this.store.resting) this.#leave();
      return;
    }
    if (detail.id !== this.incident) this.#enter(detail);
    this.#watch(detail.stream);
    this.#renew(detail);
    const asked = this.#asked(detail);
    if (asked) void this.show(asked.id);
    else if (this.shown === null) {
      const first = firstSnapshot(detail);
      if (first) void this.#show(first.id);
      else if (detail.stream) void this.#show("live");
      else this.#say(t("trace.none"));
    }
    this.#newer(detail);
    this.tabs.render(detail, this.shown, this.stage);
    this.#head(detail);
  }

  /**
   * A link's ECG is shown as soon as it is stored, also where the case was drawn before.
   * @param {string} id
   */
  want(id) {
    this.wanted = id;
    this.wantedUntilMs = performance.now() + WANTED_MS;
  }

  /** The ECG that a link asked for and that can be shown now. @param {IncidentDetail} detail */
  #asked(detail) {
    if (!this.wanted || performance.now() > this.wantedUntilMs) return undefined;
    return detail.snapshots.find((snap) => snap.id === this.wanted && snap.stored_at_us !== null);
  }

  /** An ECG that nobody has read came while another is on show. @param {IncidentDetail} detail */
  #newer(detail) {
    const snap = detail.snapshots.find((one) => one.id === detail.unread);
    this.newer.hidden = !snap || snap.id === this.shown || this.shown === null;
    if (!snap || this.newer.hidden) return;
    this.delivery.watch(this.newer, detail);
    this.newer.onclick = () => void this.show(snap.id);
    setText(this.newer, t("trace.newer", { at: clock(snap.taken_at_us, true), reason: t(`reason.${snap.reason}`) }));
  }

  /** @param {IncidentDetail} detail */
  #enter(detail) {
    this.incident = detail.id;
    this.shown = null;
    this.snapshot = null;
    this.sheet.show(null, null);
    this.sheet.usual();
    this.sweep.usual();
  }

  #leave() {
    if (this.followed) this.store.feed.unwatch(this.followed);
    this.stream = "";
    this.followed = "";
    this.incident = null;
    this.shown = null;
    this.snapshot = null;
  }

  /** @param {IncidentDetail["stream"]} stream */
  #watch(stream) {
    if ((stream?.id ?? "") === this.stream) return;
    if (this.followed) this.store.feed.unwatch(this.followed);
    this.stream = stream?.id ?? "";
    this.followed = "";
    this.sweep.setStream(stream);
    if (this.shown !== null) this.#follow();
  }

  /**
   * Asks for the live samples: after the sheet that is read first, so that on a weak line they do not take its room.
   */
  #follow() {
    if (!this.stream || this.followed === this.stream) return;
    this.followed = this.stream;
    this.store.feed.watch(this.stream, LOOK_BACK_S);
  }

  /** A snapshot whose report or whose last samples came later. @param {IncidentDetail} detail */
  #renew(detail) {
    const row = detail.snapshots.find((snap) => snap.id === this.shown);
    const had = this.snapshot;
    if (row && had && had.id === row.id && (row.tier !== had.tier || row.complete !== had.complete))
      void this.#show(row.id, true);
  }

  /** Somebody asks for this; a link's wish ends. @param {string} what @param {boolean} [again] */
  async show(what, again = false) {
    this.wanted = "";
    await this.#show(what, again);
  }

  /** @param {string} what @param {boolean} [again] */
  async #show(what, again = false) {
    if (what === this.shown && !again) return;
    this.shown = what;
    if (what === "live") {
      this.#follow();
      fill(this.stage, this.sweep.el);
      this.sweep.resized = true;
      this.sweep.painted = false;
    } else if (what === "trend") {
      fill(this.stage, this.trend.el);
      if (this.store.detail) await this.trend.open(this.store.detail);
    } else await this.#showSnapshot(what, again);
    this.#follow();
    this.store.changed();
  }

  /** @param {string} id @param {boolean} again */
  async #showSnapshot(id, again) {
    if (!again) this.#say(t("trace.loading"));
    try {
      const kept = again && this.snapshot?.id === id && this.snapshot.complete ? this.sheet.rec : null;
      const row = this.store.detail?.snapshots.find((one) => one.id === id && one.stored_at_us !== null);
      // on a weak line each turn is half a second: report and samples together
      const early = !kept && row ? loadRecording(row) : null;
      early?.catch(() => null);
      const snap = await this.store.snapshot(id);
      const rec = kept ?? (await (early && sameSamples(row, snap) ? early : loadRecording(snap)));
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

  /** Whose trace somebody can see on this page now; nobody's while it is hidden, out of sight, or shows numbers. */
  get onScreen() {
    const isSeen = this.store.detail !== null && this.inView.isSeen(JSON.stringify([this.incident, this.decidedOn]));
    return isSeen && this.incident
      ? { incident: this.incident, snapshot: this.decidedOn }
      : { incident: null, snapshot: null };
  }

  /** Samples are drawn: from now on it counts whether they are seen. Numbers alone (the trend) are not the trace. */
  #painted() {
    for (const box of [this.sweep.box, this.sheet.box]) if (!box.isConnected) this.inView.forget(box);
    if (!this.incident || !this.shown || this.shown === "trend") return;
    const live = this.shown === "live";
    if (live ? !this.sweep.painted : !this.sheet.rec || this.snapshot?.id !== this.shown) return;
    this.inView.watch(live ? this.sweep.box : this.sheet.box, JSON.stringify([this.incident, this.decidedOn]));
  }

  /** @param {string} key of what was seen */
  #read(key) {
    if (key !== JSON.stringify([this.incident, this.decidedOn]) || !this.incident) return;
    this.store.feed.tellStanding();
    void this.store.reading.opened(this.incident, this.decidedOn);
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

  /** Once a second: what is said of the live trace ages by itself. */
  second() {
    if (this.store.detail && this.shown === "live") this.#head(this.store.detail);
  }

  /** What a printed sheet carries at its head; of the live trace the rate. @param {IncidentDetail} detail */
  #head(detail) {
    const { snapshot } = this;
    const live = this.shown === "live";
    this.head.hidden = !live && (this.isNow || !snapshot);
    const origin = this.isNow
      ? null
      : ((detail.snapshots.find((row) => row.id === this.shown) ?? snapshot)?.origin ?? null);
    this.doubt.hidden = !origin?.doubts.length;
    setText(this.doubt, origin?.doubts.length ? `▲ ${t("origin.doubt")} ${pick(origin, "doubts")}` : "");
    if (live) {
      fill(
        this.head,
        h("strong", { class: "live-rate" }, liveRate(detail.report, this.sweep)),
        h("span", null, t("trace.rate_of")),
      );
      return;
    }
    if (this.head.hidden || !snapshot) return;
    const reading = readReport(snapshot.report);
    const value = (
      /** @type {string} */ name,
      /** @type {number | null | undefined} */ v,
      /** @type {string} */ unit,
    ) => (v === null || v === undefined ? `${name} –` : `${name} ${Math.round(v)}${unit}`);
    fill(
      this.head,
      [detail.unit, stamp(snapshot.taken_at_us), ageSex(detail.patient)].map((words) =>
        h("span", { class: "who" }, words),
      ),
      h("span", { class: "sheet-age" }, since(snapshot.taken_at_us), t("patient.ago")),
      origin ? h("span", { class: "origin" }, pick(origin, "recorded")) : null,
      [
        value("HR", reading?.hrBpm, "/min"),
        reading?.prMs ? value("PR", reading.prMs, " ms") : "",
        value("QRS", reading?.qrsMs, " ms"),
        value("QTcF", reading?.qtcMs, " ms"),
      ]
        .filter(Boolean)
        .map((words) => h("span", null, words)),
      h("strong", null, t("sheet.unconfirmed")),
    );
  }
}

/**
 * Whether a row of the case and the snapshot itself speak of the same samples.
 * @param {Snapshot | undefined} row
 * @param {Snapshot} snap
 */
function sameSamples(row, snap) {
  return row?.sha256 === snap.sha256 && row?.first_sample === snap.first_sample && row?.n_samples === snap.n_samples;
}
