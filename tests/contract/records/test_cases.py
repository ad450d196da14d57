"""What every ``Records`` adapter promises of cases (``relay/records/port/cases.py``)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from uuid import UUID, uuid4

from relay.model.decision import Decision, DecisionKind, Opening
from relay.model.incident import Incident, IncidentState
from relay.model.intervals import STORY_STAGES
from relay.model.photo import ScenePhoto
from relay.model.timeline import Stage
from relay.protocol.receipts import RECEIPT_STAGES
from relay.records.port.cases import CasesAsked
from relay.records.port.records import Records
from tests.contract.records.made import a_case, a_report, a_snapshot, an_alert


async def test_entries_rise_by_one_within_a_case_even_when_many_write(records: Records) -> None:
    async with records.begin() as tx:
        one, _ = await a_case(tx)
        other, _ = await a_case(tx)

    async def write(case: Incident, n: int) -> None:
        async with records.begin() as tx:
            await tx.cases.add_entry(case.id, n, Stage.NOTE, "", {"n": n})

    await asyncio.gather(*(write(case, n) for n in range(10) for case in (one, other)))
    async with records.read() as reads:
        for case in (one, other):
            entries = await reads.cases.timeline(case.id)
            assert [e.entry for e in entries] == list(range(1, 11))
            assert sorted(e.data["n"] for e in entries) == list(range(10))
            assert [e.entry for e in await reads.cases.timeline(case.id, after=8)] == [9, 10]
            newest = await reads.cases.newest_entries(case.id, 10, 3)
            assert [e.entry for e in newest] == [7, 8, 9]
            assert await reads.cases.newest_entries(case.id, 1, 3) == []
            assert await reads.cases.last_entry_at_us(case.id) == 9
        assert await reads.cases.last_entry_at_us(uuid4()) is None


async def test_an_event_is_marked_once(records: Records) -> None:
    event = uuid4()
    async with records.begin() as tx:
        case, _ = await a_case(tx)
        assert await tx.cases.mark_event(event, case.id, 1) is True
    async with records.begin() as tx:
        assert await tx.cases.mark_event(event, case.id, 2) is False


async def test_the_highest_revision_of_the_card_wins_whenever_it_comes(records: Records) -> None:
    async with records.begin() as tx:
        case, _ = await a_case(tx)
        for rev, age in ((2, 70), (1, 60), (2, 80)):
            await tx.cases.put_card(case.id, rev, {"age_years": age}, 1)
    async with records.read() as reads:
        assert await reads.cases.card(case.id) == {"age_years": 70}


async def test_only_addressed_hospitals_list_a_case_newest_first(records: Records) -> None:
    async with records.begin() as tx:
        old, _ = await a_case(tx, 1)
        new, _ = await a_case(tx, 2)
        await tx.cases.put_incident(replace(old, state=IncidentState.CLOSED))
    async with records.read() as reads:
        everything = CasesAsked("chuo")
        found = await reads.cases.incidents(everything, at_most=9)
        assert [c.id for c in found] == [new.id, old.id]
        assert await reads.cases.incidents(CasesAsked("daiichi"), at_most=9) == []
        open_ = await reads.cases.incidents(CasesAsked("chuo", IncidentState.OPEN), at_most=9)
        assert [c.id for c in open_] == [new.id]
        assert [c.id for c in await reads.cases.incidents(everything, at_most=1)] == [new.id]
        assert await reads.cases.count_incidents(everything) == 2


async def test_cases_are_listed_in_pages_and_none_twice_or_never(records: Records) -> None:
    """Many were opened at the same moment."""
    async with records.begin() as tx:
        made = [(await a_case(tx, 1 + n // 4))[0] for n in range(11)]
    for oldest_first in (False, True):
        found: list[UUID] = []
        asked = CasesAsked("chuo", oldest_first=oldest_first)
        async with records.read() as reads:
            while some := await reads.cases.incidents(asked, at_most=3):
                assert await reads.cases.count_incidents(asked) == 11 - len(found)
                found += [case.id for case in some]
                asked = replace(asked, beyond=some[-1].id)
        assert sorted(found) == sorted(case.id for case in made)
        times = [next(c.opened_at_us for c in made if c.id == one) for one in found]
        assert times == sorted(times, reverse=not oldest_first)
    async with records.read() as reads:
        (newest,) = await reads.cases.incidents(CasesAsked(unit=made[0].unit), at_most=1)
        assert newest.opened_at_us == 3
        assert len(await reads.cases.incidents(CasesAsked(opened_since_us=3), at_most=99)) == 3
        assert await reads.cases.incidents(CasesAsked(unit="another"), at_most=9) == []


async def test_the_facts_of_cases_come_in_one_go_and_in_order(records: Records) -> None:
    async with records.begin() as tx:
        one, stream = await a_case(tx, 1)
        other, _ = await a_case(tx, 2)
        shot = a_snapshot(one, stream)
        await tx.recordings.add_snapshot(shot)
        await tx.cases.put_card(one.id, 1, {"age_years": 5}, 1)
        report = a_report(one, stream, "A", 3, shot.id)
        await tx.recordings.add_report(a_report(one, stream, "E", 2, shot.id))
        await tx.recordings.add_report(report)
        live = a_report(one, stream, "D", 4, None)
        await tx.recordings.put_live([a_report(one, stream, "E", 3, None), live])
        alert = an_alert(one, stream)
        await tx.alerts.put_alert(alert)
        opening = Opening(one.id, shot.id, "佐藤", "sato", 6)
        await tx.cases.add_opening(opening)
        decision = Decision(one.id, DecisionKind.STEMI_CATH, "go", shot.id, "佐藤", "sato", 7)
        await tx.cases.add_decision(decision)
    async with records.read() as reads:
        empty, full = await reads.cases.facts([other.id, one.id])
        assert await reads.cases.facts([uuid4()]) == []
    assert (empty.incident, empty.card, empty.alert, empty.snapshots) == (other, None, None, ())
    assert full.card == {"age_years": 5}
    assert full.streams == (stream,)
    assert full.snapshots == (shot,)
    assert full.snapshot_reports == {shot.id: report}
    assert full.live == {stream.id: live}
    assert (full.alert, full.openings, full.decision) == (alert, (opening,), decision)


async def test_what_people_did_comes_back_as_it_was_and_in_order(records: Records) -> None:
    async with records.begin() as tx:
        case, _ = await a_case(tx)
        other, _ = await a_case(tx)
        looks = [Opening(case.id, None, "佐藤", "sato", at_us) for at_us in (5, 3)]
        for look in looks:
            await tx.cases.add_opening(look)
        said = [
            Decision(case.id, kind, "", None, "佐藤", "sato", at_us)
            for kind, at_us in ((DecisionKind.STEMI_CATH, 9), (DecisionKind.NOT_STEMI, 7))
        ]
        for decision in said:
            await tx.cases.add_decision(decision)
    async with records.read() as reads:
        assert await reads.cases.openings(case.id) == looks
        assert await reads.cases.last_decision(case.id) == said[1], (
            "the newest row, not the newest time"
        )
        assert await reads.cases.openings(other.id) == []
        assert await reads.cases.last_decision(other.id) is None


async def test_a_photo_is_kept_once_and_never_changed(records: Records) -> None:
    async with records.begin() as tx:
        case, _ = await a_case(tx)
        photo = ScenePhoto(uuid4(), case.id, 7, "救急1")
        assert await tx.cases.add_photo(photo, b"\xff\xd8first") is True
        assert await tx.cases.add_photo(replace(photo, taken_at_us=9), b"\xff\xd8other") is False
    async with records.read() as reads:
        assert await reads.cases.photo_image(photo.id) == (photo, b"\xff\xd8first")
        assert await reads.cases.photo_image(uuid4()) is None
        assert await reads.cases.photo_count(case.id) == 1
        assert await reads.cases.photo_count(uuid4()) == 0


async def test_receipts_are_made_of_every_entry_that_they_need_and_of_no_other(
    records: Records,
) -> None:
    async with records.begin() as tx:
        one, _ = await a_case(tx)
        other, _ = await a_case(tx)
        for case in (one, other):
            for stage in (*RECEIPT_STAGES, *RECEIPT_STAGES, Stage.NOTE, Stage.MARK):
                await tx.cases.add_entry(case.id, 1, Stage(stage), "", {})
    async with records.read() as reads:
        entries = await reads.cases.receipt_entries(one.id)
        assert [e.stage.value for e in entries] == [*RECEIPT_STAGES, *RECEIPT_STAGES]
        assert [e.entry for e in entries] == list(range(1, len(entries) + 1))
        told = await reads.cases.told([one.id, other.id])
        assert {case: len(of) for case, of in told.items()} == {one.id: 14, other.id: 14}
        assert list(told[one.id]) == entries


async def test_the_story_is_every_entry_that_intervals_are_made_of(records: Records) -> None:
    async with records.begin() as tx:
        case, _ = await a_case(tx)
        other, _ = await a_case(tx)
        await tx.cases.add_entry(other.id, 1, Stage.MARK, "", {"mark": "fmc"})
        for at_us, stage in enumerate(Stage):
            await tx.cases.add_entry(case.id, at_us, stage, "", {})
    async with records.read() as reads:
        found = await reads.cases.story(case.id)
    assert [e.stage for e in found] == [stage for stage in Stage if stage in STORY_STAGES]
