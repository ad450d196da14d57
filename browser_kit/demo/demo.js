/** The drill: the hospital's screen and an ambulance's tablet side by side, from `GET /api/demo`. */

import * as api from "/static/kit/shared/api.js";
import { byId, fill, h } from "/static/kit/shared/dom.js";
import { lang, loadWords, onLang, setLang, t } from "/static/kit/shared/i18n.js";
import { restoreTheme } from "/static/kit/shared/theme.js";
import { CallerPicture } from "/static/kit/demo/caller.js";

/**
 * @typedef {{unit: string, url: string, scenario: string}} Tablet
 * @typedef {{tablets: Tablet[], accounts: {name: string, password: string, role: string}[], phone?: {url: string, qr:
 *   string, fingerprint: string}}} City
 */

restoreTheme();
await loadWords(["/static/kit/shared/i18n", "/static/kit/demo/i18n"]);
const app = byId("app");
const narrow = window.matchMedia("(max-width: 899px)");
/** @type {City} */
let city = { tablets: [], accounts: [] };
const TABLET_PX = { width: 1024, height: 720 };
const SMALLEST_TABLET_PX = 460;
let chosen = 0;
/** @type {CallerPicture | null} */
let caller = null;

/** A drill's password stands on its page anyway: the physician is signed in, unless somebody is. */
async function signIn() {
  const physician = city.accounts.find(({ role }) => role !== "dispatcher");
  try {
    await api.get("/api/session");
  } catch (error) {
    if (!physician || !(error instanceof api.ApiError) || error.status !== 401) throw error;
    await api.post("/api/session", { name: physician.name, password: physician.password });
  }
}

/** The console under this machine's other name: it keeps a session of its own beside the hospital's. */
function desk() {
  const other = new Map([
    ["localhost", "127.0.0.1"],
    ["127.0.0.1", "localhost"],
  ]).get(location.hostname);
  return other ? `${location.protocol}//${other}:${location.port}/dispatch` : "/dispatch";
}

/** Who may sign in where; in a drill they share one password, said once. */
function accounts() {
  const passwords = [...new Set(city.accounts.map(({ password }) => password))];
  const who = city.accounts.flatMap(({ name, role }) => [
    " ",
    h("code", null, name),
    t(role === "dispatcher" ? "demo.at_119" : "demo.at_hospital"),
  ]);
  return h("p", { class: "accounts" }, [
    t("demo.account"),
    ...who,
    "　",
    t("demo.password"),
    ...passwords.flatMap((one) => [" ", h("code", null, one)]),
  ]);
}

function head() {
  const unit = city.tablets[chosen]?.unit ?? "";
  return h(
    "header",
    { class: "drill-head" },
    h("span", { class: "mark" }, t("demo.drill")),
    h("h1", null, t("demo.title")),
    h(
      "ol",
      { class: "steps" },
      ["arm", "wait", "open", "watch"].map((step) => h("li", null, t(`demo.step.${step}`, { unit }))),
    ),
    accounts(),
    city.phone
      ? h(
          "details",
          { class: "phone" },
          h("summary", null, t("demo.phone")),
          h("img", { src: city.phone.qr, alt: city.phone.url }),
          h("a", { href: city.phone.url }, city.phone.url),
          h("a", { href: `${city.phone.url}ca.crt` }, t("demo.ca")),
          h("small", null, city.phone.fingerprint),
        )
      : null,
    narrow.matches ? null : h("a", { class: "desk", href: desk(), target: "_blank", rel: "noopener" }, t("demo.desk")),
    h(
      "button",
      { type: "button", class: "tool quiet", onclick: () => setLang(lang() === "ja" ? "en" : "ja") },
      lang() === "ja" ? "English" : "日本語",
    ),
  );
}

/** @param {string} src @param {string} title */
const frame = (src, title) => h("iframe", { src, title, allow: "autoplay; screen-wake-lock" });

