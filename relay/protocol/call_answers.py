"""What the relay answers about 119 calls: one class a shape of JSON, as in ``relay/protocol/answers.py``."""

from __future__ import annotations

from typing import Annotated, TypedDict

from relay.protocol.answers import CabinRow, Json


class SharedWith(TypedDict):
    """Somebody whom a call is shared with."""

    id: str
    kind: Annotated[str, "`unit`, `hospital` or `command`"]
    target: str
    at_us: int


class StillRow(TypedDict):
    """A kept picture of a call."""

    id: str
    at_us: int
    by: str


class PositionRow(TypedDict):
    """Where the caller's phone said it was."""

    lat: float
    lon: float
    accuracy_m: float
    at_us: int


class CallRow(TypedDict):
    """A 119 call."""

    id: str
    incident: str | None
    state: str
    hint: Annotated[
        str, "what the phone reported last, so that the dispatcher knows the next sentence"
    ]
    number: Annotated[str | None, "null for those it is only shared with"]
    address: Annotated[str | None, "null for those it is only shared with"]
    complaint: str
    unit: str | None
    taken_at_us: int
    dispatched_at_us: int | None
    sent_at_us: int | None
    opened_at_us: int | None
    allowed_at_us: int | None
    live_at_us: int | None
    frozen_at_us: int | None
    ended_at_us: int | None
    expires_at_us: int | None
    guidance: Annotated[str | None, "the topic on the caller's screen"]
    position: PositionRow | None
    phone: Annotated[
        Json | None,
        "browser, language, battery_pct, bytes_sent, bitrate_kbps, room_kbps, as the phone said",
    ]
    shares: list[SharedWith]
    stills: list[StillRow]
    recording: Annotated[str, "`off`, `stills` or `clips`"]
    cabin: Annotated[CabinRow | None, "for dispatchers"]
    shared_until_us: Annotated[int | None, "null before the end"]


class IceServerRow(TypedDict, total=False):
    """As `RTCPeerConnection` takes it."""

    urls: list[str]
    username: str
    credential: str


class CallerState(TypedDict):
    """What the caller's own phone may know."""

    call: str
    state: str
    site_name: str
    guidance: str | None
    data_cap_mb: float
    ice_servers: list[IceServerRow]
    ended: bool
    at_us: int
    recorded: Annotated[bool, "the video is kept; the page says so"]
    glimpses: Annotated[bool, "somebody wishes for small pictures beside the video"]


CALL_ANSWERS: tuple[type, ...] = (
    CallRow, SharedWith, StillRow, PositionRow, CallerState, IceServerRow,
)  # fmt: skip
"""Every shape, in the order of the page."""
