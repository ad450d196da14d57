"""The dispatcher's console in a real Chromium: one call from the ring to its end, and a wall of four."""

from __future__ import annotations

import json
import re
from pathlib import Path
from uuid import UUID

import pytest
from playwright.async_api import Page

from relay.video.port import Change
from tests.browser.test_caller import SHOTS, Stage, a_stage, at, until
from tests.relay.call_world import a_desk
from tests.relay.world import PASSWORD

pytestmark = pytest.mark.browser
HOUSE = Path(__file__).resolve().parents[2]
SEND = """async (offer) => {
  const canvas = document.createElement('canvas');
  canvas.width = 640; canvas.height = 360;
  const ctx = canvas.getContext('2d');
  let n = 0;
  setInterval(() => { n += 1; ctx.fillStyle = `hsl(${n * 7 % 360} 60% 45%)`; ctx.fillRect(0, 0, 640, 360);
    ctx.fillStyle = '#fff'; ctx.font = '80px sans-serif'; ctx.fillText(String(n), 240, 200); }, 60);
  const pc = new RTCPeerConnection();
  (window.pcs ??= []).push(pc);
  await pc.setRemoteDescription({type: 'offer', sdp: offer});
  pc.addTrack(canvas.captureStream(15).getVideoTracks()[0]);
  await pc.setLocalDescription();
  await new Promise((done) => {
    pc.onicegatheringstatechange = () => pc.iceGatheringState === 'complete' && done();
    setTimeout(done, 1000);
  });
  return pc.localDescription.sdp;
}"""


async def a_console(stage: Stage, width: int = 1920, height: int = 1080) -> Page:
    async def answer(offer: str) -> str:
        return str(await stage.peer.evaluate(SEND, offer))

    stage.world.plane.viewer_answerer = answer
    context = await stage.browser.new_context(
        viewport={"width": width, "height": height}, locale="ja-JP"
    )
    page = await stage.page(context)
    await page.goto(f"http://localhost:{stage.world.port}/dispatch")
    await page.fill("#name", "kato")
    await page.fill("#password", PASSWORD)
    await page.click("button[type=submit]")
    await page.wait_for_selector(".take")
    stage.complaints[:] = [c for c in stage.complaints if "401" not in c]
    return page


async def shot(page: Page, name: str) -> None:
    if SHOTS:
        await page.wait_for_timeout(300)
        await page.screenshot(path=str(Path(SHOTS) / f"dispatch-{name}.png"))


async def test_from_the_ring_to_the_end(tmp_path: Path) -> None:
    async with a_stage(tmp_path) as stage:
        await stage.desk.post("end", status=200)
        page = await a_console(stage)
        await page.fill("#number", "090-1234-5678")
        await page.fill("#address", "中央町1-2-3")
        await page.fill("#complaint", "胸が痛い・冷汗")
        await page.click("text=119番を受ける")
        await until(page, "document.querySelector('.next').innerText.includes('まず出動')", 5)
        assert await page.locator("text=SMSを送る").count() == 0
        await shot(page, "taken")
        await page.click("text=/^出動$/")
        await page.wait_for_selector("text=読み上げて同意を得る")
        await page.click("text=QR・リンク")
        await page.wait_for_selector("img.qr")
        await until(page, "document.querySelector('img.qr').naturalWidth > 0", 3)
        url = await page.inner_text(".link")
        await shot(page, "sent")
        phone = await stage.phone()
        await phone.goto(url)
        await until(
            page, "document.querySelector('.next').innerText.includes('大きな青いボタン')", 5
        )
        await phone.click("button.go")
        await at(phone, "live")
        (row,) = (await stage.desk.http.get("/api/calls")).json()["calls"]
        call = UUID(row["id"])
        stage.world.plane.tell(call, Change.LIVE)
        await until(
            page, "document.querySelector('.next').innerText.includes('映像が見えています')", 5
        )
        await until(page, "document.querySelector('video')?.videoWidth > 0", 8)
        await until(page, "document.querySelector('.whep').dataset.live === 'true'", 8)
        await page.click("text=胸骨圧迫 大人")
        await phone.wait_for_selector(".g h1")
        await until(page, "document.querySelector('.next').innerText.includes('音に合わせて')", 5)
        await page.click("text=静止画を保存")
        await page.wait_for_selector(".stills img")
        await until(page, "document.querySelector('.stills img').naturalWidth > 0", 5)
        await phone.context.grant_permissions(["camera", "geolocation"])
        await phone.context.set_geolocation(
            {"latitude": 35.6895, "longitude": 139.6917, "accuracy": 18}
        )
        await phone.click("text=場所を送る")
        await page.wait_for_selector("svg.map")
        assert "35.68950, 139.69170" in await page.inner_text(".side")
        await page.select_option("select[aria-label='共有先']", "hospital chuo")
        await page.click("text=/^共有$/")
        await page.wait_for_selector("text=共有をやめる")
        await shot(page, "live")
        stage.world.plane.tell(call, Change.FROZEN)
        await until(page, "document.querySelector('.say').dataset.warn === 'true'", 5)
        await page.click("text=通報を終了")
        await at(phone, "end")
        await until(page, "document.body.innerText.includes('映像は終了しました')", 5)
        assert stage.world.plane.viewers == {}
        await page.click("text=English")
        await page.wait_for_selector("text=Take a 119 call")
        stage.complaints[:] = [c for c in stage.complaints if "404" not in c]


