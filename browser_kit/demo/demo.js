/** The drill: the hospital's screen and an ambulance's tablet side by side, from `GET /api/demo`. */

import * as api from "/static/kit/shared/api.js";
import { byId, fill, h } from "/static/kit/shared/dom.js";
import { lang, loadWords, onLang, setLang, t } from "/static/kit/shared/i18n.js";
import { restoreTheme } from "/static/kit/shared/theme.js";

/**
 * @typedef {{unit: string, url: string, scenario: string}} Tablet
 * @typedef {{tablets: Tablet[], accounts: {name: string, password: string, role: string}[]}} City
 */

restoreTheme();
await loadWords(["/static/kit/shared/i18n", "/static/kit/demo/i18n"]);
const app = byId("app");
const narrow = window.matchMedia("(max-width: 899px)");
/** @type {City} */
let city = { tablets: [], accounts: [] };
let chosen = 0;

function head() {
  const unit = city.tablets[chosen]?.unit ?? "";
  return h("header", { class: "drill-head" },
    h("span", { class: "mark" }, t("demo.drill")), h("h1", null, t("demo.title")),
    h("ol", { class: "steps" }, ["sign_in", "arm", "wait", "open", "watch"].map((step) => h("li", null, t(`demo.step.${step}`, { unit })))),
    h("p", { class: "accounts" }, [t("demo.account"), ...city.accounts.flatMap(({ name, password }) => [" ", h("code", null, name), " / ", h("code", null, password)])]),
    h("a", { class: "desk", href: "/dispatch", target: "_blank", rel: "noopener" }, t("demo.desk")),
    h("button", { type: "button", class: "tool quiet", onclick: () => setLang(lang() === "ja" ? "en" : "ja") }, lang() === "ja" ? "English" : "日本語"));
}

/** @param {string} src @param {string} title */
const frame = (src, title) => h("iframe", { src, title, allow: "autoplay; screen-wake-lock" });

function wide() {
  const tablet = city.tablets[chosen];
  const holder = h("div");
  const link = h("a", { target: "_blank", rel: "noopener" }, t("demo.own_window"));
  const show = () => {
    const now = city.tablets[chosen];
    if (!now) return;
    link.setAttribute("href", now.url);
    fill(holder, frame(now.url, now.unit));
  };
  const picker = h("select", { "aria-label": t("demo.tablet"), onchange: (/** @type {Event} */ event) => { chosen = /** @type {HTMLSelectElement} */ (event.target).selectedIndex; show(); app.firstElementChild?.replaceWith(head()); } },
    city.tablets.map((one, i) => h("option", { selected: i === chosen }, `${one.unit}：${one.scenario}`)));
  fill(app, head(), h("main", { class: "stage" },
    h("section", { class: "frame" }, h("header", null, h("h2", null, t("demo.hospital")), h("a", { href: "/", target: "_blank", rel: "noopener" }, t("demo.own_window"))), frame("/", t("demo.hospital"))),
    h("section", { class: "frame" }, h("header", null, h("h2", null, t("demo.tablet")), picker, link), tablet ? holder : h("p", null, t("demo.no_tablet")))));
  show();
}

function links() {
  fill(app, head(), h("main", { class: "links" },
    h("a", { href: "/" }, t("demo.hospital")),
    city.tablets.map((tablet) => h("a", { href: tablet.url }, `${t("demo.tablet")} ${tablet.unit}`, h("small", null, tablet.scenario)))));
}

function draw() {
  document.title = t("demo.title");
  if (narrow.matches) links();
  else wide();
}

try {
  city = await api.get("/api/demo");
  draw();
  onLang(draw);
  narrow.addEventListener("change", draw);
} catch (error) {
  fill(app, h("p", { class: "error-line" }, error instanceof Error ? error.message : String(error)));
}
