"""What a page and the relay say to each other on the viewer feed. Normative: ``docs/protocol.md``.

Text messages are JSON told apart by ``kind``; binary messages are ECG frames exactly as the tablet
sent them. The page asks for streams; the relay never waits for a page: who falls behind is told
which samples were skipped and fetches them by HTTP.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, TypeAdapter

from relay.protocol.answers import IncidentRow, Json, Me, RestingRow
from relay.protocol.call_answers import CallRow
from relay.protocol.messages import Count, ShortText, TimeUs
from relay.protocol.parsing import parsed

SUBPROTOCOL = "kyumei.feed.v1"
MAX_TEXT_BYTES = 4_096
STALE_AFTER_S = 3.0
LOST_AFTER_S = 10.0
BEAT_EVERY_S = 3.0


@dataclass(frozen=True, slots=True)
class Watch:
    """Send me this stream: first what is stored of the last ``look_back_s``, then live."""

    stream: UUID
    look_back_s: Annotated[float, Field(ge=0, le=60)] = 12.0
    kind: Literal["watch"] = "watch"


@dataclass(frozen=True, slots=True)
class Unwatch:
    """Stop sending this stream."""

    stream: UUID
    kind: Literal["unwatch"] = "unwatch"


@dataclass(frozen=True, slots=True)
class Console:
    """How this page stands: the answer to every ``Beat``, and at once when something changes.

    Attributes:
        armed: a person has armed its sound, and the sound runs.
        audio_ms: its audio clock. It moves on from beat to beat, or the page is taken for silent.
        incident / snapshot: whose trace is seen on it now (snapshot None: the live one); null: nobody's.
        input: a person has touched the page since the last answer.
    """

    armed: bool
    beat: Count = 0
    audio_ms: Count = 0
    incident: UUID | None = None
    snapshot: UUID | None = None
    input: bool = False
    kind: Literal["console"] = "console"


@dataclass(frozen=True, slots=True)
class Delivered:
    """This page has drawn the alert; the crew may be told so."""

    alert: UUID
    kind: Literal["delivered"] = "delivered"


@dataclass(frozen=True, slots=True)
class Shown:
    """This page has drawn the row of a case whose newest ECG rings nowhere; the crew may be told so."""

    snapshot: UUID
    kind: Literal["shown"] = "shown"


@dataclass(frozen=True, slots=True)
class FeedPing:
    """The page's heartbeat, every 5 s; ``page_us`` comes back in the answer."""

    page_us: TimeUs
    kind: Literal["ping"] = "ping"


@dataclass(frozen=True, slots=True)
class FeedWelcome:
    """First message on a feed: who is signed in, and the relay's clock.

    ``rests``: nobody has touched this page for a while; it gets rows without patients, nothing else.
    """

    user: Annotated[Json, Me]
    server_us: TimeUs
    rests: bool = False
    kind: Literal["welcome"] = "welcome"


@dataclass(frozen=True, slots=True)
class Listed:
    """After every row of a listing: how many open cases no row was sent of, and from which case to ask on.

    None of them asks for a human.
    """

    more: int
    beyond: str | None
    kind: Literal["listed"] = "listed"


@dataclass(frozen=True, slots=True)
class ConsoleLost:
    """A colleague's page that could ring and cannot: since when, and how it went."""

    who: str
    since_us: TimeUs
    why: Literal["gone", "silent", "ended"]


@dataclass(frozen=True, slots=True)
class Trouble:
    """What the relay cannot do now: a row of ``relay.causes`` in words."""

    cause: ShortText
    words_ja: str
    words_en: str


