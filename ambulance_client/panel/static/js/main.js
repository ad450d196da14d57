/** The crew's page: one state from the tablet's own process, drawn whole; the trace beside it. */

import * as api from "/static/kit/shared/api.js";
import { Alarm, keepAwake } from "/static/kit/shared/alarm.js";
import { byId, fill, h, setText } from "/static/kit/shared/dom.js";
import { Feed, feedUrl } from "/static/kit/shared/feed.js";
import { Finger } from "/static/kit/shared/finger.js";
import { ageSex, clock } from "/static/kit/shared/format.js";
import { lang, loadWords, onLang, setLang, t } from "/static/kit/shared/i18n.js";
import { setClock, tick } from "/static/kit/shared/since.js";
import { SweepView } from "/static/kit/ecg/sweep.js";
import { Answer } from "/static/panel/js/answer.js";
import { CabinLine } from "/static/panel/js/cabin.js";
import { PatientCard } from "/static/panel/js/card.js";
import { Edits } from "/static/panel/js/edits.js";
import { Electrodes } from "/static/panel/js/electrodes.js";
import { Doing } from "/static/panel/js/doing.js";
import { Notices } from "/static/panel/js/notices.js";
import { Refused } from "/static/panel/js/refused.js";
import { Remarks } from "/static/panel/js/remarks.js";
import { Presses } from "/static/panel/js/presses.js";
import { Picture } from "/static/panel/js/picture.js";
import { Unsent } from "/static/panel/js/unsent.js";
import { theme, turnTheme } from "/static/panel/js/theme.js";
import { deviceLine, lagWords, linkWords, lossWords } from "/static/panel/js/words.js";

/** @typedef {import("/static/panel/js/contract.js").PanelState} PanelState */

await loadWords(["/static/kit/shared/i18n", "/static/panel/i18n"]);

/** @type {PanelState | null} */
let state = null;
let stateAtMs = 0;
const nowUs = () => (state ? state.now_us + (performance.now() - stateAtMs) * 1000 : Date.now() * 1000);
setClock(nowUs);

const alarm = new Alarm(() => paint());
const awake = keepAwake(() => true);
const feed = new Feed(feedUrl("/api/feed"), { pingMs: 0, deadMs: 5_000 });
const sweep = new SweepView({ leads: window.innerWidth < 700 ? 3 : 12 });
const edits = new Edits((incident, fields) => api.post("/api/patient", { incident, ...fields }));
const card = new PatientCard(edits, nowUs);
const presses = new Presses({ state: () => state, changed: () => paint() });
const answer = new Answer(alarm, presses);
const notices = new Notices(alarm);
const remarks = new Remarks(alarm);
const refused = new Refused();
const doing = new Doing({ nowUs, state: () => state, presses });
const unsent = new Unsent(presses, edits, nowUs);

const drill = h("p", { class: "drill", hidden: true });
const unit = h("strong", { class: "unit" });
const linkText = h("span");
const lag = h("small", { class: "lag" });
const link = h("span", { class: "link", role: "status" }, linkText, lag);
const device = h("p", { class: "device" });
const loss = h("p", { class: "electrode-advice loss", role: "alert", hidden: true });
const time = h("span", { class: "time" });
const sound = h("button", { type: "button", class: "sound", onclick: () => alarm.test() });
const language = h("button", { type: "button", class: "lang", onclick: () => setLang(lang() === "ja" ? "en" : "ja") });
const light = h("button", {
  type: "button",
  class: "light",
  onclick: () => {
    turnTheme();
    paintHead();
  },
});
const electrodes = new Electrodes();
const patientText = h("span", { class: "patient-text" });
const patientMore = h("small");
const patient = h("button", { type: "button", class: "patient", onclick: () => card.open() }, patientText, patientMore);

const work = h("div", { class: "work" });
const picture = new Picture(work);
const cabin = new CabinLine();
fill(
  work,
  h(
    "section",
    { class: "trace-column" },
    electrodes.lights,
    electrodes.standstill,
    electrodes.swap,
    electrodes.advice,
    loss,
    sweep.el,
    device,
  ),
  h("div", { class: "right-column" }, remarks.el, refused.el, answer.el, picture.el, cabin.el, notices.el),
);

new Finger(byId("app"));
fill(
  byId("app"),
  drill,
  h("header", { class: "head" }, unit, link, time, sound, light, language),
  unsent.el,
  work,
  h("footer", { class: "foot" }, patient, doing.el),
);

/** A browser sounds only after a touch; any touch will do. */
document.addEventListener("pointerdown", () => {
  if (!alarm.armed) void alarm.arm();
});

feed.on("frame", (frame) => sweep.write(frame));
feed.on("dial", (dial) => {
  if (dial === "open") {
    doing.recovered();
    void presses.box.flush();
  }
  paint();
});
feed.on("state", (message) => take(message.state));

/** @param {PanelState} next */
function take(next) {
  if (state && state.incident !== next.incident) sweep.usual();
  state = next;
  stateAtMs = performance.now();
  sweep.setStream(next.stream);
  sweep.setState({ state: next.source.state === "ended" ? "ended" : "live", age_ms: 0, backlog_ms: 0 });
  paint();
}

function paint() {
  api.sentences.offline = t("link.own_lost");
  api.sentences.unreadable = t("api.unreadable");
  paintHead();
  doing.render();
  unsent.render();
  if (!state) return;
  electrodes.render(state);
  answer.render(state);
  picture.render(state);
  cabin.render(state);
  remarks.render(state);
  refused.render(state);
  notices.render(state);
  card.take(state.patient, state.incident);
  setText(patientText, ageSex(state.patient));
  const p = state.patient;
  setText(
    patientMore,
    [
      p?.onset_at_us ? `${t("card.onset")} ${clock(p.onset_at_us)}` : "",
      p?.pain_nrs !== null && p?.pain_nrs !== undefined ? t("card.pain_of_ten", { n: p.pain_nrs }) : "",
      p?.bp_right ?? p?.bp_left ?? "",
    ]
      .filter(Boolean)
      .join("　") || t("panel.edit_patient"),
  );
}

function paintHead() {
  const own = feed.state === "open";
  const words = linkWords(state, own);
  link.dataset["level"] = words.level;
  setText(linkText, `${words.shape} ${words.text}`);
  setText(lag, own && state ? lagWords(state) : "");
  setText(device, state ? deviceLine(state) : "");
  const gone = state ? lossWords(state) : "";
  loss.hidden = gone === "";
  setText(loss, gone);
  setText(unit, state?.unit ?? "");
  setText(time, clock(nowUs(), true));
  setText(sound, alarm.armed ? t("panel.sound_on") : t("panel.sound_off"));
  sound.dataset["armed"] = String(alarm.armed);
  setText(light, t(theme() === "night" ? "panel.to_light" : "panel.to_night"));
  setText(language, lang() === "ja" ? "EN" : "日本語");
  drill.hidden = !state?.drill;
  setText(drill, t("panel.drill"));
  document.title = state ? `${state.unit} 12誘導` : "12誘導";
}

onLang(paint);
window.addEventListener("online", () => feed.hurry());
document.addEventListener("visibilitychange", () => feed.hurry());
window.setInterval(() => {
  tick();
  paint();
}, 1_000);
awake();
paint();
feed.start();
