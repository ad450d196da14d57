/**
 * Lead names, their bits on the wire, and the limb leads that follow from I and II.
 * The same table as `signal/ecg/leads.py`; golden vectors hold the two together.
 */

/** Position in this list is the lead's bit in a frame's mask. Append only. */
export const ALL_LEADS = Object.freeze([
  "I",
  "II",
  "V1",
  "V2",
  "V3",
  "V4",
  "V5",
  "V6",
  "V3R",
  "V4R",
  "V7",
  "V8",
  "V9",
  "III",
  "aVR",
  "aVL",
  "aVF",
]);

export const STANDARD_12 = Object.freeze(["I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6"]);

/** Limb leads in Cabrera's order; aVR stands inverted and its label keeps the minus sign. */
export const CABRERA_LIMB = Object.freeze(["aVL", "I", "-aVR", "II", "aVF", "III"]);

/**
 * lead = a · I + b · II (Einthoven 1912, Goldberger 1942).
 * @type {Readonly<Record<string, readonly [number, number]>>}
 */
export const FROM_I_AND_II = Object.freeze({
  III: /** @type {const} */ ([-1, 1]),
  aVR: /** @type {const} */ ([-0.5, -0.5]),
  aVL: /** @type {const} */ ([1, -0.5]),
  aVF: /** @type {const} */ ([-0.5, 1]),
});

/** @type {ReadonlyMap<string, number>} */
const BIT = new Map(ALL_LEADS.map((name, bit) => [name, bit]));

/**
 * The bit of a lead.
 * @param {string} name
 * @returns {number}
 */
export function bitOfLead(name) {
  const bit = BIT.get(name);
  if (bit === undefined) throw new RangeError(`No lead is called ${name}.`);
  return bit;
}

/**
 * Lead names of a wire mask, in the order in which a frame's rows stand.
 * @param {number} mask
 * @returns {string[]}
 */
export function leadsOfMask(mask) {
  return ALL_LEADS.filter((_, bit) => (mask >>> bit) & 1);
}

/**
 * @param {readonly string[]} names
 * @returns {number}
 */
export function maskOfLeads(names) {
  return names.reduce((mask, name) => mask | (1 << bitOfLead(name)), 0);
}

/**
 * Every lead that can be drawn from a mask: the sent ones and those that follow from I and II.
 * @param {number} mask
 * @returns {string[]} the twelve standard leads first
 */
export function drawableLeads(mask) {
  const sent = new Set(leadsOfMask(mask));
  const both = sent.has("I") && sent.has("II");
  const standard = STANDARD_12.filter((name) => sent.has(name) || (both && name in FROM_I_AND_II));
  return [...standard, ...leadsOfMask(mask).filter((name) => !STANDARD_12.includes(name))];
}
