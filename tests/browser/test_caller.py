"""The caller's page in a real Chromium with a fake camera, against a whole relay."""

from __future__ import annotations

import asyncio
import json
import re
import time
from itertools import pairwise
from pathlib import Path
from uuid import UUID

import httpx2
import pytest

from relay.video.port import PublisherChange
from tests.browser.call_stage import (
    IN_APP,
    LINK_OVER,
    Stage,
    a_stage,
    at,
    dead_small,
    shot,
    until,
)
from tests.browser.caller_screens import comes_back_having_used
from tests.browser_page import OLD_SAFARI
from tests.patience import PATIENCE_MS, PATIENCE_S, contention
from tests.relay.world import a_world

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
HOUSE = Path(__file__).resolve().parents[2]
CALLER = HOUSE / "live119" / "caller"
HOLD_TRACKS = """
  window.tracks = [];
  const see = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (wish) => { const stream = await see(wish);
    window.tracks.push(...stream.getVideoTracks()); return stream; };
  window.lose = (how) => {
    const track = window.tracks.at(-1);
    let hidden = true;
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden });
    document.dispatchEvent(new Event('visibilitychange'));
    if (how === 'stop') { track.stop(); track.dispatchEvent(new Event('ended')); }
    else Object.defineProperty(track, 'muted', { get: () => true });
    setTimeout(() => { hidden = false; document.dispatchEvent(new Event('visibilitychange')); }, 500);
  };
"""
LANGS = ("ja", "ja-easy", "en", "zh-Hans", "ko", "vi", "pt-BR")


async def test_one_tap_from_the_link_to_the_picture_and_thanks(stage: Stage) -> None:
    stage.expect(LINK_OVER)
    page = await stage.phone()
    await page.goto(await stage.link())
    await at(page, "start")
    assert await dead_small(page) == []
    assert await page.locator("button").count() == 1
    words = await page.inner_text("main")
    assert "許可" in words
    assert "スピーカー" in words
    await shot(page, "caller-start")
    await page.click("button.go")
    await at(page, "live")
    assert await page.inner_text("#b") == "119番の依頼で撮影中"
    await stage.desk.until(state="allowed")
    stage.world.plane.tell(UUID(stage.desk.call), PublisherChange.LIVE)
    await until(page, "document.body.innerText.includes('届いています')")
    await until(stage.peer, "document.querySelector('video').videoWidth > 0")
    await until(page, "!/ 0 \\//.test(document.querySelector('.s small').innerText)")
    assert await dead_small(page) == []
    await shot(page, "caller-live")
    row = await stage.desk.until(state="live")
    assert row["phone"]["bytes_sent"] > 0
    offer = stage.world.plane.offers[-1]
    assert "m=video" in offer
    assert "m=audio" not in offer
    await stage.desk.post("guidance", {"topic": "cpr-adult"}, 200)
    await page.wait_for_selector(".g h1")
    await until(page, "window.tones > 2")
    assert await dead_small(page) == []
    await shot(page, "caller-cpr-adult")
    for topic in ("cpr-child", "aed", "choking", "bleeding", "recovery", "burns"):
        await stage.desk.post("guidance", {"topic": topic}, 200)
        await page.wait_for_selector(f"[data-topic='{topic}'] h1")
        assert await dead_small(page) == [], topic
        await shot(page, topic)
    await stage.desk.post("end", status=200)
    await at(page, "end")
    assert await dead_small(page) == []
    assert await page.evaluate("document.querySelector('video')") is None
    await shot(page, "caller-end")
    await page.reload()
    await at(page, "gone")


async def test_an_iphone_of_2015_is_a_caller_too(stage: Stage) -> None:
    """Video where it can be, pictures where not: Safari 15 lacks what newer ones have."""
    stage.expect(r"status of 503 .*/live/whip$")
    page = await stage.phone()
    await page.add_init_script(OLD_SAFARI)
    await page.goto(await stage.link())
    assert not await page.evaluate("'timeout' in AbortSignal || 'permissions' in navigator")
    await page.click("button.go")
    await until(page, "document.body.innerText.includes('届いています')")
    stage.world.plane.broken = True
    await page.reload()
    await page.click("button.go")
    await until(page, "document.body.innerText.includes('写真を送っています')")
    await stage.desk.until(state="frozen", hint="stills")
    stage.world.plane.broken = False


