"""What the relay may rely on when it forwards live video.

``MediaPlane`` speaks WHIP (RFC 9725) toward whoever publishes and WHEP toward whoever watches, as plain
SDP texts: the HTTP around them, the rights and the tokens are the web floor's. Encoded packets are
forwarded, never decoded. Adapters do not inherit; a contract test runs every adapter against these words.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Answer:
    """What a POST of an offer is answered with.

    Attributes:
        session: names the connection for ``patch`` and ``remove``; stands in the ``Location``. It is
            random and hard to guess, but it is no right: check the asker all the same.
        sdp: the answer, ``application/sdp``, complete with every candidate.
    """

    session: UUID
    sdp: str


@dataclass(frozen=True, slots=True)
class IceServer:
    """One entry of the ``iceServers`` a browser is given; ``username`` is empty for STUN."""

    urls: tuple[str, ...]
    username: str = ""
    credential: str = ""


class PublisherChange(StrEnum):
    """What ``on_change`` tells about a call's publisher."""

    LIVE = "live"  # its pictures arrive: for the first time, or again
    FROZEN = "frozen"  # it is connected or was, but nothing came for FROZEN_AFTER_S
    GONE = "gone"  # it left, was replaced by nobody, or is dead


FROZEN_AFTER_S = 3.0
Listener = Callable[[UUID, PublisherChange], None]


@dataclass(frozen=True, slots=True)
class PublisherStats:
    """The caller's side.

    Attributes:
        session: its connection.
        codec: ``VP8`` or ``H264``; empty before the first packet.
        kbps / fps: over about the last second.
        width / height: pixels, 0 while unknown.
        packets / lost / recovered: since it joined; ``lost`` counts what stayed lost, ``recovered`` what a
            retransmission brought.
        rtt_ms: round trip to the phone, None before it is measured.
        last_packet_age_s: seconds since the newest packet, None before the first.
        frozen: whether ``last_packet_age_s`` has passed ``FROZEN_AFTER_S``.
        keyframe_requests: how often a whole picture was asked of the phone.
        limit_kbps: the cap in force, None without one.
    """

    session: UUID
    codec: str
    kbps: int
    fps: float
    width: int
    height: int
    packets: int
    lost: int
    recovered: int
    rtt_ms: float | None
    last_packet_age_s: float | None
    frozen: bool
    keyframe_requests: int
    limit_kbps: int | None


@dataclass(frozen=True, slots=True)
class ViewerStats:
    """One viewer's side.

    Attributes:
        session: its connection.
        viewer: the name given to ``subscribe``.
        connected: whether its secure channel stands.
        kbps: sent over about the last second.
        packets / retransmitted / dropped: since it joined; ``dropped`` is what was left out because its
            line was too slow or a whole picture was awaited.
        lost_fraction: share of packets lost on its line as it last reported, 0 to 1.
        rtt_ms: round trip to it, None before it is measured.
        budget_kbps: what its line carries as far as known, None without a limit.
        slow: whether it gets only part of the pictures because of that.
        playable: False where the caller sends a codec this viewer cannot play.
    """

    session: UUID
    viewer: str
    connected: bool
    kbps: int
    packets: int
    retransmitted: int
    dropped: int
    lost_fraction: float
    rtt_ms: float | None
    budget_kbps: int | None
    slow: bool
    playable: bool


@dataclass(frozen=True, slots=True)
class CallStats:
    """What the plane knows of a call: its publisher (None without one) and its viewers by age."""

    publisher: PublisherStats | None
    viewers: tuple[ViewerStats, ...]


class MediaPlane(Protocol):
    """Forwards one publisher's pictures per call to that call's viewers.

    Nothing here waits for the other end's network: answers come as soon as our own addresses are known.
    A slow or lossy viewer slows neither the publisher nor other viewers. Peers that vanish are removed
    without being asked. All methods are called on the event loop's thread.
    """

    async def publish(self, call: UUID, offer_sdp: str) -> Answer:
        """Admit the call's publisher (WHIP). A second one replaces the first: the phone came back.

        Viewers stay and continue with the new publisher's first whole picture.

        Raises:
            BadInput: the offer cannot be used, with the reason in one sentence.
            TooMany: the plane carries as many calls as it may.
            Unavailable: the plane is closed or has no network.
        """

    async def subscribe(self, call: UUID, offer_sdp: str, viewer: str) -> Answer:
        """Admit a viewer (WHEP), also before the publisher came: pictures start when it does.

        Args:
            call: need not be known yet; who may watch what is decided before.
            offer_sdp: an offer to receive video (and sound, where this plane forwards it).
            viewer: a name for ``stats``; not interpreted.

        Raises:
            BadInput: the offer cannot be used.
            TooMany: this call has as many viewers as it may, or the plane as many calls.
            Unavailable: the plane is closed or has no network.
        """

    async def patch(self, session: UUID, fragment: str) -> str:
        """A ``application/trickle-ice-sdpfrag`` body (RFC 9725 §4.3).

        Returns:
            Empty for trickled candidates (answer 204); for an ICE restart the fragment to answer 200 with.

        Raises:
            BadInput: the fragment cannot be used.
            NotFound: no such session, or it has ended.
        """

    async def remove(self, session: UUID) -> None:
        """End one connection (DELETE). Others of the call stay. Nothing happens where it has ended.

        Raises:
            NotFound: no such session, or it has ended.
        """

    async def end(self, call: UUID) -> None:
        """End the call's publisher and all its viewers. Nothing happens for an unknown call."""

    def call_of(self, session: UUID) -> UUID | None:
        """The call a session belongs to, None where it has ended: check it before ``patch``/``remove``."""

    def request_keyframe(self, call: UUID) -> None:
        """Ask the publisher for a whole picture; at most one per half second goes out."""

    def limit_bitrate(self, call: UUID, kbps: int | None) -> None:
        """Ask the publisher to send no more than so much, until changed; None lifts the cap.

        Holds for later publishers of the call too. Values below 50 count as 50.
        """

    def record(self, call: UUID, folder: Path | None) -> None:
        """Keep what this call's publishers send, until changed or ``end``; None stops.

        Each publisher's stream becomes one file ``<its first picture in µs>.webm`` or ``.mp4``, begun
        at a keyframe, as it was sent: nothing is decoded. A file can be played while it grows and
        after the process was killed. A disk that is slow or full never touches the call.
        """

    def stats(self, call: UUID) -> CallStats | None:
        """What is known of a call now; None where it has neither a publisher nor viewers."""

    def on_change(self, listener: Listener) -> None:
        """Have ``listener(call, change)`` called, from the event loop, on every change of a publisher."""

    def ice_servers(self, user: str) -> tuple[IceServer, ...]:
        """Servers a browser may need to get through; passwords hold for the configured minutes.

        Args:
            user: a name that may stand in a TURN server's log: a session or call id, never a person.
        """

    async def ping(self) -> None:
        """Return when the plane can admit.

        Raises:
            Unavailable: it cannot, with the reason in one sentence.
        """

    async def close(self) -> None:
        """End every connection. Further calls raise ``Unavailable``."""


__all__ = [
    "FROZEN_AFTER_S",
    "Answer",
    "CallStats",
    "IceServer",
    "Listener",
    "MediaPlane",
    "PublisherChange",
    "PublisherStats",
    "ViewerStats",
]
