"""From symptom to balloon: what is known to the second, what is unknown, and clocks that differ by an hour."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from relay.model.clock import SystemClock
from relay.model.intervals import BETWEEN, Happened, Interval, Milestone, intervals_of, moments_of
from relay.model.timeline import Entry, Stage
from relay.protocol import messages as m
from tests.relay.world import CALM, World, a_world

CASE, S = UUID(int=1), 1_000_000


def entry(n: int, at_s: float, stage: Stage, **data: object) -> Entry:
    return Entry(CASE, n, round(at_s * S), stage, "x", data)


WHOLE = [
    entry(1, 100, Stage.MARK, mark="fmc"),
    entry(2, 190, Stage.MARK, mark="fmc"),
    entry(3, 301.5, Stage.SNAPSHOT_STORED, snapshot="1"),
    entry(4, 303, Stage.DELIVERED),
    entry(5, 330, Stage.TRACE_OPENED, snapshot="1"),
    entry(6, 400, Stage.DECIDED, decision="stemi-cath"),
    entry(7, 500, Stage.TRACE_OPENED, snapshot="2"),
    entry(8, 900, Stage.DECIDED, decision="not-stemi"),
    entry(9, 1000, Stage.MARK, mark="depart"),
    entry(10, 1990, Stage.MARK, mark="door"),
]


def test_a_whole_case_by_hand() -> None:
    found = intervals_of(moments_of(WHOLE, 10 * S, [300 * S, 290 * S]))

    assert {name: one.seconds for name, one in found.items()} == {
        "onset_fmc": 180,
        "fmc_ecg": 100,
        "ecg_stored": 11,
        "stored_shown": 1,
        "shown_opened": 27,
        "ecg_opened": 40,
        "opened_decided": 70,
        "decided_accepted": None,
        "scene": 810,
        "fmc_door": 1800,
        "door_device": None,
    }


def test_what_is_unknown_or_contradicts_itself_is_no_number() -> None:
    assert set(intervals_of({}).values()) == {Interval(None)}
    early = [replace(WHOLE[0], data={"mark": "door"}), WHOLE[1]]
    assert intervals_of(moments_of(early, None, []))["fmc_door"] == Interval(None, is_reversed=True)


@given(st.dictionaries(st.sampled_from(Milestone), st.integers(0, 2**50)))
def test_an_interval_is_known_exactly_where_both_ends_are_and_in_order(
    at: dict[Milestone, int],
) -> None:
    found = intervals_of({moment: Happened(us) for moment, us in at.items()})
    for name, (start, end) in BETWEEN.items():
        known = start in at and end in at
        assert (found[name].seconds is not None) == (known and at[end] >= at[start])
        assert found[name].is_reversed == (known and at[end] < at[start])
        if (s := found[name].seconds) is not None:
            assert s * S <= at[end] - at[start] < (s + 1) * S


@pytest_asyncio.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with a_world(tmp_path) as made:
        yield made


@pytest.mark.parametrize("off_s", [-3600, 0, 3600])
async def test_a_tablet_whose_clock_is_an_hour_off_changes_no_interval(
    world: World, off_s: int
) -> None:
    """The crew pressed 600 s apart; the relay says so, whatever the tablet's clock shows."""
    async with world.tablet() as tablet, await world.http("sato") as http:
        await tablet.hang_up()
        tablet.relay_us = lambda: SystemClock().now_us() + off_s * S  # type: ignore[method-assign]
        await tablet.dial()
        spec = tablet.open()
        await tablet.record(spec.stream, range(8), CALM)
        await tablet.settled()
        now_us = tablet.relay_us()
        for mark, ago_s in (("fmc", 900), ("depart", 600), ("door", 300)):
            said = m.Event(uuid4(), spec.incident, now_us - ago_s * S, m.Mark(mark))  # type: ignore[arg-type]
            tablet.link.event_spooled(said)
            await tablet.pump()
        await tablet.snapshot(spec, 0, 1000)
        await tablet.settled()
        detail = (await http.get(f"/api/incidents/{spec.incident}")).json()
    by_tablet = detail["moments"]["fmc"]["device_at_us"]
    assert by_tablet == (now_us - 900 * S if off_s else None)
    assert detail["intervals"]["fmc_ecg"]["seconds"] in range(899, 930), (
        "the relay's clock, not the tablet's"
    )
    assert detail["intervals"]["scene"] == {"seconds": 300, "is_reversed": False}
    assert detail["intervals"]["fmc_door"]["seconds"] == 600
