"""What a dispatcher's hand does with the picture and the phone, one-handed on a narrow screen too."""

from __future__ import annotations

import asyncio
import base64
import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import UUID

import pytest
from playwright.async_api import Page, Route

from relay.model.clock import ManualClock
from relay.video.port import PublisherChange
from relay.wiring.adapters import Adapters
from tests.browser.call_stage import (
    CAMERA,
    LINK_OVER,
    VIEWER_GONE,
    Stage,
    a_console,
    a_play,
    a_stage,
    at,
    shot,
    until,
)
from tests.browser_page import chromium
from tests.patience import PATIENCE_S
from tests.relay.call_world import a_desk, a_phone
from tests.relay.world import a_world

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
VIDEO = "document.querySelector('.whep-video')"
FRAME = f"""(() => {{ const c = document.createElement('canvas'); c.width = 64; c.height = 36;
  c.getContext('2d').drawImage({VIDEO}, 0, 0, 64, 36); return c.toDataURL(); }})()"""
TILES = """[...document.querySelectorAll('svg.map image')].map((i) => [i.getAttribute('href'),
  ...['x', 'y', 'width'].map((name) => Number(i.getAttribute(name)))])"""
ONE_PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
TORCH = """
  window.lit = null;
  const real = MediaStreamTrack.prototype.getCapabilities;
  MediaStreamTrack.prototype.getCapabilities = function () { return { ...real.call(this), torch: true }; };
  MediaStreamTrack.prototype.applyConstraints = async function (wish) { window.lit = wish.advanced?.[0]?.torch; };
  const list = navigator.mediaDevices.enumerateDevices.bind(navigator.mediaDevices);
  navigator.mediaDevices.enumerateDevices = async () => { const all = await list();
    return [...all, ...all.filter((one) => one.kind === 'videoinput').slice(0, 1)]; };
  const see = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  window.faced = [];
  navigator.mediaDevices.getUserMedia = (wish) => { window.faced.push(wish.video.facingMode.ideal); return see(wish); };
"""


async def with_a_picture(stage: Stage, width: int = 1920, height: int = 1080) -> Page:
    phone = await stage.phone()
    await phone.goto(await stage.link())
    await phone.click("button.go")
    await at(phone, "live")
    stage.world.plane.tell(UUID(stage.desk.call), PublisherChange.LIVE)
    page = await a_console(stage, width, height)
    await page.click(".card >> nth=-1")
    await until(page, f"{VIDEO}?.videoWidth > 0")
    return page


async def test_the_picture_turns_grows_stands_still_and_is_kept(stage: Stage) -> None:
    page = await with_a_picture(stage)
    frame = await page.locator(".whep").bounding_box()
    assert frame
    await page.click("text=↻ 回転")
    turned = await page.locator("video.whep-video").bounding_box()
    assert turned
    assert turned["height"] > turned["width"]
    assert turned["height"] <= frame["height"] + 1  # a picture on its side stays whole
    for _ in range(3):
        await page.click("text=↻ 回転")
    for scale in ("2", "4", "1"):
        await page.click("text=＋ 拡大")
        assert f"scale({scale})" in await page.evaluate(f"{VIDEO}.style.transform")
    await page.click("text=❚❚ 静止")
    await page.wait_for_timeout(150)
    held = await page.evaluate(FRAME)
    await page.wait_for_timeout(400)
    assert await page.evaluate(FRAME) == held
    await page.click("text=静止画を保存")
    await page.wait_for_selector(".stills img")
    (still,) = (await stage.desk.row())["stills"]
    assert still["by"] == "kato"
    await page.click("text=▶ 再開")
    await until(page, f"{FRAME} !== {json.dumps(held)}")


