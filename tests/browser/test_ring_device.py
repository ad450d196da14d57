"""A device that rings with the page closed: let it ring, an alarm, a notification of Chromium's own, and its link opens that trace."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from relay.model.timeline import Stage
from relay.protocol import messages as m
from tests.browser.call_stage import shot
from tests.browser_page import chromium, new_page
from tests.contract.other_sides import PushSide, authority
from tests.patience import PATIENCE_S
from tests.relay.test_alerts import alarmed
from tests.relay.world import PASSWORD, World, a_world

pytestmark = pytest.mark.browser
SUBSCRIBED = """(kept) => {
  PushManager.prototype.subscribe = async function ({ applicationServerKey, userVisibleOnly }) {
    if (!userVisibleOnly || applicationServerKey.length !== 87) throw new Error("not as a browser takes it");
    return { toJSON: () => kept };
  };
}"""
"""No push service of a browser maker is reached from a test: its answer is ours, with real keys and a real address."""


async def signed_in(page: Any, world: World, place: str = "/") -> None:
    await page.goto(f"http://127.0.0.1:{world.port}{place}")
    await page.fill("#name", "sato")
    await page.fill("#password", PASSWORD)
    await page.click("button[type=submit]")
    await page.wait_for_selector(".topbar .me", state="attached")


async def until(ready: Any, within_s: float = PATIENCE_S) -> Any:
    async with asyncio.timeout(within_s):
        while not (found := await ready()):
            await asyncio.sleep(0.05)
        return found


@pytest.mark.parametrize("size", [(360, 740), (820, 1180), (1920, 1080)])
async def test_a_device_is_let_ring_rings_and_its_link_opens_that_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    side, ca = PushSide(), tmp_path / "ca.pem"
    authority().cert_pem.write_to_path(str(ca))
    monkeypatch.setenv("SSL_CERT_FILE", str(ca))
    services = side.base.removeprefix("https://")
    try:
        async with (
            a_world(tmp_path / "data", push_services=services) as world,
            chromium(whole=True) as browser,
            world.tablet() as tablet,
        ):
            page, complaints = await new_page(browser, *size)
            await page.context.grant_permissions(["notifications"])
            keys = side.subscription(f"{side.base}/push/browser")
            kept = {"endpoint": keys.endpoint, "keys": {"p256dh": keys.p256dh, "auth": keys.auth}}
            await page.add_init_script(f"({SUBSCRIBED})({json.dumps(kept)})")
            await signed_in(page, world)
            await page.click(".ring-device-open")
            cdp, found = await _registrations(page)
            await page.click(".ring-device .primary")
            await page.wait_for_selector(".ring-devices .ring-name")
            await shot(page, f"ring-device-{size[0]}")
            await page.click(".ring-devices button >> nth=0")
            await until(lambda: _count(side, 1))
            assert "This is a trial" in side.messages()[0]["text"]

            spec, snapshot = await alarmed(world, tablet)
            await tablet.event(
                spec.incident, m.PatientCard(1, age_years=61, sex="M", history="喘息")
            )
            await until(lambda: _count(side, 2))
            told = side.messages()[1]
            assert told["urgent"]
            for secret in ("61", "喘息", "救急1", "level", "tier"):
                assert secret not in json.dumps({**told, "id": "", "place": "", "at_us": 0, "group": "", "text": "", "text_en": told["text_en"].split("(")[0]}, ensure_ascii=False)  # fmt: skip
            await _shown_by_chromium(page, told, cdp, found)
            await page.click(".ring-device > button:last-child")

            # whoever is signed out comes through the sign-in to that trace
            other, wrong = await new_page(browser, *size)
            await signed_in(other, world, told["place"])
            await other.wait_for_selector(".sheet-box canvas")
            assert str(spec.incident) in other.url
            said = await until(lambda: _told(world, spec, Stage.LINK_OPENED))
            assert (said.who, said.data["snapshot"]) == ("Dr sato", str(snapshot))
            await shot(other, f"ring-device-timeline-{size[0]}")
            assert await _told(world, spec, Stage.TOLD)

            # by choice the device stops with the sign-out
            await page.click(".ring-device-open")
            await page.check("#ring-until-out")
            await page.click(".ring-device > button:last-child")
            await page.get_by_text("サインアウト", exact=True).click()
            await until(lambda: _stopped(world))
            assert [one for one in complaints if "401" not in one] == []
            assert [one for one in wrong if "401" not in one] == []
    finally:
        side.close()


async def _stopped(world: World) -> bool:
    async with world.relay.records.read() as records:
        return not await records.ringing.devices()


async def _count(side: PushSide, count: int) -> bool:
    return len(side.got) >= count


async def _told(world: World, spec: Any, stage: Stage) -> Any:
    async with world.relay.records.read() as records:
        lines = await records.cases.timeline(spec.incident)
    return next((line for line in lines if line.stage is stage), None)


async def _registrations(page: Any) -> tuple[Any, asyncio.Future[str]]:
    """A line to Chromium's own service workers, and the number of ours once it is there."""
    cdp = await page.context.new_cdp_session(page)
    found = asyncio.get_running_loop().create_future()

    def seen(event: dict[str, Any]) -> None:
        for one in event["registrations"]:
            if one["scopeURL"].endswith("/static/viewer/ring/") and not found.done():
                found.set_result(one["registrationId"])

    cdp.on("ServiceWorker.workerRegistrationUpdated", seen)
    await cdp.send("ServiceWorker.enable")
    return cdp, found


async def _shown_by_chromium(
    page: Any, told: dict[str, Any], cdp: Any, found: asyncio.Future[str]
) -> None:
    """Its own service worker gets the message, twice; one notification is there, which the second has replaced."""
    number = await asyncio.wait_for(found, PATIENCE_S)
    origin = page.url.split("/#")[0].rstrip("/")
    shown = """async () => (await (await navigator.serviceWorker.getRegistration("/static/viewer/ring/"))
      .getNotifications()).map(({ title, body, tag, data }) => ({ title, body, tag, data }))"""
    for _ in range(2):
        await cdp.send(
            "ServiceWorker.deliverPushMessage",
            {"origin": origin, "registrationId": number, "data": json.dumps(told)},
        )
    notes = await until(lambda: page.evaluate(shown))
    assert notes == [
        {
            "title": "救命リレー",
            "body": told["text_ja"],
            "tag": told["group"],
            "data": {"place": told["place"]},
        }
    ]


async def test_a_browser_that_cannot_says_what_to_do(tmp_path: Path) -> None:
    async with a_world(tmp_path / "data") as world, chromium() as browser:
        page, _ = await new_page(browser, 360, 740)
        await page.add_init_script("delete window.PushManager")
        await signed_in(page, world)
        await page.click(".ring-device-open")
        await page.get_by_text("このブラウザは通知を受けられません").wait_for()
        assert await page.locator(".ring-device .primary").count() == 0
