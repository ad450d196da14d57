"""A peer's ICE agent: aioice with sockets of our own choosing, deaf to strangers (RFC 8445, RFC 7983)."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

import aioice.candidate
import aioice.ice
import aioice.stun

from relay.errors import BadInput, Unavailable
from relay.video.udp import open_udp

TOUCHED: dict[type, tuple[str, ...]] = {
    aioice.ice.Connection: (
        "_local_candidates", "_local_candidates_start", "_local_candidates_end", "_nominated",
        "_protocols", "_check_list", "data_received", "respond_error", "check_incoming",
    ),
    aioice.ice.StunProtocol: (
        "datagram_received", "local_candidate", "transport", "request", "send_stun",
    ),
}  # fmt: skip
MOST_PAIRS = 200
MOST_CANDIDATES = 16
"""A browser names its addresses, one port each; a stranger names ports of others."""
LOWEST_PORT = 1_024
"""Below it no browser's media comes from, and what listens there is somebody's service."""
UNPROVEN_DATAGRAMS = 80
"""To addresses from which no right check has come yet, in the life of one agent: eight checks of ten datagrams."""
REPEAT_AFTER_S = (0.08, 0.12, 0.2)
"""aioice repeats a check after half a second; a browser asks every 50 ms, and a radio loses the first ones."""
STRANGERS = {400, 401}
"""What an error says to a request without the right password (RFC 8489 §9.1.3)."""
log = logging.getLogger(__name__)


class _Protocol(aioice.ice.StunProtocol):
    """Tells media from ICE by the first byte (RFC 7983). Strangers and malformed messages are dropped."""

    receiver: Ice

    def send_stun(self, message: aioice.stun.Message, addr: tuple[str, int]) -> None:
        """As aioice's, but of checks to strangers only so many."""
        is_check = message.message_class == aioice.stun.Class.REQUEST
        if not is_check or self.receiver.may_send(addr):
            super().send_stun(message, addr)

    async def request(
        self,
        request: aioice.stun.Message,
        addr: tuple[str, int],
        integrity_key: bytes | None = None,
        retransmissions: int | None = None,
    ) -> tuple[aioice.stun.Message, tuple[str, int]]:
        """As aioice's, and repeated early; consent checks, which may not be repeated, are not."""
        early = None if retransmissions == 0 else asyncio.create_task(self._repeat(request, addr))
        try:
            return await super().request(request, addr, integrity_key, retransmissions)
        finally:
            if early is not None:
                early.cancel()

    async def _repeat(self, request: aioice.stun.Message, addr: tuple[str, int]) -> None:
        for pause_s in REPEAT_AFTER_S:
            await asyncio.sleep(pause_s)
            if self.transport.is_closing():
                return
            self.send_stun(request, addr)

    def datagram_received(self, data: bytes | str, addr: tuple[Any, ...]) -> None:
        self.datagram_arrived(bytes(data), addr, time.monotonic())  # type: ignore[arg-type]

    def datagram_arrived(self, data: bytes, addr: tuple[Any, ...], arrived_s: float) -> None:
        """A datagram, and when it came (``time.monotonic``)."""
        if not data:
            return
        if data[0] > 19:
            if self.receiver.knows(addr[:2]):
                self.receiver.media_arrived(data, arrived_s)
            return
        try:
            super().datagram_received(data, addr)
        except Exception:  # noqa: BLE001 - hostile bytes; nothing may escape into the loop
            log.debug("a malformed STUN message was dropped")


