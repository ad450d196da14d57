/**
 * Rings while no page is open: shows what the push service brings, and opens the trace at a touch.
 *
 * Its scope holds no page, so that it stands between no page and the relay. It is told nothing about a patient.
 */

/** @type {any} the types know pages only */
const worker = self;
const SHOWN = { ja: "救命リレー", en: "Kyumei Relay" };
const ja = (worker.navigator.language || "ja").toLowerCase().startsWith("ja");

worker.addEventListener("install", () => void worker.skipWaiting());

worker.addEventListener("push", (/** @type {any} */ event) => {
  /** @type {Record<string, any>} */
  let told = {};
  try {
    told = event.data?.json() ?? {};
  } catch {
    // something came: it is shown all the same, in the words below
  }
  const words = ja ? told["text_ja"] : told["text_en"];
  const shown = worker.registration.showNotification(ja ? SHOWN.ja : SHOWN.en, {
    body: String(words || (ja ? "画面を開いてください。" : "Open the page.")),
    tag: String(told["group"] || "kyumei"),
    renotify: true,
    requireInteraction: told["urgent"] !== false,
    icon: "/static/viewer/icon-192.png",
    badge: "/static/viewer/icon-192.png",
    lang: ja ? "ja" : "en",
    timestamp: Math.round(Number(told["at_us"] || Date.now() * 1000) / 1000),
    data: { place: placeOf(told["place"]) },
  });
  event.waitUntil(shown);
});

worker.addEventListener("notificationclick", (/** @type {any} */ event) => {
  event.notification.close();
  event.waitUntil(opened(event.notification.data?.place ?? "/"));
});

worker.addEventListener("pushsubscriptionchange", (/** @type {any} */ event) => event.waitUntil(renewed(event)));

/** A link within the viewer, nothing else. @param {unknown} place */
function placeOf(place) {
  return typeof place === "string" && place.startsWith("/#") ? place : "/";
}

/** The viewer that is open already, or a new one. @param {string} place */
async function opened(place) {
  const pages = await worker.clients.matchAll({ type: "window", includeUncontrolled: true });
  const viewer = pages.find((/** @type {any} */ page) => new URL(page.url).pathname === "/");
  if (!viewer) return worker.clients.openWindow(place);
  await viewer.focus();
  viewer.postMessage({ kind: "open", place });
  return null;
}

/** The browser has another subscription from now on. @param {any} event */
async function renewed(event) {
  const options = event.oldSubscription?.options ?? { userVisibleOnly: true };
  const subscription = event.newSubscription ?? (await worker.registration.pushManager.subscribe(options));
  const { endpoint, keys } = subscription.toJSON();
  await fetch("/api/ring-devices", {
    method: "POST",
    credentials: "same-origin",
    headers: { "Content-Type": "application/json", "X-Kyumei": "1" },
    body: JSON.stringify({ name: worker.navigator.userAgent.slice(0, 60), endpoint, ...keys }),
  });
}
