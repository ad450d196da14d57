/** Puts the console together: sign-in, the wall of calls, the call on the big screen. */

import * as api from "/static/kit/shared/api.js";
import { Hand } from "/static/kit/shared/hand.js";
import { byId, fill, h, replaceList, scrollInFrame, setText } from "/static/kit/shared/dom.js";
import { lang, loadWords, onLang, setLang, t } from "/static/kit/shared/i18n.js";
import { Finger } from "/static/kit/shared/finger.js";
import { setClock, since, tick } from "/static/kit/shared/since.js";
import { OwnPassword } from "/static/kit/shared/password.js";
import { shortcutsButton } from "/static/kit/shared/shortcuts.js";
import { restoreTheme } from "/static/kit/shared/theme.js";
import { CallView } from "/static/dispatch/js/call.js";
import { newId } from "/static/kit/shared/outbox.js";
import { keycap, listen } from "/static/dispatch/js/keys.js";
import { isWarning, rung } from "/static/dispatch/js/next.js";
import { Rest } from "/static/dispatch/js/rest.js";
import { Pictures } from "/static/dispatch/js/pictures.js";
import { Undone } from "/static/dispatch/js/undone.js";
import { Store } from "/static/dispatch/js/store.js";

/** @typedef {import("/static/dispatch/js/store.js").Call} Call */

restoreTheme();
await loadWords(["/static/kit/shared/i18n", "/static/dispatch/i18n"]);
const app = byId("app");
const store = new Store();
new Finger(app);
setClock(() => store.feed.serverUs());

const link = h("span", { role: "status" }),
  me = h("span", { class: "me" }),
  trouble = h("p", { class: "error-line wide", role: "alert" });
const tongue = h("button", {
  type: "button",
  class: "tool quiet",
  onclick: () => setLang(lang() === "ja" ? "en" : "ja"),
});
const out = h("button", { type: "button", class: "tool quiet", onclick: () => void store.signOut() });
const keys = shortcutsButton(),
  own = new OwnPassword();
const brand = h("strong");
const drill = h("strong", { class: "drill-mark", hidden: true });
const cards = h("div", { class: "wall" });
const takeBox = h("div", { class: "box takebox" });
const pictures = new Pictures();
const view = new CallView(store, pictures);
const undone = new Undone(store);
const rest = new Rest(store),
  hand = new Hand(store.feed, () => paint());
let warned = false;
const shell = h(
  "div",
  null,
  h(
    "header",
    { class: "top" },
    drill,
    brand,
    link,
    h("span", { class: "spring" }),
    me,
    own.button,
    keys.button,
    tongue,
    out,
  ),
  h(
    "div",
    { class: "panes" },
    h("nav", { class: "wall" }, takeBox, cards),
    h("main", null, trouble, undone.el, view.el),
  ),
);

const name = h("input", { id: "name", autocomplete: "username", autocapitalize: "none", required: true });
const password = h("input", { id: "password", type: "password", autocomplete: "current-password", required: true });
const wrong = h("p", { class: "error-line", role: "alert" });
const signIn = h("main", { class: "signin box" });

async function enter(/** @type {Event} */ event) {
  event.preventDefault();
  try {
    await store.signIn(name.value.trim(), password.value);
    password.value = "";
    setText(wrong, "");
  } catch (error) {
    setText(wrong, error instanceof Error ? error.message : String(error));
  }
}

function paintSignIn() {
  if (app.firstElementChild === signIn && signIn.dataset["lang"] === lang()) return;
  signIn.dataset["lang"] = lang();
  fill(
    signIn,
    h("h1", null, t("app.name")),
    h(
      "form",
      { onsubmit: enter },
      h("label", { for: "name" }, t("in.name")),
      name,
      h("label", { for: "password" }, t("in.password")),
      password,
      h("button", { class: "primary big", type: "submit" }, t("in.go")),
      wrong,
    ),
  );
  fill(app, signIn);
}

let taking = false;

