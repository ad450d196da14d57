"""The adapter of ``MediaPlane`` on aiortc's stack: one process, every call, RTP forwarded undecoded."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import UUID, uuid4

from relay.errors import NotFound, TooMany, Unavailable
from relay.video.answer import LocalEnd, choose_tracks, write_answer, write_fragment
from relay.video.call import ForwardedCall, PublisherSession, Session, ViewerSession
from relay.video.ice import host_addresses
from relay.video.port import Answer, CallStats, IceServer, Listener, PublisherChange
from relay.video.recorder import ClipRecorder
from relay.video.sdp import parse_fragment, parse_offer
from relay.video.transport import Certificate, Transport
from relay.video.turn import TurnSettings, ice_servers

TICK_S = 0.025
MOST_LIMITS = 10_000
DEAD_AFTER_S = 30.0
CONNECT_WITHIN_S = 30.0
NEW_CERTIFICATE_AFTER_S = 86_400.0
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PlaneSettings:
    """What a site decides about video.

    Attributes:
        sound: whether Opus is forwarded where both ends offer it. The phone line carries the voice.
        loopback: also listen on 127.0.0.1, for browsers on this machine.
        addresses: listen on these only; empty: on all this machine has.
        public_addresses: told to peers beside the real ones, where the machine stands behind a 1:1 NAT.
        max_calls / max_viewers: bounds, viewers per call. Rooms in which viewers wait for a sender are counted apart.
        turn: what ``ice_servers`` hands out.
    """

    sound: bool = False
    loopback: bool = True
    addresses: tuple[str, ...] = ()
    public_addresses: tuple[str, ...] = ()
    max_calls: int = 200
    max_viewers: int = 16
    turn: TurnSettings = field(default_factory=TurnSettings)


class ForwardingPlane:
    """See ``MediaPlane``."""

    def __init__(self, settings: PlaneSettings | None = None) -> None:
        self._settings = settings or PlaneSettings()
        self._calls: dict[UUID, ForwardedCall] = {}
        self._sessions: dict[UUID, Session] = {}
        self._limits: dict[UUID, int] = {}
        self._folders: dict[UUID, Path] = {}
        self._recorder = ClipRecorder()
        self._listeners: list[Listener] = []
        self._certificate: Certificate | None = None
        self._ticking: asyncio.Task[None] | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self._closed = False

    async def publish(self, call: UUID, offer_sdp: str) -> Answer:
        """See ``MediaPlane``."""
        return await self._admit(call, offer_sdp, None)

    async def subscribe(self, call: UUID, offer_sdp: str, viewer: str) -> Answer:
        """See ``MediaPlane``."""
        return await self._admit(call, offer_sdp, viewer)

    async def _admit(self, call_id: UUID, offer_sdp: str, viewer: str | None) -> Answer:
        await self.ping()
        we_send = viewer is not None
        offer = parse_offer(offer_sdp)
        ssrcs = [secrets.randbits(31) + 2 for _ in range(4)]
        tracks = choose_tracks(offer, we_send=we_send, sound=self._settings.sound, ssrcs=ssrcs)
        call = self._room(call_id, we_send=we_send)
        session: Session = (
            PublisherSession(uuid4(), call, tracks)
            if viewer is None
            else ViewerSession(uuid4(), call, viewer, tracks)
        )
        session.transport = self._transport(session)
        self._sessions[session.id] = session
        waited = call.enter(session)
        if waited is not None:
            self._drop(waited)
        if self._ticking is None or self._ticking.done():
            self._ticking = asyncio.create_task(self._tick_while_busy())
        try:
            local = self._advertised(await session.transport.open(offer.remote))
        except BaseException:
            self._drop(session)
            raise
        return Answer(session.id, write_answer(offer, tracks, local, we_send=we_send))

    def _room(self, call_id: UUID, *, we_send: bool) -> ForwardedCall:
        call = self._calls.get(call_id)
        if call is None:
            empty = sum(one.has_no_sender for one in self._calls.values())
            alike = empty if we_send else len(self._calls) - empty
            if alike >= self._settings.max_calls:  # who only waits to see keeps no sender out
                raise TooMany("The relay carries as many video calls as it may; try again soon.")
            call = self._calls[call_id] = ForwardedCall(call_id, self._tell, self._recorder)
            call.limit(self._limits.get(call_id))
            call.record(self._folders.get(call_id))
        if we_send and len(call.viewers) >= self._settings.max_viewers:
            raise TooMany("This call has as many viewers as it may; close one and try again.")
        return call

    def _transport(self, session: Session) -> Transport:
        certificate = self._certificate
        if certificate is None or time.monotonic() - certificate.made_s > NEW_CERTIFICATE_AFTER_S:
            certificate = self._certificate = Certificate()
        return Transport(
            certificate,
            self._settings.addresses or host_addresses(self._settings.loopback),
            on_rtp=session.on_rtp,
            on_rtcp=session.on_rtcp,
            on_ready=lambda: self._ready(session),
            on_gone=lambda: self._forget(session),
        )

    def _advertised(self, local: LocalEnd) -> LocalEnd:
        """Our candidates, each also under the addresses the site is known by outside."""
        lines = list(local.candidates)
        for address in self._settings.public_addresses:
            for line in local.candidates:
                parts = line.split()
                if (":" in parts[4]) == (":" in address) and not parts[4].startswith("127."):
                    lines.append(" ".join([f"p{parts[0]}", *parts[1:4], address, *parts[5:]]))
        return replace(local, candidates=lines)

    def _ready(self, session: Session) -> None:
        if session.id in self._sessions:
            replaced = session.call.ready(session)
            if replaced is not None:
                self._drop(replaced)

    def _drop(self, session: Session) -> asyncio.Task[None] | None:
        """Take a session out at once; its sockets close in the background."""
        if self._sessions.pop(session.id, None) is None:
            return None
        call = session.call
        call.leave(session)
        if call.empty and self._calls.get(call.id) is call:
            del self._calls[call.id]
        task = asyncio.create_task(session.transport.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
        return task

    def _forget(self, session: Session) -> None:
        self._drop(session)

    def _session(self, session: UUID) -> Session:
        found = self._sessions.get(session)
        if found is None:
            raise NotFound("This video connection has ended; begin a new one.")
        return found

    async def patch(self, session: UUID, fragment: str) -> str:
        """See ``MediaPlane``."""
        found = self._session(session)
        remote = parse_fragment(fragment)
        if remote.ufrag == found.transport.remote_ufrag:
            await found.transport.add_candidates(remote.candidates)
            return ""
        local = self._advertised(await found.transport.restart(remote))
        return write_fragment(local, found.mid)

    async def remove(self, session: UUID) -> None:
        """See ``MediaPlane``."""
        closing = self._drop(self._session(session))
        if closing is not None:
            await asyncio.shield(closing)

    async def end(self, call: UUID) -> None:
        """See ``MediaPlane``."""
        self._limits.pop(call, None)
        self._folders.pop(call, None)
        found = self._calls.pop(call, None)
        if found is not None:
            found.record(None)
            await self._drop_all([s for s in self._sessions.values() if s.call is found])

    async def _drop_all(self, sessions: list[Session]) -> None:
        closing = [task for session in sessions if (task := self._drop(session)) is not None]
        await asyncio.gather(*closing, return_exceptions=True)

    def call_of(self, session: UUID) -> UUID | None:
        """See ``MediaPlane``."""
        found = self._sessions.get(session)
        return None if found is None else found.call.id

    def request_keyframe(self, call: UUID) -> None:
        """See ``MediaPlane``."""
        if call in self._calls:
            self._calls[call].ask_keyframe(time.monotonic())

    def limit_bitrate(self, call: UUID, kbps: int | None) -> None:
        """See ``MediaPlane``."""
        self._limits.pop(call, None)
        if kbps is not None:
            self._limits[call] = kbps
            if len(self._limits) > MOST_LIMITS:
                del self._limits[next(iter(self._limits))]
        if call in self._calls:
            self._calls[call].limit(kbps)

    def record(self, call: UUID, folder: Path | None) -> None:
        """See ``MediaPlane``."""
        self._folders.pop(call, None)
        if folder is not None:
            self._folders[call] = folder
        if call in self._calls:
            self._calls[call].record(folder)

    def stats(self, call: UUID) -> CallStats | None:
        """See ``MediaPlane``."""
        found = self._calls.get(call)
        return None if found is None or found.empty else found.stats()

    def on_change(self, listener: Listener) -> None:
        """See ``MediaPlane``."""
        self._listeners.append(listener)

    def _tell(self, call: UUID, change: PublisherChange) -> None:
        for listener in self._listeners:
            try:
                listener(call, change)
            except Exception:
                log.exception("a listener of the media plane failed")

    def ice_servers(self, user: str) -> tuple[IceServer, ...]:
        """See ``MediaPlane``."""
        return ice_servers(self._settings.turn, user, time.time())

    async def ping(self) -> None:
        """See ``MediaPlane``."""
        if self._closed:
            raise Unavailable("Video is shutting down; try again in a moment.")

    async def close(self) -> None:
        """See ``MediaPlane``."""
        self._closed = True
        if self._ticking is not None:
            self._ticking.cancel()
            await asyncio.gather(self._ticking, return_exceptions=True)
        await self._drop_all(list(self._sessions.values()))
        await asyncio.gather(*self._closing, return_exceptions=True)
        for call in self._calls.values():
            call.record(None)
        self._calls.clear()
        await asyncio.to_thread(self._recorder.close)

    async def _tick_while_busy(self) -> None:
        swept_s = 0.0
        while self._sessions:
            await asyncio.sleep(TICK_S)
            now_s = time.monotonic()
            for call in tuple(self._calls.values()):
                try:
                    call.tick(now_s)
                except Exception:
                    log.exception("a call's regular work failed; other calls go on")
            if now_s - swept_s >= 1.0:
                swept_s = now_s
                self._sweep(now_s)

    def _sweep(self, now_s: float) -> None:
        """Remove peers that never connected or have vanished."""
        for session in tuple(self._sessions.values()):
            transport = session.transport
            late = not transport.ready and now_s - session.made_s > CONNECT_WITHIN_S
            if late or (transport.ready and transport.silent_s > DEAD_AFTER_S):
                self._drop(session)
