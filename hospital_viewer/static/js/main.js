/** Puts the viewer together: one store, the views that listen to it, one clock tick a second. */

import * as api from "/static/kit/shared/api.js";
import { Alarm, keepAwake } from "/static/kit/shared/alarm.js";
import { alone, byId, fill, h, setText } from "/static/kit/shared/dom.js";
import { ageSex, stamp } from "/static/kit/shared/format.js";
import { Hand } from "/static/kit/shared/hand.js";
import { lang, loadWords, onLang, t } from "/static/kit/shared/i18n.js";
import { Finger } from "/static/kit/shared/finger.js";
import { setClock, since, tick } from "/static/kit/shared/since.js";
import { every } from "/static/kit/shared/steady.js";
import { restoreTheme } from "/static/kit/shared/theme.js";
import { CabinView } from "/static/kit/video/cabin.js";
import { ClipList } from "/static/kit/video/clips.js";
import { ARCHIVE, Archive } from "/static/viewer/js/archive.js";
import { DecisionBar } from "/static/viewer/js/decision.js";
import { Delivery } from "/static/viewer/js/delivery.js";
import { listenToKeys } from "/static/viewer/js/keys.js";
import { IncidentList } from "/static/viewer/js/list.js";
import { Lock } from "/static/viewer/js/lock.js";
import { Ring } from "/static/viewer/js/ring.js";
import { Side } from "/static/viewer/js/side.js";
import { SignIn } from "/static/viewer/js/signin.js";
import { Store } from "/static/viewer/js/store.js";
import { TopBar } from "/static/viewer/js/topbar.js";
import { TraceView } from "/static/viewer/js/trace.js";
import { Unsent } from "/static/viewer/js/unsent.js";
import { SharedVideo } from "/static/viewer/js/video.js";

restoreTheme();
await loadWords(["/static/kit/shared/i18n", "/static/viewer/i18n"]);

const app = byId("app");
const store = new Store();
new Finger(app);
setClock(() => store.feed.serverUs());

const alarm = new Alarm(() => draw());
const ring = new Ring(store, alarm, () => {
  awake();
  draw();
});
const awake = keepAwake(() => ring.armed.wanted);
store.feed.stands = () => ({ armed: ring.isSounding, audio_ms: alarm.audioMs, ...trace.onScreen });

/** @param {string} id */
const open = (id) => {
  if (location.hash !== `#${id}`) location.hash = id;
  else if (id && id !== ARCHIVE) void store.open(id);
};
const signIn = new SignIn(store);
const lock = new Lock(store);
const hand = new Hand(store.feed, () => draw());
const delivery = new Delivery(store);
const topBar = new TopBar(store, ring, open, delivery, hand);
const archive = new Archive(store, open);
const list = new IncidentList(store, open, delivery);
const trace = new TraceView(store, delivery);
const side = new Side(store, trace);
const bar = new DecisionBar(store, trace);
const unsent = new Unsent(store, open);
const video = new SharedVideo(store);
const cabin = new CabinView();
const clips = new ClipList(false);
side.el.prepend(cabin.el);
side.el.append(clips.el);
const back = h("button", {
  type: "button",
  class: "back-to-list",
  onclick: () => {
    location.hash = store.isArchived ? ARCHIVE : "";
  },
});
const caseUnit = h("h1", { class: "case-unit", tabindex: "-1" });
const caseSince = h("p", { class: "case-since" });
const caseHead = h("header", { class: "case-header" }, back, caseUnit, caseSince);
const casePane = h(
  "main",
  { class: "case-pane" },
  caseHead,
  h("div", { class: "case-body" }, trace.el, side.el),
  bar.el,
);
const nothing = h("main", { class: "nothing" });
const shell = h(
  "div",
  { class: "shell" },
  topBar.el,
  unsent.el,
  video.el,
  h("div", { class: "panes" }, list.el, casePane, archive.el, nothing),
);

let queued = false;
/** Many changes, one drawing. */
function draw() {
  if (queued) return;
  queued = true;
  queueMicrotask(() => {
    queued = false;
    paint();
  });
}

function paint() {
  api.sentences.offline = t("api.offline");
  api.sentences.unreadable = t("api.unreadable");
  paintTitle();
  if (!store.me || store.resting) {
    leave();
    return;
  }
  ring.back();
  if (app.firstElementChild !== shell) fill(app, shell);
  if (unsent.el.parentElement !== shell) topBar.el.after(unsent.el);
  shell.dataset["view"] = store.current ? "case" : store.inArchive ? "archive" : "list";
  casePane.hidden = !store.current;
  nothing.hidden = Boolean(store.current) || store.inArchive;
  setText(nothing, t("case.none"));
  for (const part of [topBar, unsent, video, list, archive]) alone(() => part.render());
  alone(paintHead);
  cabin.show(store.current, store.detail?.cabin);
  clips.show([
    ...new Set(
      (store.detail?.timeline ?? []).map((entry) => entry.data["call"]).filter((call) => typeof call === "string"),
    ),
  ]);
  // whatever cannot be drawn of a case, its answers can be given
  for (const part of [trace, side, bar]) alone(() => part.render());
  moveFocus();
}

