"""The JSON text messages of the ambulance link, as frozen values told apart by ``kind``.

Validated once, at the edge, by pydantic on these same dataclasses. Times are microseconds since
1970 UTC (``…_us``); positions in a stream are sample or sequence numbers, never seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, TypeAdapter

from relay.errors import BadInput, RemoteProtocolError
from relay.protocol.parsing import parsed

SUBPROTOCOL = "kyumei.link.v1"
MAX_TEXT_BYTES = 65_536

Count = Annotated[int, Field(ge=0, lt=2**53)]
TimeUs = Annotated[int, Field(ge=0, lt=2**53)]
ShortText = Annotated[str, Field(max_length=200)]
LongText = Annotated[str, Field(max_length=2000)]
Range = tuple[Count, Count]


@dataclass(frozen=True, slots=True)
class PatientCard:
    """What the crew knows of the patient. Every field may be unknown; unknown is ``None``.

    Attributes:
        rev: counts up on the tablet with every edit; the highest wins.
        age_years: 0 to 120.
        onset_at_us: when the symptoms began.
        pain_nrs: chest pain, 0 to 10.
        bp_right / bp_left: systolic/diastolic in mmHg, ``"132/84"``.
    """

    rev: Count
    type: Literal["patient"] = "patient"
    age_years: Annotated[int, Field(ge=0, le=120)] | None = None
    sex: Literal["M", "F"] | None = None
    onset_at_us: TimeUs | None = None
    pain_nrs: Annotated[int, Field(ge=0, le=10)] | None = None
    bp_right: Annotated[str, Field(pattern=r"^\d{2,3}/\d{2,3}$")] | None = None
    bp_left: Annotated[str, Field(pattern=r"^\d{2,3}/\d{2,3}$")] | None = None
    hr_bpm: Annotated[int, Field(ge=0, le=350)] | None = None
    spo2_pct: Annotated[int, Field(ge=0, le=100)] | None = None
    resp_per_min: Annotated[int, Field(ge=0, le=120)] | None = None
    temp_c: Annotated[float, Field(ge=20, le=46)] | None = None
    jcs: ShortText | None = None
    history: LongText | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment the crew pressed a button for: first contact, leaving, the hospital's door."""

    mark: Literal["fmc", "depart", "door"]
    type: Literal["mark"] = "mark"


SENT_BY_HAND = ("manual", "file")
"""Reasons of snapshots that a person asks to be read; the others are taken by the tablet or the relay."""


@dataclass(frozen=True, slots=True)
class SnapshotRequest:
    """The crew (or the tablet by itself) asks that these ten seconds be kept and read."""

    snapshot: UUID
    stream: UUID
    first_sample: Count
    n_samples: Annotated[int, Field(ge=1, le=60_000)]
    reason: Literal["manual", "clean", "st-change", "interval", "file"]
    type: Literal["snapshot"] = "snapshot"


@dataclass(frozen=True, slots=True)
class StreamEnd:
    """The recording has ended; ``end_seq`` frames were made in all."""

    stream: UUID
    end_seq: Count
    type: Literal["stream-end"] = "stream-end"


@dataclass(frozen=True, slots=True)
class CrewNote:
    """A line of text from the crew."""

    text: LongText
    type: Literal["note"] = "note"


EventBody = Annotated[
    PatientCard | Mark | SnapshotRequest | StreamEnd | CrewNote, Field(discriminator="type")
]


@dataclass(frozen=True, slots=True)
class Hello:
    """First message of the tablet on every connection."""

    software: ShortText
    clock_us: TimeUs
    kind: Literal["hello"] = "hello"
    protocol: Literal[1] = 1


@dataclass(frozen=True, slots=True)
class Welcome:
    """The relay's answer to ``Hello``: who it takes the tablet for."""

    unit: ShortText
    server_us: TimeUs
    kind: Literal["welcome"] = "welcome"


@dataclass(frozen=True, slots=True)
class OpenStream:
    """The tablet will send this recording on this connection. Answered by ``StreamOpened``."""

    stream: UUID
    incident: UUID
    lead_mask: Annotated[int, Field(ge=1, lt=2**17)]
    fs_hz: Annotated[float, Field(ge=50, le=4000)]
    uv_per_lsb: Annotated[float, Field(gt=0, le=1000)]
    started_at_us: TimeUs
    source: ShortText
    kind: Literal["open-stream"] = "open-stream"


