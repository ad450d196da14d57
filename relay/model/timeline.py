"""The case's timeline: what both sides see. Stages and their data: ``docs/protocol.md`` §4."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Stage(StrEnum):
    """What an entry says."""

    OPENED_CASE = "opened-case"
    REOPENED_CASE = "reopened-case"
    STREAM_STARTED = "stream-started"
    STREAM_ENDED = "stream-ended"
    PATIENT = "patient"
    MARK = "mark"
    NOTE = "note"
    PHOTO = "photo"
    FILE_ORIGIN = "file-origin"
    SNAPSHOT_STORED = "snapshot-stored"
    SCREENED = "screened"
    ALERT_RAISED = "alert-raised"
    TOLD = "told"
    NOT_TOLD = "not-told"
    LINK_OPENED = "link-opened"
    DELIVERED = "delivered"
    TRACE_OPENED = "trace-opened"
    DECIDED = "decided"
    DECISION_UNDERSTOOD = "decision-understood"
    ALERT_CLOSED = "alert-closed"
    LADDER_STEP = "ladder-step"
    LADDER_STOPPED = "ladder-stopped"
    CALL_TAKEN = "call-taken"
    CALL_DISPATCHED = "call-dispatched"
    CALL_LINK = "call-link"
    CALL_CAMERA = "call-camera"
    CALL_POSITION = "call-position"
    CALL_GUIDANCE = "call-guidance"
    CALL_SHARED = "call-shared"
    CALL_UNSHARED = "call-unshared"
    CALL_STILL = "call-still"
    CALL_ENDED = "call-ended"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry, numbered from 1 inside its case, never changed and never removed.

    Attributes:
        who: the person, console or unit as people read it; ``""`` for the relay itself.
        data: the stage's own fields.
    """

    incident: UUID
    entry: int
    at_us: int
    stage: Stage
    who: str
    data: Mapping[str, object]