async def test_the_phone_turns_its_camera_and_lights_its_torch(stage: Stage) -> None:
    phone = await stage.phone()
    await phone.add_init_script(TORCH)
    await phone.goto(await stage.link())
    await phone.click("button.go")
    await at(phone, "live")
    assert await phone.locator(".row button").all_inner_texts() == [
        "カメラ\u200b切替", "ライト", "場所を送る",
    ]  # fmt: skip
    await shot(phone, "caller-three-buttons")
    await phone.click("text=ライト")
    await until(phone, "window.lit === true")
    await phone.click("text=ライト")
    await until(phone, "window.lit === false")
    await phone.click(".row button >> nth=0")
    await until(phone, "window.faced.join() === 'environment,user'")
    await until(stage.peer, "document.querySelector('video').videoWidth > 0")


async def test_one_hand_leads_four_calls_on_a_narrow_screen(stage: Stage) -> None:
    desks = [await a_desk(stage.world) for _ in range(3)]
    page = await with_a_picture(stage, 360, 740)
    await until(page, "document.querySelectorAll('.card').length === 4")
    await shot(page, "dispatch-one-hand-360")
    for nth in (0, 1, 2, 3):
        await page.click(f".card >> nth={nth}")
        await until(
            page,
            f"document.querySelectorAll('.card')[{nth}].getAttribute('aria-current') === 'true'",
        )
        top = await page.evaluate("document.querySelector('.say').getBoundingClientRect().top")
        assert 0 <= top < 740, top  # the next sentence is on the screen without scrolling
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    small = await page.evaluate(
        "[...document.querySelectorAll('button, select, a.tool')].filter((b) => b.getClientRects().length"
        " && Math.min(b.offsetHeight, b.offsetWidth) < 40).map((b) => b.innerText)"
    )
    assert small == []
    for desk in desks:
        await desk.http.aclose()


async def test_the_keyboard_leads_a_call(stage: Stage) -> None:
    """One hand holds the telephone: keys press what they stand on, and write where something is written."""
    page = await with_a_picture(stage)
    await page.keyboard.press("1")
    await stage.desk.until(guidance="cpr-adult")
    await page.keyboard.press("3")
    await stage.desk.until(guidance="aed")
    await page.keyboard.press("3")
    await stage.desk.until(guidance=None)
    await page.keyboard.press("r")
    assert "rotate(90deg)" in await page.evaluate(f"{VIDEO}.style.transform")
    await page.keyboard.press("s")
    await page.wait_for_selector(".stills img")
    await page.keyboard.press("n")
    await page.keyboard.type("090-1")
    assert await page.input_value("#number") == "090-1"
    await page.keyboard.press("Shift+E")  # typed, not meant
    assert (await stage.desk.row())["state"] == "live"
    await page.evaluate("document.activeElement.blur()")
    other = await a_desk(stage.world)
    await page.wait_for_selector(".card >> nth=1")
    await page.keyboard.press("ArrowUp")
    await until(
        page, "document.querySelectorAll('.card')[0].getAttribute('aria-current') === 'true'"
    )
    await page.keyboard.press("ArrowDown")
    await until(
        page, "document.querySelectorAll('.card')[1].getAttribute('aria-current') === 'true'"
    )
    stage.expect(LINK_OVER, VIEWER_GONE)
    await page.keyboard.press("Shift+E")
    await page.wait_for_selector(".ending[open]")
    await page.keyboard.press("Shift+E")  # twice is not yes
    await page.keyboard.press("Escape")
    await page.wait_for_selector(".ending[open]", state="hidden")
    assert (await stage.desk.row())["state"] == "live"
    await page.keyboard.press("Shift+E")
    await page.click(".ending .end")
    await stage.desk.until(state="ended")
    assert (await other.row())["state"] == "dispatched"
    await other.http.aclose()