/** A tablet of ten inches, made smaller to fit: everything a crew sees at once. @param {HTMLElement} holder */
function fitTablet(holder) {
  const screen = holder.firstElementChild;
  const { clientWidth: width, clientHeight: height } = holder;
  if (!(screen instanceof HTMLElement) || !width || !height) return;
  const scale = width < SMALLEST_TABLET_PX ? 1 : Math.min(1, width / TABLET_PX.width, height / TABLET_PX.height);
  screen.style.width = `${width / scale}px`;
  screen.style.height = `${height / scale}px`;
  screen.style.transform = `scale(${scale})`;
}

function wide() {
  caller ??= new CallerPicture();
  const tablet = city.tablets[chosen];
  const holder = h("div", { class: "tablet-screen" });
  new ResizeObserver(() => fitTablet(holder)).observe(holder);
  const link = h("a", { target: "_blank", rel: "noopener" }, t("demo.own_window"));
  const show = () => {
    const now = city.tablets[chosen];
    if (!now) return;
    link.setAttribute("href", now.url);
    fill(holder, frame(now.url, now.unit));
    fitTablet(holder);
  };
  const picker = h(
    "select",
    {
      "aria-label": t("demo.tablet"),
      onchange: (/** @type {Event} */ event) => {
        chosen = /** @type {HTMLSelectElement} */ (event.target).selectedIndex;
        show();
        app.firstElementChild?.replaceWith(head());
      },
    },
    city.tablets.map((one, i) => h("option", { selected: i === chosen }, `${one.unit}：${one.scenario}`)),
  );
  fill(
    app,
    head(),
    h(
      "main",
      { class: "stage" },
      h(
        "section",
        { class: "frame" },
        h(
          "header",
          null,
          h("h2", null, t("demo.hospital")),
          h("a", { href: "/", target: "_blank", rel: "noopener" }, t("demo.own_window")),
        ),
        frame("/", t("demo.hospital")),
      ),
      h(
        "div",
        { class: "beside" },
        caller.el,
        h(
          "section",
          { class: "frame" },
          h("header", null, h("h2", null, t("demo.tablet")), picker, link),
          tablet ? holder : h("p", null, t("demo.no_tablet")),
        ),
      ),
    ),
  );
  show();
  caller.moved();
}

/** Too narrow for all at once: one screen at a time; the others go on behind it, so an armed hospital rings. */
function oneByOne() {
  const screens = [
    { name: t("demo.hospital"), url: "/" },
    ...city.tablets.map(({ unit, url }) => ({ name: unit, url })),
  ];
  const stage = h("main", { class: "one" });
  /** @type {Map<number, HTMLIFrameElement>} */
  const frames = new Map();
  const tabs = h("nav", { class: "which" });
  const show = (/** @type {number} */ which) => {
    const screen = screens[which];
    if (screen && !frames.has(which)) {
      const made = frame(screen.url, screen.name);
      frames.set(which, made);
      stage.append(made);
    }
    for (const [n, one] of frames) one.hidden = n !== which;
    fill(
      tabs,
      screens.map(({ name }, n) =>
        h(
          "button",
          { type: "button", class: "tool", "aria-pressed": String(n === which), onclick: () => show(n) },
          name,
        ),
      ),
      h("a", { class: "desk", href: desk(), target: "_blank", rel: "noopener" }, t("demo.desk")),
    );
  };
  fill(
    app,
    h(
      "details",
      { class: "how" },
      h("summary", null, h("span", { class: "mark" }, t("demo.drill")), " ", t("demo.how")),
      head(),
    ),
    tabs,
    stage,
  );
  show(0);
}

function draw() {
  document.title = t("demo.title");
  if (narrow.matches) oneByOne();
  else wide();
}

try {
  city = await api.get("/api/demo");
  await signIn();
  draw();
  onLang(draw);
  narrow.addEventListener("change", draw);
  document.addEventListener("keydown", ({ key }) => {
    const open = document.querySelector("details[open]");
    if (key === "Escape" && open) open.removeAttribute("open");
  });
} catch (error) {
  fill(app, h("p", { class: "error-line" }, error instanceof Error ? error.message : String(error)));
}
