/** What the crew is told, in words. Pure. */

import { span } from "/static/kit/shared/format.js";
import { lang, pick, t } from "/static/kit/shared/i18n.js";

/** @typedef {import("/static/panel/js/contract.js").PanelState} PanelState */

/**
 * The link in one line and its level: `good`, `warn` (it will be sent later) or `bad` (a person must act).
 * @param {PanelState | null} state @param {boolean} own whether this page hears the tablet's own process
 * @returns {{level: "good" | "warn" | "bad", shape: string, text: string}}
 */
export function linkWords(state, own) {
  if (!own || !state) return { level: "bad", shape: "✕", text: t("link.own_lost") };
  if (!state.spool_ok) return { level: "bad", shape: "✕", text: t("link.disk") };
  if (state.room_min < 60) return { level: "bad", shape: "✕", text: t("link.room", { min: state.room_min }) };
  const forS = (state.now_us - state.link.since_us) / 1e6;
  switch (state.link.state) {
    case "connected":
      return state.backlog_s >= 2
        ? { level: "warn", shape: "▲", text: t("link.catching_up", { s: Math.ceil(state.backlog_s) }) }
        : { level: "good", shape: "●", text: t("link.sending") };
    case "connecting":
      return { level: "warn", shape: "▲", text: t("link.connecting", { s: span(forS) }) };
    case "refused":
      return { level: "bad", shape: "✕", text: calling(state.link) || t("link.refused") };
    default:
      return state.link.words_ja
        ? { level: "bad", shape: "✕", text: `${calling(state.link)} ${span(forS)}` }
        : { level: "warn", shape: "▲", text: t("link.lost", { s: span(forS) }) };
  }
}

/** Why nothing goes to the relay, in the words of its cause, and whom to phone. @param {PanelState["link"]} link */
function calling(link) {
  const words = pick(link, "words");
  return words && link.phone ? `${words} ☎ ${link.phone}` : words;
}

const DERIVED = ["III", "aVR", "aVL", "aVF"];

/**
 * The leads a hand can mend: those that follow from I and II are left out.
 * @template T
 * @param {Record<string, T>} electrodes
 * @returns {Record<string, T>}
 */
export function ownElectrodes(electrodes) {
  const both = "I" in electrodes && "II" in electrodes;
  return Object.fromEntries(Object.entries(electrodes).filter(([lead]) => !both || !DERIVED.includes(lead)));
}

/** The electrodes that need a hand, worst first. @param {Record<string, string>} electrodes */
export function electrodeAdvice(electrodes) {
  const own = ownElectrodes(electrodes);
  const of = (/** @type {string} */ state) => Object.keys(own).filter((lead) => own[lead] === state);
  const off = of("off");
  const noisy = of("noisy");
  return [
    off.length ? t("electrode.off", { leads: off.join("・") }) : "",
    noisy.length ? t("electrode.noisy", { leads: noisy.join("・") }) : "",
  ]
    .filter(Boolean)
    .join("　");
}

/** What still waits on this tablet and how far the relay is; always on the page. @param {PanelState} state */
export function lagWords(state) {
  const rtt =
    state.link.state === "connected" && state.link.rtt_ms !== null
      ? t("link.rtt", { ms: Math.round(state.link.rtt_ms) })
      : "";
  return [
    t("link.backlog", { s: state.backlog_s < 10 ? state.backlog_s.toFixed(1) : Math.round(state.backlog_s) }),
    rtt,
  ]
    .filter(Boolean)
    .join("　");
}

/**
 * ECG or entries that are gone, or were saved out of a damaged store; empty where nothing happened.
 * @param {PanelState} state
 */
export function lossWords(state) {
  const clock = state.clock ? `▲ ${pick(state.clock, "words")}` : "";
  const lost =
    state.lost_s > 0
      ? `✕ ${t("link.ecg_gone", { s: state.lost_s < 10 ? state.lost_s.toFixed(1) : Math.round(state.lost_s) })}`
      : "";
  const saved = state.recovered
    ? `▲ ${t("link.recovered", { s: Math.round(state.recovered.ecg_s), n: state.recovered.entries })}`
    : "";
  const nobody = state.attention?.nobody ? `✕ ${pick(state.attention.nobody, "words")}` : "";
  return [nobody, lost, saved, clock].filter(Boolean).join("　");
}

/** The device's name, and its clock against the tablet's once it is known. @param {PanelState} state */
export function deviceLine(state) {
  const { name, rate_ppm, rate_error_ppm } = state.source;
  const isKnown = rate_ppm !== null && rate_ppm !== undefined;
  const rate = isKnown ? `${rate_ppm < 0 ? "\u2212" : "+"}${Math.abs(Math.round(rate_ppm))}` : "";
  const clock = isKnown ? t("device.clock", { ppm: `${rate} ± ${Math.ceil(2 * (rate_error_ppm ?? 0))}` }) : "";
  return [name, state.stream ? `${state.stream.fs_hz} Hz` : "", clock].filter(Boolean).join("　");
}

/**
 * The ECG device in one line where the crew must act or wait; empty while it sends.
 * @param {PanelState["source"]} source
 */
export function deviceWords(source) {
  switch (source.state) {
    case "failed":
      return `✕ ${pick(source, "words") || `${t("panel.source_failed")} (${source.text})`}`;
    case "silent":
      return `✕ ${pick(source, "words") || t("panel.source_silent")}`;
    case "waiting":
      return pick(source, "words")
        ? `▲ ${pick(source, "words")}`
        : `… ${t("panel.source_waiting")}${lang() === "en" ? ` ${source.text}` : ""}`;
    default:
      return source.text && source.state === "running"
        ? `▲ ${t("panel.source_rate")}${lang() === "en" ? ` ${source.text}` : ""}`
        : "";
  }
}

/** Electrodes that look exchanged, before anything is sent. @param {PanelState["swap"]} swap */
export function swapWords(swap) {
  return swap ? `▲ ${t("electrode.swap", { what: pick(swap, "words") })}` : "";
}

/** No QRS although the electrodes are good. @param {PanelState["standstill_s"]} seconds */
export function standstillWords(seconds) {
  return typeof seconds === "number" ? `▲ ${t("electrode.standstill", { s: seconds })}` : "";
}

/** What the crew should know of a tier; never that all is well. @param {string | null | undefined} tier */
export function tierAdvice(tier) {
  const letter = tier ? tier.slice(0, 1) : "";
  return "ABCDEQ".includes(letter) && letter ? t(`advice.${letter}`) : t("advice.none");
}

/**
 * Whether a notice came from a person at the hospital, or says whether one was told.
 * @param {import("/static/panel/js/contract.js").Notice} notice
 * @param {string} unit
 */
export function fromHospital(notice, unit) {
  return (
    ["note", "decided", "trace-opened", "delivered", "told", "not-told", "link-opened", "ladder-step"].includes(
      notice.stage,
    ) && notice.who !== unit
  );
}
