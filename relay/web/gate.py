"""The door: accepts connections, counts them, and says when one has to go.

The relay accepts every connection at once, so that nobody waits unseen behind a flood. It then serves a few new
ones in each round of the loop. Addresses take turns, and who comes seldom goes before who comes often. A
connection that has closed meanwhile is not served.
"""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import itertools
import select
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import structlog

from relay.turns.credit import Credits
from relay.turns.order import Turns, Waiting
from relay.web.places import ConnectionPlace, ConnectionPlaces, owner_of
from relay.web.refusals import Refusals

log = structlog.get_logger(__name__)
BACKLOG = 2048
HANDSHAKE_S = 10.0
"""For TLS; before it is done nobody knows what the other side wants."""
FULL = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
FULL_REST_S = 0.2
TAKEN_AT_ONCE, IN_A_ROUND = 256, 1
CALM_PER_S, MOST_CALM = 1.0, 12.0
"""So many of one owner go before everybody who comes more often. A page has some seven, and a new one now and then."""
OFTEN_PER_S, MOST_OFTEN, LOOK_AGAIN_S = 30.0, 120.0, 0.005
"""What all who come more often are let in together: a hospital of eighty pages that come back to a new relay is in at once."""
MOST_WAITING = 20_000
"""``ConnectionPlaces`` bounds them before: by descriptors, and of one owner."""
HAS_GONE = getattr(select, "POLLRDHUP", 0) | select.POLLHUP | select.POLLERR
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
MakeProtocol = Callable[[ConnectionPlace], asyncio.BaseProtocol]


@dataclass(eq=False, slots=True)
class Visitor:
    """A connection that was taken, and is let in when it is its turn."""

    connection: socket.socket
    place: ConnectionPlace
    welcome: asyncio.Task[None] | None = None

    def leave(self) -> None:
        """It has to go, wherever it is."""
        if self.welcome is None:
            self.connection.close()
        else:
            self.welcome.cancel()

    @property
    def has_gone(self) -> bool:
        """Whether the other side has closed, or ours has."""
        if self.connection.fileno() < 0:
            return True
        poll = select.poll()
        poll.register(self.connection, HAS_GONE)
        return bool(poll.poll(0))


class Gate:
    """Listens on one socket. Has what uvicorn asks of a server: ``close`` and ``wait_closed``."""

    def __init__(
        self,
        listening: socket.socket,
        make_protocol: MakeProtocol,
        places: ConnectionPlaces,
        tls: ssl.SSLContext | None,
        proxies: Sequence[Network] = (),
    ) -> None:
        self._listening = listening
        self._make_protocol = make_protocol
        self._places = places
        self._tls = tls
        self._proxies = proxies
        self._refusals = Refusals()
        self._welcoming: set[asyncio.Task[None]] = set()
        self._calm = Credits(CALM_PER_S, MOST_CALM)
        self._often = Credits(OFTEN_PER_S, MOST_OFTEN)
        self._turns: Turns[int, Visitor] = Turns(
            most=MOST_WAITING, most_each=MOST_WAITING, at_once_each=1, gives_way=(1_000, 1),
            newest_first=False,
        )  # fmt: skip
        self._number = itertools.count()
        self._has_next = False
        self._task: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Begin to take connections."""
        self._listening.setblocking(False)
        self._listening.listen(BACKLOG)
        self._task = asyncio.get_running_loop().create_task(self._take())

    def close(self) -> None:
        """Take nobody new."""
        if self._task is not None:
            self._task.cancel()

    async def wait_closed(self) -> None:
        """Until the last handshake has ended."""
        tasks = [*self._welcoming, *([self._task] if self._task else [])]
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _take(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, peer = await loop.sock_accept(self._listening)
            except OSError as error:
                if error.errno in FULL:
                    self._refusals.note(log, "no-descriptor-for-a-connection", "-")
                    await asyncio.sleep(FULL_REST_S)
                continue
            self._came(connection, peer)
            with suppress(OSError):  # none stands there now; or the next wait says why
                for _ in range(TAKEN_AT_ONCE):
                    self._came(*self._listening.accept())

    def _came(self, connection: socket.socket, peer: Sequence[object]) -> None:
        address = str(peer[0]) if peer else "-"
        place = ConnectionPlace(owner_of(address), exempt=self._is_proxy(address))
        visitor = Visitor(connection, place)
        place.drop = visitor.leave
        for other in self._places.enter(place):
            self._refusals.note(log, "connection-gave-way", other.owner)
            other.drop()
        seldom = place.exempt or self._calm.may(place.owner, 1, time.monotonic())
        lane = 0 if seldom else 1
        self._turns.ask(Waiting(next(self._number), place.owner, "", lane, 0.0, visitor))
        if not self._has_next:
            self._round()

    def _round(self) -> None:
        """Let a few in; between two rounds everything that is under way goes on."""
        loop, begun = asyncio.get_running_loop(), 0
        while begun < IN_A_ROUND and (due := self._turns.next(self._open_lanes())) is not None:
            self._turns.done(due.key)
            visitor = due.work
            if visitor.has_gone:
                visitor.connection.close()
                self._places.leave(visitor.place)
                continue
            begun += 1
            if due.lane:
                self._often.spend("", 1, time.monotonic())
            visitor.welcome = loop.create_task(self._welcome(visitor.connection, visitor.place))
            self._welcoming.add(visitor.welcome)
            visitor.welcome.add_done_callback(self._welcoming.discard)
        self._has_next = bool(begun or len(self._turns))
        if begun:
            loop.call_soon(self._round)
        elif len(self._turns):
            loop.call_later(LOOK_AGAIN_S, self._round)

    def _open_lanes(self) -> int:
        return 2 if self._often.left("", time.monotonic()) >= 1 else 1

    async def _welcome(self, connection: socket.socket, place: ConnectionPlace) -> None:
        """Do the handshake and hand the connection to its protocol."""
        timeout_s = None if self._tls is None else HANDSHAKE_S
        try:
            connection.setblocking(False)
            with suppress(OSError):
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: self._make_protocol(place),
                connection,
                ssl=self._tls,
                ssl_handshake_timeout=timeout_s,
            )
        except (OSError, asyncio.CancelledError, TimeoutError):  # ssl.SSLError is an OSError
            connection.close()
            self._places.leave(place)

    def _is_proxy(self, address: str) -> bool:
        if not self._proxies:
            return False
        try:
            found = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(found in network for network in self._proxies)
