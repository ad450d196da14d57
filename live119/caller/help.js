/** Pictures of where to press, by browser: drawn by us, no text in them. */

import { draw } from "/static/caller/view.js";

const UA = navigator.userAgent;
/** An app's own browser: no camera there, or none that asks. */
export const inApp = (ua = UA) =>
  /\bLine\/|FBA[NV]|Instagram|MicroMessenger|KAKAOTALK|Twitter|YJApp|GSA\/|; wv\)/i.test(ua);
const IOS = /iPhone|iPad|iPod/.test(UA) || (/Macintosh/.test(UA) && navigator.maxTouchPoints > 1);
export const BROWSER = IOS ? "ios" : /Android/.test(UA) ? "android" : "other";

const PHONE = ["M50 4H150Q158 4 158 12V98Q158 106 150 106H50Q42 106 42 98V12Q42 4 50 4Z"];
const BAR = ["M52 16H148V32H52Z"];
const CAMERA = "M84 50h26v20H84ZM110 56l12-7v22l-12-7";
/** A hand whose finger points at the place. */
const hand = (/** @type {number} */ x, /** @type {number} */ y) => [
  `M${x} ${y}q5 0 5 6v14l14 4q5 1 5 7l-2 15h-20l-11-15q-2-5 4-5l0 1v-21q0-6 5-6Z`,
  "h",
];
/** @type {Record<string, string[][]>} */
const PICTURES = {
  ask: [
    PHONE,
    ["M54 40H146V86H54Z"],
    ["M90 46h14v11H90ZM104 50l7-4v11l-7-4", "f"],
    ["M104 64H142V80H104Z", "y"],
    ["M58 64H96V80H58Z"],
    hand(124, 72),
  ],
  ios: [PHONE, ["M52 80H148V96H52Z"], ["M54 82H70V94H54Z", "y"], ["M78 88H132"], [CAMERA], hand(62, 88)],
  android: [PHONE, BAR, ["M54 18H70V30H54Z", "y"], ["M78 24H132"], [CAMERA], hand(62, 24)],
  other: [["M12 8H188V104H12Z"], ["M12 32H188"], ["M20 14H40V26H20Z", "y"], ["M50 20H150"], [CAMERA], hand(30, 20)],
  "in-app": [
    PHONE,
    ["M134 14a3 3 0 1 0 .1 0M134 24a3 3 0 1 0 .1 0M134 34a3 3 0 1 0 .1 0", "f"],
    ["M122 8H148V44H122Z", "r"],
    ["M74 54h34v34H74ZM92 70l26-26M104 44h14v14"],
  ],
};

/** @param {string} name */
export const helpDrawing = (name) => draw(PICTURES[name] ?? [], "0 0 200 136");

/** Where this app's browser hands a page to the real one: LINE by a parameter, iPhones by Safari's own scheme. */
export function outside(here = location.href, ua = UA) {
  const [page = "", token = ""] = here.split("#");
  if (/\bLine\//i.test(ua)) return `${page.split("?")[0]}?openExternalBrowser=1#${token}`;
  return IOS && page.startsWith("https:") ? `x-safari-${here}` : "";
}
