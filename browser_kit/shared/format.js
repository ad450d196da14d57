/** Times, ages and numbers as people read them. Pure: the time now is an argument. */

import { lang, t } from "/static/kit/shared/i18n.js";

/** Whether a date can be made of it (ECMA-262, 21.4.1.1). @param {number} us */
const isMoment = (us) => Math.abs(us) <= 8.64e18;

/** Hours and minutes, with seconds when asked. @param {number} us @param {boolean} [seconds] */
export function clock(us, seconds = false) {
  if (!isMoment(us)) return "–";
  return new Intl.DateTimeFormat(lang() === "ja" ? "ja-JP" : "en-GB", {
    hour: "2-digit",
    minute: "2-digit",
    hour12: false,
    ...(seconds ? { second: "2-digit" } : {}),
  }).format(new Date(us / 1000));
}

/** The day. @param {number} us */
export function day(us) {
  if (!isMoment(us)) return "–";
  return new Intl.DateTimeFormat(lang() === "ja" ? "ja-JP" : "en-GB", {
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
  }).format(new Date(us / 1000));
}

/** Day, time and zone, for the head of a sheet. @param {number} us */
export function stamp(us) {
  if (!isMoment(us)) return "–";
  return new Intl.DateTimeFormat(lang() === "ja" ? "ja-JP" : "en-GB", {
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hour12: false,
    timeZoneName: "short",
  }).format(new Date(us / 1000));
}

/** A span in words: 8秒, 3分12秒, 1時間5分. @param {number} seconds */
export function span(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  if (s < 60) return t("span.s", { s });
  if (s < 3600) return t("span.ms", { m: Math.floor(s / 60), s: s % 60 });
  return t("span.hm", { h: Math.floor(s / 3600), m: Math.floor((s % 3600) / 60) });
}

/** A short span with a tenth: "2.1". @param {number} seconds */
export function tenths(seconds) {
  return (Math.floor(Math.max(0, seconds) * 10) / 10).toFixed(1);
}

/** Microvolts as signed millimetres on standard paper: "+2.4", "−0.8", "0.0". @param {number} uv */
export function signedMm(uv) {
  return signed((uv / 100).toFixed(1));
}

/** Microvolts, signed. @param {number} uv */
export function signedUv(uv) {
  return signed(Math.round(uv).toFixed(0));
}

/** @param {string} text */
function signed(text) {
  if (Number(text) === 0) return text.replace("-", "");
  return text.startsWith("-") ? `\u2212${text.slice(1)}` : `+${text}`;
}

/**
 * Age and sex of a patient card, or that they are not known.
 * @param {{age_years?: number | null, sex?: string | null} | null | undefined} card
 */
export function ageSex(card) {
  const age = card?.age_years ?? null;
  const sex = card?.sex ?? null;
  if (age === null && sex === null) return t("patient.unknown");
  return [
    age === null ? t("patient.age_unknown") : t("patient.age", { age }),
    sex === null ? t("patient.sex_unknown") : t(`patient.sex.${sex}`),
  ].join(" ");
}
