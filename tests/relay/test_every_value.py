"""Every hint of a caller's phone: what becomes of it when the picture is there, and of a line that was slow."""

from __future__ import annotations

from uuid import UUID

import pytest

from relay.model.call import HINTS
from relay.services.calls.callers import HINT_STEPS
from relay.video.port import PublisherChange
from tests.relay.call_world import a_desk, a_phone
from tests.relay.conftest import swept_world as world
from tests.relay.world import World

pytestmark = pytest.mark.asyncio(loop_scope="module")
__all__ = ["world"]
GOES_WITH_THE_PICTURE = {
    "denied": True, "no-camera": True, "in-app-browser": True, "insecure": True, "busy": True,
    "reloaded": True, "stills": True, "left": True, "second-phone": False, "slow": False, "expired": False,
}  # fmt: skip
"""``second-phone`` stays: somebody else has the link. ``slow`` goes with the line, ``expired`` with a new link."""


async def test_every_hint_has_been_decided_about() -> None:
    assert set(GOES_WITH_THE_PICTURE) == HINTS - {""}
    assert set(HINT_STEPS) <= HINTS


@pytest.mark.parametrize("hint", sorted(GOES_WITH_THE_PICTURE))
async def test_what_the_picture_takes_away(world: World, hint: str) -> None:
    desk, phone = await a_desk(world), a_phone(world)
    await phone.open((await desk.invite())["url"])
    await phone.report("allowed")
    async with world.relay.calls.calls._book.change(UUID(desk.call)) as change:
        change.set(hint=hint)
    await phone.whip()
    world.plane.tell(UUID(desk.call), PublisherChange.LIVE)
    row = await desk.until(state="live")
    assert row["hint"] == ("" if GOES_WITH_THE_PICTURE[hint] else hint)
    await phone.http.aclose()
    await desk.http.aclose()


async def test_a_slow_line_is_said_and_said_no_more(world: World) -> None:
    desk, phone = await a_desk(world), a_phone(world)
    await phone.open((await desk.invite())["url"])
    await phone.report("allowed")
    await phone.whip()
    world.plane.tell(UUID(desk.call), PublisherChange.LIVE)
    await desk.until(state="live")
    for kbps, hint in ((400, ""), (149, "slow"), (200, "slow"), (221, ""), (200, ""), (10, "slow")):
        assert await phone.report("video", room_kbps=kbps) == 204
        assert (await desk.row())["hint"] == hint, kbps
    await phone.http.aclose()
    await desk.http.aclose()
