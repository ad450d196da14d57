"""Pictures in place of video for a viewer on a poor line: wished for, sent beside the video, forgotten."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from relay.model.clock import ManualClock
from relay.services.calls.glimpses import WISH_HOLDS_S
from relay.video.port import PublisherChange
from relay.wiring.adapters import Adapters
from tests.relay.call_world import SDP, a_desk, a_phone
from tests.relay.pictures import a_jpeg
from tests.relay.world import World, a_world, audited


async def test_the_relay_tells_a_viewer_what_its_line_carries(world: World) -> None:
    desk = await a_desk(world)
    made = await desk.http.post(f"/api/calls/{desk.call}/whep", content="v=0", headers=SDP)
    line = made.headers["location"]
    for budget_kbps, pictures in ((None, False), (400, False), (151, False), (150, True)):
        world.plane.viewer_budget_kbps = budget_kbps
        said = (await desk.http.get(line)).json()
        assert (said["budget_kbps"], said["pictures"]) == (budget_kbps, pictures)
    await desk.post("shares", {"kind": "hospital", "target": "chuo"}, 201)
    async with await world.http("sato") as other:
        assert (await other.get(line)).status_code == 404
    await desk.http.delete(line)
    assert (await desk.http.get(line)).status_code == 404


async def test_the_phone_sends_only_while_somebody_wishes_it(tmp_path: Path) -> None:
    clock = ManualClock()
    async with a_world(tmp_path, Adapters(clock=clock)) as world:
        desk, phone = await a_desk(world), a_phone(world)
        await phone.open((await desk.invite())["url"])
        await phone.report("allowed")
        world.plane.tell(UUID(desk.call), PublisherChange.LIVE)
        await desk.until(state="live")

        async def wanted() -> bool:
            return bool((await phone.ask("GET", "/live/api/state")).json()["glimpses"])

        async def send() -> int:
            answer = await phone.ask("POST", "/live/api/glimpses", content=a_jpeg((320, 180)))
            return answer.status_code

        base = f"/api/calls/{desk.call}/glimpses"
        assert not await wanted()
        assert await send() == 204  # dropped: nobody wishes it
        assert (await desk.http.get(base)).json() == {"at_us": None}
        assert await wanted()
        assert await send() == 204
        at_us = (await desk.http.get(base)).json()["at_us"]
        picture = await desk.http.get(f"{base}/{at_us}")
        assert picture.headers["content-type"] == "image/jpeg"
        assert picture.content.startswith(b"\xff\xd8")
        assert (await desk.http.get(f"{base}/{at_us - 1}")).status_code == 404
        row = await desk.row()
        assert (row["state"], row["hint"], row["stills"]) == ("live", "", [])  # nothing is kept
        assert (await phone.ask("POST", "/live/api/glimpses", content=b"no")).status_code == 422

        clock.move(WISH_HOLDS_S + 1)
        assert not await wanted()
        assert (await desk.http.get(base)).status_code == 200  # a new wish
        await desk.post("end", status=200)
        assert (await desk.http.get(base)).status_code == 409
        assert len(await audited(world, "glimpses-watched")) == 1  # once in a while, however often


async def test_pictures_in_place_of_video_meet_the_wish_too(world: World) -> None:
    desk, phone = await a_desk(world), a_phone(world)
    await phone.open((await desk.invite())["url"])
    base = f"/api/calls/{desk.call}/glimpses"
    await desk.http.get(base)
    await phone.ask("POST", "/live/api/stills", content=a_jpeg())
    at_us = (await desk.http.get(base)).json()["at_us"]
    assert at_us == (await desk.row())["stills"][0]["at_us"]
    assert (await desk.http.get(f"{base}/{at_us}")).status_code == 200
