"""What a phone sends: session descriptions and reports of every kind."""

from __future__ import annotations

from uuid import UUID

import pytest

from relay.video.port import PublisherChange
from tests.relay.call_world import SDP, a_desk, a_phone
from tests.relay.conftest import swept_world as world
from tests.relay.world import World

pytestmark = pytest.mark.asyncio(loop_scope="module")
__all__ = ["world"]


@pytest.mark.parametrize(
    ("offer", "status"),
    [
        (b"v=0" + b"a" * 32_765, 201), (b"v=0" + b"a" * 32_766, 422), (b"v=0" + b"a" * 70_000, 413),
        (b"", 422), (b"v=0\xff\xfe", 422), (b"hello", 422),
    ],
)  # fmt: skip
async def test_offers_of_every_size(world: World, offer: bytes, status: int) -> None:
    desk, phone = await a_desk(world), a_phone(world)
    await phone.open((await desk.invite())["url"])
    assert (await phone.whip(offer)).status_code == status
    path = f"/api/calls/{desk.call}/whep"
    assert (await desk.http.post(path, content=offer, headers=SDP)).status_code == status
    wrong = await desk.http.post(path, content="v=0", headers={"Content-Type": "text/plain"})
    assert wrong.status_code == 422
    stats = (await desk.http.get(f"/api/calls/{desk.call}/stats")).json()
    assert (stats["publisher"] is not None) == (status == 201)
    assert "session" not in str(stats)


@pytest.mark.parametrize("order", [("allowed", "stills"), ("stills", "allowed")])
async def test_words_that_overtake_each_other_say_the_same(
    world: World, order: tuple[str, str]
) -> None:
    """A phone without video sends both at once; the dispatcher sees when its camera was allowed."""
    desk, phone = await a_desk(world), a_phone(world)
    await phone.open((await desk.invite())["url"])
    for step in order:
        assert await phone.report(step) == 204
    row = await desk.row()
    assert (row["state"], row["hint"]) == ("frozen", "stills")
    assert row["allowed_at_us"] >= row["opened_at_us"]
    assert row["live_at_us"] is None


async def test_hints_for_the_next_sentence(world: World) -> None:
    desk, phone = await a_desk(world), a_phone(world)
    await phone.open((await desk.invite())["url"])
    for step in ("insecure", "no-camera", "busy"):
        assert await phone.report(step) == 204
        assert (await desk.row())["hint"] == step
    assert await phone.report("sing") == 422
    assert await phone.report("allowed", battery_pct=101) == 422
    await phone.report("allowed")
    world.plane.tell(UUID(desk.call), PublisherChange.LIVE)
    await desk.until(state="live", hint="")
    await phone.report("video", bitrate_kbps=40)
    await phone.report("video", bitrate_kbps=40, room_kbps=900)  # a still scene, a good line
    assert (await desk.row())["hint"] == ""
    for kbps, hint in ((140, "slow"), (180, "slow"), (230, "")):
        await phone.report("video", bitrate_kbps=40, room_kbps=kbps)
        assert (await desk.row())["hint"] == hint
    await phone.report("left")
    assert (await desk.row())["state"] == "frozen"
    await phone.report("reloaded")
    assert (await desk.row())["hint"] == "reloaded"
    world.plane.tell(UUID(desk.call), PublisherChange.LIVE)
    await desk.until(state="live", hint="")


async def test_a_browser_inside_an_app_gives_the_link_back(world: World) -> None:
    desk, app, browser = await a_desk(world), a_phone(world), a_phone(world)
    url = (await desk.invite())["url"]
    await app.open(url)
    assert await app.report("in-app-browser") == 204
    row = await desk.row()
    assert (row["state"], row["hint"]) == ("sent", "in-app-browser")
    assert await app.report("allowed") == 410
    assert (await browser.open(url)).status_code == 200
    row = await desk.row()
    assert (row["state"], row["hint"]) == ("opened", "")


async def test_a_phone_that_floods_is_slowed_down(world: World) -> None:
    desk, phone = await a_desk(world), a_phone(world)
    await phone.open((await desk.invite())["url"])
    statuses = [await phone.report("shown") for _ in range(60)]
    assert statuses[:40] == [204] * 40
    assert 429 in statuses
