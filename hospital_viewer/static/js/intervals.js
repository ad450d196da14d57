/** From symptom to balloon on one line: every interval, and "unknown" where it is unknown. */

import { h } from "/static/kit/shared/dom.js";
import { span } from "/static/kit/shared/format.js";
import { t } from "/static/kit/shared/i18n.js";

/** @typedef {import("/static/viewer/js/contract.js").IncidentDetail} IncidentDetail */

const SHOWN = [
  "onset_fmc",
  "fmc_ecg",
  "ecg_opened",
  "opened_decided",
  "decided_accepted",
  "scene",
  "fmc_door",
  "door_device",
];

/** @param {IncidentDetail} detail @returns {(Node | null)[]} */
export function intervalLine({ intervals }) {
  if (!intervals) return [];
  const one = (/** @type {string} */ name) => {
    const found = intervals[name];
    const known = found && found.seconds !== null;
    const unknown = t(found?.is_reversed ? "intervals.reversed" : "intervals.unknown");
    const words = known ? span(Number(found.seconds)) : unknown;
    return h("div", { class: known ? "known" : "" }, h("dt", null, t(`intervals.${name}`)), h("dd", null, words));
  };
  return [h("h2", null, t("intervals.heading")), h("dl", { class: "intervals" }, SHOWN.map(one))];
}