@dataclass(frozen=True, slots=True)
class StreamOpened:
    """The relay will take frames of this stream stamped with ``epoch``; it already has ``stored``."""

    stream: UUID
    epoch: Count
    stored: tuple[Range, ...]
    kind: Literal["stream-opened"] = "stream-opened"


@dataclass(frozen=True, slots=True)
class Ack:
    """These frames are on the relay's disk; the tablet may forget them."""

    stream: UUID
    ranges: tuple[Range, ...]
    kind: Literal["ack"] = "ack"


@dataclass(frozen=True, slots=True)
class Event:
    """Something of the case that is not a sample. Kept in the spool until ``EventAck``.

    The relay applies each ``event`` id once, however often it arrives.
    """

    event: UUID
    incident: UUID
    at_us: TimeUs
    body: EventBody
    kind: Literal["event"] = "event"


@dataclass(frozen=True, slots=True)
class EventAck:
    """The event is on the relay's disk."""

    event: UUID
    kind: Literal["event-ack"] = "event-ack"


@dataclass(frozen=True, slots=True)
class Follow:
    """Send me what happens in this incident after entry ``after`` of its timeline."""

    incident: UUID
    after: Count = 0
    kind: Literal["follow"] = "follow"


@dataclass(frozen=True, slots=True)
class Notice:
    """One entry of an incident's timeline, for the crew: a receipt, a finding, a decision.

    Attributes:
        entry: the entry's number, rising; what ``Follow.after`` names.
        stage: one of ``relay.model.timeline.Stage``.
        who: the person or console, ``""`` for the relay itself.
        data: the stage's own fields, see ``docs/protocol.md``.
    """

    incident: UUID
    entry: Count
    at_us: TimeUs
    stage: ShortText
    who: ShortText
    data: dict[str, object] = field(default_factory=dict)
    kind: Literal["notice"] = "notice"


@dataclass(frozen=True, slots=True)
class Ping:
    """The tablet's heartbeat, every 2 s, with what it knows of its clock and its backlog."""

    t0_us: TimeUs
    backlog_ms: Count = 0
    offset_us: int | None = None
    rtt_us: Count | None = None
    kind: Literal["ping"] = "ping"


@dataclass(frozen=True, slots=True)
class Pong:
    """The relay's answer: the tablet's own time back, and the relay's."""

    t0_us: TimeUs
    server_us: TimeUs
    kind: Literal["pong"] = "pong"


@dataclass(frozen=True, slots=True)
class Refusal:
    """What the relay will not do, why, and whether trying again can help.

    Attributes:
        code: a code of ``relay.errors``.
        stream / event: what it concerns; both ``None``: the connection, which then closes.
    """

    code: ShortText
    text: LongText
    retry: bool
    stream: UUID | None = None
    event: UUID | None = None
    kind: Literal["refusal"] = "refusal"


FromTablet = Annotated[Hello | OpenStream | Event | Follow | Ping, Field(discriminator="kind")]
FromRelay = Annotated[
    Welcome | StreamOpened | Ack | EventAck | Notice | Pong | Refusal,
    Field(discriminator="kind"),
]

_FROM_TABLET: TypeAdapter[FromTablet] = TypeAdapter(FromTablet)
_FROM_RELAY: TypeAdapter[FromRelay] = TypeAdapter(FromRelay)
_EVENT: TypeAdapter[Event] = TypeAdapter(Event)
_ANY: TypeAdapter[object] = TypeAdapter(object)


def to_text(message: FromTablet | FromRelay) -> str:
    """The message's JSON."""
    return _ANY.dump_json(message).decode()


def from_tablet(text: str | bytes) -> FromTablet:
    """The message a tablet sent.

    Raises:
        RemoteProtocolError: too long, not JSON, an unknown kind, or a field out of range.
    """
    return parsed(_FROM_TABLET, text, MAX_TEXT_BYTES)


def from_relay(text: str | bytes) -> FromRelay:
    """The message a relay sent. Raises like ``from_tablet``."""
    return parsed(_FROM_RELAY, text, MAX_TEXT_BYTES)


def event_from_text(text: str | bytes) -> Event:
    """An event kept in a spool. Raises like ``from_tablet``."""
    return parsed(_EVENT, text, MAX_TEXT_BYTES)


def checked_event(event: Event) -> Event:
    """The same event, after every field's range was checked.

    Raises:
        BadInput: a value is impossible; the sentence says which.
    """
    try:
        return event_from_text(to_text(event))
    except RemoteProtocolError as error:
        raise BadInput(str(error)) from error
