"""The socket around ``SenderLink``: dial, send what the link wants sent, redial for ever.

Knows the network and the clock; decides nothing about what goes first (the link does) and keeps
nothing (the spool does).
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import ssl
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Literal
from uuid import UUID

import structlog
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI

from ambulance_client.link_causes import MUST_ACT, is_not_taken, of_close, of_status, told_of
from ambulance_client.path import way_out
from relay.errors import RemoteProtocolError
from relay.protocol import messages as m
from relay.protocol.link import (
    CLOSE_GOING_AWAY,
    CLOSE_TOKEN,
    DEAD_AFTER_S,
    LinkState,
    redial_delay_s,
)
from relay.protocol.sender import SenderEvent, SenderLink
from relay.protocol.wire import restamp

log = structlog.get_logger()

TICK_S = 0.25
DIAL_TIMEOUT_S = 5.0
REFUSED_WAIT_S = 5.0
TAKEN_AFTER_S = 2.0
"""A relay that took nothing is called connected again when it has kept a connection for so long."""
LinkName = Literal["connected", "connecting", "lost", "refused"]


@dataclass(frozen=True, slots=True)
class LinkStatus:
    """The link in one word, since when, one sentence where something is wrong, and the relay's code.

    Attributes:
        told: the words of ``relay.causes`` where the cause is known.
    """

    state: LinkName
    since_us: int
    text: str = ""
    refused_as: int | None = None
    told: dict[str, str] = field(default_factory=dict)


class Uplink:
    """Keeps one link to the relay alive.

    Args:
        url: ``ws://`` or ``wss://`` address of the relay's ``/link/v1``.
        token: the device token.
        link: the pure core; shared with the tablet, which registers what it spools.
        fetch: gives a frame's bytes from the spool, None where it was acknowledged meanwhile.
        heard: called with every event of the link, in order.
        backlog_ms: asked before each heartbeat.
    """

    def __init__(
        self,
        *,
        url: str,
        token: str,
        link: SenderLink,
        fetch: Callable[[UUID, int], Awaitable[bytes | None]],
        heard: Callable[[SenderEvent], Awaitable[None]],
        backlog_ms: Callable[[], int],
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.link = link
        self.status = LinkStatus("connecting", _wall_us())
        self.changed = asyncio.Event()
        self.frames_sent = 0
        self._url, self._token, self._tls = url, token, tls
        self._fetch, self._heard, self._backlog_ms = fetch, heard, backlog_ms
        self._work = asyncio.Event()
        self._taken_by_s: float | None = None
        """Set where the relay ended the last connection because it took nothing: until when that is doubted."""

    def poke(self) -> None:
        """There is something new to send."""
        self._work.set()

    async def run(self) -> None:
        """Dial and redial until cancelled."""
        attempt = 0
        while True:
            try:
                if await self._one_connection() and self._taken_by_s is None:
                    attempt = 0
            except InvalidStatus as error:
                self._refused(error.response.status_code)
            except InvalidURI:
                self._say("refused", f"The relay's address {self._url} is no ws:// or wss:// URL.")
            except (OSError, InvalidHandshake, TimeoutError, ConnectionClosed) as error:
                self._lost(error)
            finally:
                self.link.closed()
            if self.status.state == "refused":
                await asyncio.sleep(REFUSED_WAIT_S)
            await asyncio.sleep(redial_delay_s(attempt, random.random()))  # noqa: S311 - jitter
            attempt += 1

    async def _one_connection(self) -> bool:
        """Until the connection ends; True when the relay had welcomed us."""
        async with connect(
            self._url,
            additional_headers={"Authorization": f"Bearer {self._token}"},
            subprotocols=[m.SUBPROTOCOL],  # type: ignore[list-item]  # a NewType of str
            compression=None,
            ping_interval=None,
            open_timeout=DIAL_TIMEOUT_S,
            close_timeout=0.5,
            max_size=2**20,
            ssl=self._tls,
        ) as socket:
            self.link.connected(time.monotonic(), _wall_us())
            tasks = [
                asyncio.create_task(part, name=f"uplink-{name}")
                for name, part in (
                    ("receive", self._receive(socket)),
                    ("send", self._send(socket)),
                    ("tick", self._tick()),
                    ("path", self._watch_path(socket.remote_address)),
                )
            ]
            self._work.set()
            try:
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                was_up = self.link.state is LinkState.UP
            except asyncio.CancelledError:
                await socket.close(CLOSE_GOING_AWAY, "the tablet is ending")
                raise
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
            for task in done:
                self._ended(task)
            return was_up

    async def _receive(self, socket: ClientConnection) -> None:
        async for message in socket:
            if isinstance(message, bytes):
                raise RemoteProtocolError("The relay sent a binary message; it may only send text.")
            for event in self.link.receive_text(message, time.monotonic(), _wall_us()):
                if isinstance(event, m.Welcome):
                    self._welcomed()
                await self._heard(event)
            self._work.set()

    def _welcomed(self) -> None:
        """Connected; where the relay took nothing a moment ago only after it has taken it for a while."""
        if self._taken_by_s is None:
            self._say("connected", "")
        else:
            self._taken_by_s = time.monotonic() + TAKEN_AFTER_S

    def _look_whether_taken(self) -> None:
        if self._taken_by_s is not None and time.monotonic() > self._taken_by_s:
            self._taken_by_s = None
            self._say("connected", "")

    async def _send(self, socket: ClientConnection) -> None:
        while True:
            await self._work.wait()
            self._work.clear()
            while True:
                for text in self.link.texts_to_send():
                    await socket.send(text)
                order = self.link.next_frame()
                if order is None:
                    break
                data = await self._fetch(order.stream, order.seq)
                if data is not None:
                    await socket.send(restamp(data, order.epoch, backlog=order.backlog))
                    self.frames_sent += 1

    async def _tick(self) -> None:
        while not self.link.tick(time.monotonic(), _wall_us(), self._backlog_ms()):
            self._work.set()
            if self.link.state is LinkState.UP:
                self._look_whether_taken()
            await asyncio.sleep(TICK_S)
        raise TimeoutError(f"nothing heard for {DEAD_AFTER_S:.0f} s")

    async def _watch_path(self, relay: tuple[object, ...]) -> None:
        """End the connection as soon as the system would take another way: this one is dead."""
        used = way_out(relay)
        while (now := way_out(relay)) is None or used is None or now == used:
            used = used or now
            await asyncio.sleep(TICK_S)
        raise ConnectionError("the network changed")

    def _ended(self, task: asyncio.Task[None]) -> None:
        if task.cancelled():
            return
        error = task.exception()
        if isinstance(error, ConnectionClosed) and error.rcvd and error.rcvd.code == CLOSE_TOKEN:
            self._refused(401, of_close(error.rcvd.reason))
        elif error is None:
            self._say("lost", "The relay closed the connection.")
        elif isinstance(error, (OSError, ConnectionClosed, TimeoutError, RemoteProtocolError)):
            self._lost(error)
        else:
            raise error

    def _refused(self, status: int, told: dict[str, str] | None = None) -> None:
        told = told or of_status(status)
        state: LinkName = "refused" if told["cause"] in MUST_ACT else "lost"
        self._say(state, told["words_en"], status, told)

    def _lost(self, error: BaseException) -> None:
        if is_not_taken(error):
            self._taken_by_s = time.monotonic() + TAKEN_AFTER_S
        told = told_of(error, date.today())  # noqa: DTZ011 - the tablet's own date is what is shown
        state: LinkName = "refused" if told.get("cause") in MUST_ACT else "lost"
        self._say(state, told.get("words_en") or _why(error), None, told)

    def _say(
        self,
        state: LinkName,
        text: str,
        refused_as: int | None = None,
        told: dict[str, str] | None = None,
    ) -> None:
        if (state, text) != (self.status.state, self.status.text):
            since = _wall_us() if state != self.status.state else self.status.since_us
            self.status = LinkStatus(state, since, text, refused_as, told or {})
            log.info((told or {}).get("cause", "link"), state=state, why=text)
            self.changed.set()


def tls_context(ca_file: str | None) -> ssl.SSLContext:
    """TLS 1.3 with the system's authorities, or with one of your own."""
    context = ssl.create_default_context(cafile=ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    return context


def _why(error: BaseException) -> str:
    if isinstance(error, ConnectionClosed):
        frame = error.rcvd
        return (
            f"The relay closed the connection ({frame.reason or frame.code})."
            if frame
            else ("The connection broke.")
        )
    if isinstance(error, TimeoutError):
        return "Nothing was heard from the relay."
    with contextlib.suppress(AttributeError):
        if isinstance(error, OSError) and error.strerror:
            return f"No way to the relay ({error.strerror})."
    return f"No way to the relay ({error})."


def _wall_us() -> int:
    return time.time_ns() // 1000
