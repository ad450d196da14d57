"""Photos of the scene: kept once, without metadata, seen by those of the case and nobody else."""

from __future__ import annotations

import asyncio
from pathlib import Path
from uuid import UUID, uuid4

from ambulance_client.budget import Step
from ambulance_client.photos import Photos
from ambulance_client.relay_http import RelayHttp
from ambulance_client.spool import Spool
from tests.relay.pictures import a_jpeg
from tests.relay.test_cabins import a_cabin
from tests.relay.world import World


async def test_a_photo_sent_twice_is_kept_once_and_seen_by_the_hospital(world: World) -> None:
    async with a_cabin(world) as (base, tablet), await world.http("sato") as doctor:
        case = base.removesuffix("/cabin")
        photo = f"{case}/photos/{uuid4()}"
        for _ in range(2):
            sent = await tablet.put(f"{photo}?age_us=5000000", content=a_jpeg(exif=True))
            assert sent.status_code == 204

        seen = await doctor.get(photo)
        assert seen.headers["content-type"] == "image/jpeg"
        assert b"Secret" not in seen.content
        entries = (await doctor.get(case)).json()["timeline"]
        (entry,) = [e for e in entries if e["stage"] == "photo"]
        assert entry["data"] == {"photo": photo.rsplit("/", 1)[1]}
        assert entry["who"] == "救急1"


async def test_what_is_no_photo_or_nobodys_business_is_refused(world: World) -> None:
    async with a_cabin(world) as (base, tablet), await world.http("sato") as doctor:
        case = base.removesuffix("/cabin")
        photo = f"{case}/photos/{uuid4()}"
        assert (await tablet.put(photo, content=b"no jpeg")).status_code == 422
        assert (await tablet.put(photo, content=b"\0" * 204_801)).status_code in {413, 422}
        assert (await tablet.put(f"{photo}?age_us=-1", content=a_jpeg())).status_code == 422
        assert (await tablet.put(photo, content=a_jpeg())).status_code == 204
        other = {"Authorization": f"Bearer {world.tokens['救急2']}"}
        assert (await tablet.put(photo, content=a_jpeg(), headers=other)).status_code == 404
        assert (await doctor.put(photo, content=a_jpeg())).status_code == 401
        assert (await doctor.get(f"{case}/photos/{uuid4()}")).status_code == 404
        for user, status in (("mori", 404), ("oka", 403), ("root", 403)):
            async with await world.http(user) as http:
                assert (await http.get(photo)).status_code == status, user


async def test_a_photo_of_a_case_the_relay_does_not_know_holds_up_no_other(
    world: World, tmp_path: Path
) -> None:
    spool = await Spool.open(tmp_path / "spool")
    http = RelayHttp(f"ws://127.0.0.1:{world.port}/link/v1", world.tokens["救急1"], None)
    photos = Photos(spool, http, lambda: Step.FULL, lambda: True, lambda: None)
    async with a_cabin(world) as (base, _):
        case, unknown = UUID(base.split("/")[-2]), uuid4()
        await photos.take(unknown, a_jpeg())
        await photos.take(case, a_jpeg())
        sending = asyncio.create_task(photos.run())
        async with asyncio.timeout(60):
            while photos.lines(case)[0]["state"] != "sent":
                await asyncio.sleep(0.05)
        sending.cancel()
        assert photos.lines(unknown)[0]["state"] == "waiting"
        assert [photo.incident for photo in await spool.photos()] == [unknown]
    http.close()
    await spool.close()
