"""A tablet's words that do not fit what is known: of the patient before, of other leads, of a time to come."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from relay.protocol import messages as m
from relay.protocol import wire
from relay.protocol.codec import encode_samples
from tests.relay.world import ELEVATED, N, Tablet, World, a_world, block

HOUR_US = 3_600_000_000


async def _recorded(tablet: Tablet, frames: int = 2) -> m.OpenStream:
    spec = tablet.open()
    await tablet.record(spec.stream, range(frames))
    await tablet.stored(spec.stream)
    return spec


@pytest.mark.parametrize("kind", ["snapshot", "stream-end"])
async def test_words_about_the_patient_before_are_never_this_patients(
    world: World, kind: str
) -> None:
    """The same ambulance, two patients: the recording of the first must not come into the second's case."""
    async with world.tablet() as tablet:
        before, now = await _recorded(tablet), await _recorded(tablet)
        bodies = {
            "snapshot": m.SnapshotRequest(uuid4(), before.stream, 0, 100, "manual"),
            "stream-end": m.StreamEnd(before.stream, 2),
        }
        said = await tablet.event(now.incident, bodies[kind])
        refusal = await tablet.refusal()

        assert (refusal.code, refusal.event) == ("not-found", said.event)
        async with world.relay.records.read() as records:
            for facts in await records.cases.facts([before.incident, now.incident]):
                assert facts.snapshots == ()
                assert [s.end_seq for s in facts.streams] == [None]


@pytest.mark.parametrize(
    "change",
    [{"lead_mask": 0b11}, {"fs_hz": 250.0}, {"uv_per_lsb": 5.0}, {"incident": uuid4()}],
    ids=lambda change: next(iter(change)),
)
@pytest.mark.parametrize("is_finished", [False, True])
async def test_a_known_recording_is_not_taken_with_other_properties(
    world: World, change: dict, is_finished: bool
) -> None:
    async with world.tablet() as tablet, world.tablet() as again:
        spec = await _recorded(tablet)
        if is_finished:
            await tablet.end(spec)
            await tablet.settled()
        again.link.register(replace(spec, **change), [(0, 2)])
        await again.pump()
        refusal = await again.refusal()

        wanted = "not-found" if "incident" in change else "conflict"
        assert (refusal.code, refusal.stream, refusal.retry) == (wanted, spec.stream, False)
        async with world.relay.records.read() as records:
            known = await records.recordings.stream(spec.stream)
        assert (known.lead_mask, known.fs_hz, known.uv_per_lsb) == (
            spec.lead_mask, spec.fs_hz, spec.uv_per_lsb,
        )  # fmt: skip
        assert known.epoch == 1


async def test_a_frame_with_other_leads_than_announced_is_not_stored(world: World) -> None:
    async with world.tablet() as tablet:
        spec = await _recorded(tablet)
        payload = encode_samples(block(2))
        other = wire.EcgFrame(spec.stream, 1, 2, 2 * N, N, spec.lead_mask << 1, 0, payload)
        await tablet.socket.send(wire.pack(other))

        assert await tablet.was_closed() == 4000
        assert "other leads" in tablet.close_reason
        assert list(world.relay.ecg_log.stored(spec.stream)) == [(0, 2)]


async def test_a_clock_that_is_ahead_dates_nothing_into_the_future(world: World) -> None:
    """The tablet greets with the right time and jumps ahead afterwards: nothing can have been later than now."""
    async with world.tablet() as tablet:
        await tablet.until(lambda: tablet.link.state.value == "up")
        ahead_us = tablet.relay_us() + HOUR_US
        spec = m.OpenStream(uuid4(), uuid4(), 255, 500.0, 2.5, ahead_us, "test")
        tablet.link.register(spec)
        await tablet.follow(spec.incident)
        bodies = (
            m.Mark("fmc"),
            m.CrewNote("x"),
            m.PatientCard(rev=1),
            m.SnapshotRequest(uuid4(), spec.stream, 0, 100, "manual"),
            m.StreamEnd(spec.stream, 0),
        )
        for body in bodies:
            tablet.link.event_spooled(m.Event(uuid4(), spec.incident, ahead_us, body))
        await tablet.pump()
        await tablet.notice("stream-ended")

        now_us = tablet.relay_us()
        assert all(notice.at_us <= now_us for notice in tablet.notices())
        async with world.relay.records.read() as records:
            (facts,) = await records.cases.facts([spec.incident])
        assert all(s.started_at_us <= now_us for s in facts.streams)
        assert all(s.taken_at_us <= now_us for s in facts.snapshots)


async def test_an_ecg_asked_for_before_a_restart_rings_when_its_frames_come_after_it(
    tmp_path: Path,
) -> None:
    async with a_world(tmp_path) as first, first.tablet() as tablet:
        spec = tablet.open()
        await tablet.record(spec.stream, range(8), ELEVATED)
        await tablet.stored(spec.stream)
        snapshot = await tablet.snapshot(spec, 0)
        await tablet.settled()
    async with a_world(tmp_path) as second:
        tablet.port, tablet.token = second.port, second.tokens["救急1"]
        await tablet.dial()
        await tablet.follow(spec.incident)
        await tablet.record(spec.stream, range(8, 40), ELEVATED)
        rang = await tablet.notice("alert-raised")
        assert rang.data["snapshot"] == str(snapshot)
        await tablet.hang_up()
