/** First the ambulance, then the words to read aloud, then the link: by SMS, as a QR code, to be copied. */

import { h, setText } from "/static/kit/shared/dom.js";
import { clock } from "/static/kit/shared/format.js";
import { t } from "/static/kit/shared/i18n.js";
import { keycap } from "/static/dispatch/js/keys.js";

/** @typedef {import("/static/dispatch/js/store.js").Call} Call */
/** @typedef {import("/static/dispatch/js/store.js").Store} Store */

const LANGUAGES = ["ja", "ja-easy", "en", "zh-Hans", "ko", "vi", "pt-BR"];
const OPENED = new Set(["opened", "allowed", "live", "frozen"]);

/** Whether the caller has the page: the link is no longer the next thing to do. @param {Call} call */
export const isOpened = (call) => OPENED.has(call.state);

/** @param {Store} store @param {Call} call */
export function linkBox(store, call) {
  if (call.state === "ended") return h("h2", null, t("state.ended"));
  const { places } = store;
  if (places.units.length === 0)
    return [
      h("h2", null, t("unit.first")),
      h("p", { class: "error-line" }, t("unit.none")),
      h("button", { type: "button", class: "big", onclick: () => void store.look() }, t("unit.look")),
    ];
  const sent = unitRow(store, call);
  if (call.state === "taken") return [h("h2", null, t("unit.first")), sent];
  const tongue = h(
    "select",
    { "aria-label": t("link.language") },
    LANGUAGES.map((tag) => h("option", { value: tag }, t(`lang.${tag}`))),
  );
  const send = (/** @type {string} */ channel) => void invite(store, call, channel, tongue.value);
  const made = store.links.get(call.id);
  const all = [
    h("h2", null, t("read.title")),
    h(
      "ol",
      { class: "read" },
      [1, 2, 3].map((n) => h("li", null, t(`read.${n}`))),
      call.recording === "clips" ? h("li", { class: "recorded" }, t("read.recorded")) : null,
    ),
    tongue,
    h(
      "div",
      { class: "row" },
      h(
        "button",
        {
          type: "button",
          class: "primary big",
          disabled: !call.number,
          dataset: { key: "m" },
          onclick: () => send("sms"),
        },
        t(call.sent_at_us ? "link.sms_again" : "link.sms"),
        keycap("m"),
      ),
      h(
        "button",
        { type: "button", class: "big", dataset: { key: "q" }, onclick: () => send("qr") },
        t("link.qr"),
        keycap("q"),
      ),
    ),
    call.number ? null : h("p", { class: "error-line" }, t("link.no_number")),
    made ? madeBox(call, made) : null,
    call.state === "sent" || isOpened(call)
      ? h(
          "button",
          {
            type: "button",
            class: "tool quiet",
            onclick: () => {
              store.links.delete(call.id);
              void store.act(call.id, { path: `/api/calls/${call.id}/revoke`, title: t("link.revoke") });
            },
          },
          t("link.revoke"),
        )
      : null,
    sent,
  ];
  return isOpened(call) ? h("details", null, h("summary", null, t("link.more")), all) : all;
}

/** @param {Store} store @param {Call} call */
function unitRow(store, call) {
  const unit = h(
    "select",
    { "aria-label": t("unit.label") },
    store.places.units.map((name) => h("option", { value: name, selected: name === call.unit }, name)),
  );
  return h(
    "div",
    { class: "row" },
    unit,
    h(
      "button",
      {
        type: "button",
        class: call.state === "taken" ? "primary big" : "",
        dataset: call.state === "taken" ? { key: "d" } : {},
        onclick: () =>
          void store.act(call.id, {
            path: `/api/calls/${call.id}/dispatched`,
            body: { unit: unit.value },
            title: `${t("unit.go")} ${unit.value}`,
          }),
      },
      t(call.unit ? "unit.change" : "unit.go"),
      call.state === "taken" ? keycap("d") : null,
    ),
  );
}

/** @param {Call} call @param {import("/static/dispatch/js/store.js").Invited} made */
function madeBox(call, made) {
  if (call.state !== "sent") return null;
  const copy = h(
    "button",
    {
      type: "button",
      onclick: async () => {
        await navigator.clipboard.writeText(made.url).catch(() => null);
        setText(copy, t("link.copied"));
      },
    },
    t("link.copy"),
  );
  return h(
    "div",
    { class: "made" },
    h("p", { class: made.sms === "failed" ? "error-line" : "" }, t(`sms.${made.sms}`)),
    h("img", { class: "qr", alt: t("link.qr_alt"), src: `data:image/svg+xml,${encodeURIComponent(made.qr_svg)}` }),
    h("p", { class: "link" }, made.url),
    h("div", { class: "row" }, copy, h("span", null, t("link.until", { at: clock(made.expires_at_us) }))),
  );
}

/** @param {Store} store @param {Call} call @param {string} channel @param {string} language */
async function invite(store, call, channel, language) {
  await store.act(call.id, {
    path: `/api/calls/${call.id}/invite`,
    body: { channel, consent: true, language },
    title: t(channel === "sms" ? "link.sms" : "link.qr"),
  });
}
