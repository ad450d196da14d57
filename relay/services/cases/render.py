"""Values as the JSON of ``relay/protocol/answers.py``. Nothing is asked or decided here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from uuid import UUID

from relay.model.alert import Alert
from relay.model.decision import Decision, DecisionKind, Opening
from relay.model.intervals import intervals_of, moments_of
from relay.model.people import Person
from relay.model.report import Report
from relay.model.snapshot import Origin, Snapshot
from relay.model.stream import EcgStream
from relay.model.timeline import Entry, Stage
from relay.protocol import feed
from relay.protocol.answers import (
    AlertRow,
    CabinRow,
    CallToLook,
    CaseStory,
    ClimbRow,
    DecisionRow,
    EcgRow,
    EntryRow,
    HighestTier,
    IncidentRow,
    LookingRow,
    Me,
    OpenedBy,
    OriginRow,
    ReportRow,
    RestingRow,
    StreamRow,
)
from relay.protocol.calling import LookRequest, call_of, unread_of
from relay.protocol.climbing import Climb, climbs_of
from relay.protocol.origin import told_json
from relay.protocol.receipts import folded
from relay.records.port.cases import CaseFacts
from relay.services.ground.presence import Looking
from relay.services.screening.rhythm import stands

GRAVITY = "ABCDEQ"
"""Tiers from the gravest; what could not be read says the least."""


def row_json(
    facts: CaseFacts,
    stream: EcgStream | None,
    state: feed.StreamState | None,
    cabin: CabinRow | None = None,
    looking: Sequence[Looking] = (),
) -> IncidentRow:
    """A case as it stands in a list."""
    report = newest_report(facts)
    fold = folded(facts.told)
    call, unread = call_of(fold), unread_of(fold)
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
        "highest": highest_tier(facts),
        "call": call_json(call) if call else None,
        "place": place(call, facts.decision),
        "awaiting_read": call is not None,
        "unread": unread.id if unread else None,
        "receipts": asdict(fold.receipts()),
        "ladder": [climb_json(climb) for climb in climbs_of(facts.told)] if call else [],
        "standstill": bool(stream and (live := facts.live.get(stream.id)) and stands(live)),
        "cabin": cabin,
        "looking": looking_json(looking),
    }


def newest_report(facts: CaseFacts) -> Report | None:
    """The screening that speaks for the case now: the newest of snapshots and live streams."""
    reports = [*facts.snapshot_reports.values(), *facts.live.values()]
    return max(reports, key=lambda report: report.at_us, default=None)


def resting_row(row: IncidentRow) -> RestingRow:
    """What a page that nobody is at may know: that a case of this ambulance waits, and how loudly."""
    return {
        "id": row["id"],
        "unit": row["unit"],
        "opened_at_us": row["opened_at_us"],
        "state": row["state"],
        "call": row["call"],
        "place": row["place"],
        "awaiting_read": row["awaiting_read"],
        "patient": None,
        "stream": None,
        "statement_ja": None,
        "statement_en": None,
        "decision": None,
        "tier": None,
        "alert": None,
        "highest": None,
        "opened_by": [],
        "looking": [],
        "receipts": {},
        "ladder": [resting_climb(climb) for climb in row["ladder"]],
    }


def resting_climb(climb: ClimbRow) -> ClimbRow:
    """Of a ladder what a page needs to know whether it rings."""
    return {**climb, "steps": [], "next": None, "place": ""}


def climb_json(climb: Climb) -> ClimbRow:
    """A hospital's ladder."""
    return {
        "ladder": climb.ladder,
        "hospital": climb.hospital,
        "place": climb.place,
        "steps": [
            {
                "target": step.target,
                "name": step.name,
                "at_us": step.at_us,
                "due_at_us": step.due_at_us,
                "channels": list(step.channels),
                "skipped": step.skipped,
                "phone": step.phone,
            }
            for step in climb.steps
        ],
        "rings": climb.rings,
        "next": {
            "target": climb.next.target,
            "name": climb.next.name,
            "due_at_us": climb.next.due_at_us,
        }
        if climb.next
        else None,
    }


def looking_json(looking: Sequence[Looking]) -> list[LookingRow]:
    """``looking``."""
    return [
        {"who": one.who, "snapshot": _id(one.snapshot), "since_us": one.since_us} for one in looking
    ]


