/** The caller's page: one screen at a time, from the link to thanks. Voice stays on the phone line. */

import { Camera } from "/static/caller/camera.js";
import { Beat, guidance } from "/static/caller/guide.js";
import { BROWSER, helpDrawing, inApp, outside } from "/static/caller/help.js";
import { ask, follow, jpeg, post, report, sendStill } from "/static/caller/net.js";
import { LANGS, draw, h, lang, loadWords, ruby, screen, t, words } from "/static/caller/view.js";

const SPEAKER = [["M14 30V58H30L52 76V12L30 30Z", "f"], ["M64 32Q74 44 64 56M74 22Q92 44 74 66"]];
const beat = new Beat();
const [token = "", wish = ""] = location.hash.slice(1).split("~");
/** @type {any} */
let state = null;
let shown = "";
let placed = "";
/** Ends the feed. */
let hangUp = () => {};
const camera = new Camera(
  () => state,
  (what) => void happened(what),
  () => paintLive(),
);
const video = h("video", { autoplay: true, playsinline: true, muted: true, "aria-hidden": true });
const line = h("div", { class: "s", role: "status" }),
  row = h("div", { class: "row" }),
  aid = h("div", { class: "aid", tabindex: 0 });

/** @param {string} key @param {() => void} press @param {string} [cls] */
const button = (key, press, cls = "") => h("button", { type: "button", class: cls, onclick: press }, t(key));
/** Said before the camera is asked for, and while it is on. */
const taped = () => (state?.recorded ? h("p", { class: "rec" }, "● ", t("rec")) : null);
const list = (/** @type {string} */ key) => h("ol", {}, ...words(key).map((text) => h("li", {}, ruby(text))));
const note = () => h("div", { class: "note" }, draw(SPEAKER, "0 0 96 88"), h("p", {}, t("start.phone")));

/** A photo taken by the phone's own camera app. */
function photo() {
  const input = h("input", {
    type: "file",
    accept: "image/*",
    capture: "environment",
    onchange: async () => {
      const file = input.files?.[0];
      if (!file) return;
      said.replaceChildren(t("photo.wait"));
      try {
        const blob = await jpeg(await createImageBitmap(file), 1600);
        said.replaceChildren(t(blob && (await sendStill(blob)).ok ? "photo.ok" : "photo.no"));
      } catch {
        said.replaceChildren(t("photo.no"));
      }
      input.value = "";
    },
  });
  const said = h("p", { role: "status" });
  return [h("label", { class: "k" }, t("photo"), input), said];
}

/** @param {string} name @param {...any} children */
function show(name, ...children) {
  shown = name;
  document.body.className = name === "live" ? "on" : "";
  document.body.dataset.screen = name;
  banner.hidden = name !== "live";
  screen(...children);
}
const banner = /** @type {HTMLElement} */ (document.getElementById("b"));

/** Says what will happen before the browser asks. */
function start() {
  const pick = h(
    "select",
    {
      "aria-label": "Language",
      class: "end",
      onchange: async () => {
        await loadWords(pick.value);
        again();
      },
    },
    ...Object.entries(LANGS).map(([tag, name]) => h("option", { value: tag, selected: tag === lang }, name)),
  );
  show(
    "start",
    h("h1", {}, t("start.h")),
    note(),
    h("p", {}, t("start.p")),
    taped(),
    button("start.b", () => void go(), "go"),
    h("p", { class: "sm" }, t("start.data", { mb: state?.data_cap_mb ?? "" })),
    pick,
  );
}
let again = start;

async function go() {
  beat.unlock();
  show("ask", h("h1", {}, t("ask.h")), helpDrawing("ask"), note());
  void report("asking", phone());
  await camera.open();
}

/** What the camera, its line or the relay did. @param {string} what */
async function happened(what) {
  if (what === "allowed") {
    await report("allowed", phone());
    live();
  } else if (what === "cap") {
    cap();
  } else if (["denied", "no-camera", "busy", "insecure"].includes(what)) {
    if (inApp()) return openElsewhere();
    void report(what, phone());
    trouble(what);
  }
}

/** @param {string} what */
function trouble(what) {
  again = () => trouble(what);
  const how = what === "denied" ? [helpDrawing(BROWSER), list(`den.${BROWSER}`)] : [];
  const why = what === "busy" ? h("p", {}, t("busy.p")) : null;
  show(
    what,
    h("h1", {}, t(`${what}.h`)),
    why,
    ...how,
    button("again", () => (what === "denied" ? location.reload() : void go()), "go"),
    ...photo(),
    how.length ? null : note(),
  );
}

/** A browser inside another app has no camera: the link is given back, to be opened in a real one. */
function openElsewhere() {
  again = openElsewhere;
  if (shown !== "in-app") {
    hangUp();
    void report("in-app-browser", phone());
  }
  const copy = button("copy", async () => {
    try {
      await navigator.clipboard.writeText(location.href);
      copy.replaceChildren(t("copied"));
    } catch {
      copy.replaceChildren(location.href);
    }
  });
  const way = outside();
  show(
    "in-app",
    h("h1", {}, t("app.h")),
    way ? h("a", { class: "go", href: way }, t("app.b")) : null,
    helpDrawing("in-app"),
    list("app.p"),
    copy,
  );
}