class Ice(aioice.ice.Connection):
    """An ICE agent that hands data on at once and listens on given addresses."""

    def __init__(self, addresses: Sequence[str], deliver: Callable[[bytes, float], None]) -> None:
        super().__init__(ice_controlling=False)
        self._addresses, self._deliver = addresses, deliver
        self.heard_s = time.monotonic()
        self._known: set[tuple[Any, ...]] = set()
        self._proven: set[tuple[Any, ...]] = set()
        self._unproven_left = UNPROVEN_DATAGRAMS

    def may_send(self, address: tuple[Any, ...]) -> bool:
        """Whether one more datagram may go to an address that somebody named (RFC 8445 §19.5.1)."""
        if address[:2] in self._proven:
            return True
        self._unproven_left -= 1
        return self._unproven_left >= 0

    def is_on(self, address: str) -> bool:
        """Whether the agent itself listens on this address."""
        return address in self._addresses

    def knows(self, address: tuple[Any, ...]) -> bool:
        """Whether the peer named this address, or proved by an ICE check that it is there."""
        if address not in self._known:
            if not any(pair.remote_addr[:2] == address for pair in self._check_list):
                return False
            self._known.add(address)
        return True

    def media_arrived(self, data: bytes, arrived_s: float) -> None:
        """Hand on at once, with the moment it came."""
        self.heard_s = arrived_s
        self._deliver(data, arrived_s)

    def data_received(self, data: bytes, component: int) -> None:
        """What looked like ICE and is not; nobody sends such."""

    def respond_error(
        self,
        request: Any,
        addr: tuple[str, int],
        protocol: aioice.ice.StunProtocol,
        error_code: tuple[int, str],
    ) -> None:
        """Strangers get nothing: the error would be longer than the request, and go to whom it names."""
        if error_code[0] not in STRANGERS:
            super().respond_error(request, addr, protocol, error_code)

    def check_incoming(
        self, message: Any, addr: tuple[str, int], protocol: aioice.ice.StunProtocol
    ) -> None:
        """A check of one who knows the password. Each new address costs checks of ours: bounded."""
        if self._nominated:
            self.heard_s = time.monotonic()
        self._proven.add(addr[:2])
        known = any(pair.remote_addr[:2] == addr for pair in self._check_list)
        if known or len(self._check_list) < MOST_PAIRS:
            super().check_incoming(message, addr, protocol)

    async def gather_candidates(self) -> None:
        """One socket per address; ``Unavailable`` where none can be listened on."""
        self._local_candidates_start = True
        for address in self._addresses:
            protocol = _Protocol(self)
            with contextlib.suppress(OSError):
                self._enter(await open_udp(protocol, address), protocol)
        if not self._local_candidates:
            raise Unavailable("The relay found no network address for video; check its network.")
        self._local_candidates_end = True

    def _enter(self, transport: asyncio.DatagramTransport, protocol: _Protocol) -> None:
        host, port = transport.get_extra_info("sockname")[:2]
        protocol.local_candidate = aioice.Candidate(
            foundation=aioice.candidate.candidate_foundation("host", "udp", host),
            component=1,
            transport="udp",
            priority=aioice.candidate.candidate_priority(1, "host") - 256 * len(self._protocols),
            host=host,
            port=port,
            type="host",
        )
        self._protocols.append(protocol)
        self._local_candidates.append(protocol.local_candidate)

    def send_now(self, data: bytes) -> bool:
        """Send without waiting; False where no pair is agreed or the socket is gone."""
        pair = self._nominated.get(1)
        if pair is None:
            return False
        pair.protocol.transport.sendto(data, pair.remote_addr)
        return True


def host_addresses(loopback: bool) -> list[str]:
    """This machine's addresses, IPv4 first; with the loopback address where asked."""
    found = aioice.ice.get_host_addresses(use_ipv4=True, use_ipv6=True)
    found = [a for a in found if not a.lower().startswith(("169.254.", "fe80:"))]
    found.sort(key=lambda address: ":" in address)
    return [*found[:8], *(["127.0.0.1"] if loopback else [])]


def _can_be_sent_to(ice: Ice, host: str, port: int) -> bool:
    """Whether a peer may be there: one machine's address, and this machine only where it is listened on.

    Raises:
        ValueError: not an address.
    """
    address = ipaddress.ip_address(host)
    nobody = address.is_multicast or address.is_unspecified or address.is_link_local
    if nobody or str(address) == "255.255.255.255":
        return False
    return LOWEST_PORT <= port < 65_536 and (not address.is_loopback or ice.is_on(str(address)))


async def add_candidates(ice: Ice, candidates: Sequence[str]) -> None:
    """UDP candidates with an address; names (mDNS) are skipped: the peer's own checks reveal it.

    Raises:
        BadInput: the connection is over.
    """
    for line in candidates:
        with contextlib.suppress(ValueError, IndexError, KeyError):
            candidate = aioice.Candidate.from_sdp(line)
            usable = candidate.transport.lower() == "udp" and candidate.component == 1
            if usable and _can_be_sent_to(ice, candidate.host, candidate.port):
                if len(ice.remote_candidates) >= MOST_CANDIDATES:
                    raise BadInput("That is more candidates than a connection may have.")
                await ice.add_remote_candidate(candidate)
