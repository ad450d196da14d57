/** The ladder's words: where a call stands, and the next sentence to say on the phone. */

import { knows, t } from "/static/kit/shared/i18n.js";

/** @typedef {import("/static/dispatch/js/store.js").Call} Call */

export const RUNGS = /** @type {const} */ (["sent", "opened", "allowed", "live", "frozen", "ended"]);
const TROUBLE = new Set([
  "denied",
  "no-camera",
  "in-app-browser",
  "insecure",
  "busy",
  "slow",
  "left",
  "second-phone",
  "expired",
]);

/** @param {Call} call */
export const isWarning = (call) => call.state === "frozen" || TROUBLE.has(call.hint);

/** State and hint in words and shape. @param {Call} call */
export function rung(call) {
  const mark = call.state === "live" ? "●" : call.state === "frozen" ? "❚❚" : call.state === "ended" ? "■" : "○";
  return `${mark} ${t(`state.${call.state}`)}${call.hint ? `・${t(`hint.${call.hint}`)}` : ""}`;
}

/**
 * What to say now. The hint knows better than the state.
 * @param {Call} call
 * @param {boolean} isSms whether the link is known to have gone out as an SMS
 */
export function nextSentence(call, isSms) {
  if (call.hint && !(call.hint === "slow" && call.guidance) && call.state !== "ended" && knows(`say.hint.${call.hint}`))
    return t(`say.hint.${call.hint}`);
  if (call.state === "live" && call.guidance) return t(`say.guide.${call.guidance}`);
  return t(call.state === "sent" && !isSms ? "say.sent_link" : `say.${call.state}`);
}

/** When a rung was reached, null before. @param {Call} call @param {typeof RUNGS[number]} name */
export function reachedUs(call, name) {
  return {
    sent: call.sent_at_us,
    opened: call.opened_at_us,
    allowed: call.allowed_at_us,
    live: call.live_at_us,
    frozen: call.frozen_at_us,
    ended: call.ended_at_us,
  }[name];
}
