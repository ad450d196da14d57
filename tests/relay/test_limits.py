"""What is cut is said and can be reached, and what rings is never cut."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.model.incident import Incident, IncidentState
from relay.model.snapshot import Snapshot
from relay.model.timeline import Stage
from relay.protocol import messages as m
from relay.protocol.ranges import RangeSet
from relay.records.port.cases import CasesAsked
from relay.records.sql.present_samples import packed, unpacked
from relay.services.pages.audience import hospital_pages
from relay.services.recordings.live import MAX_QUEUED_TEXTS, Viewer
from relay.wiring.adapters import Adapters
from tests.relay.test_alerts import alarmed
from tests.relay.world import MovedClock, World, a_world


async def newer_cases(world: World, n: int, at_us: int | None = None) -> list[UUID]:
    """So many open cases of one ambulance: a tablet that starts again and again."""
    now_us = world.relay.clock.now_us() if at_us is None else at_us
    made = [Incident(uuid4(), "救急1", now_us + i, frozenset({"chuo"})) for i in range(n)]
    async with world.relay.records.begin() as tx:
        for case in made:
            await tx.cases.put_incident(case)
    return [case.id for case in made]


async def test_what_rings_is_listed_however_many_newer_cases_there_are(world: World) -> None:
    """Two hundred newer open cases, and a ringing one was gone from list, feed and page."""
    async with world.tablet("救急1") as tablet, world.page("sato") as page:
        spec, _ = await alarmed(world, tablet)
        silent = await newer_cases(world, 230)
        async with await world.http("sato") as http:
            first = (await http.get("/api/incidents?state=open")).json()
            listed = [UUID(row["id"]) for row in first["incidents"]]
            assert spec.incident in listed
            assert (len(listed), first["more"]) == (201, 30)
            rest = (await http.get(f"/api/incidents?state=open&beyond={first['beyond']}")).json()
        assert rest["more"] == 0
        assert rest["beyond"] is None
        reached = {*listed, *(UUID(row["id"]) for row in rest["incidents"])}
        assert reached == {spec.incident, *silent}

        for n in range(600):  # more than the page's queue holds: it gets every row anew
            world.relay.pages.audience.say(hospital_pages("chuo"), f'{{"kind":"lost","n":{n}}}')
        said = await page.until(lambda t: t["kind"] == "listed")
        assert said["more"] == 30
        rows = [t["incident"]["id"] for t in page.texts if t["kind"] == "incident"]
        assert str(spec.incident) in rows[-201:]


def test_a_listing_fits_however_long_it_is() -> None:
    viewer = Viewer()
    listing = [str(n) for n in range(3 * MAX_QUEUED_TEXTS)]
    viewer.offer_all(listing)
    for _ in range(MAX_QUEUED_TEXTS):
        viewer.offer_text("later")

    assert [viewer.take() for _ in listing] == listing
    assert not viewer.lost_texts
    while viewer.take():
        pass
    for _ in range(MAX_QUEUED_TEXTS + 1):
        viewer.offer_text("later")
    assert viewer.lost_texts, "the usual room again"


async def test_every_idle_case_is_closed_and_not_only_the_newest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("relay.services.cases.upkeep.CASES_AT_ONCE", 20)
    clock = MovedClock()
    async with a_world(tmp_path, Adapters(clock=clock)) as world:
        old = await newer_cases(world, 90, at_us=1)
        young = await newer_cases(world, 30)
        await world.relay.cases.upkeep.close_idle()
        async with world.relay.records.read() as records:
            open_now = await records.cases.incidents(
                CasesAsked(state=IncidentState.OPEN), at_most=500
            )
    assert {case.id for case in open_now} == set(young)
    assert old


async def test_a_long_timeline_shows_its_newest_and_says_what_is_before(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten thousand entries, and the newest were dropped: decisions too."""
    monkeypatch.setattr("relay.services.cases.cases.ENTRIES_SHOWN", 4)
    monkeypatch.setattr("relay.records.sql.cases.ENTRIES_AT_ONCE", 3)
    async with world.tablet("救急1") as tablet, await world.http("sato") as http:
        spec = tablet.open()
        for n in range(10):
            await tablet.event(spec.incident, m.CrewNote(f"line {n}"))
        await tablet.settled()
        shown = (await http.get(f"/api/incidents/{spec.incident}")).json()
        entries = [entry["entry"] for entry in shown["timeline"]]
        assert entries == list(range(entries[0], entries[0] + 4))
        assert shown["timeline"][-1]["data"] == {"text": "line 9"}
        assert shown["earlier_entries"] == entries[0] - 1 > 0
        found, before = list(entries), entries[0]
        while before > 1:
            path = f"/api/incidents/{spec.incident}/timeline?before={before}"
            page: dict[str, Any] = (await http.get(path)).json()
            found = [*(entry["entry"] for entry in page["timeline"]), *found]
            before = found[0]
        assert found == list(range(1, entries[-1] + 1))

        await tablet.follow(spec.incident)
        await tablet.until(lambda: len(tablet.notices()) >= entries[-1])
        assert [notice.entry for notice in tablet.notices()] == found


