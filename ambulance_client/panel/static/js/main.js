/** The crew's page: one state from the tablet's own process, drawn whole; the trace beside it. */

import * as api from "/static/kit/shared/api.js";
import { Alarm, keepAwake } from "/static/kit/shared/alarm.js";
import { byId, fill, h, setText } from "/static/kit/shared/dom.js";
import { Feed, feedUrl } from "/static/kit/shared/feed.js";
import { ageSex, clock } from "/static/kit/shared/format.js";
import { lang, loadWords, onLang, setLang, t } from "/static/kit/shared/i18n.js";
import { setClock, tick } from "/static/kit/shared/since.js";
import { SweepView } from "/static/kit/ecg/sweep.js";
import { Answer } from "/static/panel/js/answer.js";
import { PatientCard } from "/static/panel/js/card.js";
import { Doing } from "/static/panel/js/doing.js";
import { Notices } from "/static/panel/js/notices.js";
import { electrodeAdvice, linkWords, ownElectrodes } from "/static/panel/js/words.js";

/** @typedef {import("/static/panel/js/contract.js").PanelState} PanelState */

document.documentElement.dataset["theme"] = "night";
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
const card = new PatientCard((filled) => api.post("/api/patient", filled), nowUs);
const answer = new Answer(alarm);
const notices = new Notices();
const doing = new Doing({ nowUs, state: () => state });

const drill = h("p", { class: "drill", hidden: true });
const unit = h("strong", { class: "unit" });
const link = h("span", { class: "link", role: "status" });
const time = h("span", { class: "time" });
const sound = h("button", { type: "button", class: "sound", onclick: () => alarm.test() });
const language = h("button", { type: "button", class: "lang", onclick: () => setLang(lang() === "ja" ? "en" : "ja") });
const electrodes = h("ul", { class: "electrodes" });
const advice = h("p", { class: "electrode-advice", role: "status" });
const patientText = h("span", { class: "patient-text" });
const patientMore = h("small");
const patient = h("button", { type: "button", class: "patient", onclick: () => card.open() }, patientText, patientMore);

fill(byId("app"), drill,
  h("header", { class: "head" }, unit, link, time, sound, language),
  h("div", { class: "work" },
    h("section", { class: "trace-column" }, electrodes, advice, sweep.el),
    h("div", { class: "right-column" }, answer.el, notices.el)),
  h("footer", { class: "foot" }, patient, doing.el));

/** A browser sounds only after a touch; any touch will do. */
document.addEventListener("pointerdown", () => { if (!alarm.armed) void alarm.arm(); });

feed.on("frame", (frame) => sweep.write(frame));
feed.on("dial", () => paint());
feed.on("state", (message) => take(message.state));

/** @param {PanelState} next */
function take(next) {
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
  if (!state) return;
  paintElectrodes(state);
  answer.render(state);
  notices.render(state);
  card.take(state.patient);
  setText(patientText, ageSex(state.patient));
  const p = state.patient;
  setText(patientMore, [p?.onset_at_us ? `${t("card.onset")} ${clock(p.onset_at_us)}` : "", p?.pain_nrs !== null && p?.pain_nrs !== undefined ? `${t("card.pain")} ${p.pain_nrs}` : "", p?.bp_right ?? p?.bp_left ?? ""].filter(Boolean).join("　") || t("panel.edit_patient"));
}

function paintHead() {
  const own = feed.state === "open";
  const words = linkWords(state, own);
  link.dataset["level"] = words.level;
  setText(link, `${words.shape} ${words.text}`);
  setText(unit, state?.unit ?? "");
  setText(time, clock(nowUs(), true));
  setText(sound, alarm.armed ? t("panel.sound_on") : t("panel.sound_off"));
  sound.dataset["armed"] = String(alarm.armed);
  setText(language, lang() === "ja" ? "EN" : "日本語");
  drill.hidden = !state?.drill;
  setText(drill, t("panel.drill"));
  document.title = state ? `${state.unit} 12誘導` : "12誘導";
}

const SHAPES = { good: "●", noisy: "▲", off: "✕" };

/** @param {PanelState} now */
function paintElectrodes(now) {
  const version = JSON.stringify([now.electrodes, now.source, lang()]);
  if (electrodes.dataset["version"] === version) return;
  electrodes.dataset["version"] = version;
  electrodes.setAttribute("aria-label", t("electrode.label"));
  fill(electrodes, Object.entries(ownElectrodes(now.electrodes)).map(([lead, quality]) => h("li", { dataset: { quality } },
    h("strong", null, lead), h("span", null, `${SHAPES[quality]} ${t(`electrode.state.${quality}`)}`))));
  const failed = now.source.state === "failed" ? `✕ ${t("panel.source_failed")} ${now.source.text}` : "";
  const words = failed || electrodeAdvice(now.electrodes);
  advice.hidden = words === "";
  setText(advice, words);
}

onLang(paint);
window.addEventListener("online", () => feed.hurry());
document.addEventListener("visibilitychange", () => feed.hurry());
window.setInterval(() => { tick(); paint(); }, 1_000);
awake();
paint();
feed.start();
