/** What the crew is told, in words. Pure. */

import { span } from "/static/kit/shared/format.js";
import { t } from "/static/kit/shared/i18n.js";

/** @typedef {import("/static/panel/js/contract.js").PanelState} PanelState */

/**
 * The link in one line and its level: `good`, `warn` (it will be sent later) or `bad` (a person must act).
 * @param {PanelState | null} state @param {boolean} own whether this page hears the tablet's own process
 * @returns {{level: "good" | "warn" | "bad", shape: string, text: string}}
 */
export function linkWords(state, own) {
  if (!own || !state) return { level: "bad", shape: "✕", text: t("link.own_lost") };
  if (!state.spool_ok) return { level: "bad", shape: "✕", text: t("link.disk") };
  const forS = (state.now_us - state.link.since_us) / 1e6;
  switch (state.link.state) {
    case "connected": return state.backlog_s >= 2
      ? { level: "warn", shape: "▲", text: t("link.catching_up", { s: Math.ceil(state.backlog_s) }) }
      : { level: "good", shape: "●", text: t("link.sending") };
    case "connecting": return { level: "warn", shape: "▲", text: t("link.connecting", { s: span(forS) }) };
    case "refused": return { level: "bad", shape: "✕", text: `${t("link.refused")} ${state.link.text}` };
    default: return { level: "warn", shape: "▲", text: t("link.lost", { s: span(forS) }) };
  }
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
  ].filter(Boolean).join("　");
}

/** What the crew should know of a tier; never that all is well. @param {string | null | undefined} tier */
export function tierAdvice(tier) {
  const letter = tier ? tier.slice(0, 1) : "";
  return "ABCDEQ".includes(letter) && letter ? t(`advice.${letter}`) : t("advice.none");
}

/** Whether a notice came from a person at the hospital. @param {import("/static/panel/js/contract.js").Notice} notice @param {string} unit */
export function fromHospital(notice, unit) {
  return ["note", "decided", "trace-opened", "delivered"].includes(notice.stage) && notice.who !== unit;
}