async def test_an_ambulance_that_opens_case_after_case_is_asked_and_loses_no_ecg(
    tmp_path: Path,
) -> None:
    clock = MovedClock()
    async with a_world(tmp_path, Adapters(clock=clock), unit_cases_burst=3) as world:
        async with world.tablet("救急1") as tablet, world.tablet("救急2") as other:
            for _ in range(3):
                spec = tablet.open()
                await tablet.record(spec.stream, range(2))
                await tablet.stored(spec.stream)
            fourth = tablet.open()
            await tablet.record(fourth.stream, range(2))
            refusal = await tablet.refusal()
            assert (refusal.code, refusal.retry, refusal.stream) == (
                "too-many",
                True,
                fourth.stream,
            )
            assert "Go on in the open case" in refusal.text
            await tablet.record(spec.stream, range(2, 4))
            await tablet.stored(spec.stream)
            assert tablet.close_code is None, "the open case goes on"
            assert tablet.link.unstored(fourth.stream) == 2
            beside = other.open()
            await other.record(beside.stream, range(2))
            await other.stored(beside.stream)

            clock.moved_s += 60
            await tablet.hang_up()
            await tablet.dial()
            await tablet.stored(fourth.stream)
        async with world.relay.records.read() as records:
            entries = await records.cases.timeline(fourth.incident)
        assert [e.stage for e in entries[:2]] == [Stage.OPENED_CASE, Stage.STREAM_STARTED]


@given(
    st.integers(1, 2**17 - 1),
    st.integers(0, 10_000),
    st.lists(st.booleans(), min_size=1, max_size=60),
    st.randoms(use_true_random=False),
)
def test_only_samples_that_exist_are_on_disk_and_all_of_them_come_back(
    lead_mask: int, first: int, there: list[bool], dice: random.Random
) -> None:
    present = RangeSet((first + n, first + n + 1) for n, is_there in enumerate(there) if is_there)
    snapshot = Snapshot(
        uuid4(), uuid4(), uuid4(), first, len(there), "manual", 1, lead_mask, 500.0, 2.5,
        present=tuple(present),
    )  # fmt: skip
    block = np.zeros((lead_mask.bit_count(), len(there)), "<i2")
    for lead in block:
        lead[there] = [dice.randrange(-32_768, 32_768) for n in range(sum(there))]
    kept = packed(snapshot, block.tobytes())

    assert len(kept) == lead_mask.bit_count() * sum(there) * 2
    assert unpacked(snapshot, kept) == block.tobytes()
    assert unpacked(snapshot, block.tobytes()) == block.tobytes(), "as it was kept before"


async def test_a_small_request_for_much_of_nothing_writes_little(world: World) -> None:
    """150 requests of 250 bytes made the folder grow from 126 to 269 MB."""
    async with world.tablet("救急1") as tablet:
        spec = tablet.open()
        await tablet.follow(spec.incident)
        await tablet.record(spec.stream, range(8))
        await tablet.stored(spec.stream)
        asked = [await tablet.snapshot(spec, n, 60_000) for n in range(5)]
        await tablet.end(spec)  # nothing more of it will come: what is there is kept
        await tablet.until(lambda: len(tablet.notices("snapshot-stored")) == 5)
        file = world.relay.records._writer.url.database  # type: ignore[attr-defined]
        with sqlite3.connect(file) as db:
            sizes = [n for (n,) in db.execute("SELECT length(samples) FROM snapshot_samples")]
        assert len(sizes) == 5
        assert max(sizes) <= 8 * 1000 * 2, "a second of eight leads, whatever was asked for"
        async with await world.http("sato") as http:
            whole = await http.get(f"/api/snapshots/{asked[0]}/samples")
        assert len(whole.content) >= 8 * 60_000 * 2


async def test_an_ambulance_has_a_share_of_the_disk_and_its_ecg_is_no_part_of_it(
    tmp_path: Path,
) -> None:
    clock = MovedClock()
    async with a_world(tmp_path, Adapters(clock=clock), unit_disk_mb_per_day=1.0) as world:
        async with world.tablet("救急1") as much, world.tablet("救急2") as little:
            spec = much.open()
            await much.record(spec.stream, range(8))
            for n in range(8):
                await much.snapshot(spec, n, 10_000)  # 160 kB each at most
            refusal = await much.refusal()
            assert (refusal.code, refusal.retry) == ("too-many", True)
            assert "live ECG goes on" in refusal.text
            await much.record(spec.stream, range(8, 16))
            await much.stored(spec.stream)
            assert much.close_code is None

            other = little.open()
            await little.record(other.stream, range(8))
            await little.snapshot(other, 0, 1000)
            await little.settled()
            assert not [r for r in little.heard if isinstance(r, m.Refusal)]
        async with world.relay.records.read() as records:
            rows = [r for r in await records.evidence.audit_rows() if r.action == "disk-share-low"]
        assert [(r.subject, r.data["left_mb"]) for r in rows] == [("救急1", 0)], "told before, once"
