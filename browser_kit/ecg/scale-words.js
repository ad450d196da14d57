/** What every trace says of itself: speed, gain, that a screen's millimetres are not known, and the filter. */

import { t } from "/static/kit/shared/i18n.js";
import { filterLabel } from "/static/kit/ecg/filters.js";
import { MM_PER_S } from "/static/kit/ecg/paper.js";

/**
 * Millimetres are those of the grid; no browser knows how large its screen is. No device says its own
 * filter band, so the band of a trace that is shown as recorded is unknown.
 * @param {{mmPerMv: number, filter: import("/static/kit/ecg/filters.js").FilterName, fsHz: number, timing?: string}}
 *   of fsHz may be NaN: nothing is on show yet
 */
export function scaleWords({ mmPerMv, filter, fsHz, timing = "" }) {
  const band = filter === "monitor" ? t("filter.monitor", { band: filterLabel(fsHz) }) : t("filter.diagnostic");
  return [`${MM_PER_S} mm/s  ${mmPerMv} mm/mV`, t("scale.not_to_scale"), band, timing].filter(Boolean).join("  ");
}
