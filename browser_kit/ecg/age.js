/** How old the drawn trace is, and what that is called. Never guesses in its own favour. */

export const STALE_S = 3;
export const LOST_S = 10;

/** @typedef {"live" | "stale" | "lost" | "ended" | "waiting"} AgeState */

/**
 * Seconds since the newest sample on this page arrived where it is kept, by arrival and not by any
 * device's clock; the pen's lag is added, because what is drawn is older than what is held.
 * @param {{nowMs: number, lastArrivalMs: number, lagS: number, reportedAgeMs?: number, reportedAtMs?: number}} seen
 */
export function ageS({ nowMs, lastArrivalMs, lagS, reportedAgeMs = 0, reportedAtMs = nowMs }) {
  if (Number.isNaN(lastArrivalMs)) return NaN;
  const own = nowMs - lastArrivalMs;
  const reported = reportedAgeMs + (nowMs - reportedAtMs);
  return Math.max(own, reportedAgeMs > 0 ? reported : 0, 0) / 1000 + lagS;
}

/**
 * @param {number} sinceS seconds since anything new arrived (the pen's own lag left out)
 * @param {boolean} ended
 * @returns {AgeState}
 */
export function stateOfAge(sinceS, ended) {
  if (ended) return "ended";
  if (Number.isNaN(sinceS)) return "waiting";
  if (sinceS >= LOST_S) return "lost";
  return sinceS >= STALE_S ? "stale" : "live";
}
