/** Twelve small charts of ST over the minutes, in the order of the ECG sheet. Numbers first, lines second. */

import { fill, h, s } from "/static/kit/shared/dom.js";
import { clock, signedMm } from "/static/kit/shared/format.js";
import { t } from "/static/kit/shared/i18n.js";
import { since } from "/static/kit/shared/since.js";
import { STANDARD_12 } from "/static/kit/ecg/leads.js";
import { CHANGE_UV, baselineUv, boxOf, highest, newestUv, pathOf, seriesOf, xOf, yOf } from "/static/kit/ecg/trend.js";

/**
 * @typedef {import("/static/kit/ecg/trend.js").Run} Run
 * @typedef {import("/static/kit/ecg/trend.js").Box} Box
 * @typedef {import("/static/kit/ecg/trend.js").Level} Level
 * @typedef {{atUs: number, kind: "snapshot" | "alert" | "decision"}} Mark
 * @typedef {{runs: readonly Run[], limitsUv: Record<string, number>, marks: readonly Mark[], nowUs: number}} Shown
 */

/** Levels with a line: each millimetre, in tall charts every second or fifth. @param {Box} box */
function gridUv(box) {
  const tall = box.highUv - box.lowUv;
  const step = tall > 1200 ? 500 : tall > 600 ? 200 : 100;
  const first = Math.ceil((box.lowUv + 1) / step) * step;
  return Array.from({ length: Math.max(0, Math.ceil((box.highUv - first) / step)) }, (_, i) => first + i * step);
}

const WIDE = 200;
const HIGH = 80;

export class TrendView {
  constructor() {
    /** @type {Level} */
    this.level = "st_j60_uv";
    /** @type {Shown | null} */
    this.shown = null;
    this.top = h("p", { class: "trend-top" });
    this.choose = h("div", { class: "segmented", role: "group" });
    this.grid = h("div", { class: "trend-grid" });
    this.legend = h("p", { class: "trend-legend" });
    this.el = h(
      "div",
      { class: "trend" },
      h("div", { class: "trend-head" }, this.top, this.choose),
      this.grid,
      this.legend,
    );
  }

  /** @param {Shown} shown */
  show(shown) {
    this.shown = shown;
    this.#tools();
    const { runs } = shown;
    const extra = [...new Set(runs.flatMap((run) => Object.keys(run[this.level])))].filter(
      (name) => !STANDARD_12.includes(name),
    );
    const leads = [...STANDARD_12, ...extra];
    const all = leads.map((lead) => seriesOf(runs, this.level, lead));
    const box = boxOf(all, shown.nowUs);
    this.#summary(leads);
    fill(
      this.grid,
      leads.map((lead, i) => this.#chart(lead, all[i] ?? [], box)),
    );
    this.legend.textContent = t(this.level === "st_j60_uv" ? "trend.legend_j60" : "trend.legend_j");
  }

  #tools() {
    /** @param {Level} level @param {string} words */
    const button = (level, words) =>
      h(
        "button",
        {
          type: "button",
          class: "tool",
          "aria-pressed": String(this.level === level),
          onclick: () => {
            this.level = level;
            if (this.shown) this.show(this.shown);
          },
        },
        words,
      );
    this.choose.setAttribute("aria-label", t("trend.level"));
    fill(this.choose, button("st_j60_uv", t("trend.j60")), button("st_j_uv", t("trend.j")));
  }