async def test_a_hospital_sees_the_shared_picture_until_it_is_taken_back(tmp_path: Path) -> None:
    async with a_stage(tmp_path) as stage:

        async def answer(offer: str) -> str:
            return str(await stage.peer.evaluate(SEND, offer))

        stage.world.plane.viewer_answerer = answer
        context = await stage.browser.new_context(
            viewport={"width": 1920, "height": 1080}, locale="ja-JP"
        )
        page = await stage.page(context)
        await page.goto(f"http://localhost:{stage.world.port}/")
        await page.fill("#name", "sato")
        await page.fill("#password", PASSWORD)
        await page.click("button[type=submit]")
        await page.wait_for_selector(".shell")
        body = {"kind": "hospital", "target": "chuo"}
        row = await stage.desk.post("shares", body, 201)
        await page.click(".video-strip button")
        await until(page, "document.querySelector('video')?.videoWidth > 0", 8)
        await shot(page, "hospital")
        share = row["shares"][0]["id"]
        await stage.desk.http.delete(f"/api/calls/{stage.desk.call}/shares/{share}")
        await until(page, "document.querySelector('.video').hidden", 5)
        assert await page.locator("video").count() == 0
        assert stage.world.plane.viewers == {}
        stage.complaints[:] = [c for c in stage.complaints if not re.search("401|404", c)]


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (1024, 768), (360, 740)])
async def test_a_wall_of_four_calls(tmp_path: Path, width: int, height: int) -> None:
    async with a_stage(tmp_path) as stage:
        desks = [stage.desk, *[await a_desk(stage.world) for _ in range(3)]]
        for desk in desks[1:]:
            await desk.invite()
        page = await a_console(stage, width, height)
        await until(page, "document.querySelectorAll('.card').length === 4", 5)
        await page.click(".card >> nth=1")
        await page.wait_for_selector(".say")
        await shot(page, f"wall-{width}")
        wide = await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert wide
        low = await page.evaluate(
            "[...document.querySelectorAll('main button')].filter((b) => b.getClientRects().length"
            " && b.getBoundingClientRect().height < 40).map((b) => b.innerText)"
        )
        assert low == []
        for desk in desks[1:]:
            await desk.http.aclose()


def test_both_languages_have_every_word_and_every_rung_a_sentence() -> None:
    from relay.model.call import HINTS, TOPICS, CallState

    ja, en = (
        json.loads((HOUSE / "live119" / "dispatch" / "i18n" / f"{lang}.json").read_text())
        for lang in ("ja", "en")
    )
    assert list(ja) == list(en)
    for state in CallState:
        assert f"say.{state}" in ja
        assert f"state.{state}" in ja
    for hint in HINTS - {""}:
        assert f"hint.{hint}" in ja
    for topic in TOPICS:
        assert f"say.guide.{topic}" in ja
        assert f"topic.{topic}" in ja
