"""One call: its publisher, its viewers, and what passes between them."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from relay.video import rtcp, rtp
from relay.video.answer import Track
from relay.video.downstream import Leg
from relay.video.port import FROZEN_AFTER_S, CallStats, PublisherChange, PublisherStats, ViewerStats
from relay.video.recorder import ClipRecorder, Taping
from relay.video.upstream import IncomingStream, Publisher

if TYPE_CHECKING:
    from relay.video.transport import Transport

OUR_SSRC = 1
MOST_KBPS = 6_000
BURST_BYTES = 400_000


class PublisherSession:
    """The phone's connection."""

    def __init__(self, session: UUID, call: ForwardedCall, tracks: tuple[Track, ...]) -> None:
        self.id, self.call, self.mid = session, call, tracks[0].mid
        self.transport: Transport
        self.publisher = Publisher(tracks, OUR_SSRC, self._send)
        self.made_s = time.monotonic()
        self._allowance, self._filled_s = float(BURST_BYTES), 0.0

    def _send(self, message: bytes) -> None:
        self.transport.send_rtcp(message)

    def on_rtp(self, data: bytes, arrived_s: float) -> None:
        """A packet came. More than any phone should send is dropped, so that nobody floods viewers."""
        now_s = time.monotonic()
        self._allowance += (now_s - self._filled_s) * MOST_KBPS * 125
        self._allowance = min(self._allowance, BURST_BYTES) - len(data)
        self._filled_s = now_s
        packet = rtp.parse(data) if self._allowance > 0 else None
        taken = self.publisher.take(packet, now_s, arrived_s) if packet is not None else None
        if taken is not None:
            self.call.forward(self, *taken, now_s)

    def on_rtcp(self, data: bytes) -> None:
        """A report came."""
        now_s = time.monotonic()
        for message in rtcp.parse(data):
            source = self.publisher.heard(message, now_s)
            if source is not None and isinstance(message, rtcp.SenderReport):
                self.call.tell_clock(self, source.kind, message, source.epoch, now_s)

    def stats(self, now_s: float) -> PublisherStats:
        """See ``PublisherStats``."""
        video = self.publisher.video
        age_s = None if video.newest_s is None else max(0.0, now_s - video.newest_s)
        rtt_s = video.rtt_s if video.rtt_s is not None else self.transport.handshake_rtt_s
        return PublisherStats(
            session=self.id,
            codec=video.codec,
            kbps=video.rate.kbps,
            fps=video.rate.fps,
            width=video.width,
            height=video.height,
            packets=video.packets,
            lost=video.lost,
            recovered=video.recovered,
            rtt_ms=None if rtt_s is None else round(rtt_s * 1000, 1),
            last_packet_age_s=None if age_s is None else round(age_s, 3),
            frozen=age_s is not None and age_s > FROZEN_AFTER_S,
            keyframe_requests=self.publisher.keyframe_requests,
            limit_kbps=self.publisher.limit_kbps,
        )


class ViewerSession:
    """A viewer's connection."""

    def __init__(
        self, session: UUID, call: ForwardedCall, name: str, tracks: tuple[Track, ...]
    ) -> None:
        self.id, self.call, self.name, self.mid = session, call, name, tracks[0].mid
        self.transport: Transport
        self.legs = {track.kind: Leg(track, self._send_rtp, self._send_rtcp) for track in tracks}
        self.made_s = time.monotonic()

    def _send_rtp(self, packet: bytes) -> None:
        self.transport.send_rtp(packet)

    def _send_rtcp(self, message: bytes) -> None:
        self.transport.send_rtcp(message)

    def on_rtp(self, data: bytes, arrived_s: float) -> None:
        """Viewers have nothing to send."""

    def on_rtcp(self, data: bytes) -> None:
        """What the viewer misses, wants or measured."""
        now_s = time.monotonic()
        for message in rtcp.parse(data):
            for leg in self.legs.values():
                if leg.heard(message, now_s):
                    self.call.ask_keyframe(now_s)

    def stats(self) -> ViewerStats:
        """See ``ViewerStats``."""
        leg = self.legs["video"]
        return ViewerStats(
            session=self.id,
            viewer=self.name,
            connected=self.transport.ready,
            kbps=leg.rate.kbps,
            packets=leg.packets,
            retransmitted=leg.retransmitted,
            dropped=leg.dropped,
            lost_fraction=round(leg.lost_fraction, 3),
            rtt_ms=None if leg.rtt_s is None else round(leg.rtt_s * 1000, 1),
            budget_kbps=leg.budget.kbps,
            slow=leg.slow,
            playable=leg.playable,
        )


Session = PublisherSession | ViewerSession