async def test_sending_the_ambulance_and_the_link_have_keys_and_all_can_be_switched_off(
    stage: Stage,
) -> None:
    stage.expect(VIEWER_GONE)
    page = await a_console(stage)
    await page.fill("#number", "090-1234-5678")
    await page.click("text=119番を受ける")
    await page.wait_for_selector("text=まず出動")
    await page.evaluate("document.activeElement.blur()")
    await page.click(".shortcuts")
    await page.evaluate("document.activeElement.blur()")
    await page.keyboard.press("d")
    await page.wait_for_timeout(400)
    assert await page.locator("text=まず出動").count() == 1  # switched off (WCAG 2.1.4)
    await page.click(".shortcuts")
    await page.evaluate("document.activeElement.blur()")
    await page.keyboard.press("d")
    await page.wait_for_selector("text=読み上げて同意を得る")
    await page.keyboard.press("q")
    await page.wait_for_selector("img.qr")
    assert "SMS" not in await page.inner_text(
        ".next"
    )  # a link that was not sent is not "the SMS that came"
    await page.keyboard.press("m")
    await until(page, "document.querySelector('.made p').innerText.length > 0")


async def test_the_wall_shows_the_pictures_of_other_calls_and_the_big_screen_takes_them(
    stage: Stage,
) -> None:
    stage.expect(VIEWER_GONE, LINK_OVER)
    page = await with_a_picture(stage)
    assert await page.locator(".card video").count() == 0
    first = stage.desk
    stage.desk = await a_desk(stage.world)
    phone = await stage.phone()
    await phone.goto(await stage.link())
    await phone.click("button.go")
    await at(phone, "live")
    small = "document.querySelector('.card video')"
    await until(page, f"{small}?.videoWidth > 0")
    dialled = len(stage.world.plane.viewers)
    await page.click(".card >> nth=0")
    await until(page, "document.querySelector('.card:not([aria-current=true]) video')")
    for where in (".picture video", ".card video"):
        video = f"document.querySelector('{where}')"
        before = await page.evaluate(f"{video}.currentTime")
        await until(page, f"{video}.currentTime > {before} + 0.3")
    assert len(stage.world.plane.viewers) == dialled  # the same lines, in other places
    await stage.desk.post("end", status=200)
    await until(page, "!document.querySelector('.picture video')")
    await until(page, "document.querySelector('.card video')")
    await first.http.aclose()


async def test_the_map_lies_right_beneath_the_caller_and_only_where_the_site_has_one(
    tmp_path: Path,
) -> None:
    """Every tile is where its own address says; without a server no foreign address is asked."""
    tiles = "https://tiles.example.jp/{z}/{x}/{y}.png"
    async with a_stage(tmp_path, map_tiles=tiles) as stage:
        at_m = {"lat": 37.7608, "lon": 140.4748, "accuracy_m": 25, "consent": True}
        phone = a_phone(stage.world)
        assert (await phone.open((await stage.desk.invite())["url"])).status_code == 200
        await phone.ask("POST", "/live/api/position", json=at_m)
        page = await a_console(stage)
        asked: list[str] = []

        async def a_tile(route: Route) -> None:
            asked.append(route.request.url)
            await route.fulfill(body=ONE_PIXEL, content_type="image/png")

        await page.route("https://tiles.example.jp/**", a_tile)
        await page.click(".card")
        await page.wait_for_selector("svg.map image")
        for press in ("", "地図を縮小", "地図を拡大"):
            if press:
                await page.click(f"[aria-label='{press}']")
            for href, x, y, side in await page.evaluate(TILES):
                z, column, row = (int(n) for n in href.removesuffix(".png").split("/")[-3:])
                n = 2**z
                lat = math.radians(at_m["lat"])
                px = (at_m["lon"] + 180) / 360 * n
                py = (1 - math.asinh(math.tan(lat)) / math.pi) / 2 * n
                assert abs(x + (px - column) * side - 80) < 0.01
                assert abs(y + (py - row) * side - 50) < 0.01
        async with asyncio.timeout(PATIENCE_S):
            while not asked:
                await asyncio.sleep(0.1)
        await shot(page, "dispatch-map")
        home = await stage.world.http(None)
        policies = [
            (await home.get(path)).headers["content-security-policy"]
            for path in ("/dispatch", "/live", "/")
        ]
        assert ["tiles.example.jp" in policy for policy in policies] == [True, False, False]