def highest_tier(facts: CaseFacts) -> HighestTier | None:
    """The gravest tier of any screening of the case that was kept, and when it was first seen."""
    told = [e for e in facts.told if e.stage in (Stage.SCREENED, Stage.ALERT_RAISED)]
    seen = [(str(e.data.get("tier") or ""), e.at_us) for e in told]
    seen += [(report.tier, report.at_us) for report in facts.live.values()]
    graves = [(GRAVITY.index(tier[:1]), at_us, tier) for tier, at_us in seen if tier[:1] in GRAVITY]
    if not graves:
        return None
    _, at_us, tier = min(graves)
    return {"tier": tier, "at_us": at_us}


def place(call: LookRequest | None, decision: Decision | None) -> int:
    """Where a row stands in the list: the lowest first (``docs/http.md``)."""
    if call is not None and call.level != "soft":
        return 0 if call.level == "high" else 1
    if decision is not None and decision.decision is DecisionKind.STEMI_CATH:
        return 2
    if call is not None:
        return 3
    return 5 if decision is not None else 4


def call_json(call: LookRequest) -> CallToLook:
    """``call``."""
    return {
        "level": call.level,
        "snapshot": call.snapshot,
        "tier": call.tier,
        "reason": call.reason,
        "since_us": call.since_us,
    }


def stream_json(stream: EcgStream, state: feed.StreamState) -> StreamRow:
    """``stream``."""
    return {
        "id": str(stream.id),
        "fs_hz": stream.fs_hz,
        "uv_per_lsb": stream.uv_per_lsb,
        "lead_mask": stream.lead_mask,
        "state": state.state,
        "newest_sample": state.newest_sample,
        "clock_offset_us": stream.clock_offset_us,
        "started_at_us": stream.started_at_us,
    }


def alert_json(alert: Alert) -> AlertRow:
    """``alert``."""
    return {
        "id": str(alert.id),
        "state": alert.state.value,
        "raised_at_us": alert.raised_at_us,
        "tier": alert.tier,
        "snapshot": str(alert.snapshot) if alert.snapshot else None,
    }


def story_json(facts: CaseFacts, entries: Sequence[Entry]) -> CaseStory:
    """When what happened, and how long it took from one to the next."""
    onset_us = (facts.card or {}).get("onset_at_us")
    ecgs = [one.taken_at_us for one in facts.snapshots]
    moments = moments_of(entries, onset_us if isinstance(onset_us, int) else None, ecgs)
    return {
        "moments": {
            name.value: {"at_us": one.at_us, "device_at_us": one.device_at_us, "by": one.by}
            for name, one in moments.items()
        },
        "intervals": {
            name: {"seconds": one.seconds, "is_reversed": one.is_reversed}
            for name, one in intervals_of(moments).items()
        },
    }


def opened_by_json(openings: Sequence[Opening]) -> list[OpenedBy]:
    """Each person once, when they first looked."""
    first: dict[str, Opening] = {}
    for opening in openings:
        first.setdefault(opening.user, opening)
    return [{"who": o.who, "at_us": o.at_us} for o in first.values()]


def decision_json(decision: Decision) -> DecisionRow:
    """``decision``."""
    return {
        "decision": decision.decision.value,
        "text": decision.text,
        "who": decision.who,
        "at_us": decision.at_us,
        "snapshot": _id(decision.snapshot),
    }


def origin_json(origin: Origin, card: Mapping[str, object] | None) -> OriginRow:
    """``Snapshot.origin``: what the file said, and why it may be somebody else's by the card of now."""
    known = card or {}
    return {
        "recorded_at": origin.recorded_at,
        "recorded_ago_s": origin.recorded_ago_s,
        "age_years": origin.age_years,
        "sex": origin.sex,
        "other_case_at_us": origin.other_case_at_us,
        **told_json(origin, known.get("age_years"), known.get("sex")),
    }


def snapshot_json(
    snapshot: Snapshot, report: Report | None, card: Mapping[str, object] | None
) -> EcgRow:
    """``Snapshot`` without its report's body."""
    return {
        "origin": origin_json(snapshot.origin, card) if snapshot.origin else None,
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


def entry_json(entry: Entry) -> EntryRow:
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


def report_json(message: feed.LiveReport) -> ReportRow:
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


def me_json(person: Person) -> Me:
    """``Me``."""
    return {
        "name": person.name,
        "display_name": person.display_name,
        "role": person.role.value,
        "hospital": person.hospital,
    }


def _id(value: UUID | None) -> str | None:
    return str(value) if value else None
