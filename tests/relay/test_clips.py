"""Clips at the relay: kept by policy, seen by right, deleted in time and on record."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from tests.relay.call_world import a_desk, a_phone
from tests.relay.clips import BODY, a_clip
from tests.relay.world import a_world, audited


async def test_only_the_policy_keeps_and_the_caller_is_told_before(tmp_path: Path) -> None:
    for policy, kept in (("off", False), ("stills", False), ("clips", True)):
        async with a_world(tmp_path / policy, call_recording=policy) as world:
            desk, phone = await a_desk(world), a_phone(world)
            state = (await phone.open((await desk.invite())["url"])).json()
            assert state["recorded"] is kept
            assert (await phone.whip()).status_code == 201
            assert (UUID(desk.call) in world.plane.folders) is kept
            assert (await desk.row())["recording"] == policy


async def test_played_by_those_it_is_shared_with_in_parts_and_written_down(tmp_path: Path) -> None:
    async with a_world(tmp_path, call_recording="clips") as world:
        desk = await a_desk(world)
        clip = a_clip(world, UUID(desk.call))
        url = f"/api/calls/{desk.call}/clips"
        async with await world.http("sato") as doctor:
            assert (await doctor.get(url)).status_code == 404
            await desk.post("shares", {"kind": "hospital", "target": "chuo"}, 201)
            (row,) = (await doctor.get(url)).json()["clips"]
            assert (row["id"], row["bytes"], row["media_type"]) == (clip, len(BODY), "video/webm")
            assert row["under_way"] is False
            for _ in range(2):
                whole = await doctor.get(f"{url}/{clip}")
            assert whole.content == BODY
            part = await doctor.get(f"{url}/{clip}", headers={"Range": "bytes=100-199"})
            assert (part.status_code, part.content) == (206, BODY[100:200])
            assert await audited(world, "clip-read") == [{"clip": str(clip)}]
            for wrong in ("1", "..%2f..%2frecords.sqlite", "-1"):
                assert (await doctor.get(f"{url}/{wrong}")).status_code in {404, 422}
            gone = await doctor.post(f"{url}/{clip}/delete", json={"reason": "x"})
            assert gone.status_code == 403


async def test_deleted_with_a_reason_that_stays(tmp_path: Path) -> None:
    async with a_world(tmp_path, call_recording="clips") as world:
        desk = await a_desk(world)
        clip, fresh = a_clip(world, UUID(desk.call)), a_clip(world, UUID(desk.call), age_s=0.0)
        url = f"/api/calls/{desk.call}/clips"
        for body in ({}, {"reason": ""}, {"reason": "  "}):
            assert (await desk.http.post(f"{url}/{clip}/delete", json=body)).status_code == 422
        reason = {"reason": "wrong person in the picture"}
        growing = await desk.http.post(f"{url}/{fresh}/delete", json=reason)
        assert growing.status_code == 409
        assert (await desk.http.post(f"{url}/{clip}/delete", json=reason)).status_code == 204
        assert (await desk.http.post(f"{url}/{clip}/delete", json=reason)).status_code == 404
        assert await audited(world, "clip-deleted") == [
            {"clip": clip, "bytes": len(BODY), **reason}
        ]


async def test_over_its_time_it_goes_by_itself(tmp_path: Path) -> None:
    async with a_world(tmp_path, call_recording="clips", call_clips_keep_h=1.0) as world:
        desk = await a_desk(world)
        old, young = (a_clip(world, UUID(desk.call), age_s) for age_s in (3_700, 3_500))
        await world.relay.calls.clips.sweep()
        clips = (await desk.http.get(f"/api/calls/{desk.call}/clips")).json()["clips"]
        assert [c["id"] for c in clips] == [young]
        assert await audited(world, "clips-expired") == [{"clips": [old], "bytes": len(BODY)}]