async def test_a_reload_and_a_lost_line_come_back_by_themselves(stage: Stage) -> None:
    page = await stage.phone()
    await page.goto(await stage.link())
    await page.click("button.go")
    await until(page, "document.body.innerText.includes('届いています')")
    await comes_back_having_used(page, 12_300_000)
    await at(page, "live")
    await until(page, "document.body.innerText.includes('届いています')")
    assert "12.3 / " in await page.inner_text(".s")  # the data meter goes on where it was
    before = len(stage.world.plane.offers)
    await stage.peer.evaluate("window.pc.close()")
    async with asyncio.timeout(PATIENCE_S):
        while len(stage.world.plane.offers) == before:
            await asyncio.sleep(0.1)
    await until(page, "document.body.innerText.includes('届いています')")


async def test_no_video_becomes_pictures_and_video_again(stage: Stage) -> None:
    stage.expect(r"status of 503 .*/live/whip$")
    stage.world.plane.broken = True
    page = await stage.phone()
    await page.goto(await stage.link())
    await page.click("button.go")
    await until(page, "document.body.innerText.includes('写真を送っています')")
    await shot(page, "caller-stills")
    row = await stage.desk.until(state="frozen", hint="stills")
    async with asyncio.timeout(PATIENCE_S):
        while not row["stills"]:
            row = await stage.desk.row()
    still = await stage.desk.http.get(
        f"/api/calls/{stage.desk.call}/stills/{row['stills'][0]['id']}"
    )
    assert still.headers["content-type"] == "image/jpeg"
    stage.world.plane.broken = False
    await until(page, "document.body.innerText.includes('届いています')")


async def test_a_phone_without_webrtc_sends_pictures_at_once_and_tries_no_video(
    stage: Stage,
) -> None:
    """An iPhone in lockdown mode, or WebKit built without it."""
    page = await stage.phone()
    await page.add_init_script("delete window.RTCPeerConnection")
    await page.goto(await stage.link())
    began, offers = time.monotonic(), len(stage.world.plane.offers)
    await page.click("button.go")
    await until(page, "document.body.innerText.includes('写真を送っています')")
    row = await stage.desk.until(state="frozen", hint="stills")
    async with asyncio.timeout(PATIENCE_S):
        # fast enough for video, were there any; the word that the camera is allowed may come after them
        while len(row["stills"]) < 5 or row["allowed_at_us"] is None:
            row = await stage.desk.row()
            await asyncio.sleep(0.1)
    assert row["stills"][0]["at_us"] - row["allowed_at_us"] < 2_000_000 * contention()
    assert time.monotonic() - began > 6
    assert len(stage.world.plane.offers) == offers
    assert "写真を送っています" in await page.inner_text("body")


async def test_a_far_relay_is_no_slow_line(stage: Stage) -> None:
    """700 ms to every answer, but room enough: video is tried again, and only then."""
    stage.expect(r"status of 503 .*/live/whip$")
    stage.world.plane.broken = True
    page = await stage.phone()
    await page.goto(await stage.link())
    await page.click("button.go")
    await until(page, "document.body.innerText.includes('写真を送っています')")
    radio = await page.context.new_cdp_session(page)
    await radio.send("Network.enable")
    narrow = {"offline": False, "latency": 0, "downloadThroughput": 2e4, "uploadThroughput": 4e3}
    await radio.send("Network.emulateNetworkConditions", narrow)
    stage.world.plane.broken = False
    before = len(stage.world.plane.offers)
    await page.wait_for_timeout(20_000)
    assert len(stage.world.plane.offers) == before  # 32 kbit/s carry no video
    far = {**narrow, "latency": 700, "downloadThroughput": 5e5, "uploadThroughput": 5e5}
    await radio.send("Network.emulateNetworkConditions", far)
    await until(page, "document.body.innerText.includes('届いています')")


