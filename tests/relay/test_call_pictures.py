"""Pictures and position of a caller: made anew, bounded, only with consent, nothing kept unasked."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from relay.errors import BadInput
from relay.services.ground.jpegs import MAX_SIDE, made_anew
from tests.relay.call_world import a_desk, a_phone
from tests.relay.pictures import a_costly_jpeg, a_jpeg
from tests.relay.world import World, a_world


async def test_pictures_are_made_anew_without_metadata(world: World) -> None:
    desk, phone = await a_desk(world), a_phone(world)
    await phone.open((await desk.invite())["url"])
    data = a_jpeg((1200, 300), exif=True, orientation=6)
    assert b"SecretCamera" in data
    assert b"SecretComment" in data
    still = (await phone.ask("POST", "/live/api/stills", content=data)).json()["still"]
    row = await desk.row()
    assert (row["state"], row["hint"], row["stills"][0]["by"]) == ("frozen", "stills", "caller")
    answer = await desk.http.get(f"/api/calls/{desk.call}/stills/{still}")
    assert answer.headers["content-type"] == "image/jpeg"
    assert b"Secret" not in answer.content
    with Image.open(io.BytesIO(answer.content)) as image:
        assert image.size == (300, 1200)
        assert dict(image.getexif()) == {}
        top, bottom = np.asarray(image)[100].mean(0), np.asarray(image)[1100].mean(0)
    assert top[0] > 200
    assert bottom[0] < 50
    other = await a_desk(world)
    foreign = await desk.http.get(f"/api/calls/{other.call}/stills/{still}")
    assert foreign.status_code == 404


async def test_size_limits_and_broken_pictures(world: World) -> None:
    desk, phone = await a_desk(world), a_phone(world)
    await phone.open((await desk.invite())["url"])
    good = a_jpeg((800, 600), noise=1)
    assert len(good) > 204_800
    for status, data in (
        (413, good), (422, b""), (422, b"not a picture"), (422, a_jpeg()[:200]),
        (422, b"GIF89a" + b"\0" * 50),
    ):  # fmt: skip
        answer = await phone.ask("POST", "/live/api/stills", content=data)
        assert answer.status_code == status, answer.text
    assert (await desk.row())["stills"] == []
    assert (await phone.ask("POST", "/live/api/stills", content=a_jpeg())).status_code == 201


@pytest.mark.filterwarnings("ignore:::PIL")  # the decoder warns of EXIF it skips
def test_mutilated_pictures_are_refused_in_words() -> None:
    data = a_jpeg((200, 100), exif=True, noise=3)
    rng = np.random.default_rng(5)
    refused = 0
    for _ in range(300):
        broken = bytearray(data)
        for at in rng.integers(0, len(data), 6):
            broken[at] = rng.integers(0, 256)
        try:
            made_anew(bytes(broken))
        except BadInput:
            refused += 1
    assert 0 < refused < 300


def test_a_huge_picture_is_made_smaller_or_refused() -> None:
    with Image.open(io.BytesIO(made_anew(a_jpeg((4000, 3000))))) as image:
        assert max(image.size) == MAX_SIDE
    with pytest.raises(BadInput, match="too many pixels"):
        made_anew(a_jpeg((6000, 5000)))


async def test_the_phones_pictures_do_not_pile_up_and_nothing_stays_after_the_end(
    world: World,
) -> None:
    desk, phone = await a_desk(world), a_phone(world)
    await phone.open((await desk.invite())["url"])
    kept = await desk.http.post(f"/api/calls/{desk.call}/stills", content=a_jpeg())
    assert kept.status_code == 201
    for _ in range(25):
        answer = await phone.ask("POST", "/live/api/stills", content=a_jpeg())
        assert answer.status_code == 201
    by = [s["by"] for s in (await desk.row())["stills"]]
    assert (by.count("caller"), by.count("kato")) == (20, 1)
    ended = await desk.post("end", status=200)
    assert ended["stills"] == []
    async with world.relay.records.read() as records:
        rows = await records.evidence.audit_rows()
    (end,) = [row for row in rows if row.action == "call-ended"]
    assert end.data["stills_deleted"] == 21


async def test_stills_stay_where_the_site_keeps_them(tmp_path: Path) -> None:
    async with a_world(tmp_path, call_recording="stills") as world:
        desk = await a_desk(world)
        await desk.http.post(f"/api/calls/{desk.call}/stills", content=a_jpeg())
        ended = await desk.post("end", status=200)
        assert (len(ended["stills"]), ended["recording"]) == (1, "stills")


async def test_a_position_needs_consent(world: World) -> None:
    desk, phone = await a_desk(world), a_phone(world)
    await phone.open((await desk.invite())["url"])
    place = {"lat": 35.7, "lon": 139.7, "accuracy_m": 12.5}
    for body in (place, {**place, "consent": False}, {**place, "consent": True, "lat": 91}):
        assert (await phone.ask("POST", "/live/api/position", json=body)).status_code == 422
    assert (await desk.row())["position"] is None
    agreed = {**place, "consent": True}
    assert (await phone.ask("POST", "/live/api/position", json=agreed)).status_code == 204
    assert {k: v for k, v in (await desk.row())["position"].items() if k != "at_us"} == place


def test_a_picture_of_thousands_of_scans_is_refused_in_words_and_never_decoded() -> None:
    """200 kB with 2,529 scans kept a core busy for 7.5 s, and every other caller's picture waited for it."""
    with pytest.raises(BadInput, match="takes too long to read"):
        made_anew(a_costly_jpeg(2_529), most_cpu_s=60)
    with pytest.raises(BadInput, match="takes too long to read"):
        made_anew(a_costly_jpeg(20, (5_000, 4_999)), most_cpu_s=60)
    with pytest.raises(BadInput, match="takes too long to read"):
        made_anew(a_costly_jpeg(11), most_cpu_s=0)  # whatever it says of itself

    assert made_anew(a_costly_jpeg(16, (5_000, 4_999)))
    assert made_anew(a_costly_jpeg(64))
