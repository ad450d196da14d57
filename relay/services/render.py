"""Values as the JSON of ``docs/http.md``. Nothing is asked or decided here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast
from uuid import UUID

from relay.model.alert import Alert, can
from relay.model.decision import Decision, Opening
from relay.model.people import Person
from relay.model.report import Report
from relay.model.snapshot import Snapshot
from relay.model.stream import EcgStream
from relay.model.timeline import Entry
from relay.protocol import feed
from relay.protocol.messages import SENT_BY_HAND
from relay.services.rhythm import stands
from relay.store.port import CaseFacts

Json = dict[str, object]


def row_json(facts: CaseFacts, stream: EcgStream | None, state: feed.StreamState | None) -> Json:
    """``IncidentRow``."""
    report = newest_report(facts)
    return {
        "id": str(facts.incident.id),
        "unit": facts.incident.unit,
        "opened_at_us": facts.incident.opened_at_us,
        "state": facts.incident.state.value,
        "patient": dict(facts.card) if facts.card else None,
        "eta": None,
        "stream": stream_json(stream, state) if stream and state else None,
        "tier": report.tier if report else None,
        "statement_ja": report.statement_ja if report else None,
        "statement_en": report.statement_en if report else None,
        "alert": alert_json(facts.alert) if facts.alert else None,
        "opened_by": opened_by_json(facts.openings),
        "decision": decision_json(facts.decision) if facts.decision else None,
        "snapshots": len(facts.snapshots),
        "awaiting_read": awaits_reading(facts),
        "unread": _id(unread(facts)),
        "standstill": bool(stream and (live := facts.live.get(stream.id)) and stands(live)),
    }


def newest_report(facts: CaseFacts) -> Report | None:
    """The screening that speaks for the case now: the newest of snapshots and live streams."""
    reports = [*facts.snapshot_reports.values(), *facts.live.values()]
    return max(reports, key=lambda report: report.at_us, default=None)


def awaits_reading(facts: CaseFacts) -> bool:
    """Whether an alert is unopened, or the newest kept snapshot a person asked for is.

    Opening a snapshot taken later than it counts as well.
    """
    if facts.alert is not None and can(facts.alert, "open"):
        return True
    asked = _sent_by_hand(facts)
    return bool(asked) and not _is_read(facts, asked[-1])


def unread(facts: CaseFacts) -> UUID | None:
    """The snapshot whose arrival at a human the crew waits for, None where one has it.

    What rang, else the newest that was sent by hand, else the first that was kept: the chain on the
    tablet speaks of the same one (``ambulance_client.receipts``).
    """
    if facts.alert is not None and can(facts.alert, "open"):
        return facts.alert.snapshot
    stored = [s for s in facts.snapshots if s.stored_at_us is not None]
    about = next(iter([*reversed(_sent_by_hand(facts)), *stored]), None)
    if about is None or _is_read(facts, about) or _is_seen_live(facts, about):
        return None
    return about.id


def _sent_by_hand(facts: CaseFacts) -> list[Snapshot]:
    return [s for s in facts.snapshots if s.reason in SENT_BY_HAND and s.stored_at_us is not None]


def _is_read(facts: CaseFacts, snapshot: Snapshot) -> bool:
    enough = {s.id for s in facts.snapshots if s.taken_at_us >= snapshot.taken_at_us}
    return any(opening.snapshot in enough for opening in facts.openings)


def _is_seen_live(facts: CaseFacts, snapshot: Snapshot) -> bool:
    """A look at the live trace is enough where nobody asked for the sheet to be read."""
    if snapshot.reason in SENT_BY_HAND or snapshot.stored_at_us is None:
        return False
    since = snapshot.stored_at_us
    return any(opening.snapshot is None and opening.at_us >= since for opening in facts.openings)


def stream_json(stream: EcgStream, state: feed.StreamState) -> Json:
    """``IncidentRow.stream``."""
    return {
        "id": str(stream.id),
        "fs_hz": stream.fs_hz,
        "uv_per_lsb": stream.uv_per_lsb,
        "lead_mask": stream.lead_mask,
        "state": state.state,
        "newest_sample": state.newest_sample,
        "started_at_us": stream.started_at_us,
    }


def alert_json(alert: Alert) -> Json:
    """``IncidentRow.alert``."""
    return {
        "id": str(alert.id),
        "state": alert.state.value,
        "raised_at_us": alert.raised_at_us,
        "tier": alert.tier,
        "snapshot": str(alert.snapshot) if alert.snapshot else None,
    }


def opened_by_json(openings: Sequence[Opening]) -> list[Json]:
    """Each person once, when they first looked."""
    first: dict[str, Opening] = {}
    for opening in openings:
        first.setdefault(opening.user, opening)
    return [{"who": o.who, "at_us": o.at_us} for o in first.values()]


def decision_json(decision: Decision) -> Json:
    """``IncidentRow.decision``."""
    return {
        "decision": decision.decision.value,
        "text": decision.text,
        "who": decision.who,
        "at_us": decision.at_us,
        "snapshot": _id(decision.snapshot),
    }


def snapshot_json(snapshot: Snapshot, report: Report | None) -> Json:
    """``Snapshot`` without its report's body."""
    return {
        "id": str(snapshot.id),
        "incident": str(snapshot.incident),
        "stream": str(snapshot.stream),
        "first_sample": snapshot.first_sample,
        "n_samples": snapshot.n_samples,
        "taken_at_us": snapshot.taken_at_us,
        "stored_at_us": snapshot.stored_at_us,
        "reason": snapshot.reason,
        "sha256": snapshot.sha256,
        "fs_hz": snapshot.fs_hz,
        "uv_per_lsb": snapshot.uv_per_lsb,
        "lead_mask": snapshot.lead_mask,
        "tier": report.tier if report else None,
        "statement_ja": report.statement_ja if report else None,
        "statement_en": report.statement_en if report else None,
        "complete": snapshot.complete,
        "present": [list(r) for r in snapshot.present],
    }


def entry_json(entry: Entry) -> Json:
    """``TimelineEntry``."""
    return {
        "entry": entry.entry,
        "incident": str(entry.incident),
        "at_us": entry.at_us,
        "stage": entry.stage.value,
        "who": entry.who,
        "data": dict(entry.data),
    }


def entry_message(entry: Entry) -> feed.TimelineEntry:
    """The same on the feed."""
    return feed.TimelineEntry(
        incident=entry.incident,
        entry=entry.entry,
        at_us=entry.at_us,
        stage=entry.stage.value,
        who=entry.who,
        data=dict(entry.data),
    )


def report_json(message: feed.LiveReport) -> Json:
    """``LiveReport``."""
    return {
        "stream": str(message.stream),
        "incident": str(message.incident),
        "first_sample": message.first_sample,
        "n_samples": message.n_samples,
        "statement_ja": message.statement_ja,
        "statement_en": message.statement_en,
        "report": message.report,
    }


def me_json(person: Person) -> Json:
    """``Me``."""
    return cast(
        Json,
        {
            "name": person.name,
            "display_name": person.display_name,
            "role": person.role.value,
            "hospital": person.hospital,
        },
    )


def _id(value: UUID | None) -> str | None:
    return str(value) if value else None
