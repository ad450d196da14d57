"""The receipt chain on the crew's page follows the timeline, entry by entry."""

from __future__ import annotations

from uuid import uuid4

from ambulance_client.case import Case
from relay.protocol import messages as m

INCIDENT, SNAPSHOT = uuid4(), uuid4()


def _notice(entry: int, stage: str, who: str = "", **data: object) -> m.Notice:
    return m.Notice(INCIDENT, entry, 1000 + entry, stage, who, data)


def test_stored_delivered_opened_decided() -> None:
    case = Case(INCIDENT)
    case.apply_event(
        m.Event(uuid4(), INCIDENT, 1, m.SnapshotRequest(SNAPSHOT, uuid4(), 0, 5000, "manual"))
    )
    key = str(SNAPSHOT)
    case.apply_notice(_notice(1, "snapshot-stored", snapshot=key, reason="manual"))
    case.apply_notice(_notice(2, "screened", snapshot=key, tier="A", statement_ja="ST上昇"))
    case.apply_notice(_notice(3, "delivered", "CCU"))
    case.apply_notice(_notice(4, "trace-opened", "Dr 佐藤", snapshot=key))
    case.apply_notice(_notice(5, "decided", "Dr 佐藤", decision="stemi-cath", text="直入"))

    state = case.as_json()
    assert state["receipts"] == {
        "stored_at_us": 1001,
        "delivered_at_us": 1003,
        "delivered_to": "CCU",
        "opened_at_us": 1004,
        "opened_by": "Dr 佐藤",
        "decided_at_us": 1005,
        "decided_by": "Dr 佐藤",
        "decision": "stemi-cath",
        "decision_text": "直入",
    }
    assert state["snapshots"][0]["tier"] == "A"
    assert state["snapshots"][0]["stored_at_us"] == 1001
    assert case.last_entry == 5


def test_an_older_patient_card_never_wins() -> None:
    case = Case(INCIDENT)
    case.apply_event(m.Event(uuid4(), INCIDENT, 1, m.PatientCard(rev=2, age_years=70)))
    case.apply_event(m.Event(uuid4(), INCIDENT, 2, m.PatientCard(rev=1, age_years=17)))

    assert case.patient.age_years == 70


def test_unknown_stages_are_kept_and_do_no_harm() -> None:
    case = Case(INCIDENT)
    case.apply_notice(_notice(9, "something-newer", "relay", x=1))

    assert case.as_json()["notices"][0]["stage"] == "something-newer"
