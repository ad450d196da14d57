/** Beside the trace: what was measured, who the patient is, what happened. Text only. */

import { alone, fill, h } from "/static/kit/shared/dom.js";
import { ageSex, clock, signedMm, signedUv, span } from "/static/kit/shared/format.js";
import { knows, lang, pick, t } from "/static/kit/shared/i18n.js";
import { since } from "/static/kit/shared/since.js";
import { drawScenePhotos } from "/static/kit/shared/scene_photos.js";
import { decisionWords, receiptChain, tierBadge } from "/static/kit/shared/tier.js";
import { deviceWords, gathered } from "/static/kit/shared/told.js";
import { readReport } from "/static/kit/ecg/report.js";
import { ChangeCard } from "/static/viewer/js/change.js";
import { intervalLine } from "/static/viewer/js/intervals.js";
import { OlderEntries } from "/static/viewer/js/older_entries.js";
import { intervalsOf } from "/static/viewer/js/triage.js";

/** @typedef {import("/static/viewer/js/contract.js").IncidentDetail} IncidentDetail */
/** @typedef {import("/static/viewer/js/contract.js").TimelineEntry} TimelineEntry */

export class Side {
  /**
   * @param {import("/static/viewer/js/store.js").Store} store
   * @param {import("/static/viewer/js/trace.js").TraceView} trace
   */
  constructor(store, trace) {
    this.store = store;
    this.trace = trace;
    this.change = new ChangeCard(store);
    this.older = new OlderEntries(() => this.render());
    this.statement = h("section", { class: "card statement" });
    this.receipts = h("section", { class: "card" });
    this.patient = h("section", { class: "card" });
    this.photos = h("section", { class: "card" });
    this.table = h("section", { class: "card" });
    this.timeline = h("section", { class: "card" });
    this.intervals = h("section", { class: "card" });
    /** What was typed and not sent, by case. @type {Map<string, string>} */
    this.drafts = new Map();
    this.noteFor = "";
    this.noteText = h("input", { type: "text", maxlength: "2000", autocomplete: "off" });
    this.noteButton = h("button", { type: "submit" });
    this.noteError = h("p", { class: "error-line", role: "alert" });
    this.noteForm = h(
      "form",
      { class: "card note-form", onsubmit: (/** @type {Event} */ e) => void this.#send(e) },
      h("div", { class: "note-line" }, this.noteText, this.noteButton),
      this.noteError,
    );
    this.el = h(
      "aside",
      { class: "side" },
      this.statement,
      this.change.el,
      this.receipts,
      this.patient,
      this.photos,
      this.table,
      this.noteForm,
      this.intervals,
      this.timeline,
    );
  }

  /** Words for one patient are never left in the box of the next. @param {string} incident */
  #turnNote(incident) {
    if (this.noteFor === incident) return;
    if (this.noteFor) this.drafts.set(this.noteFor, this.noteText.value);
    this.noteFor = incident;
    this.noteText.value = this.drafts.get(incident) ?? "";
    this.noteError.textContent = "";
  }

