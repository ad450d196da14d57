/** Puts the viewer together: one store, the views that listen to it, one clock tick a second. */

import * as api from "/static/kit/shared/api.js";
import { Alarm, keepAwake } from "/static/kit/shared/alarm.js";
import { byId, fill, h, setText } from "/static/kit/shared/dom.js";
import { ageSex } from "/static/kit/shared/format.js";
import { lang, loadWords, onLang, t } from "/static/kit/shared/i18n.js";
import { setClock, since, tick } from "/static/kit/shared/since.js";
import { restoreTheme } from "/static/kit/shared/theme.js";
import { CabinView } from "/static/kit/video/cabin.js";
import { ClipList } from "/static/kit/video/clips.js";
import { DecisionBar } from "/static/viewer/js/decision.js";
import { listenToKeys } from "/static/viewer/js/keys.js";
import { IncidentList } from "/static/viewer/js/list.js";
import { Side } from "/static/viewer/js/side.js";
import { SignIn } from "/static/viewer/js/signin.js";
import { Store } from "/static/viewer/js/store.js";
import { TopBar } from "/static/viewer/js/topbar.js";
import { TraceView } from "/static/viewer/js/trace.js";
import { SharedVideo } from "/static/viewer/js/video.js";

restoreTheme();
await loadWords(["/static/kit/shared/i18n", "/static/viewer/i18n"]);

const app = byId("app");
const store = new Store();
setClock(() => store.feed.serverUs());

const alarm = new Alarm(() => {
  store.feed.console(alarm.armed);
  awake();
  draw();
});
const awake = keepAwake(() => alarm.armed);
store.feed.console(false);

/** @param {string} id */
const open = (id) => {
  if (location.hash !== `#${id}`) location.hash = id;
  else void store.open(id);
};
const signIn = new SignIn(store);
const topBar = new TopBar(store, alarm, open);
const list = new IncidentList(store, open);
const trace = new TraceView(store);
const side = new Side(store, trace);
const bar = new DecisionBar(store, trace);
const video = new SharedVideo(store);
const cabin = new CabinView();
const clips = new ClipList(false);
side.el.prepend(cabin.el);
side.el.append(clips.el);
const back = h("button", { type: "button", class: "back-to-list", onclick: () => { location.hash = ""; } });
const caseUnit = h("h1", { class: "case-unit" });
const caseSince = h("p", { class: "case-since" });
const caseHead = h("header", { class: "case-header" }, back, caseUnit, caseSince);
const casePane = h("main", { class: "case-pane" }, caseHead, h("div", { class: "case-body" }, trace.el, side.el), bar.el);
const nothing = h("main", { class: "nothing" });
const shell = h("div", { class: "shell" }, topBar.el, video.el, h("div", { class: "panes" }, list.el, casePane, nothing));

let queued = false;
/** Many changes, one drawing. */
function draw() {
  if (queued) return;
  queued = true;
  queueMicrotask(() => { queued = false; paint(); });
}

function paint() {
  api.sentences.offline = t("api.offline");
  api.sentences.unreadable = t("api.unreadable");
  if (!store.me) {
    alarm.quiet();
    video.render();
    cabin.show(null, null);
    clips.show([]);
    if (app.firstElementChild !== signIn.el) fill(app, signIn.el);
    signIn.render();
    return;
  }
  if (app.firstElementChild !== shell) fill(app, shell);
  shell.dataset["view"] = store.current ? "case" : "list";
  casePane.hidden = !store.current;
  nothing.hidden = Boolean(store.current);
  setText(nothing, t("case.none"));
  topBar.render();
  video.render();
  list.render();
  paintHead();
  cabin.show(store.current, store.detail?.cabin);
  clips.show([...new Set((store.detail?.timeline ?? []).map((entry) => entry.data["call"]).filter((call) => typeof call === "string"))]);
  trace.render();
  side.render();
  bar.render();
}

function paintHead() {
  const { detail } = store;
  setText(back, `‹ ${t("case.back")}`);
  const version = JSON.stringify([detail?.id, detail?.patient, lang()]);
  if (caseHead.dataset["version"] === version) return;
  caseHead.dataset["version"] = version;
  fill(caseUnit, detail ? detail.unit : t("list.loading"), detail ? h("span", { class: "case-who" }, ageSex(detail.patient)) : null);
  fill(caseSince, detail ? [t("case.since"), " ", since(detail.opened_at_us)] : []);
}

function route() {
  const id = decodeURIComponent(location.hash.slice(1));
  if (!store.me) return;
  if (id) void store.open(id);
  else if (store.current) store.close();
}

store.onChange(() => {
  if (store.me && !store.current && location.hash.length > 1) route();
  draw();
});
onLang(draw);
document.addEventListener("kyumei-theme", draw);
window.addEventListener("hashchange", route);
window.addEventListener("online", () => store.feed.hurry());
document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible") { store.feed.hurry(); draw(); } });
window.setInterval(() => { tick(); if (store.me) topBar.render(); }, 1_000);
listenToKeys({ store, list, trace, bar, side, open });
void store.start();
