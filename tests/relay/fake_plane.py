"""A media plane in memory: remembers who was let in, tells changes when the test says so."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import UUID, uuid4

from relay.errors import BadInput, NotFound, Unavailable
from relay.video.port import (
    Answer,
    CallStats,
    IceServer,
    Listener,
    PublisherChange,
    PublisherStats,
    ViewerStats,
)


class FakePlane:
    """Fulfils ``MediaPlane`` without a network."""

    def __init__(self) -> None:
        self.publishers: dict[UUID, UUID] = {}
        self.viewers: dict[UUID, tuple[UUID, str]] = {}
        self.listeners: list[Listener] = []
        self.offers: list[str] = []
        self.answerer: Callable[[str], Awaitable[str]] | None = None
        self.viewer_answerer: Callable[[str], Awaitable[str]] | None = None
        self.broken = False
        self.viewer_budget_kbps: int | None = None
        self.folders: dict[UUID, Path | None] = {}

    async def publish(self, call: UUID, offer_sdp: str) -> Answer:
        self._check(offer_sdp)
        if self.broken:
            raise Unavailable("The plane has no network; try again.")
        sdp = await self.answerer(offer_sdp) if self.answerer else "v=0\r\nanswer"
        self.publishers[call] = uuid4()
        return Answer(self.publishers[call], sdp)

    async def subscribe(self, call: UUID, offer_sdp: str, viewer: str) -> Answer:
        self._check(offer_sdp)
        sdp = await self.viewer_answerer(offer_sdp) if self.viewer_answerer else "v=0\r\nanswer"
        session = uuid4()
        self.viewers[session] = (call, viewer)
        return Answer(session, sdp)

    def _check(self, offer: str) -> None:
        self.offers.append(offer)
        if not offer.startswith("v=0"):
            raise BadInput("The offer cannot be read.")

    async def patch(self, session: UUID, fragment: str) -> str:
        if self.call_of(session) is None:
            raise NotFound("This video connection has ended.")
        return "a=ice-ufrag:new" if "ice-ufrag" in fragment else ""

    async def remove(self, session: UUID) -> None:
        call = self.call_of(session)
        if call is None:
            raise NotFound("This video connection has ended.")
        self.viewers.pop(session, None)
        if self.publishers.get(call) == session:
            del self.publishers[call]
            self.tell(call, PublisherChange.GONE)

    async def end(self, call: UUID) -> None:
        self.publishers.pop(call, None)
        self.viewers = {s: v for s, v in self.viewers.items() if v[0] != call}

    def call_of(self, session: UUID) -> UUID | None:
        if session in self.viewers:
            return self.viewers[session][0]
        return next((c for c, s in self.publishers.items() if s == session), None)

    def request_keyframe(self, call: UUID) -> None: ...

    def record(self, call: UUID, folder: Path | None) -> None:
        self.folders[call] = folder

    def limit_bitrate(self, call: UUID, kbps: int | None) -> None: ...

    def stats(self, call: UUID) -> CallStats | None:
        budget = self.viewer_budget_kbps
        viewers = tuple(
            ViewerStats(s, name, True, 300, 1, 0, 0, 0.0, None, budget, budget is not None, True)
            for s, (c, name) in self.viewers.items()
            if c == call
        )
        session = self.publishers.get(call)
        publisher = (
            PublisherStats(session, "VP8", 400, 15.0, 640, 360, 9, 0, 0, 30.0, 0.1, False, 1, None)
            if session
            else None
        )
        return CallStats(publisher, viewers) if publisher or viewers else None

    def on_change(self, listener: Listener) -> None:
        self.listeners.append(listener)

    def tell(self, call: UUID, change: PublisherChange) -> None:
        for listener in self.listeners:
            listener(call, change)

    def ice_servers(self, user: str) -> tuple[IceServer, ...]:
        return (IceServer(("turn:turn.example.jp",), user, "secret"),)

    async def ping(self) -> None: ...

    async def close(self) -> None: ...
