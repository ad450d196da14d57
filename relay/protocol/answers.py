"""What the relay answers to its pages: one class a shape of JSON.

``docs/shapes.md`` and the types of the pages (``browser_kit/shared/contract.js``) are written from these classes,
and the type checker holds the code that makes the answers to them. Times are µs since 1970 by the relay's clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, TypedDict

from relay.protocol.messages import PatientCard
from relay.protocol.origin import OriginWords
from relay.protocol.receipts import Receipts

Json = Mapping[str, object]
"""Any object of JSON."""
Tier = Annotated[str | None, "a letter; null where nothing was screened yet"]


class Me(TypedDict):
    """Who is signed in."""

    name: str
    display_name: str
    role: str
    hospital: Annotated[str | None, "null where the account belongs to none"]


class LookingRow(TypedDict):
    """Somebody who has a trace in sight at this moment."""

    who: str
    snapshot: Annotated[str | None, "null: the live trace"]
    since_us: int


class OpenedBy(TypedDict):
    """Somebody who has looked at a trace of the case."""

    who: str
    at_us: Annotated[int, "when they first did"]


class StreamRow(TypedDict):
    """The newest recording of a case."""

    id: str
    fs_hz: float
    uv_per_lsb: float
    lead_mask: int
    state: Annotated[str, "`live`, `stale`, `lost` or `ended`"]
    newest_sample: Annotated[int, "one past the newest that is stored"]
    clock_offset_us: Annotated[int | None, "how far the tablet's clock is from the relay's"]
    started_at_us: int


class AlertRow(TypedDict):
    """The newest alert of a case."""

    id: str
    state: Annotated[str, "`raised`, `delivered`, `opened`, `decided` or `closed`"]
    raised_at_us: int
    tier: str
    snapshot: Annotated[str | None, "the ECG that rings"]


class DecisionRow(TypedDict):
    """The newest decision of a case."""

    decision: str
    text: str
    who: str
    at_us: int
    snapshot: Annotated[str | None, "the ECG it was made on; null: the live trace"]


class CallToLook(TypedDict):
    """A human is asked to look."""

    level: Annotated[
        str,
        "`high` rings until it is opened, `hand` sounds more softly until then, `soft` sounds once",
    ]
    snapshot: Annotated[str, "the newest ECG that asks at this level"]
    tier: Tier
    reason: str
    since_us: Annotated[int, "when the oldest that asks at this level was stored"]


class HighestTier(TypedDict):
    """The gravest tier of a case so far."""

    tier: str
    at_us: Annotated[int, "when it was first seen"]


class ClimbStepRow(TypedDict):
    """A step of a ladder that was done."""

    target: Annotated[str, "`first`, `second`, `ed-phone`, `everybody` or `crew`"]
    name: Annotated[
        str, "who that was; empty for everybody and the crew, and in a hole of the roster"
    ]
    at_us: int
    due_at_us: int
    channels: list[str]
    skipped: Annotated[str | None, "why it rang nobody"]
    phone: Annotated[str | None, "the number that the crew is told"]


class ClimbNextRow(TypedDict):
    """What a ladder does next if nobody opens the ECG."""

    target: str
    name: str
    due_at_us: int


class ClimbRow(TypedDict):
    """One hospital's ladder as it stands: whom it has rung for an ECG that nobody opened."""

    ladder: str
    hospital: str
    place: Annotated[str, "the hospital's name"]
    steps: list[ClimbStepRow]
    rings: Annotated[list[str] | None, "accounts whose pages ring loudly; null: every armed page"]
    next: Annotated[ClimbNextRow | None, "null after the last step"]


class CabinRow(TypedDict):
    """The camera in the ambulance's cabin."""

    state: Annotated[str, "`live`, `frozen`, `stills`, `paused`, `failed` or `off`"]
    step: Annotated[
        str,
        "what the tablet lets it do: `full`, `reduced`, `stills`, `paused` (ECG is sent first), `failed` or `off`",
    ]
    since_us: Annotated[int | None, "null before its camera said anything"]
    still_at_us: int | None


class IncidentRow(TypedDict):
    """A case as it stands in a list."""

    id: str
    unit: Annotated[str, "the ambulance"]
    opened_at_us: int
    state: Annotated[str, "`open` or `closed`"]
    patient: Annotated[Json | None, PatientCard, None, "the card, as far as the crew has filled it"]
    eta: Annotated[None, "not known yet"]
    stream: StreamRow | None
    tier: Annotated[str | None, "of the newest screening, of a snapshot or of the live stream"]
    statement_ja: str | None
    statement_en: str | None
    alert: AlertRow | None
    opened_by: Annotated[list[OpenedBy], "each person once"]
    decision: DecisionRow | None
    snapshots: Annotated[int, "how many there are"]
    highest: HighestTier | None
    call: CallToLook | None
    place: Annotated[
        int,
        "the order of the list: 0 rings, 1 sent and unopened, 2 decided for the catheter lab, 3 soft, 4 undecided, 5 decided",
    ]
    awaiting_read: Annotated[bool, "`call` is not null"]
    unread: Annotated[str | None, "the ECG whose arrival at a human the crew waits for"]
    receipts: Annotated[Json, Receipts]
    ladder: Annotated[list[ClimbRow], "the ladders that nobody has stopped, by hospital"]
    standstill: Annotated[bool, "no QRS is seen in the live stream"]
    cabin: CabinRow | None
    looking: list[LookingRow]