/** The case that has the focus. @type {string | null} */
let focused = null;

/** Where a person's hand goes on: into the case that was opened, back to the row of the one that was closed. */
function moveFocus() {
  const before = focused;
  if (before === store.current) return;
  focused = store.current;
  const lost =
    document.activeElement === document.body || document.activeElement?.closest(".list, .ringing, .case-pane") !== null;
  if (!lost) return;
  const row = before && !store.current ? list.items.querySelector(`[data-key="${CSS.escape(before)}"] > button`) : null;
  /** @type {HTMLElement} */ (row ?? caseUnit).focus({ preventScroll: row === null });
}

/** Nobody is signed in, or nobody is at the page: no patient is on it, and what rings rings on. */
function leave() {
  if (store.me) ring.sound();
  else if (store.endedWhy) ring.ended();
  else ring.release();
  if (!store.me || store.resting) archive.forget();
  video.render();
  cabin.show(null, null);
  clips.show([]);
  trace.render();
  bar.render();
  const screen = store.me ? lock : signIn;
  if (app.lastElementChild !== screen.el) fill(app, topBar.notice, unsent.el, screen.el);
  else if (!app.contains(unsent.el)) screen.el.before(unsent.el);
  topBar.renderNotice();
  unsent.render();
  screen.render();
}

/** The tab's own words, read from far away. */
function paintTitle() {
  const waiting = store.me ? [...store.rows.values()].filter((row) => row.awaiting_read).length : 0;
  const words = waiting ? `(${waiting}) ${t("app.name")}` : t("app.name");
  document.title = ring.armed.state === "lost" ? `▲ ${t("alarm.lost")} ${words}` : words;
}

function paintHead() {
  const { detail } = store;
  setText(back, `‹ ${t("case.back")}`);
  const version = JSON.stringify([detail?.id, detail?.patient, store.isArchived, lang()]);
  if (caseHead.dataset["version"] === version) return;
  caseHead.dataset["version"] = version;
  fill(
    caseUnit,
    detail ? detail.unit : t("list.loading"),
    detail ? h("span", { class: "case-who" }, ageSex(detail.patient)) : null,
  );
  caseSince.classList.toggle("archived", store.isArchived);
  if (detail && store.isArchived) fill(caseSince, `■ ${t("archive.mark")}　${stamp(detail.opened_at_us)}`);
  else fill(caseSince, detail ? [t("case.since"), " ", since(detail.opened_at_us)] : []);
}

/**
 * A letter's link was used: that ECG is shown, and the relay writes down who came.
 * @param {string} id
 * @param {URLSearchParams} asked
 */
function letterOpened(id, asked) {
  trace.want(asked.get("ecg") ?? "");
  const letter = asked.get("letter");
  if (letter) void api.post(`/api/incidents/${id}/letters/${letter}/opened`, undefined).catch(() => null);
}

function route() {
  const [id = "", asked = ""] = decodeURIComponent(location.hash.slice(1)).split("?");
  if (!store.me) return;
  if (asked && id) {
    letterOpened(id, new URLSearchParams(asked));
    history.replaceState(null, "", `#${id}`);
  }
  if (id === ARCHIVE) store.showArchive();
  else if (id) void store.open(id);
  else if (store.current || store.inArchive) {
    store.inArchive = false;
    store.close();
  }
}

store.onChange(() => {
  if (store.me && !store.current && !store.inArchive && location.hash.length > 1) route();
  draw();
});
onLang(draw);
document.addEventListener("kyumei-theme", draw);
window.addEventListener("hashchange", route);
navigator.serviceWorker?.addEventListener("message", ({ data }) => {
  if (data?.kind === "open" && String(data.place).startsWith("/#")) location.hash = String(data.place).slice(2);
});
window.addEventListener("online", () => store.feed.hurry());
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") {
    store.feed.hurry();
    draw();
  }
});
every(() => {
  tick();
  if (!store.now.isFresh || !store.me || store.resting) draw();
  else topBar.render();
  if (store.me) trace.second();
}, 1_000);
document.addEventListener("visibilitychange", () => store.feed.tellStanding());
listenToKeys({ store, list, trace, bar, side, topBar, video, open });
void store.start();
