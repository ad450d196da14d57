"""The receipt chain on the crew's page follows the timeline, entry by entry."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from ambulance_client.case import TabletCase
from relay.protocol import messages as m

INCIDENT, SNAPSHOT = uuid4(), uuid4()
VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "receipts.json").read_text())


def _notice(entry: int, stage: str, who: str = "", **data: object) -> m.Notice:
    return m.Notice(INCIDENT, entry, 1000 + entry, stage, who, data)


def test_stored_delivered_opened_decided() -> None:
    case = TabletCase(INCIDENT)
    case.apply_event(
        m.Event(uuid4(), INCIDENT, 1, m.SnapshotRequest(SNAPSHOT, uuid4(), 0, 5000, "manual"))
    )
    key = str(SNAPSHOT)
    case.apply_notice(_notice(1, "snapshot-stored", snapshot=key, reason="manual"))
    case.apply_notice(_notice(2, "screened", snapshot=key, tier="A", statement_ja="ST上昇"))
    case.apply_notice(_notice(3, "delivered", "CCU", snapshot=key))
    case.apply_notice(_notice(4, "trace-opened", "Dr 佐藤", snapshot=key))
    case.apply_notice(
        _notice(5, "decided", "Dr 佐藤", decision="stemi-cath", text="直入", snapshot=key)
    )

    state = case.as_json()
    assert state["receipts"] == {
        "snapshot": key,
        "taken_at_us": 1,
        "stored_at_us": 1001,
        "delivered_at_us": 1003,
        "delivered_to": "CCU",
        "opened_at_us": 1004,
        "opened_by": "Dr 佐藤",
        "watched_live_at_us": None,
        "watched_live_by": None,
        "decided_at_us": 1005,
        "decided_by": "Dr 佐藤",
        "decided_entry": 5,
        "decision": "stemi-cath",
        "decision_text": "直入",
        "decided_on_earlier": False,
        **dict.fromkeys(("disputed_at_us", "disputed_by", "disputed_decision", "disputed_text")),
        "understood_at_us": None,
    }
    assert state["snapshots"][0]["tier"] == "A"
    assert state["snapshots"][0]["stored_at_us"] == 1001
    assert case.last_entry == 5


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["says"])
def test_the_chain_speaks_of_the_ecg_that_waits(vector: dict[str, Any]) -> None:
    case = TabletCase(INCIDENT)
    for entry in vector["timeline"]:
        case.apply_notice(m.Notice(INCIDENT, **entry))
    got = asdict(case.receipts)
    assert {key: got[key] for key in vector["receipts"]} == vector["receipts"]


def test_what_is_still_on_the_tablet_is_not_yet_seen_by_anybody() -> None:
    case = TabletCase(INCIDENT)
    case.apply_notice(_notice(1, "snapshot-stored", snapshot="s1", reason="manual"))
    case.apply_notice(_notice(2, "trace-opened", "Dr 佐藤", snapshot="s1"))
    case.apply_notice(_notice(3, "decided", "Dr 佐藤", decision="repeat-5min", snapshot="s1"))
    case.apply_notice(_notice(4, "trace-opened", "Dr 佐藤", snapshot=None))
    request = m.SnapshotRequest(SNAPSHOT, uuid4(), 0, 5000, "manual")
    case.apply_event(m.Event(uuid4(), INCIDENT, 2000, request))

    chain = case.receipts
    assert chain.snapshot == str(SNAPSHOT)
    assert case.as_json()["receipts"]["taken_at_us"] == 2000
    assert (chain.stored_at_us, chain.delivered_at_us, chain.opened_at_us) == (None, None, None)
    assert (chain.decision, chain.decided_on_earlier) == ("repeat-5min", True)
    assert chain.watched_live_by == "Dr 佐藤"


def test_an_older_patient_card_never_wins() -> None:
    case = TabletCase(INCIDENT)
    case.apply_event(m.Event(uuid4(), INCIDENT, 1, m.PatientCard(rev=2, age_years=70)))
    case.apply_event(m.Event(uuid4(), INCIDENT, 2, m.PatientCard(rev=1, age_years=17)))

    assert case.patient.age_years == 70


def test_unknown_stages_are_kept_and_do_no_harm() -> None:
    case = TabletCase(INCIDENT)
    case.apply_notice(_notice(9, "something-newer", "relay", x=1))

    assert case.as_json()["notices"][0]["stage"] == "something-newer"