/** Nothing to do but to tell the dispatcher. @param {string} key */
function dead(key) {
  again = () => dead(key);
  camera.close();
  beat.stop();
  show(
    key,
    h("h1", {}, t(`${key}.h`)),
    h("p", {}, t(`${key}.p`)),
    key === "end" ? null : note(),
    key === "end" ? h("p", { class: "sm" }, t("end.mb", { mb: camera.mb() })) : null,
  );
}

function live() {
  again = live;
  if (shown !== "live") show("live", h("div", { class: "v" }, video), aid, line, row);
  video.srcObject = camera.stream;
  banner.replaceChildren(t("live.banner"));
  row.replaceChildren();
  if (camera.many) row.append(button("flip", () => void camera.flip()));
  if (camera.torch) row.append(button("torch", () => void camera.light()));
  if (placed !== "ok") row.append(button(placed || "place", place));
  aid.dataset.topic = "-";
  paintLive();
}

function paintLive() {
  if (shown !== "live") return;
  const key = camera.mode === "stills" ? "live.stills" : camera.connected ? "live.on" : "live.try";
  const text = JSON.stringify([key, camera.mb(), lang]);
  if (line.dataset.text !== text) {
    line.dataset.text = text;
    line.replaceChildren(
      t(key),
      h("small", {}, t("live.mb", { mb: camera.mb(), cap: state?.data_cap_mb ?? "" })),
      taped() ?? "",
    );
  }
  if (video.srcObject !== camera.stream) video.srcObject = camera.stream;
  const topic = state?.guidance ?? "";
  if (aid.dataset.topic === topic) return;
  aid.dataset.topic = topic;
  aid.replaceChildren();
  if (topic) aid.append(guidance(topic, beat));
  else beat.stop();
}

/** The agreed amount is used up: pictures go on, video only when the caller says so. */
function cap() {
  again = cap;
  show(
    "cap",
    h("h1", {}, t("cap.h", { mb: camera.mb() })),
    h("p", {}, t("cap.p")),
    button(
      "cap.b",
      () => {
        camera.more();
        live();
      },
      "go",
    ),
    note(),
  );
}

/** Asked for by a press, said on the button. */
function place() {
  placed = "place.wait";
  live();
  navigator.geolocation.watchPosition(
    async ({ coords }) => {
      const { latitude: lat, longitude: lon, accuracy: accuracy_m } = coords;
      const sent = await post("position", { lat, lon, accuracy_m: Math.min(1e6, accuracy_m), consent: true }).catch(
        () => null,
      );
      if (sent?.ok && placed !== "ok") {
        placed = "ok";
        if (shown === "live") live();
      }
    },
    () => {
      if (placed !== "ok") {
        placed = "place.no";
        if (shown === "live") live();
      }
    },
    { enableHighAccuracy: true, maximumAge: 10_000 },
  );
}

function phone() {
  return { browser: BROWSER, language: lang, ...camera.detail() };
}

/** @param {any} now */
function heard(now) {
  state = now;
  camera.ice = now.ice_servers;
  if (now.ended) {
    hangUp();
    return dead("end");
  }
  return paintLive();
}

/** The link is redeemed while the words come: on a poor line each asking costs a second. */
const redeem = () => (token ? post("redeem", { token }) : ask("/live/api/state"));

async function begin() {
  let asked = redeem().catch(() => null);
  while (
    !(await loadWords(wish || navigator.language || "ja").then(
      () => true,
      () => false,
    ))
  )
    await new Promise((done) => setTimeout(done, 500));
  document.title = String(words("live.banner")[0]).replace(/\{([^|]+)\|[^}]+\}/g, "$1");
  let answer = null;
  for (let wait = 500; !answer; wait = Math.min(5_000, wait * 2)) {
    answer = await asked;
    if (answer && (answer.status >= 500 || answer.status === 429)) answer = null;
    if (!answer) {
      show("wait", h("h1", {}, t("live.try")), note());
      await new Promise((done) => setTimeout(done, wait));
      asked = redeem().catch(() => null);
    }
  }
  if (!answer.ok) return dead(answer.status === 409 ? "other" : "gone");
  heard(await answer.json());
  if (state.ended) return;
  hangUp = follow(heard, () => dead("gone"));
  const before = sessionStorage.getItem("kyumei") === state.call;
  sessionStorage.setItem("kyumei", state.call);
  void report(before ? "reloaded" : "shown", phone());
  if (before) camera.recall();
  if (!isSecureContext) return void happened("insecure");
  if (!navigator.mediaDevices?.getUserMedia) return void happened(inApp() ? "denied" : "no-camera");
  const granted =
    before && (await navigator.permissions?.query(/** @type {any} */ ({ name: "camera" })).catch(() => null));
  if (granted && granted.state === "granted") await camera.open();
  else start();
}

addEventListener("pagehide", () => {
  if (state && !state.ended && shown === "live") report("left");
});
addEventListener("online", () => camera.hurry());
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) void camera.wake();
});
void begin();