async def test_a_link_that_was_too_old_is_seen_on_both_sides_and_another_opens(
    tmp_path: Path,
) -> None:
    clock = ManualClock()
    async with (
        a_world(tmp_path, Adapters(clock=clock)) as world,
        chromium(*CAMERA) as browser,
        a_play(world, browser) as stage,
    ):
        stage.expect(LINK_OVER)
        page = await a_console(stage)
        await page.click(".card")
        old = await stage.link()
        clock.move(601)
        await world.relay.calls.calls.look_at_the_clock()
        await until(page, "document.querySelector('.next').innerText.includes('時間が切れました')")
        phone = await stage.phone()
        await phone.goto(old)
        await at(phone, "gone")
        assert "リンクをもう" in await phone.inner_text("main")
        await page.click("text=QR・リンク")
        await page.wait_for_selector("img.qr")
        await phone.goto("about:blank")
        await phone.goto(await page.inner_text(".link"))
        await at(phone, "start")
        await stage.desk.until(state="opened", hint="")


async def test_what_was_misheard_is_put_right(stage: Stage) -> None:
    page = await a_console(stage)
    await page.click(".card")
    await page.click("text=内容を直す")
    await page.fill(".told input[name=number]", "080-9999-0000")
    await page.fill(".told input[name=address]", "本町2-2")
    await stage.desk.invite()  # the call changes; what is typed stays
    await until(page, "document.querySelector('.ladder .now')?.innerText.includes('送信')")
    assert await page.input_value(".told input[name=address]") == "本町2-2"
    await page.click(".told button[type=submit]")
    await page.wait_for_selector("text=080-9999-0000")
    row = await stage.desk.until(number="080-9999-0000", address="本町2-2")
    assert row["complaint"] == "胸が痛い"


class _Hook(BaseHTTPRequestHandler):
    status = 200
    got: list[Any] = []  # noqa: RUF012

    def do_POST(self) -> None:
        _Hook.got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(_Hook.status)
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


@contextmanager
def an_sms_hook() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), _Hook)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/sms"
    server.shutdown()
    server.server_close()


async def test_the_sms_button_says_what_came_of_it_and_problems_are_japanese(
    tmp_path: Path,
) -> None:
    _Hook.status, _Hook.got = 200, []
    with an_sms_hook() as url:
        async with a_stage(tmp_path, sms_hook_url=url) as stage:
            stage.expect(r"status of 401 .*/api/session$", r"status of 409 .*/guidance$")
            page = await a_console(stage)
            await page.click(".card")
            await page.click("text=同意あり・SMSを送る")
            await page.wait_for_selector("text=SMSを送信しました")
            assert _Hook.got[0]["to"] == "090-1234-5678"
            _Hook.status = 500
            await page.click("text=SMSを送り直す")
            await page.wait_for_selector("text=SMSを送れませんでした。QRコードかリンクを使って")
            await shot(page, "dispatch-sms-failed")

            await stage.desk.http.post(f"/api/calls/{stage.desk.call}/end")
            said = await page.evaluate(
                """async (call) => { const api = await import('/static/kit/shared/api.js'); // beside the page's own, with words of its own
                await (await import('/static/kit/shared/i18n.js')).loadWords(['/static/kit/shared/i18n']);
                try { await api.post(`/api/calls/${call}/guidance`, { topic: 'aed' }); } catch (e) { return e.message; } }""",
                stage.desk.call,
            )
            assert (
                said == "状態が変わったため、この操作はできません。画面の表示を確かめてください。"
            )
            for unit in ("救急1", "救急2"):
                await stage.world.relay.people.people.revoke_device(unit, "test")
            await page.reload()
            await page.fill("#complaint", "胸が痛い")
            await page.click("text=119番を受ける")
            await page.wait_for_selector("text=救急隊が登録されていません。")
            await shot(page, "dispatch-no-unit")
            await page.click("text=サインアウト")
            await page.fill("#name", "kato")
            await page.fill("#password", "wrong")
            await page.click("button[type=submit]")
            await page.wait_for_selector("text=名前かパスワードが違います。")
            await stage.desk.http.aclose()
            stage.desk.http = await stage.world.http("kato")
