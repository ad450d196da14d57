"""The JSON text messages of the ambulance link, as frozen values told apart by ``kind``.

Validated once, at the edge, by pydantic on these same dataclasses. Times are microseconds since
1970 UTC (``…_us``); positions in a stream are sample or sequence numbers, never seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, TypeAdapter

from relay.errors import BadInput, RemoteProtocolError
from relay.plain_text import with_hidden_shown
from relay.protocol.parsing import parsed

SUBPROTOCOL = "kyumei.link.v1"
MAX_TEXT_BYTES = 65_536

Count = Annotated[int, Field(ge=0, lt=2**53)]
TimeUs = Annotated[int, Field(ge=0, lt=2**53)]
Offset = Annotated[int, Field(gt=-(2**53), lt=2**53)]
"""A difference of two times, in the unit of its name."""
ShortText = Annotated[str, Field(max_length=200), AfterValidator(with_hidden_shown)]
LongText = Annotated[str, Field(max_length=2000), AfterValidator(with_hidden_shown)]
"""A person's words; a character that cannot be seen is shown as one that can, at either end."""
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
class FileOrigin:
    """What a recorded file says of itself. None of it goes onto the patient card.

    Attributes:
        recorded_at: by the recorder's own clock, ``2019-02-03T08:15:00``; None: it does not say.
        recorded_ago_s: how long before it was taken, by the tablet's clock; negative: "in the future".
        age_years / sex: of the patient in the file.
        fingerprint: SHA-256 of its samples, hex.
        other_case_at_us: when this tablet took the same samples for another case; None: never.
    """

    recorded_at: ShortText | None = None
    recorded_ago_s: Offset | None = None
    age_years: Annotated[int, Field(ge=0, le=130)] | None = None
    sex: Literal["M", "F"] | None = None
    fingerprint: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    other_case_at_us: TimeUs | None = None


@dataclass(frozen=True, slots=True)
class SnapshotRequest:
    """The crew (or the tablet by itself) asks that these ten seconds be kept and read.

    Attributes:
        origin: of a ``file``; None for a live recording and from tablets of before.
    """

    snapshot: UUID
    stream: UUID
    first_sample: Count
    n_samples: Annotated[int, Field(ge=1, le=60_000)]
    reason: Literal["manual", "clean", "st-change", "interval", "file"]
    type: Literal["snapshot"] = "snapshot"
    origin: FileOrigin | None = None


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


@dataclass(frozen=True, slots=True)
class DecisionUnderstood:
    """The crew has pressed that it read the decision that stands at this entry of the timeline."""

    entry: Count
    type: Literal["decision-understood"] = "decision-understood"


EventBody = Annotated[
    PatientCard | Mark | SnapshotRequest | StreamEnd | CrewNote | DecisionUnderstood,
    Field(discriminator="type"),
]
RELAY_KNOWS = ("decision-understood",)
"""Kinds of events younger than the protocol: a tablet sends them to a relay that says it knows them."""


def recording_of(body: EventBody) -> UUID | None:
    """The recording an event speaks of: it can be applied once that one was announced."""
    return body.stream if isinstance(body, SnapshotRequest | StreamEnd) else None


@dataclass(frozen=True, slots=True)
class Hello:
    """First message of the tablet on every connection."""

    software: ShortText
    clock_us: TimeUs
    kind: Literal["hello"] = "hello"
    protocol: Literal[1] = 1


@dataclass(frozen=True, slots=True)
class Welcome:
    """The relay's answer to ``Hello``: who it takes the tablet for, and which younger words it knows."""

    unit: ShortText
    server_us: TimeUs
    knows: tuple[ShortText, ...] = ()
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
    """Send me what happens in this incident after entry ``after`` of its timeline.

    ``attention``: and who is looking now (``Attention``); a relay that does not know the word sends none.
    """

    incident: UUID
    after: Count = 0
    attention: bool = False
    kind: Literal["follow"] = "follow"