  render() {
    const { detail } = this.store;
    if (!detail) return;
    this.#turnNote(detail.id);
    this.noteForm.hidden = this.store.isArchived;
    // nothing in it can be pressed then, and keys must still scroll it
    if (this.store.isArchived) this.el.tabIndex = 0;
    else this.el.removeAttribute("tabindex");
    this.noteText.setAttribute("aria-label", t("note.label"));
    this.noteText.setAttribute("placeholder", t("note.label"));
    this.noteButton.textContent = t("note.send");
    this.#once(
      this.statement,
      [this.trace.shown, this.trace.report, detail.statement_ja, detail.report, this.store.now.streamState(detail)],
      () => this.#statement(detail),
    );
    this.intervals.hidden = !detail.intervals;
    this.#once(this.intervals, [detail.intervals], () => intervalLine(detail));
    this.change.render(this.trace.isNow ? null : this.trace.snapshot, detail.snapshots);
    this.#once(this.receipts, [detail.receipts, this.store.now.lookers(detail)], () => this.#receipts(detail));
    this.#once(this.patient, [detail.patient, detail.timeline.length, detail.stream?.clock_offset_us], () =>
      this.#patient(detail),
    );
    drawScenePhotos(this.photos, detail.id, detail.timeline);
    this.#once(this.table, this.trace.report, () => this.#table());
    this.#once(this.timeline, [detail.timeline, this.older.shown(detail)], () => this.#timeline(detail));
  }

  /** The newest first; what is older than the page was given can be asked for. @param {IncidentDetail} detail */
  #timeline(detail) {
    const { entries, more, error } = this.older.shown(detail);
    const all = gathered([...entries, ...detail.timeline]).reverse();
    return [
      h("h2", null, t("side.timeline")),
      h(
        "ol",
        { class: "timeline" },
        all.map((entry) =>
          h("li", null, h("time", null, clock(entry.at_us, true)), h("span", null, entryWords(entry))),
        ),
      ),
      more > 0
        ? h(
            "button",
            { type: "button", class: "older", onclick: () => void this.older.ask(detail) },
            t("side.older", { n: more }),
          )
        : null,
      error ? h("p", { class: "error-line" }, error) : null,
    ];
  }

  /**
   * Draws a part again only when what it shows has changed.
   * @param {HTMLElement} part
   * @param {unknown} of
   * @param {() => (Node | null)[]} draw
   */
  #once(part, of, draw) {
    const version = JSON.stringify([of, lang()]);
    if (part.dataset["version"] === version) return;
    part.dataset["version"] = version;
    alone(
      () => fill(part, draw()),
      () => fill(part, h("p", { class: "warn-text" }, `▲ ${t("part.broken")}`)),
    );
  }

  /** @param {IncidentDetail} detail */
  #receipts(detail) {
    const { receipts } = detail;
    const now = this.store.now.lookers(detail);
    const { disputed_by: by, disputed_at_us: atUs } = receipts;
    const theirs = `${decisionWords(String(receipts.disputed_decision))} ${receipts.disputed_text ?? ""}`;
    const other = by ? `${by} ${clock(atUs ?? 0, true)}　${theirs}` : "";
    return [
      h("h2", null, t("side.receipts")),
      receiptChain(receipts),
      now.length ? h("p", { class: "looking" }, `● ${t("list.looking", { who: now.join("・") })}`) : null,
      other ? h("p", { class: "dispute", role: "alert" }, h("strong", null, `▲ ${t("side.dispute")} `), other) : null,
    ];
  }

  /** No QRS in the newest seconds of a stream that is live, whatever is on show. @param {IncidentDetail} detail */
  #standstill(detail) {
    const seconds = this.store.now.streamState(detail) === "live" ? detail.report?.report?.standstill_s : null;
    return typeof seconds === "number"
      ? h("p", { class: "standstill", role: "alert" }, `▲ ${t("side.standstill", { s: seconds })}`)
      : null;
  }

  /** @param {IncidentDetail} detail */
  #statement(detail) {
    const live = this.trace.isNow;
    const { snapshot } = this.trace;
    const of = live ? detail.report : snapshot;
    const reading = readReport(this.trace.report);
    const words = pick(/** @type {any} */ (of), "statement");
    const said = (/** @type {{ja: string, en: string}[] | undefined} */ list) =>
      (list ?? []).map((one) => one[lang()] || one.ja);
    const reasons = said(reading?.reasons);
    const unread = said(reading?.unreadable);
    return [
      this.#standstill(detail),
      h("h2", null, t(live ? "side.statement_live" : "side.statement")),
      tierBadge(reading?.tier ?? (live ? null : snapshot?.tier)),
      h("p", { class: "statement-words" }, words || t("side.no_statement")),
      reasons.length
        ? h(
            "ul",
            { class: "reasons" },
            reasons.map((reason) => h("li", null, reason)),
          )
        : null,
      unread.length ? h("p", { class: "small" }, t("side.unreadable"), unread.join(" / ")) : null,
      reading?.thresholdSource && reading.thresholdSource !== "entered"
        ? h("p", { class: "small warn-text" }, t("side.threshold_assumed"))
        : null,
      h("p", { class: "small" }, t("sheet.unconfirmed"), reading?.version ? ` · ${reading.version}` : ""),
    ];
  }

  /** @param {IncidentDetail} detail */
  #patient(detail) {
    const card = detail.patient;
    const text = (/** @type {unknown} */ value, /** @type {string} */ unit = "") =>
      value === null || value === undefined || value === "" ? "–" : `${value}${unit}`;
    const bp = [
      card?.bp_right ? `${t("patient.right")} ${card.bp_right}` : "",
      card?.bp_left ? `${t("patient.left")} ${card.bp_left}` : "",
    ]
      .filter(Boolean)
      .join("　");
    /** @type {[string, Node | string][]} */
    const rows = [
      ["patient.who", ageSex(card)],
      [
        "patient.onset",
        card?.onset_at_us
          ? h("span", null, clock(card.onset_at_us), "（", since(card.onset_at_us), t("patient.ago"), "）")
          : "–",
      ],
      ["patient.pain", text(card?.pain_nrs, "/10")],
      ["patient.bp", bp || "–"],
      ["patient.hr", text(card?.hr_bpm, "/min")],
      ["patient.spo2", text(card?.spo2_pct, " %")],
      ["patient.resp", text(card?.resp_per_min, "/min")],
      ["patient.temp", text(card?.temp_c, " ℃")],
      ["patient.jcs", text(card?.jcs)],
      ["patient.history", text(card?.history)],
    ];
    const offS = (detail.stream?.clock_offset_us ?? 0) / 1e6;
    const clockOff =
      Math.abs(offS) >= 60
        ? h(
            "p",
            { class: "small warn-text" },
            "▲ ",
            t(offS < 0 ? "patient.clock_ahead" : "patient.clock_behind", { min: Math.round(Math.abs(offS) / 60) }),
          )
        : null;
    const spans = intervalsOf(detail.timeline, card?.onset_at_us);
    return [
      h("h2", null, t("side.patient")),
      clockOff,
      h(
        "dl",
        { class: "facts" },
        rows.map(([key, value]) => h("div", null, h("dt", null, t(key)), h("dd", null, value))),
      ),
      spans.length ? h("h2", null, t("side.intervals")) : null,
      spans.length
        ? h(
            "dl",
            { class: "facts" },
            spans.map(({ key, seconds }) =>
              h("div", null, h("dt", null, t(`interval.${key}`)), h("dd", null, span(seconds))),
            ),
          )
        : null,
    ];
  }

  #table() {
    const reading = readReport(this.trace.report);
    if (!reading || reading.leads.length === 0)
      return [h("h2", null, t("side.table")), h("p", null, t("side.no_table"))];
    const cell = (/** @type {number | null} */ uv) =>
      uv === null
        ? [h("td", null, "–"), h("td", null, "–")]
        : [h("td", null, signedMm(uv)), h("td", { class: "uv" }, signedUv(uv))];
    return [
      h("h2", null, t("side.table")),
      h(
        "table",
        { class: "leads" },
        h("caption", { class: "sr" }, t("side.table")),
        h(
          "thead",
          null,
          h(
            "tr",
            null,
            h("th", { scope: "col", rowspan: "2" }, t("table.lead")),
            h("th", { scope: "colgroup", colspan: "2" }, "J"),
            h("th", { scope: "colgroup", colspan: "2" }, "J+60"),
            h("th", { scope: "col" }, t("table.threshold")),
            h("th", { scope: "col", rowspan: "2" }, t("table.quality")),
          ),
          h(
            "tr",
            null,
            h("th", null, "mm"),
            h("th", null, "µV"),
            h("th", null, "mm"),
            h("th", null, "µV"),
            h("th", null, "mm"),
          ),
        ),
        h(
          "tbody",
          null,
          reading.leads.map((lead) =>
            h(
              "tr",
              { class: lead.meets ? "meets" : "" },
              h("th", { scope: "row" }, lead.meets ? "▲ " : "", lead.lead),
              ...cell(lead.jUv),
              ...cell(lead.j60Uv),
              h("td", null, lead.thresholdUv === null ? "–" : (lead.thresholdUv / 100).toFixed(1)),
              h("td", null, knows(`quality.${lead.quality}`) ? t(`quality.${lead.quality}`) : lead.quality || "–"),
            ),
          ),
        ),
      ),
      h("p", { class: "small" }, t("table.legend")),
    ];
  }

  /** @param {Event} event */
  async #send(event) {
    event.preventDefault();
    const text = this.noteText.value.trim();
    if (!text) return;
    this.noteButton.disabled = true;
    this.noteError.textContent = "";
    try {
      const left = await this.store.note(text);
      this.noteText.value = "";
      if (left) this.noteError.textContent = t("unsent.note");
    } catch (error) {
      this.noteError.textContent = error instanceof Error ? error.message : String(error);
    }
    this.noteButton.disabled = false;
  }
}