class ForwardedCall:
    """Forwards the publisher's packets to every viewer that is connected."""

    def __init__(
        self, call: UUID, tell: Callable[[UUID, PublisherChange], None], recorder: ClipRecorder
    ) -> None:
        self.id = call
        self.publisher: PublisherSession | None = None
        self.coming: PublisherSession | None = None
        self.viewers: dict[UUID, ViewerSession] = {}
        self.limit_kbps: int | None = None
        self.taping: Taping | None = None
        self._recorder = recorder
        self._tell = tell
        self._change: PublisherChange | None = None
        self._ticked_s = time.monotonic()

    @property
    def empty(self) -> bool:
        """Whether nobody is here any more."""
        return not self.viewers and self.publisher is None and self.coming is None

    @property
    def has_no_sender(self) -> bool:
        """Whether viewers only wait here."""
        return self.publisher is None and self.coming is None

    def enter(self, session: Session) -> PublisherSession | None:
        """A session was answered. Returns one that waited in its place and must be closed."""
        if isinstance(session, ViewerSession):
            self.viewers[session.id] = session
            return None
        session.publisher.limit(self.limit_kbps)
        waited, self.coming = self.coming, session
        return waited

    def ready(self, session: Session) -> PublisherSession | None:
        """A session's channel stands. Returns the publisher it replaces, which must be closed."""
        now_s = time.monotonic()
        if isinstance(session, ViewerSession):
            self.ask_keyframe(now_s)
            return None
        replaced, self.publisher, self.coming = self.publisher, session, None
        session.publisher.ask_keyframe(now_s)
        return replaced

    def leave(self, session: Session) -> None:
        """A session ended."""
        if isinstance(session, ViewerSession):
            self.viewers.pop(session.id, None)
        elif session is self.coming:
            self.coming = None
        elif session is self.publisher:
            self.publisher = None
            if self.taping is not None:
                self._recorder.pause(self.taping)
            self._set(PublisherChange.GONE)

    def _set(self, change: PublisherChange) -> None:
        if change is not self._change and (self._change or change is PublisherChange.LIVE):
            self._change = change
            self._tell(self.id, change)

    def forward(
        self, sender: PublisherSession, source: IncomingStream, packet: rtp.Packet, now_s: float
    ) -> None:
        """Give every viewer its copy."""
        if sender is not self.publisher:
            return
        if self._change is not PublisherChange.LIVE and source is sender.publisher.video:
            self._set(PublisherChange.LIVE)
        kind, epoch = source.kind, source.epoch
        taping = self.taping if kind == "video" else None
        if taping is not None and self._recorder.take(taping, packet, epoch):
            self.ask_keyframe(now_s)
        for viewer in self.viewers.values():
            leg = viewer.legs.get(kind)
            if leg is not None and viewer.transport.ready:
                leg.forward(packet, epoch, now_s)

    def tell_clock(
        self,
        sender: PublisherSession,
        kind: str,
        report: rtcp.SenderReport,
        epoch: object,
        now_s: float,
    ) -> None:
        """Pass the publisher's clock to the viewers."""
        if sender is self.publisher:
            for viewer in self.viewers.values():
                if kind in viewer.legs and viewer.transport.ready:
                    viewer.legs[kind].tell_clock(report, epoch, now_s)

    def ask_keyframe(self, now_s: float) -> None:
        """A whole picture is wanted."""
        if self.publisher is not None:
            self.publisher.publisher.ask_keyframe(now_s)

    def limit(self, kbps: int | None) -> None:
        """Cap what publishers of this call send."""
        self.limit_kbps = kbps
        for session in (self.publisher, self.coming):
            if session is not None:
                session.publisher.limit(kbps)

    def record(self, folder: Path | None) -> None:
        """Keep what publishers send from now on, or stop."""
        if self.taping is not None:
            if self.taping.folder == folder:
                return
            self._recorder.pause(self.taping)
        self.taping = None if folder is None else self._recorder.tape(folder)
        if self.taping is not None:
            self.ask_keyframe(time.monotonic())

    def tick(self, now_s: float) -> None:
        """What is due, every few tens of milliseconds."""
        passed_s, self._ticked_s = now_s - self._ticked_s, now_s
        kbps = 0
        if self.publisher is not None:
            self.publisher.publisher.tick(now_s)
            video = self.publisher.publisher.video
            kbps = video.rate.kbps
            if video.newest_s is not None and now_s - video.newest_s > FROZEN_AFTER_S:
                self._set(PublisherChange.FROZEN)
        for viewer in self.viewers.values():
            if viewer.transport.ready:
                for leg in viewer.legs.values():
                    leg.tick(kbps, passed_s, now_s)
                    if leg.wants_keyframe(now_s):
                        self.ask_keyframe(now_s)

    def stats(self) -> CallStats:
        """See ``CallStats``."""
        session = self.publisher or self.coming
        return CallStats(
            session.stats(time.monotonic()) if session is not None else None,
            tuple(viewer.stats() for viewer in self.viewers.values()),
        )
