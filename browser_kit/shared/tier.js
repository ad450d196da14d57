/** Tiers, decisions and the receipt chain, in words and shape; colour only repeats them. */

import { h } from "/static/kit/shared/dom.js";
import { clock } from "/static/kit/shared/format.js";
import { t } from "/static/kit/shared/i18n.js";

/** @type {Record<string, string>} */
const SHAPES = { A: "▲", B: "◆", C: "◆", D: "◇", E: "―", Q: "？" };

export const DECISIONS = /** @type {const} */ (["stemi-cath", "repeat-5min", "not-stemi", "unreadable"]);
/** @type {Record<string, string>} */
const DECISION_SHAPES = { "stemi-cath": "▲", "repeat-5min": "↻", "not-stemi": "―", unreadable: "？" };

/** A tier's own letter: the screen may say `A+`. @param {string | null | undefined} tier */
export const letterOf = (tier) => (tier ? tier.slice(0, 1).toUpperCase() : "");

/**
 * Whether one tier is graver than another; unreadable says the least.
 * @param {string | null | undefined} one
 * @param {string | null | undefined} other
 */
export const isGraver = (one, other) => gravity(one) < gravity(other);

/** @param {string | null | undefined} tier */
function gravity(tier) {
  const at = "ABCDEQ".indexOf(letterOf(tier) || "-");
  return at < 0 ? 6 : at;
}

/**
 * @param {string | null | undefined} tier @param {boolean} [short] the letter and shape only, words for screen readers
 */
export function tierBadge(tier, short = false) {
  const letter = letterOf(tier);
  const words = t(letter && letter in SHAPES ? `tier.${letter}` : "tier.none");
  return h(
    "span",
    { class: "tier", dataset: { tier: letter } },
    h("span", { "aria-hidden": "true" }, SHAPES[letter] ?? "…"),
    letter ? h("span", null, tier) : null,
    h("span", short && letter ? { class: "sr" } : null, words),
  );
}

/** @param {string} decision */
export const decisionWords = (decision) => `${DECISION_SHAPES[decision] ?? ""} ${t(`decision.${decision}`)}`;

/** @typedef {Partial<import("/static/kit/shared/answers.js").Receipts>} Receipts */

/** Stored → delivered → opened by whom → decided by whom → read by the crew. @param {Receipts} r */
export function receiptChain(r) {
  /** @type {[string, number | null | undefined, string | null | undefined][]} */
  const steps = [
    ["stored", r.stored_at_us, null],
    ["delivered", r.delivered_at_us, r.delivered_to],
    ["opened", r.opened_at_us, r.opened_by],
    ["decided", r.decided_on_earlier ? null : r.decided_at_us, r.decided_by],
  ];
  if (r.decided_at_us && !r.decided_on_earlier) steps.push(["understood", r.understood_at_us, null]);
  return h(
    "ol",
    { class: "receipts", "aria-label": t("receipts.label") },
    steps.map(([step, at, who]) =>
      h(
        "li",
        { class: at ? "done" : "" },
        h("span", { class: "tick" }, at ? "✓" : "○"),
        h(
          "span",
          null,
          t(`receipts.${step}${at ? "" : ".not"}`),
          at && who ? h("span", { class: "who" }, ` ${who}`) : null,
        ),
        h("span", null, at ? clock(at, true) : ""),
      ),
    ),
  );
}
