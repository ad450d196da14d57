/** Small pictures drawn as SVG: no font has to know them. Always beside words. */

import { s } from "/static/kit/shared/dom.js";

/** A bell, struck through when it cannot ring. @param {boolean} struck */
export function bell(struck) {
  return s(
    "svg",
    {
      viewBox: "0 0 24 24",
      width: "20",
      height: "20",
      class: "icon",
      "aria-hidden": "true",
      fill: "none",
      stroke: "currentColor",
      "stroke-width": "2",
      "stroke-linecap": "round",
      "stroke-linejoin": "round",
    },
    s("path", { d: "M6 17V11a6 6 0 0 1 12 0v6l2 2H4zM10 21h4" }),
    struck ? s("path", { d: "M3 3l18 18" }) : null,
  );
}
