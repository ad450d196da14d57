"""Cases, recordings, alerts and calls for the contract's tests."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID, uuid4

from relay.model.alert import Alert
from relay.model.call import Call
from relay.model.incident import Incident
from relay.model.report import Report
from relay.model.snapshot import Snapshot
from relay.model.stream import EcgStream
from relay.records.port.records import RecordWrites


async def a_case(tx: RecordWrites, opened_at_us: int = 1) -> tuple[Incident, EcgStream]:
    case = Incident(uuid4(), "救急1", opened_at_us, frozenset({"chuo"}))
    stream = EcgStream(uuid4(), case.id, "救急1", 255, 500.0, 2.5, 1, "test")
    await tx.cases.put_incident(case)
    await tx.recordings.put_stream(stream)
    return case, stream


def a_snapshot(case: Incident, stream: EcgStream) -> Snapshot:
    return Snapshot(uuid4(), case.id, stream.id, 0, 4, "manual", 1, 3, 500.0, 2.5)


def an_alert(case: Incident, stream: EcgStream, at_us: int = 5) -> Alert:
    return Alert(uuid4(), case.id, stream.id, None, "A", "ja", "en", at_us)


def a_report(case: Incident, stream: EcgStream, tier: str, at_us: int, of: UUID | None) -> Report:
    return Report(case.id, stream.id, of, 0, 4, tier, "ja", "en", {"tier": tier}, at_us)


def a_call(at_us: int = 1, **more: object) -> Call:
    call = Call(uuid4(), "090-1234", "中央町1-2", "胸が痛い", "kato", at_us)
    return replace(call, **more)  # type: ignore[arg-type]
