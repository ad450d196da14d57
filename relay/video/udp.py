"""A UDP socket whose datagrams carry the moment they reached this machine.

A phone's estimator takes gaps between arrivals for the state of its line. Told when we *read* its packets, it
takes every pause of a busy relay for a full queue, and a burst read at once for a probe that failed; told
what the kernel noted (socket(7), ``SO_TIMESTAMPNS``), it sees its line alone. Elsewhere than on Linux the
moment of reading must do.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
import time
from typing import Any, Protocol, cast

SO_TIMESTAMPNS = 35
"""Of Linux's generic ABI; Python 3.11 has no name for it."""
HAS_ARRIVALS = sys.platform == "linux"
SOCKET_BUFFER = 1 << 20
BATCH = 64
LARGEST = 2_048
OLDEST_S = 5.0
_TIMESPEC = struct.Struct("@ll")
_ROOM = socket.CMSG_SPACE(_TIMESPEC.size) if HAS_ARRIVALS else 0


class Receiver(Protocol):
    """What a socket hands its datagrams to; the rest of it is ``asyncio.DatagramProtocol``."""

    def datagram_arrived(self, data: bytes, addr: tuple[Any, ...], arrived_s: float) -> None:
        """A datagram, and when it came (``time.monotonic``)."""


class ArrivalTransport(asyncio.DatagramTransport):
    """Reads what waits in one go and sends at once; what the kernel has no room for is lost, as on any line."""

    def __init__(
        self,
        sock: socket.socket,
        protocol: asyncio.DatagramProtocol,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        super().__init__({"socket": sock, "sockname": sock.getsockname()})
        self._sock, self._protocol, self._loop = sock, protocol, loop
        self._closing = False
        protocol.connection_made(self)
        loop.add_reader(sock.fileno(), self._read)

    def _read(self) -> None:
        receive, hand_on = self._sock.recvmsg, cast(Receiver, self._protocol).datagram_arrived
        now_s = time.monotonic()
        offset_s = now_s - time.time()
        for _ in range(BATCH):
            if self._closing:
                return
            try:
                data, notes, flags, addr = receive(LARGEST, _ROOM)
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:  # a peer's "port unreachable"; the socket lives
                self._protocol.error_received(error)
                return
            if not flags & socket.MSG_TRUNC:
                hand_on(data, addr, _arrival_s(notes, now_s, offset_s))

    def sendto(self, data: Any, addr: Any = None) -> None:
        """See above."""
        if self._closing:
            return
        try:
            self._sock.sendto(data, addr)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._protocol.error_received(error)

    def is_closing(self) -> bool:
        """Whether it is over."""
        return self._closing

    def close(self) -> None:
        """Nothing is read or sent from now on; the protocol hears of it next."""
        if not self._closing:
            self._closing = True
            self._loop.remove_reader(self._sock.fileno())
            self._loop.call_soon(self._closed)

    def _closed(self) -> None:
        self._protocol.connection_lost(None)
        self._sock.close()

    def abort(self) -> None:
        """Nothing waits to be sent: as ``close``."""
        self.close()


def _arrival_s(notes: list[tuple[int, int, bytes]], now_s: float, offset_s: float) -> float:
    """The kernel's note on this process's clock; a wall clock that was set meanwhile does not count."""
    if len(notes) != 1 or notes[0][1] != SO_TIMESTAMPNS:
        return now_s
    seconds, nanoseconds = _TIMESPEC.unpack(notes[0][2])
    arrived_s: float = seconds + nanoseconds / 1e9 + offset_s
    return arrived_s if now_s - OLDEST_S < arrived_s < now_s + OLDEST_S else now_s


async def open_udp(protocol: asyncio.DatagramProtocol, address: str) -> asyncio.DatagramTransport:
    """Listen on a free port of this address. ``OSError`` where it is not ours."""
    loop = asyncio.get_running_loop()
    if not HAS_ARRIVALS:
        transport, _ = await loop.create_datagram_endpoint(
            lambda: protocol, local_addr=(address, 0)
        )
        _give_room(transport.get_extra_info("socket"))
        return transport
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    try:
        sock.bind((address, 0))
        sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        _give_room(sock)
        return ArrivalTransport(sock, protocol, loop)
    except BaseException:
        sock.close()
        raise


def _give_room(sock: Any) -> None:
    for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
        sock.setsockopt(socket.SOL_SOCKET, option, SOCKET_BUFFER)
