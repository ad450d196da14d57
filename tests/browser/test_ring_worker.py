"""The ring worker in Chromium: a touch on a notification, and a browser that has another subscription from now on.

Chromium's protocol can send neither event. The worker is the real one in a real service worker; the event is made
inside it, and what a browser gives with it (its windows, the new subscription) is the test's.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from relay.model.ringing import device_id
from tests.browser.test_ring_device import signed_in
from tests.browser_page import chromium, new_page
from tests.contract.other_sides import PushSide
from tests.relay.world import a_world

pytestmark = pytest.mark.browser
READY = """async () => { const one = await navigator.serviceWorker.register("/static/viewer/ring_worker.js", { scope: "/static/viewer/ring/" });
  while (!one.active) await new Promise((done) => setTimeout(done, 20)); }"""
TOUCHED = """async (place) => {
  const done = { closed: 0, opened: [], said: [], focused: 0 };
  const event = new Event("notificationclick");
  event.notification = { close: () => { done.closed += 1; }, data: { place } };
  event.waitUntil = (work) => { event.work = work; };
  const windows = self.windows ?? [];
  self.clients.matchAll = async () => windows.map((url) => ({ url, focus: async () => { done.focused += 1; }, postMessage: (m) => done.said.push(m) }));
  self.clients.openWindow = async (at) => { done.opened.push(at); };
  self.dispatchEvent(event);
  await event.work;
  return done;
}"""
CHANGED = """async (kept) => {
  const event = new Event("pushsubscriptionchange");
  event.newSubscription = { toJSON: () => kept };
  event.waitUntil = (work) => { event.work = work; };
  self.dispatchEvent(event);
  await event.work;
}"""


async def test_a_touch_opens_the_trace_and_a_new_subscription_rings_for_the_same_person(
    tmp_path: Path,
) -> None:
    side = PushSide()
    services = side.base.removeprefix("https://")
    try:
        async with (
            a_world(tmp_path / "data", push_services=services) as world,
            chromium(whole=True) as browser,
        ):
            page, _ = await new_page(browser, 820, 1180)
            await signed_in(page, world)
            await page.evaluate(READY)
            (worker,) = page.context.service_workers
            place = "/#one?letter=two"
            alone = await worker.evaluate(TOUCHED, place)
            assert alone == {"closed": 1, "opened": [place], "said": [], "focused": 0}
            await worker.evaluate("self.windows = [self.origin + '/live', self.origin + '/']")
            beside = await worker.evaluate(TOUCHED, place)
            said = [{"kind": "open", "place": place}]
            assert beside == {"closed": 1, "opened": [], "said": said, "focused": 1}

            keys = side.subscription(f"{side.base}/push/renewed")
            kept: dict[str, Any] = {"endpoint": keys.endpoint, "keys": {"p256dh": keys.p256dh, "auth": keys.auth}}  # fmt: skip
            await worker.evaluate(CHANGED, kept)
            async with world.relay.records.read() as records:
                (device,) = await records.ringing.devices_of("sato")
            assert (device.id, device.auth) == (device_id(keys.endpoint), keys.auth)
    finally:
        side.close()
