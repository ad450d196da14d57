"""What every ``Records`` adapter promises of recordings, snapshots and reports (``relay/records/port/recordings.py``)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from uuid import uuid4

import pytest

from relay.errors import NotFound, Unavailable
from relay.model.snapshot import Origin, SnapshotState
from relay.model.st_point import StPoint
from relay.model.stream import RecordingState
from relay.records.port.records import Records
from tests.contract.records.made import a_case, a_report, a_snapshot


async def test_epochs_rise_and_are_never_given_twice(records: Records) -> None:
    async with records.begin() as tx:
        _, stream = await a_case(tx)

    async def raise_it() -> int:
        async with records.begin() as tx:
            return await tx.recordings.raise_epoch(stream.id)

    assert sorted(await asyncio.gather(*(raise_it() for _ in range(8)))) == list(range(1, 9))
    async with records.begin() as tx:
        await tx.recordings.put_stream(replace(stream, state=RecordingState.ENDED, end_seq=4))
        assert await tx.recordings.raise_epoch(stream.id) == 9
        with pytest.raises(NotFound):
            await tx.recordings.raise_epoch(uuid4())
    async with records.read() as reads:
        kept = await reads.recordings.stream(stream.id)
    assert kept == replace(stream, state=RecordingState.ENDED, end_seq=4, epoch=9)


async def test_a_snapshots_samples_are_kept_once(records: Records) -> None:
    async with records.begin() as tx:
        case, stream = await a_case(tx)
        asked = a_snapshot(case, stream)
        assert await tx.recordings.add_snapshot(asked) is True
        assert await tx.recordings.add_snapshot(asked) is False
    async with records.read() as reads:
        assert await reads.recordings.awaited_snapshots() == [asked]
        assert await reads.recordings.snapshot_samples(asked.id) is None
    kept = replace(
        asked, state=SnapshotState.PARTIAL, stored_at_us=9, present=((0, 2),), sha256="f" * 64
    )
    async with records.begin() as tx:
        await tx.recordings.keep_samples(kept, b"1234\0\0\0\x005678\0\0\0\0")
    with pytest.raises(Unavailable):
        async with records.begin() as tx:
            await tx.recordings.keep_samples(kept, b"8765\0\0\0\x004321\0\0\0\0")
    async with records.read() as reads:
        assert await reads.recordings.snapshot(asked.id) == kept
        assert await reads.recordings.snapshot_samples(asked.id) == b"1234\0\0\0\x005678\0\0\0\0"
        assert await reads.recordings.awaited_snapshots() == []
        assert await reads.recordings.unscreened_snapshots() == [kept]


async def test_calm_is_readable_and_below_the_criteria(records: Records) -> None:
    async with records.begin() as tx:
        case, stream = await a_case(tx)
        for at_us, tier in ((10, "E"), (20, "A"), (30, "B"), (40, "Q")):
            await tx.recordings.add_report(a_report(case, stream, tier, at_us, None))
        assert await tx.recordings.was_calm_since(case.id, 9) is True
        assert await tx.recordings.was_calm_since(case.id, 10) is False
        await tx.recordings.put_live([a_report(case, stream, "D", 50, None)])
        assert await tx.recordings.was_calm_since(case.id, 10) is True


async def test_points_of_the_st_trend_come_back_in_order_by_case_and_by_stream(
    records: Records,
) -> None:
    async with records.begin() as tx:
        one, stream = await a_case(tx, 1)
        other, another = await a_case(tx, 2)
        body = {"st_j60_uv": {"V2": 120.5, "V3": None}, "hr_bpm": 71.0}
        points = [StPoint(one.id, stream.id, 5_000 + 2_500 * k, k, "E", body) for k in range(3)]
        await tx.recordings.add_st_points(points[:2])
        await tx.recordings.add_st_points(
            [StPoint(other.id, another.id, 5_000, 1, "Q", {}), points[2]]
        )
        await tx.recordings.add_st_points([])
    async with records.read() as reads:
        assert await reads.recordings.st_points(incident=one.id) == points
        assert await reads.recordings.st_points(stream=stream.id) == points
        assert [p.tier for p in await reads.recordings.st_points(stream=another.id)] == ["Q"]
        assert await reads.recordings.st_points(stream=uuid4()) == []


async def test_what_a_recording_says_of_itself_can_be_asked(records: Records) -> None:
    async with records.begin() as tx:
        case, stream = await a_case(tx)
        other, _ = await a_case(tx)
        await tx.recordings.set_clock_offset(stream.id, -40)
        origin = Origin(fingerprint="a" * 64)
        shot = replace(a_snapshot(case, stream), taken_at_us=9, origin=origin)
        early = replace(a_snapshot(case, stream), taken_at_us=4, origin=origin)
        for one in (shot, early):
            await tx.recordings.add_snapshot(one)
            kept = replace(one, state=SnapshotState.COMPLETE, stored_at_us=9, sha256="f" * 64)
            await tx.recordings.keep_samples(replace(kept, present=((0, 4),)), bytes(16))
        await tx.recordings.add_snapshot(replace(a_snapshot(case, stream), taken_at_us=1))
        for tier in "DA":
            await tx.recordings.add_report(a_report(case, stream, tier, 3, shot.id))
    async with records.read() as reads:
        found = await reads.recordings.stream(stream.id)
        assert found == replace(stream, clock_offset_us=-40)
        shots = await reads.recordings.kept_snapshots(case.id)
        assert [one.id for one in shots] == [early.id, shot.id], "oldest first, without the awaited"
        assert shots[1].origin == origin
        assert await reads.recordings.kept_snapshots(other.id) == []
        report = await reads.recordings.snapshot_report(shot.id)
        assert report == a_report(case, stream, "A", 3, shot.id), "the newest"
        assert await reads.recordings.snapshot_report(early.id) is None
        assert await reads.recordings.same_samples("a" * 64, other.id) == 4, "the first time"
        assert await reads.recordings.same_samples("a" * 64, case.id) is None
        assert await reads.recordings.same_samples("b" * 64, other.id) is None