/** Number, address and complaint as told; nothing of it is needed to begin. */
function paintTake() {
  if (takeBox.dataset["lang"] === lang()) return;
  takeBox.dataset["lang"] = lang();
  const field = (/** @type {string} */ id, more = {}) =>
    h("input", { id, autocomplete: "off", placeholder: t(`take.${id}`), "aria-label": t(`take.${id}`), ...more });
  const draft = store.drafts.get("take") ?? {};
  const number = field("number", {
      value: draft["number"] ?? "",
      inputmode: "tel",
      pattern: "[0-9+\\(\\) \\-]*",
      title: t("take.number_how"),
      dataset: { key: "n" },
    }),
    address = field("address", { value: draft["address"] ?? "" }),
    complaint = field("complaint", { value: draft["complaint"] ?? "" });
  const typed = () => ({
    act: store.drafts.get("take")?.["act"] ?? newId(),
    number: number.value,
    address: address.value,
    complaint: complaint.value,
  });
  fill(
    takeBox,
    h(
      "form",
      {
        class: "take",
        oninput: () => store.drafts.set("take", typed()),
        onsubmit: async (/** @type {Event} */ event) => {
          event.preventDefault();
          if (taking) return;
          const told = typed();
          store.drafts.set("take", told); // its id stays until the relay has the call: taken twice is one call
          taking = true;
          const made = await store.take(told);
          taking = false;
          if (!made) return;
          store.drafts.drop("take");
          for (const input of [number, address, complaint]) input.value = "";
          store.open(made.id);
        },
      },
      number,
      address,
      complaint,
      h("button", { class: "primary big", type: "submit" }, t("take.go")),
    ),
    h("p", { class: "keys" }, keycap("n"), t("keys.new"), keycap("↑↓"), t("keys.walk")),
  );
}

/** @param {Call} call @param {HTMLElement | null} old */
function card(call, old) {
  const version = JSON.stringify([
    call.state,
    call.hint,
    call.address,
    call.complaint,
    call.unit,
    call.id === store.current,
    lang(),
  ]);
  if (old?.dataset["version"] === version) return old;
  const el =
    old ??
    h(
      "button",
      { type: "button", class: "card", onclick: () => store.open(call.id) },
      h("span", { class: "card-words" }),
      h("span", { class: "card-picture" }),
    );
  el.dataset["version"] = version;
  el.dataset["state"] = call.state;
  el.dataset["warn"] = String(isWarning(call));
  el.setAttribute("aria-current", String(call.id === store.current));
  fill(
    /** @type {Element} */ (el.firstElementChild),
    h("span", { class: "rung" }, rung(call)),
    h("span", null, call.address || call.number || t("call.unnamed")),
    h("span", null, call.complaint),
    h("span", null, call.unit ?? t("call.no_unit"), " ", since(call.taken_at_us)),
  );
  return el;
}

/** The card that was last brought into the wall's own frame. @type {string | null} */
let shownCard = null;

function paint() {
  api.sentences.offline = t("api.offline");
  api.sentences.unreadable = t("api.unreadable");
  document.title = t("app.name");
  if (!store.me || store.resting) {
    pictures.close();
    view.ending.close();
    own.close();
    if (!store.resting) {
      paintSignIn();
      return;
    }
    if (app.firstElementChild !== rest.el) fill(app, rest.el);
    rest.render();
    return;
  }
  if (app.firstElementChild !== shell) fill(app, shell);
  const down = store.feed.state !== "open";
  setText(link, down ? t(store.blocked.told ? "link.blocked" : "link.down") : t("link.up"));
  link.classList.toggle("down", down);
  setText(brand, t("app.name"));
  drill.hidden = !store.isDrill;
  setText(drill, t("drill.mark"));
  keys.words();
  own.words();
  setText(me, store.me.display_name);
  setText(tongue, lang() === "ja" ? "English" : "日本語");
  setText(out, t("in.out"));
  setText(trouble, [hand.words, ...store.troubles].filter(Boolean).join("　"));
  undone.render();
  paintTake();
  replaceList(
    cards,
    [...store.calls.values()].sort((a, b) => b.taken_at_us - a.taken_at_us),
    (call) => call.id,
    card,
  );
  pictures.keep([...store.calls.values()], store.current);
  view.render();
  if (shownCard !== store.current) {
    shownCard = store.current;
    const here = /** @type {HTMLElement | null} */ (cards.querySelector("[aria-current=true]"));
    if (here) scrollInFrame(cards, here);
  }
  for (const el of cards.children)
    pictures.place(
      /** @type {HTMLElement} */ (el.lastElementChild),
      el.getAttribute("aria-current") === "true"
        ? null
        : pictures.of(/** @type {HTMLElement} */ (el).dataset["key"] ?? ""),
    );
}

let queued = false;
store.changed = () => {
  if (queued) return;
  queued = true;
  queueMicrotask(() => {
    queued = false;
    paint();
  });
};
onLang(paint);
listen();
window.addEventListener("online", () => store.feed.hurry());
window.addEventListener("pagehide", () => pictures.close());
window.setInterval(() => {
  tick();
  if (store.me && !store.resting) {
    view.second();
    if (hand.leftS !== null || warned) paint();
    warned = hand.leftS !== null;
  }
}, 1_000);
await store.start();
paint();