async def test_a_locked_screen_and_a_camera_taken_by_a_call_come_back_by_themselves(
    stage: Stage,
) -> None:
    """The system ends or silences the track; when the page is seen again it has a camera again."""
    page = await stage.phone()
    await page.add_init_script(HOLD_TRACKS)
    await page.goto(await stage.link())
    await page.click("button.go")
    await until(page, "document.body.innerText.includes('届いています')")
    for how in ("stop", "mute"):
        count = await page.evaluate("window.tracks.length")
        await page.evaluate(f"window.lose('{how}')")
        await until(page, f"window.tracks.length > {count}")
        video = "document.querySelector('.v video')"
        await until(page, f"{video}.srcObject.getVideoTracks()[0] === window.tracks.at(-1)")
        before = await stage.peer.evaluate("document.querySelector('video').currentTime")
        await until(stage.peer, f"document.querySelector('video').currentTime > {before} + 0.5")
    assert len(stage.world.plane.offers) >= 1
    assert await page.evaluate("document.body.dataset.screen") == "live"


async def test_denied_then_helped_then_allowed(tmp_path: Path) -> None:
    async with a_stage(tmp_path, "--deny-permission-prompts", whole=True) as stage:
        page = await stage.phone(camera=False)
        url = await stage.link()
        await page.goto(url)
        await page.click("button.go")
        await at(page, "denied")
        assert await dead_small(page) == []
        assert await page.locator("main > svg").count() == 1
        await shot(page, "caller-denied")
        await stage.desk.until(state="opened", hint="denied")
        picture = tmp_path / "scene.jpg"
        from tests.relay.pictures import a_jpeg

        picture.write_bytes(a_jpeg((3000, 2000), exif=True, noise=2))
        await page.set_input_files("input[type=file]", str(picture))
        await until(page, "document.body.innerText.includes('写真を送りました')")
        await stage.desk.until(state="frozen", hint="stills")
        await page.context.grant_permissions(["camera"])
        await page.click("button.go")
        await page.wait_for_selector("body[data-screen='live'], button.go")
        if await page.evaluate("document.body.dataset.screen") == "start":
            await page.click("button.go")
        await at(page, "live")


async def test_a_phone_without_a_camera_and_one_in_an_app(stage: Stage) -> None:
    stage.expect(LINK_OVER)  # the first phone's link ends with the second one
    page = await stage.phone()
    await page.add_init_script(
        "navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', 'NotFoundError'); }"
    )
    await page.goto(await stage.link())
    await page.click("button.go")
    await at(page, "no-camera")
    await stage.desk.until(hint="no-camera")
    app = await stage.phone(user_agent=IN_APP)
    await app.add_init_script("delete Navigator.prototype.mediaDevices")
    url = await stage.link()
    await app.goto(url)
    await at(app, "in-app")
    assert await dead_small(app) == []
    await shot(app, "caller-in-app")
    token = url.split("#")[1]
    way = await app.get_attribute(
        "a.go", "href"
    )  # LINE's own way out, the token still in the fragment
    assert way == f"http://localhost:{stage.world.port}/live?openExternalBrowser=1#{token}"
    await stage.desk.until(state="sent", hint="in-app-browser")
    real = await stage.phone()
    await real.goto(url)
    await at(real, "start")


async def test_a_second_phone_and_a_dead_link_say_what_to_do(stage: Stage) -> None:
    stage.expect(LINK_OVER, r"status of 409 .*/live/api/redeem$")
    url = await stage.link()
    first, second = await stage.phone(), await stage.phone()
    await first.goto(url)
    await at(first, "start")
    await second.goto(url)
    await at(second, "other")
    await shot(second, "caller-other")
    await stage.desk.post("revoke", status=200)
    await at(first, "gone")
    assert await dead_small(first) == []
    await shot(first, "caller-gone")


