"""Who has seen which ECG: one fold, against golden timelines and random histories."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.protocol import messages as m
from relay.protocol.calling import call_of, unread_of
from relay.protocol.receipts import RECEIPT_STAGES, ReceiptFold, folded

CASE = UUID(int=1)
VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "receipts.json").read_text())
SHEETS = ("s1", "s2", "s3")


def told(rows: list[tuple[str, str, dict[str, object]]]) -> list[m.Notice]:
    return [
        m.Notice(CASE, entry, 1000 + entry, stage, who, data)
        for entry, (stage, who, data) in enumerate(rows, 1)
    ]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["says"])
def test_golden_timelines(vector: dict[str, Any]) -> None:
    fold = folded(m.Notice(CASE, **entry) for entry in vector["timeline"])
    assert asdict(fold.receipts()) == vector["receipts"]
    call, unread = call_of(fold), unread_of(fold)
    assert (unread.id if unread else None) == vector["unread"]
    told_call = vector["call"] or {}
    assert (call.level if call else None) == told_call.get("level")
    assert (call.snapshot if call else None) == told_call.get("snapshot")
    assert (call.since_us if call else None) == told_call.get("since_us")


@st.composite
def histories(draw: st.DrawFn) -> list[m.Notice]:
    """What a case's timeline may hold: each sheet is stored before anything else is said of it."""
    rows: list[tuple[str, str, dict[str, object]]] = []
    stored: list[str] = []
    rang: list[str] = []
    for _ in range(draw(st.integers(0, 14))):
        step = draw(st.sampled_from(("store", "screen", "ring", "live", "open", "decide", "show")))
        left = [sheet for sheet in SHEETS if sheet not in stored]
        who = draw(st.sampled_from(("Dr X", "Dr Y")))
        if step == "store" and left:
            reason = draw(st.sampled_from(("manual", "file", "clean", "interval", "st-change")))
            stored.append(left[0])
            rows.append(("snapshot-stored", "", {"snapshot": left[0], "reason": reason}))
        elif step == "live":
            rows.append(("trace-opened", who, {"snapshot": None}))
        elif stored:
            sheet = draw(st.sampled_from(stored))
            decided = draw(st.sampled_from(("stemi-cath", "repeat-5min", "not-stemi")))
            on = draw(st.sampled_from((sheet, None)))
            if step == "screen":
                tier = draw(st.sampled_from("ABCDEQ"))
                rows.append(("screened", "", {"snapshot": sheet, "tier": tier}))
            elif step == "ring" and sheet not in rang:
                rang.append(sheet)
                data = {"snapshot": sheet, "alert": f"a-{sheet}", "tier": "A"}
                rows.append(("alert-raised", "", data))
            elif step == "open":
                rows.append(("trace-opened", who, {"snapshot": sheet}))
            elif step == "decide":
                rows.append(("decided", who, {"decision": decided, "text": "", "snapshot": on}))
            elif step == "show":
                rows.append(("delivered", "CCU", {"snapshot": sheet}))
    return told(rows)


@given(histories())
def test_nothing_that_asks_goes_silent_without_a_human(timeline: list[m.Notice]) -> None:
    """Each sheet that rang or was sent by a person calls until somebody reads it or decides on it."""
    fold = ReceiptFold()
    for notice in timeline:
        before = {line.id for line in fold.lines.values() if line.asks and not fold.is_read(line)}
        fold.take(notice)
        silent = {line for line in before if fold.is_read(fold.lines[line])}
        assert not silent or notice.stage in ("trace-opened", "decided")
    waiting = [line for line in fold.lines.values() if line.asks and not fold.is_read(line)]
    call = call_of(fold)
    if waiting:
        assert call is not None
        assert call.level in ("high", "hand")
    loud = [x for x in waiting if x.rang or (x.by_hand and x.letter == "A")]
    assert (call is not None and call.level == "high") == bool(loud)


@given(histories(), st.sampled_from(SHEETS))
def test_a_look_at_one_sheet_never_reads_a_newer_one(timeline: list[m.Notice], sheet: str) -> None:
    fold = folded(timeline)
    if sheet not in fold.lines:
        return
    newer = [x for x in fold.lines.values() if x.order > fold.lines[sheet].order]
    before = {line.id: fold.is_read(line) for line in newer}
    fold.take(m.Notice(CASE, 99, 1099, "trace-opened", "Dr X", {"snapshot": sheet}))
    fold.take(m.Notice(CASE, 100, 1100, "decided", "Dr X", {"decision": "x", "snapshot": sheet}))
    assert {line.id: fold.is_read(line) for line in newer} == before


@given(histories())
def test_what_the_crew_is_told_and_what_rings_agree(timeline: list[m.Notice]) -> None:
    """While something calls loudly the chain is about an ECG that no human has opened."""
    fold = folded(timeline)
    call, chain = call_of(fold), fold.receipts()
    if call is not None and call.level != "soft":
        assert chain.snapshot is not None
        assert chain.opened_at_us is None
        assert chain.decided_at_us is None or chain.decided_on_earlier


def test_every_stage_the_fold_reads_is_named_for_the_database() -> None:
    """The relay reads only these stages from disk: one left out there would be a receipt lost."""
    fold = ReceiptFold()
    data: dict[str, object] = {"snapshot": "s1", "reason": "manual", "alert": "a1", "tier": "A", "entry": 5, "decision": "not-stemi"}  # fmt: skip
    from relay.model.timeline import Stage

    for entry, stage in enumerate(Stage, 1):
        before = repr(fold)
        fold.take(m.Notice(CASE, entry, 1, stage.value, "x", data))
        assert (repr(fold) != before) == (stage.value in RECEIPT_STAGES), stage
