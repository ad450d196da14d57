"""Photos of the scene: kept once, without metadata, seen by those of the case and nobody else."""

from __future__ import annotations

import asyncio
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from ambulance_client.budget import VideoStep
from ambulance_client.photos import PhotoOutbox
from ambulance_client.refused import Refused
from ambulance_client.relay_http import RelayHttp
from ambulance_client.remarks import Remarks
from ambulance_client.spool import Spool
from relay.errors import NotFound
from relay.protocol import messages as m
from tests.patience import PATIENCE_S
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
    photos = PhotoOutbox(spool, http, lambda: VideoStep.FULL, lambda: True, _nobody, lambda: None)
    async with a_cabin(world) as (base, _):
        case, unknown = UUID(base.split("/")[-2]), uuid4()
        await photos.take(unknown, a_jpeg())
        await photos.take(case, a_jpeg())
        sending = asyncio.create_task(photos.run())
        async with asyncio.timeout(PATIENCE_S):
            while photos.lines(case)[0]["state"] != "sent":
                await asyncio.sleep(0.05)
        sending.cancel()
        assert photos.lines(unknown)[0]["state"] == "waiting"
        assert [photo.incident for photo in await spool.photos()] == [unknown]
    http.close()
    await spool.close()


async def _nobody(_photo: UUID, why: str) -> None:
    raise AssertionError(f"refused: {why}")


async def test_a_large_photo_of_the_crew_arrives(world: World, tmp_path: Path) -> None:
    """Once the door had 64 kB for it, answered 413, and the tablet threw the photo away."""
    jpeg = a_jpeg((520, 400), noise=9)
    assert 65_536 < len(jpeg) <= 204_800, len(jpeg)
    spool = await Spool.open(tmp_path / "spool")
    http = RelayHttp(f"ws://127.0.0.1:{world.port}/link/v1", world.tokens["救急1"], None)
    photos = PhotoOutbox(spool, http, lambda: VideoStep.FULL, lambda: True, _nobody, lambda: None)
    async with a_cabin(world) as (base, _):
        case = UUID(base.split("/")[-2])
        await photos.take(case, jpeg)
        sending = asyncio.create_task(photos.run())
        async with asyncio.timeout(PATIENCE_S):
            while photos.lines(case)[0]["state"] != "sent":
                await asyncio.sleep(0.05)
        sending.cancel()
        assert photos.most_bytes == 204_800  # learned from the relay
    http.close()
    await spool.close()


async def test_a_photo_the_relay_does_not_take_stays_until_a_person_removes_it(
    world: World, tmp_path: Path
) -> None:
    spool = await Spool.open(tmp_path / "spool")
    http = RelayHttp(f"ws://127.0.0.1:{world.port}/link/v1", world.tokens["救急1"], None)
    shelf = Refused(
        spool, Remarks(spool, lambda: None), lambda _: None, lambda: photos.restore(), lambda: None
    )
    photos = PhotoOutbox(
        spool, http, lambda: VideoStep.FULL, lambda: True, shelf.photo, lambda: None
    )
    broken = b"\xff\xd8\xff no picture at all"
    async with a_cabin(world) as (base, _):
        case = UUID(base.split("/")[-2])
        name = UUID(await photos.take(case, broken))
        sending = asyncio.create_task(photos.run())

        async def refused() -> None:
            async with asyncio.timeout(PATIENCE_S):
                while photos.lines(case)[0]["state"] != "refused":
                    await asyncio.sleep(0.05)

        await refused()
        assert await spool.photos() == []
        (line,) = shelf.lines
        assert (line["id"], line["kind"]) == (str(name), "photo")
        assert "JPEG" in line["why"]
        assert await shelf.picture(name) == broken
        sending.cancel()
        await spool.close()

        spool = await Spool.open(tmp_path / "spool")  # the tablet restarts
        shelf = Refused(
            spool,
            Remarks(spool, lambda: None),
            lambda _: None,
            lambda: photos.restore(),
            lambda: None,
        )
        photos = PhotoOutbox(
            spool, http, lambda: VideoStep.FULL, lambda: True, shelf.photo, lambda: None
        )
        await shelf.restore()
        assert [one["id"] for one in shelf.lines] == [str(name)]
        await shelf.again(name)
        assert (shelf.lines, [one.id for one in await spool.photos()]) == ([], [name])
        sending = asyncio.create_task(photos.run())
        await refused()
        sending.cancel()
        await shelf.remove(name)
        assert shelf.lines == []
        with pytest.raises(NotFound):
            await shelf.picture(name)
    http.close()
    await spool.close()


async def test_a_note_the_relay_does_not_take_stays_too(tmp_path: Path) -> None:
    spool, said = await Spool.open(tmp_path / "spool"), []
    shelf = Refused(spool, Remarks(spool, lambda: None), said.append, _none, lambda: None)
    note = m.Event(uuid4(), uuid4(), 5, m.CrewNote("ニトロ 1錠"))
    end = m.Event(uuid4(), note.incident, 6, m.StreamEnd(uuid4(), 0))
    for event in (note, end):
        await spool.add_event(event)
        await shelf.event(event.event, "It cannot be read.")
    assert await spool.events() == []
    (line,) = shelf.lines  # the end of a recording nobody knows says nothing to a person
    assert (line["kind"], line["text"], line["why"]) == ("note", "ニトロ 1錠", "It cannot be read.")
    await spool.close()
    spool = await Spool.open(tmp_path / "spool")
    shelf = Refused(spool, Remarks(spool, lambda: None), said.append, _none, lambda: None)
    await shelf.restore()
    await shelf.again(note.event)
    assert (said, await spool.events(), shelf.lines) == ([note], [note], [])
    await spool.close()


async def _none() -> None:
    raise AssertionError("no photo is sent again")


async def test_the_crew_reads_that_it_sends_too_much_once(tmp_path: Path) -> None:
    spool = await Spool.open(tmp_path / "spool")
    remarks = Remarks(spool, lambda: None)
    shelf = Refused(spool, remarks, lambda _: None, _none, lambda: None)
    for _ in range(3):
        await shelf.heard(m.Refusal("too-many", "Slower.", True), waits=False)
        await shelf.heard(m.Refusal("too-many", "Wait.", True, stream=uuid4()), waits=False)
    assert [line["cause"] for line in remarks.lines] == ["sends-too-much", "cases-too-many"]
    await remarks.seen([str(line["id"]) for line in remarks.lines])
    await shelf.heard(m.Refusal("too-many", "Slower.", True), waits=False)
    assert [line["cause"] for line in remarks.lines] == ["sends-too-much"]
    await spool.close()
