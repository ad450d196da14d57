"""After a decision: for every answer a physician can give and every tier that comes between, whether the next tier A rings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from ecg.values import EcgSegment
from relay.errors import Unavailable
from relay.model.decision import DecisionKind
from relay.model.report import TIERS
from relay.protocol import messages as m
from relay.services.screening.screener import Screened
from relay.wiring.adapters import Adapters
from tests.relay.test_changes import RISE, play, trending
from tests.relay.world import CALM, MovedClock, Tablet, World, a_world

pytestmark = pytest.mark.asyncio(loop_scope="module")
LEVELS = {tier: 1_000 * n for n, tier in enumerate("EDCBAQ")}
ASKS = {
    DecisionKind.STEMI_CATH: False,
    DecisionKind.NOT_STEMI: False,
    DecisionKind.REPEAT_5MIN: True,
    DecisionKind.UNREADABLE: True,
}
"""Whether the answer asks for another ECG, which is a new question then."""
CALMS = {"A": False, "B": False, "C": True, "D": True, "E": True, "Q": False}
"""Whether the criteria were readably not met: what comes after it is a new worsening."""


def by_level(segment: EcgSegment, age_years: int | None, sex: str | None) -> Screened:
    level = int(segment.adc[0].mean())
    tier = next(t for t, at in LEVELS.items() if abs(level - at) < 200)
    return Screened(tier, f"段階{tier}", f"tier {tier}", {"tier": tier})


@pytest.fixture(scope="module")
def clock() -> MovedClock:
    return MovedClock()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(
    tmp_path_factory: pytest.TempPathFactory, clock: MovedClock
) -> AsyncIterator[World]:
    adapters = Adapters(screener=by_level, clock=clock)
    async with a_world(
        tmp_path_factory.mktemp("relay"), adapters, screen_every_s=3_600.0
    ) as made:  # snapshots alone are looked at here
        yield made


class Patient:
    """One case, whose ECGs are taken one after the other."""

    def __init__(self, world: World, tablet: Tablet) -> None:
        self.world, self.tablet, self.spec = world, tablet, tablet.open()
        self.frames = 0
        self.taken = 0

    @property
    def rang(self) -> int:
        found = self.tablet.notices("alert-raised")
        return sum(n.incident == self.spec.incident for n in found)

    @property
    def screened(self) -> int:
        return sum(n.incident == self.spec.incident for n in self.tablet.notices("screened"))

    async def ecg(self, tier: str) -> None:
        """Two seconds of this tier, taken by itself; screened when this returns."""
        first = self.frames * 125
        await self.tablet.record(
            self.spec.stream, range(self.frames, self.frames + 8), LEVELS[tier]
        )
        self.frames += 8
        await self.tablet.snapshot(self.spec, first, 1000, "interval")
        self.taken += 1
        await self.tablet.until(lambda: self.screened == self.taken)

    async def decided(self, kind: DecisionKind) -> None:
        async with await self.world.http("sato") as http:
            body = {"decision": kind.value, "text": "", "snapshot": None}
            base = f"/api/incidents/{self.spec.incident}"
            assert (await http.post(f"{base}/decisions", json=body)).status_code == 201


async def test_every_answer_and_every_tier_has_been_decided_about() -> None:
    assert set(ASKS) == set(DecisionKind)
    assert set(CALMS) == set(LEVELS) == set(TIERS)


@pytest.mark.parametrize("kind", DecisionKind)
async def test_whether_the_next_one_rings(world: World, kind: DecisionKind) -> None:
    """A, the decision, one tier between, A; six patients at a time, each asked before the next goes on."""
    async with world.tablet() as tablet:
        patients = {between: Patient(world, tablet) for between in TIERS}
        for patient in patients.values():
            await tablet.follow(patient.spec.incident)
            await patient.ecg("A")
            assert patient.rang == 1
            await patient.decided(kind)
        for between, patient in patients.items():
            await patient.ecg(between)
            again = ASKS[kind] and between == "A"
            assert patient.rang == 1 + again, (kind, between)
        for between, patient in patients.items():
            await patient.ecg("A")
            # one that has rung again waits for a decision and rings no third time
            assert patient.rang == 1 + (ASKS[kind] or CALMS[between]), (kind, between)


async def test_an_ecg_from_before_the_decision_is_no_answer_to_it(
    world: World, clock: MovedClock
) -> None:
    """'Repeat in 5 minutes': what comes late and was taken earlier was no repeat."""
    async with world.tablet() as tablet:
        patient = Patient(world, tablet)
        await tablet.follow(patient.spec.incident)
        await patient.ecg("A")
        asked = m.SnapshotRequest(patient.spec.stream, patient.spec.stream, 1000, 1000, "interval")
        await tablet.event(patient.spec.incident, asked)  # its samples are still on the tablet
        await tablet.settled()
        clock.moved_s += 30
        await patient.decided(DecisionKind.REPEAT_5MIN)
        await tablet.record(patient.spec.stream, range(8, 16), LEVELS["A"])
        patient.frames, patient.taken = 16, 2
        await tablet.until(lambda: patient.screened == 2)
        assert patient.rang == 1
        clock.moved_s += 300
        await tablet.hang_up()
        await tablet.dial()
        await patient.ecg("A")
        assert patient.rang == 2


async def test_the_row_says_what_the_newest_ecg_says(world: World) -> None:
    async with world.tablet() as tablet:
        patient = Patient(world, tablet)
        await tablet.follow(patient.spec.incident)
        for tier in ("E", "A", "Q", "C", "B", "D"):
            await patient.ecg(tier)
            row = await world.relay.cases.cases.row(patient.spec.incident)
            assert row is not None
            assert (row["tier"], row["statement_en"]) == (tier, f"tier {tier}")


async def test_a_change_of_st_that_could_not_ring_rings_at_the_next_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_world(tmp_path, Adapters(screener=trending)) as world, world.tablet() as tablet:
        alerting = world.relay.cases.cases._alerting
        real, failed = alerting._ring, 0

        async def away_once(*args: object) -> object:
            nonlocal failed
            if args[2] is not None and not failed:
                failed += 1
                raise Unavailable("The database does not answer.")
            return await real(*args)  # type: ignore[arg-type]

        monkeypatch.setattr(alerting, "_ring", away_once)
        spec = tablet.open()
        await tablet.follow(spec.incident)
        seq = 0
        for level in [*[CALM] * 6, *[RISE] * 8]:
            seq = await play(world, tablet, spec, [level], seq)
            await world.relay.screening.screening._flush()  # as every five seconds
        assert (await tablet.notice("alert-raised")).data["tier"] == "E"
        assert failed == 1