@dataclass(frozen=True, slots=True)
class Notice:
    """One entry of a case's timeline, for the crew: a receipt, a finding, a decision.

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
class Looker:
    """A person who has the case's trace on a screen that is seen: a snapshot, or the live trace."""

    who: ShortText
    snapshot: UUID | None
    since_us: TimeUs


@dataclass(frozen=True, slots=True)
class Hearer:
    """Whether a human of a hospital would hear an alarm at this moment.

    Attributes:
        place: the hospital's name.
        by: through what: ``person`` (the page of who is on call), ``channel`` (a message reaches them),
            ``console`` (somebody's armed page), ``nobody``, ``unknown`` (just after a start of the relay).
        who: who is on call first; "" where nobody is.
        hole: the hospital keeps a roster, and nobody is on call first now.
        phone: the number to dial there, None where the hospital has named none.
    """

    place: ShortText
    by: ShortText
    who: ShortText = ""
    hole: bool = False
    phone: ShortText | None = None


@dataclass(frozen=True, slots=True)
class Attention:
    """How the hospitals stand at this moment. True while the connection lives, and no longer.

    Attributes:
        looking: who has this case's trace on the screen now.
        pages / armed: open pages of the hospitals the case is addressed to, and those that can ring;
            ``None`` just after a start of the relay, when nobody can know yet.
        readers: accounts of these hospitals that may decide on an ECG, as the connection began; 0: nobody can.
        hearing: by hospital who would hear an alarm now; empty where the relay does not say.
    """

    incident: UUID
    looking: tuple[Looker, ...]
    pages: Count | None
    armed: Count | None
    readers: Count | None = None
    hearing: tuple[Hearer, ...] = ()
    kind: Literal["attention"] = "attention"


@dataclass(frozen=True, slots=True)
class Ping:
    """The tablet's heartbeat, every 2 s, with what it knows of its clock and its backlog."""

    t0_us: TimeUs
    backlog_ms: Count = 0
    offset_us: Offset | None = None
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
        stream / event: what it concerns; both ``None``: the connection, which then closes; with the code
            ``too-many`` it stays open and is read more slowly.
    """

    code: ShortText
    text: LongText
    retry: bool
    stream: UUID | None = None
    event: UUID | None = None
    kind: Literal["refusal"] = "refusal"


FromTablet = Annotated[Hello | OpenStream | Event | Follow | Ping, Field(discriminator="kind")]
FromRelay = Annotated[
    Welcome | StreamOpened | Ack | EventAck | Notice | Attention | Pong | Refusal,
    Field(discriminator="kind"),
]


@cache
def _adapters() -> tuple[TypeAdapter[FromTablet], TypeAdapter[FromRelay], TypeAdapter[Event]]:
    """What reads them; made with the first message, since many a start never reads one."""
    return TypeAdapter(FromTablet), TypeAdapter(FromRelay), TypeAdapter(Event)


_ANY: TypeAdapter[object] = TypeAdapter(object)


def to_text(message: FromTablet | FromRelay) -> str:
    """The message's JSON."""
    return _ANY.dump_json(message).decode()


def from_tablet(text: str | bytes) -> FromTablet:
    """The message a tablet sent.

    Raises:
        RemoteProtocolError: too long, not JSON, an unknown kind, or a field out of range.
    """
    return parsed(_adapters()[0], text, MAX_TEXT_BYTES)


def from_relay(text: str | bytes) -> FromRelay:
    """The message a relay sent. Raises like ``from_tablet``."""
    return parsed(_adapters()[1], text, MAX_TEXT_BYTES)


def event_from_text(text: str | bytes) -> Event:
    """An event kept in a spool. Raises like ``from_tablet``."""
    return parsed(_adapters()[2], text, MAX_TEXT_BYTES)


def checked_event(event: Event) -> Event:
    """The same event, after every field's range was checked.

    Raises:
        BadInput: a value is impossible; the sentence says which.
    """
    try:
        return event_from_text(to_text(event))
    except RemoteProtocolError as error:
        raise BadInput(str(error)) from error
