"""Whether a human is asked to look, and how loudly: for every tier, every reason, rung or not, before and after a look."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, get_args, get_type_hints

import pytest

from relay.model.report import TIERS
from relay.protocol.calling import call_of, unread_of
from relay.protocol.messages import SENT_BY_HAND, SnapshotRequest
from relay.protocol.receipts import RECEIPT_STAGES, ReceiptFold, folded

LOUD = {"A": "high", "B": "hand", "C": "hand", "D": "hand", "E": "hand", "Q": "hand"}
"""Of what a person sent, by its tier."""
ALONE = {"A": None, "B": "soft", "C": "soft", "D": None, "E": None, "Q": None}
"""Of what was taken by itself and rang nowhere (tier A rings, or is asked about already)."""
BY_ITSELF = {"clean", "st-change", "interval", "decision"}


@dataclass(frozen=True)
class Entry:
    entry: int
    stage: str
    data: dict[str, Any]
    who: str = "Dr sato"
    at_us: int = field(default=0)


def case(*told: tuple[str, dict[str, Any]]) -> ReceiptFold:
    return folded(Entry(n, stage, data, at_us=n) for n, (stage, data) in enumerate(told, 1))


def stored(name: str, reason: str) -> tuple[str, dict[str, Any]]:
    return "snapshot-stored", {"snapshot": name, "reason": reason}


def screened(name: str, tier: str) -> tuple[str, dict[str, Any]]:
    return "screened", {"snapshot": name, "tier": tier}


def rang(name: str, tier: str) -> tuple[str, dict[str, Any]]:
    return "alert-raised", {"snapshot": name, "tier": tier, "alert": f"alert of {name}"}


def opened(name: str | None) -> tuple[str, dict[str, Any]]:
    return "trace-opened", {"snapshot": name}


def level(fold: ReceiptFold) -> str | None:
    call = call_of(fold)
    return call.level if call else None


def test_every_tier_and_every_reason_has_been_decided_about() -> None:
    assert set(LOUD) == set(ALONE) == set(TIERS)
    reasons = set(get_args(get_type_hints(SnapshotRequest)["reason"]))
    assert reasons <= set(SENT_BY_HAND) | BY_ITSELF
    assert set(SENT_BY_HAND) == {"manual", "file"}
    assert "decided" in RECEIPT_STAGES


@pytest.mark.parametrize("reason", sorted({*SENT_BY_HAND, *BY_ITSELF}))
@pytest.mark.parametrize("tier", TIERS)
def test_the_level_of_one_ecg(tier: str, reason: str) -> None:
    by_hand = reason in ("manual", "file")
    told = [stored("s", reason), screened("s", tier)]
    expected = (LOUD if by_hand else ALONE)[tier]
    assert level(case(*told)) == expected
    assert level(case(told[0])) == ("hand" if by_hand else None), "before it is screened"
    assert level(case(*told, rang("s", tier))) == "high", "what rang rings whatever its tier"
    assert level(case(*told, rang("s", tier), opened("s"))) is None
    assert level(case(*told, opened("s"))) is None
    live = level(case(*told, rang("s", tier), opened(None)))
    assert live == ("high" if by_hand else None), "the live trace is not the sheet that was sent"


@pytest.mark.parametrize(("read", "new"), [(r, n) for r in "ABCDEQ" for n in "BC"])
def test_a_doubt_sounds_where_it_is_graver_than_what_was_read(read: str, new: str) -> None:
    told = [stored("old", "clean"), screened("old", read), opened("old")]
    told += [stored("new", "clean"), screened("new", new)]
    graver = "ABCDEQ".index(new) < ("ABC".index(read) if read in "ABC" else 3)
    assert level(case(*told)) == ("soft" if graver else None)


@pytest.mark.parametrize("tiers", ["AEB", "EAB", "BEA", "ABE"])
def test_of_several_the_loudest_asks_and_the_oldest_says_since_when(tiers: str) -> None:
    told: list[tuple[str, dict[str, Any]]] = []
    for n, tier in enumerate(tiers):
        told += [stored(f"s{n}", "manual"), screened(f"s{n}", tier)]
    call = call_of(case(*told))
    assert call is not None
    assert (call.level, call.snapshot) == ("high", f"s{tiers.index('A')}")
    calm = call_of(case(*told, opened(f"s{tiers.index('A')}")))
    left = tiers[tiers.index("A") + 1 :]
    assert (calm.snapshot if calm else None) == (f"s{len(tiers) - 1}" if left else None)
    if calm:
        since = 2 * (tiers.index("A") + 1) + 1
        assert (calm.level, calm.since_us) == ("hand", since), "what came later is not read by it"


def test_whom_the_crew_waits_for() -> None:
    told = [stored("a", "clean"), screened("a", "E"), stored("b", "manual"), screened("b", "E")]
    line = unread_of(case(*told))
    assert line is not None and line.id == "b"
    assert unread_of(case(*told, opened("b"))) is None
    assert unread_of(case(*told, opened("a"))) is not None, "an earlier sheet is not this one"
    quiet = unread_of(case(*told[:2]))
    assert quiet is not None and quiet.id == "a"
    only_asked = ReceiptFold()
    only_asked.expect("c", "manual")
    assert (unread_of(only_asked), call_of(only_asked)) == (None, None), "the relay has it not yet"