@pytest.mark.parametrize("language", LANGS)
async def test_every_language_fits_and_is_whole(stage: Stage, language: str) -> None:
    texts = json.loads((CALLER / "words" / f"{language}.json").read_text())
    reference = json.loads((CALLER / "words" / "ja.json").read_text())
    assert list(texts) == list(reference)
    for key, value in texts.items():
        assert isinstance(value, list) == isinstance(reference[key], list), key
        wanted = sorted(re.findall(r"\$(mb|cap)", str(reference[key])))
        assert sorted(re.findall(r"\$(mb|cap)", str(value))) == wanted, key
    if language not in {"ja-easy", "vi"}:
        return
    page = await stage.phone()
    await page.goto(await stage.link(language))
    await at(page, "start")
    assert await dead_small(page) == []
    if language == "ja-easy":
        assert await page.locator("ruby rt").count() > 3
    await shot(page, f"caller-start-{language}")
    await page.click("button.go")
    await at(page, "live")
    await stage.desk.post("guidance", {"topic": "cpr-adult"}, 200)
    await page.wait_for_selector(".g h1")
    assert await dead_small(page) == []
    await shot(page, f"caller-cpr-{language}")


async def test_all_that_travels_for_one_language_is_below_30_kb(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        heaviest = 0
        files = [
            "/live",
            *(f"/static/caller/{f.name}" for f in CALLER.glob("*.*") if f.suffix != ".html"),
        ]
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{world.port}") as http:
            for language in LANGS:
                total = 0
                for path in [*files, f"/static/caller/words/{language}.json"]:
                    async with http.stream(
                        "GET", path, headers={"Accept-Encoding": "gzip"}
                    ) as answer:
                        assert answer.status_code == 200, path
                        total += sum([len(part) async for part in answer.aiter_raw()])
                heaviest = max(heaviest, total)
        assert 5_000 < heaviest <= 30_000


async def test_the_button_is_there_within_three_seconds_on_3g(stage: Stage) -> None:
    """300 ms and 1.6 Mbit/s, empty cache: five askings one after another would take too long."""
    slow = {
        "offline": False,
        "latency": 300,
        "downloadThroughput": 2e5,
        "uploadThroughput": 9e4,
    }
    page = await stage.phone()
    radio = await page.context.new_cdp_session(page)
    await radio.send("Network.enable")
    await radio.send("Network.emulateNetworkConditions", slow)
    await page.goto(await stage.link(), wait_until="commit")
    await page.wait_for_selector("button.go", timeout=PATIENCE_MS)
    took_ms = await page.evaluate("performance.now()")
    assert took_ms <= 3_000


async def test_the_beat_is_110_a_minute_for_five_minutes(stage: Stage) -> None:
    """Every beat that is scheduled over five minutes of a jittery page clock."""
    page = await stage.browser.new_page()
    await page.goto(f"http://localhost:{stage.world.port}/static/caller/guide.js")
    times = await page.evaluate(
        """async () => {
      const { Beat } = await import('/static/caller/guide.js');
      const beat = new Beat(), times = [];
      const audio = { state: 'running', currentTime: 100, destination: {},
        createOscillator: () => ({ frequency: {}, connect: (x) => x, start: (t) => times.push(t), stop() {} }),
        createGain: () => ({ gain: { setValueAtTime() {}, exponentialRampToValueAtTime() {} }, connect() {} }) };
      beat.audio = audio;
      beat.run(document.documentElement);
      clearInterval(beat.timer);
      let seed = 7;
      while (audio.currentTime < 402) {
        beat.ahead();
        seed = (seed * 16807) % 2147483647;
        audio.currentTime += 0.06 + 0.25 * (seed / 2147483647);
      }
      beat.stop();
      return times; }"""
    )
    gaps = [b - a for a, b in pairwise(times)]
    assert abs(60 * (len(times) - 1) / (times[-1] - times[0]) - 110) < 0.01
    assert times[-1] - times[0] > 299
    assert max(abs(gap - 60 / 110) for gap in gaps) < 1e-6
