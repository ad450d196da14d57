"""What every ``Records`` adapter promises of a search: what it finds is what a plain reading of every case finds."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from uuid import UUID, uuid4

from relay.model.decision import Decision, DecisionKind
from relay.model.incident import Incident, IncidentState
from relay.model.stream import EcgStream
from relay.records.port.cases import NO_DECISION, CaseSearch
from relay.records.port.records import Records, RecordWrites
from tests.contract.records.made import a_report, an_alert

GRAVITY = "ABCDEQ"
TEXTS = ("", "胸痛 30分", "LAD #6 に PCI", "100%_確か", "lad")


@dataclass
class Kept:
    """A case as the test remembers it."""

    case: Incident
    tiers: set[str]
    decisions: list[str]
    texts: list[str]

    def answers(self, asked: CaseSearch) -> bool:
        case, opened = self.case, self.case.opened_at_us
        tier = min(self.tiers, key=GRAVITY.index, default=None)
        said = [text.lower() for text in self.texts]
        return (
            (asked.hospital is None or asked.hospital in case.hospitals)
            and (asked.state is None or asked.state is case.state)
            and (asked.from_us is None or opened >= asked.from_us)
            and (asked.to_us is None or opened < asked.to_us)
            and asked.unit in (None, case.unit)
            and asked.tier in (None, tier)
            and asked.decision in (None, (self.decisions or [NO_DECISION])[-1])
            and all(any(word.lower() in text for text in said) for word in asked.words)
        )


async def a_city(records: Records, n: int = 120) -> list[Kept]:
    """Cases of every kind, many opened at the same moment, newest first."""
    rng = random.Random(15)
    kept = []
    async with records.begin() as tx:
        for _ in range(n):
            kept.append(await _a_case(tx, rng))
    return sorted(kept, key=lambda k: (k.case.opened_at_us, k.case.id.hex), reverse=True)


async def _a_case(tx: RecordWrites, rng: random.Random) -> Kept:
    state = rng.choice([*[IncidentState.CLOSED] * 4, IncidentState.OPEN])
    hospitals = frozenset(rng.sample(["chuo", "daiichi"], rng.randint(1, 2)))
    case = Incident(uuid4(), rng.choice(["救急1", "救急2"]), rng.randint(1, 30), hospitals, state)
    stream = EcgStream(uuid4(), case.id, case.unit, 255, 500.0, 2.5, 1, "test")
    await tx.cases.put_incident(case)
    await tx.recordings.put_stream(stream)
    kept = Kept(case, set(), [], [])
    if rng.random() < 0.7:
        kept.tiers.add(tier := rng.choice(GRAVITY))
        await tx.recordings.add_report(a_report(case, stream, tier, 5, uuid4()))
    if rng.random() < 0.5:
        kept.tiers.add(tier := rng.choice(GRAVITY))
        await tx.recordings.put_live([a_report(case, stream, tier, 6, None)])
    if rng.random() < 0.3:
        kept.tiers.add("A")
        await tx.alerts.put_alert(an_alert(case, stream))
    for _ in range(rng.randint(0, 2)):
        kept.decisions.append(kind := rng.choice(list(DecisionKind)))
        kept.texts.append(text := rng.choice(TEXTS))
        await tx.cases.add_decision(Decision(case.id, kind, text, None, "佐藤", "sato", 7))
    if rng.random() < 0.5:
        kept.texts.append(text := rng.choice(TEXTS[1:]))
        await tx.cases.add_note(case.id, text, "佐藤", "sato", 8)
    return kept


CHUO = CaseSearch("chuo", IncidentState.CLOSED)
ASKED = (
    CaseSearch(),
    CHUO,
    replace(CHUO, from_us=8, to_us=21),
    replace(CHUO, unit="救急2"),
    *(replace(CHUO, tier=tier) for tier in GRAVITY),
    *(replace(CHUO, decision=kind) for kind in (*DecisionKind, NO_DECISION)),
    replace(CHUO, words=("LAD",)),
    replace(CHUO, words=("胸痛", "30分")),
    replace(CHUO, words=("100%_",)),
    replace(CHUO, words=("lad", "pci"), decision="stemi-cath"),
    CaseSearch("daiichi", unit="救急1", tier="A", from_us=3),
)


async def test_a_search_finds_what_reading_every_case_finds_on_pages_of_any_size(
    records: Records,
) -> None:
    """Also where a page looks at fewer cases than it would need to be full."""
    city = await a_city(records)

    for asked in ASKED:
        expected = [one.case.id for one in city if one.answers(asked)]
        assert expected, "a search that finds nothing shows nothing"
        for at_most, looks_at in ((50, 5_000), (3, 5_000), (7, 5)):
            found = await every_page(records, asked, at_most, looks_at)

            assert found == expected, (asked, at_most, looks_at)


async def every_page(
    records: Records, asked: CaseSearch, at_most: int, looks_at: int
) -> list[UUID]:
    found: list[UUID] = []
    async with records.read() as reads:
        while True:
            page = await reads.cases.search(asked, at_most=at_most, looks_at=looks_at)
            assert len(page.ids) <= at_most
            found += page.ids
            if page.beyond is None:
                return found
            assert page.looked_to_us is not None
            asked = replace(asked, beyond=page.beyond)
