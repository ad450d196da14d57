/** Several devices of one person that were told of one alarm: one line says how many. Pure. */

import { t } from "/static/kit/shared/i18n.js";

/** Devices told within this time of the first stand in its line; one told later has a line, and a time, of its own. */
const SAME_US = 60_000_000;

/** @typedef {{stage: string, at_us: number, data: Record<string, any>}} Line */

/**
 * The lines with those about devices of one person put together; `data.devices` says how many there are.
 * @template {Line} T
 * @param {T[]} lines in the order of their entries
 * @returns {T[]}
 */
export function gathered(lines) {
  /** @type {Map<string, T>} */
  const first = new Map();
  const shown = lines.map((line) => {
    if (line.data["channel"] !== "web-push" || !["told", "not-told"].includes(line.stage)) return line;
    const { told, hospital, step, alert, snapshot, cause } = line.data;
    const key = JSON.stringify([line.stage, told, hospital, step, alert, snapshot, cause]);
    const one = first.get(key);
    if (one && Math.abs(line.at_us - one.at_us) <= SAME_US) {
      one.data["devices"] += 1;
      return null;
    }
    const alone = { ...line, data: { ...line.data, devices: 1 } };
    first.set(key, alone);
    return alone;
  });
  return /** @type {T[]} */ (shown.filter(Boolean));
}

/** A gathered line in words, "" for one that is about no device. @param {Line} line */
export function deviceWords({ stage, data }) {
  const n = data["devices"];
  if (!n) return "";
  const who = data["told"];
  if (stage === "told") return t(n > 1 ? "told.devices" : "told.device", { who, n });
  return t(n > 1 ? "told.devices_not" : "told.device_not", { who, n });
}
