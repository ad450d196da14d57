/** The ST trend of the open case: fetched once, then carried on by the feed's own reports. */

import * as api from "/static/kit/shared/api.js";
import { now } from "/static/kit/shared/since.js";
import { addReport } from "/static/kit/ecg/trend.js";
import { TrendView } from "/static/kit/ecg/trend-view.js";

/**
 * @typedef {import("/static/kit/ecg/trend.js").Run} Run
 * @typedef {import("/static/viewer/js/contract.js").IncidentDetail} IncidentDetail
 * @typedef {import("/static/viewer/js/contract.js").LiveReport} LiveReport
 */

const ASK_AGAIN_US = 15_000_000;
/** @type {Record<string, "snapshot" | "alert" | "decision">} */
const MARKS = { "snapshot-stored": "snapshot", "alert-raised": "alert", decided: "decision" };

export class TrendPane {
  /** @param {import("/static/viewer/js/store.js").Store} store */
  constructor(store) {
    this.store = store;
    this.view = new TrendView();
    this.el = this.view.el;
    /** @type {string | null} */
    this.incident = null;
    /** @type {Run[]} */
    this.runs = [];
    this.askedUs = 0;
    store.feed.on("report", (report) => this.#add(report));
  }

  /** What it shows is this case's. @param {IncidentDetail} detail */
  async open(detail) {
    if (this.incident !== detail.id) this.runs = [];
    this.incident = detail.id;
    this.render();
    this.askedUs = now();
    try {
      const { incident, runs } = await api.get(`/api/incidents/${detail.id}/trend`);
      if (this.incident === incident) this.#take(runs);
    } catch (error) {
      this.store.fail(error);
    }
  }

  /** Kept points, with what the feed has said since. @param {Run[]} kept */
  #take(kept) {
    const heard = this.runs;
    this.runs = kept;
    for (const run of heard) {
      for (const [i, end] of run.end_sample.entries()) {
        addReport(
          this.runs,
          {
            stream: run.stream,
            first_sample: 0,
            n_samples: end,
            report: {
              tier: run.tier[i],
              hr_bpm: run.hr_bpm[i],
              st_j_uv: at(run.st_j_uv, i),
              st_j60_uv: at(run.st_j60_uv, i),
            },
          },
          run.at_us[i] ?? now(),
        );
      }
    }
    this.render();
  }

  /** @param {LiveReport} report */
  #add(report) {
    if (report.incident !== this.incident || !addReport(this.runs, report, now())) return;
    const { detail } = this.store;
    const waits = !this.runs.at(-1)?.baseline_j60_uv && now() - this.askedUs > ASK_AGAIN_US;
    if (waits && detail && this.el.isConnected) void this.open(detail);
    else this.render();
  }

  render() {
    const { detail } = this.store;
    if (!detail || detail.id !== this.incident || !(this.el.isConnected || this.runs.length === 0)) return;
    const marks = detail.timeline.flatMap((entry) => {
      const kind = MARKS[entry.stage];
      return kind ? [{ atUs: entry.at_us, kind }] : [];
    });
    const limitsUv = detail.report?.report?.thresholds?.leads_uv ?? {};
    this.view.show({ runs: this.runs, limitsUv, marks, nowUs: now() });
  }
}

/** One moment of columns. @param {Record<string, (number | null)[]>} columns @param {number} i */
function at(columns, i) {
  return Object.fromEntries(Object.entries(columns).map(([lead, column]) => [lead, column[i] ?? null]));
}