@dataclass(frozen=True, slots=True)
class Beat:
    """Every 3 s, whether anything happens or not: the relay reaches this page. Answered by ``Console``.

    Attributes:
        armed: the relay takes *this* page for one that can ring.
        pages / armed_pages: of this person's hospital, this one included.
        lost: consoles of this hospital that could ring and cannot any more.
        ages_ms: by recording of an open case: how old its newest sample is.
        troubles: what the relay cannot do now, above all store.
        rests_in_s: after so long without a person's hand this page will show nothing more; null: it rests already.
    """

    beat: Count
    server_us: TimeUs
    armed: bool
    pages: Count
    armed_pages: Count
    lost: tuple[ConsoleLost, ...]
    ages_ms: dict[str, int]
    troubles: tuple[Trouble, ...] = ()
    rests_in_s: Count | None = None
    kind: Literal["beat"] = "beat"


@dataclass(frozen=True, slots=True)
class IncidentChanged:
    """The case's row in the list, whole, after any change (the shape of ``GET /incidents``)."""

    incident: Annotated[Json, IncidentRow, RestingRow]
    kind: Literal["incident"] = "incident"


@dataclass(frozen=True, slots=True)
class CallChanged:
    """A 119 call, whole, after any change (the shape of ``GET /api/calls/{call}``)."""

    call: Annotated[Json, CallRow]
    kind: Literal["call"] = "call"


@dataclass(frozen=True, slots=True)
class CallGone:
    """This call is no longer shared with you; take it off the screen."""

    call: UUID
    kind: Literal["call-gone"] = "call-gone"


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One new entry of a case's timeline."""

    incident: UUID
    entry: Count
    at_us: TimeUs
    stage: ShortText
    who: ShortText
    data: dict[str, object]
    kind: Literal["timeline"] = "timeline"


@dataclass(frozen=True, slots=True)
class LiveReport:
    """The newest screening of a live stream, in the shape of ``kyumei screen --json``."""

    stream: UUID
    incident: UUID
    first_sample: Count
    n_samples: Count
    statement_ja: str
    statement_en: str
    report: dict[str, object]
    kind: Literal["report"] = "report"


@dataclass(frozen=True, slots=True)
class StreamState:
    """Whether a watched stream is ``live``, ``stale`` (3 s), ``lost`` (10 s) or ``ended``.

    ``newest_sample`` is one past the newest stored sample; ``age_ms`` how long ago it arrived;
    ``backlog_ms`` what the tablet said it still holds.
    """

    stream: UUID
    state: Literal["live", "stale", "lost", "ended"]
    newest_sample: Count
    age_ms: Count
    backlog_ms: Count
    kind: Literal["stream-state"] = "stream-state"


@dataclass(frozen=True, slots=True)
class Skipped:
    """This page was too slow; samples ``[from_sample, to_sample)`` were not sent. Fetch by HTTP."""

    stream: UUID
    from_sample: Count
    to_sample: Count
    kind: Literal["skipped"] = "skipped"


@dataclass(frozen=True, slots=True)
class FeedPong:
    """Answer to ``FeedPing``."""

    page_us: TimeUs
    server_us: TimeUs
    kind: Literal["pong"] = "pong"


@dataclass(frozen=True, slots=True)
class FeedRefusal:
    """What the relay will not do for this page, in one sentence."""

    code: ShortText
    text: str
    kind: Literal["refusal"] = "refusal"


FromPage = Annotated[
    Watch | Unwatch | Console | Delivered | Shown | FeedPing, Field(discriminator="kind")
]
ToPage = (
    FeedWelcome
    | Beat
    | IncidentChanged
    | Listed
    | CallChanged
    | CallGone
    | TimelineEntry
    | LiveReport
    | StreamState
    | Skipped
    | FeedPong
    | FeedRefusal
)


@cache
def _adapters() -> tuple[TypeAdapter[FromPage], TypeAdapter[ToPage]]:
    """What reads and writes them; made with the first message."""
    return TypeAdapter(FromPage), TypeAdapter(ToPage)


def to_text(message: ToPage) -> str:
    """The message's JSON."""
    return _adapters()[1].dump_json(message).decode()


def from_page(text: str | bytes) -> FromPage:
    """The message a page sent.

    Raises:
        RemoteProtocolError: too long, not JSON, an unknown kind, or a field out of range.
    """
    return parsed(_adapters()[0], text, MAX_TEXT_BYTES)
