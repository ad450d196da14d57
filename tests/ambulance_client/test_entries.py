"""What the crew enters is never lost: two pages at once, a death in the middle, a disk that is full."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from ambulance_client.presses import OLDEST_US, Press, press_of
from ambulance_client.tablet import Tablet, TabletSettings, running_tablet
from relay.errors import BadInput, Conflict, Unavailable
from relay.protocol import messages as m
from relay.protocol.link import LIVE_FRAMES
from tests.city import free_port, until


def _settings(tmp_path: Path) -> TabletSettings:
    return TabletSettings(
        unit="救急1",
        relay_url=f"ws://localhost:{free_port()}/link/v1",
        token="nobody-knows-me",
        source="synthetic:normal?seed=5",
        spool=tmp_path / "spool",
    )


async def _disk(tablet: Tablet, *, takes: bool) -> None:
    """A disk that takes nothing, or everything again: SQLite itself refuses each write."""
    spool = tablet._spool
    pragma = f"PRAGMA query_only = {'OFF' if takes else 'ON'}"
    await spool._run(lambda: spool._db.execute(pragma).fetchone())


async def test_two_pages_that_press_in_the_same_moment_both_count(tmp_path: Path) -> None:
    fields = [{"pain_nrs": 8}, {"sex": "F"}, {"hr_bpm": 104}, {"spo2_pct": 93}, {"jcs": "1"}]
    async with running_tablet(_settings(tmp_path)) as tablet:
        await asyncio.gather(*(tablet.set_patient(one) for one in fields), tablet.mark("fmc"))
        cards = [e.body for e in await tablet._spool.events() if isinstance(e.body, m.PatientCard)]

        assert len({card.rev for card in cards}) == len(cards)
        newest = max(cards, key=lambda card: card.rev)
        for one in fields:
            for name, value in one.items():  # type: ignore[attr-defined]
                assert getattr(tablet.case.patient, name) == getattr(newest, name) == value
    async with running_tablet(_settings(tmp_path)) as tablet:
        assert tablet.case.patient == newest
        assert tablet.case.marks["fmc"]


async def test_an_entry_for_the_patient_before_never_lands_on_the_next(tmp_path: Path) -> None:
    async with running_tablet(_settings(tmp_path)) as tablet:
        first = tablet.case.incident
        results = await asyncio.gather(
            tablet.new_case(),
            *(tablet.set_patient({"age_years": 81 + n}, first) for n in range(5)),
            return_exceptions=True,
        )
        await until(lambda: tablet.case.incident != first)
        with pytest.raises(Conflict):
            await tablet.set_patient({"age_years": 80}, first)

        assert tablet.case.patient.age_years is None
        assert all(r is None or isinstance(r, Conflict) for r in results)


async def test_an_entry_is_kept_for_the_page_in_the_same_commit_as_for_the_relay(
    tmp_path: Path,
) -> None:
    """Else a tablet that dies between the two counts its cards anew, and the relay drops one."""
    async with running_tablet(_settings(tmp_path)) as tablet:
        event = m.Event(uuid4(), tablet.case.incident, 1, m.PatientCard(rev=7, pain_nrs=9))
        await tablet._spool.add_event(event, of_case=True)
    async with running_tablet(_settings(tmp_path)) as tablet:
        assert tablet.case.patient.pain_nrs == 9
        await tablet.set_patient({"sex": "M"})
        assert tablet.case.patient.rev == 8


async def test_a_recording_that_began_on_a_full_disk_is_whole_after_a_restart(
    tmp_path: Path,
) -> None:
    """The recording itself could not be written down at first, nor its first frames."""
    async with running_tablet(_settings(tmp_path)) as tablet:
        await until(lambda: tablet.recorder and tablet.recorder.newest_sample >= 250)
        await _disk(tablet, takes=False)
        await tablet.new_case()
        await until(lambda: tablet.recorder.newest_sample >= 500)
        stream = tablet.recorder.spec.stream
        assert tablet.recorder.disk_text
        await _disk(tablet, takes=True)
        await until(lambda: not tablet.recorder.disk_text and not tablet.recorder.memory)
        made = tablet._link.frames_made(stream)
    async with running_tablet(_settings(tmp_path)) as tablet:
        held = {s.spec.stream: s for s in await tablet._spool.streams()}
        assert held[stream].unstored[0][0] == 0
        assert held[stream].unstored[0][1] >= made


async def test_the_next_patient_is_recorded_though_the_disk_is_full(tmp_path: Path) -> None:
    async with running_tablet(_settings(tmp_path)) as tablet:
        await until(lambda: tablet.recorder and tablet.recorder.newest_sample >= 250)
        before = tablet.case.incident
        await _disk(tablet, takes=False)
        with pytest.raises(Unavailable):
            await tablet._spool.put("anything", "x" * 10_000)
        await tablet.new_case()
        await until(lambda: tablet.recorder.spec.incident == tablet.case.incident)
        await until(lambda: tablet.recorder.newest_sample >= 250)
        await tablet.set_patient({"age_years": 66})

        assert tablet.case.incident != before
        assert tablet.case.patient.age_years == 66


async def test_what_disk_and_memory_could_not_hold_is_counted_and_the_newest_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ambulance_client.recorder.MEMORY_FRAMES", 3)
    async with running_tablet(_settings(tmp_path)) as tablet:
        await until(lambda: tablet.recorder and tablet.recorder.newest_sample >= 125)
        await _disk(tablet, takes=False)
        await until(lambda: tablet.lost_s >= 1)
        memory = tablet.recorder.memory
        newest = tablet._link.frames_made(tablet.recorder.spec.stream) - 1

        assert newest in memory
        assert len(memory) <= LIVE_FRAMES
        kept = sum(b - a for a, b in (await tablet._spool.streams())[0].unstored)
        assert tablet.backlog_s <= (kept + len(memory) + 1) / 4

        await _disk(tablet, takes=True)
        await tablet.new_case()
        await until(lambda: tablet.recorder.spec.incident == tablet.case.incident)
        assert tablet.lost_s == 0  # the patient before lost it, not this one


async def test_the_button_works_offline_and_with_every_electrode_off(tmp_path: Path) -> None:
    leads = ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")
    rows = [f"flat.dat 16 1000/mV 16 0 0 0 0 {lead}" for lead in leads]
    (tmp_path / "flat.hea").write_text("\n".join([f"flat {len(leads)} 250 3000", *rows, ""]))
    (tmp_path / "flat.dat").write_bytes(bytes(3000 * len(leads) * 2))
    settings = replace(_settings(tmp_path), source=f"wfdb:{tmp_path / 'flat'}?loop=1")
    async with running_tablet(settings) as tablet:
        await until(lambda: tablet.recorder and tablet.recorder.made_s >= 10.25)
        await until(lambda: set(tablet.coach.lights.values()) == {"off"})
        assert tablet.case.snapshots == {}  # nothing is sent by itself in this state
        snapshot = await tablet.snapshot()

        assert tablet.case.fold.lines[str(snapshot)].reason == "manual"
        asked = [e.body for e in await tablet._spool.events()]
        (request,) = [body for body in asked if isinstance(body, m.SnapshotRequest)]
        assert request.n_samples == 2_500
    async with running_tablet(settings) as tablet:
        assert str(snapshot) in tablet.case.snapshots


async def test_a_press_counts_once_at_its_own_moment_over_a_restart(tmp_path: Path) -> None:
    """The page sends again what it got no answer for; the tablet had taken it and died."""
    pressed_us = time.time_ns() // 1000 - 90_000_000
    async with running_tablet(_settings(tmp_path)) as tablet:
        here = tablet.case.incident
        mark, note = (Press(uuid4(), pressed_us, here) for _ in range(2))
        await tablet.mark("fmc", mark)
        await tablet.note("冷汗あり", note)
        await tablet.mark("fmc", mark)
    async with running_tablet(_settings(tmp_path)) as tablet:
        await tablet.mark("fmc", mark)
        await tablet.note("冷汗あり", note)
        events = [
            e for e in await tablet._spool.events() if isinstance(e.body, m.Mark | m.CrewNote)
        ]
        assert sorted(type(e.body).__name__ for e in events) == ["CrewNote", "Mark"]
        assert {e.at_us for e in events} == {pressed_us}
        assert tablet.case.marks["fmc"] == pressed_us

        await tablet.new_case(here)
        following = tablet.case.incident
        await tablet.new_case(here)  # the answer to the first press was lost
        assert tablet.case.incident == following
        await tablet.note("冷汗あり", note)  # known still
        with pytest.raises(Conflict):
            await tablet.mark("depart", Press(uuid4(), pressed_us, here))
        assert tablet.case.marks["depart"] is None


def test_the_moment_of_a_press_is_of_the_last_hours_and_never_to_come() -> None:
    now_us = 1_700_000_000_000_000
    assert press_of({"at_us": now_us + 5_000_000}, now_us).moment_us(now_us) == now_us
    assert press_of({"at_us": now_us - OLDEST_US}, now_us).moment_us(now_us) == now_us - OLDEST_US
    assert press_of({}, now_us).moment_us(now_us) == now_us
    for wrong in ({"at_us": now_us - OLDEST_US - 1}, {"at_us": 1.5}, {"at_us": True}, {"at_us": "x"}, {"act": 7}, {"incident": "x"}):  # fmt: skip
        with pytest.raises(BadInput):
            press_of(wrong, now_us)