/** What became of a letter: by which way, to whom, and why not. @param {TimelineEntry} entry */
function letterWords(entry) {
  const { stage, data } = entry;
  const way = knows(`way.${data["channel"]}`) ? t(`way.${data["channel"]}`) : data["channel"];
  const whom = data["told"] || t("way.site");
  const why = stage === "not-told" ? String(data["cause"] ?? "") : "";
  const known = knows(`cause.${why}`) ? t(`cause.${why}`) : why;
  return `${deviceWords(entry) || `${way} ${whom} ${t(`stage.${stage}`)}`}${known ? `：${known}` : ""}`;
}

/** Whom the ladder rang, or why nobody. @param {Record<string, any>} data */
export function ladderWords(data) {
  if (data["target"] === "crew") return t("ladder.crew", { place: data["place"] ?? "" });
  const whom = `${t(`ladder.${data["target"]}`)} ${data["name"] ?? ""}`.trim();
  return data["skipped"] ? `${whom}：${t(`ladder.skip.${data["skipped"]}`)}` : t("ladder.rang", { whom });
}

/** One line of the timeline. @param {TimelineEntry} entry */
export function entryWords(entry) {
  const { data, who } = entry;
  const by = who ? (lang() === "ja" ? `（${who}）` : ` (${who})`) : "";
  switch (entry.stage) {
    case "mark":
      return `${t(`mark.${data["mark"]}`)}${by}`;
    case "note":
      return `${who}：${data["text"] ?? ""}`;
    case "snapshot-stored":
      return t("stage.snapshot-stored", { reason: t(`reason.${data["reason"]}`) });
    case "file-origin":
      return [t("stage.file-origin"), pick(data, "recorded"), data["doubts_ja"] ? `▲ ${pick(data, "doubts")}` : ""]
        .filter(Boolean)
        .join(" ")
        .concat(by);
    case "screened":
    case "alert-raised":
      return `${t(`stage.${entry.stage}`)} ${data["tier"] ?? ""} ${pick(data, "statement")}`;
    case "decided":
      return `${t("stage.decided")} ${decisionWords(String(data["decision"]))} ${data["text"] ?? ""}${by}`;
    case "ladder-step":
      return ladderWords(data);
    case "told":
    case "not-told":
    case "link-opened":
      return letterWords(entry) + by;
    default:
      return `${knows(`stage.${entry.stage}`) ? t(`stage.${entry.stage}`) : entry.stage}${by}`;
  }
}