class RestingRow(TypedDict):
    """What a page that nobody is at may know of a case: that it waits, and how loudly. Null is not told, not absent."""

    id: str
    unit: str
    opened_at_us: int
    state: Annotated[str, "`open` or `closed`"]
    call: CallToLook | None
    place: int
    awaiting_read: bool
    patient: None
    stream: None
    statement_ja: None
    statement_en: None
    decision: None
    tier: None
    alert: None
    highest: None
    opened_by: Annotated[list[OpenedBy], "empty"]
    looking: Annotated[list[LookingRow], "empty"]
    receipts: Annotated[Json, "empty"]
    ladder: Annotated[list[ClimbRow], "without names and steps"]


class OriginRow(OriginWords):
    """Where the ECG of a file came from, judged by the card as it stands now."""

    recorded_at: Annotated[str | None, "as the file says it"]
    recorded_ago_s: int | None
    age_years: int | None
    sex: str | None
    other_case_at_us: Annotated[int | None, "the same file was in another case"]


class EcgRow(TypedDict):
    """Ten seconds of ECG that are kept, or awaited."""

    origin: Annotated[OriginRow | None, "of a file"]
    id: str
    incident: str
    stream: str
    first_sample: int
    n_samples: int
    taken_at_us: int
    stored_at_us: Annotated[int | None, "null before its samples are kept"]
    reason: str
    sha256: Annotated[str | None, "null before its samples are kept"]
    fs_hz: float
    uv_per_lsb: float
    lead_mask: int
    tier: Tier
    statement_ja: str | None
    statement_en: str | None
    complete: Annotated[bool, "every sample is there"]
    present: Annotated[
        list[list[int]], "ranges of samples that are there: first, and one past the last"
    ]


class EcgDetail(EcgRow):
    """A snapshot with what the screen says of it."""

    report: Annotated[Json | None, "as `kyumei screen --json`"]


class EntryRow(TypedDict):
    """One entry of a case's timeline."""

    entry: Annotated[int, "its number in the case, rising"]
    incident: str
    at_us: int
    stage: Annotated[str, "a stage of [the protocol](protocol.md), section 4"]
    who: str
    data: Annotated[Json, "the stage's own fields"]


class ReportRow(TypedDict):
    """The newest screening of a live stream."""

    stream: str
    incident: str
    first_sample: int
    n_samples: int
    statement_ja: str
    statement_en: str
    report: Annotated[Json, "as `kyumei screen --json`"]


class EarlierEntries(TypedDict):
    """Entries of a timeline, and how many there are before these."""

    timeline: list[EntryRow]
    earlier_entries: int


class MomentRow(TypedDict):
    """When something happened."""

    at_us: int
    device_at_us: Annotated[int | None, "by the tablet's own clock, where that was another"]
    by: Annotated[str, "who or what said so"]


class IntervalRow(TypedDict):
    """How long it took from one moment to another."""

    seconds: Annotated[int | None, "rounded down; null: unknown"]
    is_reversed: Annotated[bool, "its ends contradict each other"]


class CaseStory(TypedDict):
    """[Times of a case](archive.md#times-of-a-case), by name."""

    moments: Annotated[dict[str, MomentRow], "those that are known"]
    intervals: dict[str, IntervalRow]


class IncidentDetail(CaseStory):
    """The whole case; it has every field of `IncidentRow` but for `snapshots`, and these."""

    snapshots: list[EcgRow]
    timeline: Annotated[list[EntryRow], "the 10,000 newest"]
    earlier_entries: Annotated[int, "how many are before these"]
    report: ReportRow | None


class ArchivePage(TypedDict):
    """Closed cases that were searched for, newest first."""

    cases: list[IncidentRow]
    beyond: Annotated[str | None, "the case to search on from; null where nothing is left"]
    looked_to_us: Annotated[int | None, "how far back was looked"]


class TrendRun(TypedDict):
    """ST over one recording: columns of the same length, a place a screening; null where it could not be read."""

    stream: str
    fs_hz: float
    started_at_us: int
    end_sample: list[int]
    at_us: list[int]
    tier: Annotated[str, "a letter a place"]
    hr_bpm: list[float | None]
    qrs_ms: list[float | None]
    st_j_uv: Annotated[dict[str, list[int | None]], "by lead"]
    st_j60_uv: Annotated[dict[str, list[int | None]], "by lead"]
    st_vm_uv: Annotated[list[int | None], "length of the ST vector at J+60 (Kors)"]
    stc_vm_uv: Annotated[list[int | None], "length of its change since the first minute"]
    baseline_j60_uv: Annotated[
        dict[str, float] | None, "the patient's first minute; null before it is over"
    ]
    baseline_to_sample: int | None


class TrendAnswer(TypedDict):
    """ST of a case over minutes. Points are written every five seconds; the newest come by the feed (`report`)."""

    incident: str
    runs: Annotated[list[TrendRun], "one a recording, oldest first"]


ANSWERS: tuple[type, ...] = (
    Me,
    IncidentRow, RestingRow, IncidentDetail, MomentRow, IntervalRow, EarlierEntries,
    PatientCard, StreamRow, AlertRow, DecisionRow, OpenedBy, CallToLook, ClimbRow, ClimbStepRow, ClimbNextRow, HighestTier, LookingRow, Receipts, CabinRow,
    ArchivePage,
    EcgRow, EcgDetail, OriginRow, EntryRow, ReportRow,
    TrendAnswer, TrendRun,
)  # fmt: skip
"""Every shape but those of 119 calls, in the order of the page."""
