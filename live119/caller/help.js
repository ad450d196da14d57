/** Pictures of where to press, by browser: drawn by us, no text in them. */

import { draw } from "/static/caller/view.js";

const UA = navigator.userAgent;
/** An app's own browser: no camera there, or none that asks. */
export const inApp = (ua = UA) => /\bLine\/|FBA[NV]|Instagram|MicroMessenger|KAKAOTALK|Twitter|YJApp|GSA\/|; wv\)/i.test(ua);
const IOS = /iPhone|iPad|iPod/.test(UA) || (/Macintosh/.test(UA) && navigator.maxTouchPoints > 1);
export const BROWSER = IOS ? "ios" : /Android/.test(UA) ? "android" : "other";

const PHONE = ["M50 4H150Q158 4 158 12V98Q158 106 150 106H50Q42 106 42 98V12Q42 4 50 4Z"];
const BAR = ["M52 16H148V32H52Z"];
const CAMERA = "M84 50h26v20H84ZM110 56l12-7v22l-12-7";
const FINGER = "M0 0v22l6-4l5 12l6-3l-5-11h8z";
/** @type {Record<string, string[][]>} */
const PICTURES = {
  ask: [PHONE, ["M54 40H146V86H54Z"], ["M90 46h14v11H90ZM104 50l7-4v11l-7-4", "f"], ["M104 64H142V80H104Z", "y"], ["M58 64H96V80H58Z"], [FINGER.replace("M0 0", "M124 72"), "f"]],
  ios: [PHONE, ["M52 80H148V96H52Z"], ["M54 82H70V94H54Z", "y"], ["M78 88H132"], [CAMERA], [FINGER.replace("M0 0", "M62 88"), "r"]],
  android: [PHONE, BAR, ["M54 18H70V30H54Z", "y"], ["M78 24H132"], [CAMERA], [FINGER.replace("M0 0", "M62 24"), "r"]],
  other: [["M12 8H188V104H12Z"], ["M12 32H188"], ["M20 14H40V26H20Z", "y"], ["M50 20H150"], [CAMERA], [FINGER.replace("M0 0", "M30 20"), "r"]],
  "in-app": [PHONE, ["M134 14a3 3 0 1 0 .1 0M134 24a3 3 0 1 0 .1 0M134 34a3 3 0 1 0 .1 0", "f"], ["M122 8H148V44H122Z", "r"], ["M74 54h34v34H74ZM92 70l26-26M104 44h14v14"]],
};

/** @param {string} name */
export const helpDrawing = (name) => draw(PICTURES[name] ?? []);