  /** @param {readonly string[]} leads */
  #summary(leads) {
    if (!this.shown) return;
    const { runs } = this.shown;
    const newestUs = Math.max(0, ...runs.map((run) => run.at_us.at(-1) ?? 0));
    const top = highest(runs, this.level, leads);
    const base = top && this.level === "st_j60_uv" ? baselineUv(runs, top.lead) : null;
    fill(
      this.top,
      top
        ? h("strong", null, t("trend.highest", { lead: top.lead, mm: signedMm(top.uv) }))
        : h("strong", null, t(newestUs ? "trend.unreadable" : "trend.none")),
      base !== null && top ? h("span", null, t("trend.since_first", { mm: signedMm(top.uv - base) })) : null,
      this.level === "st_j60_uv" && newestUs && !runs.at(-1)?.baseline_j60_uv
        ? h("span", null, t("trend.no_baseline"))
        : null,
      newestUs
        ? h(
            "span",
            { class: "trend-age" },
            t("trend.measured", { at: clock(newestUs, true) }),
            " ",
            since(newestUs),
            t("trend.ago"),
          )
        : null,
    );
  }

  /** @param {string} lead @param {{atUs: number, uv: number | null}[]} series @param {Box} box */
  #chart(lead, series, box) {
    const uv = newestUv(series);
    const base = this.level === "st_j60_uv" ? baselineUv(this.shown?.runs ?? [], lead) : null;
    const limit = this.level === "st_j_uv" ? (this.shown?.limitsUv[lead] ?? null) : null;
    const moved = uv !== null && base !== null ? uv - base : null;
    const flagged = (moved !== null && Math.abs(moved) >= CHANGE_UV) || (uv !== null && limit !== null && uv >= limit);
    const sign = moved !== null && moved < 0 ? "▼" : "▲";
    return h(
      "figure",
      { class: flagged ? "trend-chart flagged" : "trend-chart" },
      h(
        "figcaption",
        null,
        h("b", null, flagged ? `${sign} ${lead}` : lead),
        h("span", { class: "trend-now" }, uv === null ? "–" : `${signedMm(uv)}`),
        moved === null ? null : h("span", { class: "trend-moved" }, `Δ${signedMm(moved)}`),
      ),
      h(
        "div",
        { class: "trend-plot" },
        this.#plot(lead, series, box, base, limit),
        ...gridUv(box).map((level) =>
          h(
            "span",
            {
              class: "trend-mm",
              "aria-hidden": "true",
              style: { top: `${yOf(level, box, 100)}%` },
            },
            signedMm(level).replace(".0", ""),
          ),
        ),
      ),
      h("span", { class: "trend-times" }, h("span", null, clock(box.lowUs)), h("span", null, clock(box.highUs))),
    );
  }

  /**
   * @param {string} lead
   * @param {{atUs: number, uv: number | null}[]} series
   * @param {Box} box
   * @param {number | null} base
   * @param {number | null} limit
   */
  #plot(lead, series, box, base, limit) {
    /** @param {number} uv @param {string} kind */
    const level = (uv, kind) => s("path", { class: kind, d: `M0 ${yOf(uv, box, HIGH).toFixed(2)}H${WIDE}` });
    const lines = gridUv(box).map((uv) => level(uv, uv === 0 ? "zero" : "mm"));
    const band =
      base === null
        ? null
        : s("rect", {
            class: "band",
            x: 0,
            width: WIDE,
            y: yOf(base + CHANGE_UV, box, HIGH).toFixed(2),
            height: (yOf(base - CHANGE_UV, box, HIGH) - yOf(base + CHANGE_UV, box, HIGH)).toFixed(2),
          });
    const marks = (this.shown?.marks ?? [])
      .filter((mark) => mark.atUs >= box.lowUs && mark.atUs <= box.highUs)
      .map((mark) =>
        s("path", { class: `mark ${mark.kind}`, d: `M${xOf(mark.atUs, box, WIDE).toFixed(2)} 0V${HIGH}` }),
      );
    return s(
      "svg",
      {
        viewBox: `0 0 ${WIDE} ${HIGH}`,
        preserveAspectRatio: "none",
        role: "img",
        "aria-label": t("trend.chart", { lead }),
      },
      band,
      ...lines,
      limit === null ? null : level(limit, "limit"),
      ...marks,
      s("path", { class: "line", d: pathOf(series, box, WIDE, HIGH) }),
    );
  }
}
