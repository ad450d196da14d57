"""One peer's secure channel: ICE by aioice, DTLS by OpenSSL, SRTP by libsrtp, as aiortc brings them.

This is the only file that touches members which those libraries do not promise; ``TOUCHED`` names each
and a test holds them, so that an upgrade fails there and not in a call.

aiortc's peer connection, receiver and sender are not used, for they decode and encode (docs/adr/0020).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import time
from collections.abc import Callable, Sequence
from typing import Any

import aioice.candidate
import aioice.ice
import pylibsrtp
from aiortc import RTCCertificate
from aiortc.rtcdtlstransport import SRTP_PROFILES, certificate_digest
from OpenSSL import SSL

from relay.errors import BadInput, Unavailable
from relay.video.answer import Local
from relay.video.dtls_records import cut_into_datagrams
from relay.video.sdp import Remote

TOUCHED: dict[type, tuple[str, ...]] = {
    aioice.ice.Connection: (
        "_local_candidates", "_local_candidates_start", "_local_candidates_end", "_nominated",
        "_protocols", "_check_list", "data_received", "request_received",
    ),
    aioice.ice.StunProtocol: ("datagram_received", "local_candidate", "transport"),
    RTCCertificate: ("_create_ssl_context",),
}  # fmt: skip
DTLS_1_2, DATAGRAM = 0xFEFD, 1_200
RESEND_FIRST_S, RESEND_LONGEST_S = 0.08, 0.4
EARLY_DATAGRAMS = 8
MOST_SSRCS = 32
SOCKET_BUFFER = 1 << 20
log = logging.getLogger(__name__)


class _Protocol(aioice.ice.StunProtocol):
    """Tells media from ICE by the first byte (RFC 7983). Strangers and malformed messages are dropped."""

    receiver: _Ice

    def datagram_received(self, data: bytes | str, addr: tuple[Any, ...]) -> None:
        if not data or isinstance(data, str):
            return
        if data[0] > 19:
            if self.receiver.knows(addr[:2]):
                self.receiver.data_received(data, 1)
            return
        try:
            super().datagram_received(data, addr)
        except Exception:  # noqa: BLE001 - hostile bytes; nothing may escape into the loop
            log.debug("a malformed STUN message was dropped")


class _Ice(aioice.ice.Connection):
    """An ICE agent that hands data on at once and listens on given addresses."""

    def __init__(self, addresses: Sequence[str], deliver: Callable[[bytes], None]) -> None:
        super().__init__(ice_controlling=False)
        self._addresses, self._deliver = addresses, deliver
        self.heard_s = time.monotonic()
        self._known: set[tuple[Any, ...]] = set()

    def knows(self, address: tuple[Any, ...]) -> bool:
        """Whether the peer named this address, or proved by an ICE check that it is there."""
        if address not in self._known:
            if not any(pair.remote_addr[:2] == address for pair in self._check_list):
                return False
            self._known.add(address)
        return True

    def data_received(self, data: bytes, component: int) -> None:
        self.heard_s = time.monotonic()
        self._deliver(data)

    def request_received(
        self, message: Any, addr: tuple[str, int], protocol: aioice.ice.StunProtocol
    ) -> None:
        super().request_received(message, addr, protocol)
        if self._nominated:
            self.heard_s = time.monotonic()

    async def gather_candidates(self) -> None:
        """One socket per address; ``Unavailable`` where none can be listened on."""
        self._local_candidates_start = True
        loop = asyncio.get_running_loop()
        for address in self._addresses:
            with contextlib.suppress(OSError):
                transport, protocol = await loop.create_datagram_endpoint(
                    lambda: _Protocol(self), local_addr=(address, 0)
                )
                self._enter(transport, protocol)
        if not self._local_candidates:
            raise Unavailable("The relay found no network address for video; check its network.")
        self._local_candidates_end = True

    def _enter(self, transport: asyncio.DatagramTransport, protocol: _Protocol) -> None:
        if (sock := transport.get_extra_info("socket")) is not None:
            for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
                sock.setsockopt(socket.SOL_SOCKET, option, SOCKET_BUFFER)
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


class Certificate:
    """Who we are toward peers: a key made at start; its hash stands in every answer."""

    def __init__(self) -> None:
        self._certificate = RTCCertificate.generateCertificate()
        prints = self._certificate.getFingerprints()
        self.fingerprint = next(p.value for p in prints if p.algorithm == "sha-256")
        self.made_s = time.monotonic()

    def connection(self) -> SSL.Connection:
        """A DTLS 1.2 server end (1.2: raw repetition of a lost flight is understood by all)."""
        context = self._certificate._create_ssl_context(SRTP_PROFILES)  # noqa: SLF001 - TOUCHED
        context.set_max_proto_version(DTLS_1_2)
        ssl = SSL.Connection(context)
        ssl.set_accept_state()
        ssl.set_ciphertext_mtu(DATAGRAM)
        return ssl


class Transport:
    """A peer's channel, from ICE to decrypted packets.

    ``on_rtp`` and ``on_rtcp`` get each authenticated packet, ``on_ready`` is called once when media may flow,
    ``on_gone`` once when the peer said goodbye or the handshake failed.
    """

    def __init__(
        self,
        certificate: Certificate,
        addresses: Sequence[str],
        on_rtp: Callable[[bytes], None],
        on_rtcp: Callable[[bytes], None],
        on_ready: Callable[[], None],
        on_gone: Callable[[], None],
    ) -> None:
        self.ready = False
        self.handshake_rtt_s: float | None = None
        self._addresses, self._fingerprint = addresses, certificate.fingerprint
        self._on_rtp, self._on_rtcp = on_rtp, on_rtcp
        self._on_ready, self._on_gone = on_ready, on_gone
        self._ssl = certificate.connection()
        self._expected: tuple[tuple[str, str], ...] = ()
        self._ice = _Ice(addresses, self._received)
        self._next_ice: _Ice | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._rx: pylibsrtp.Session | None = None
        self._tx: pylibsrtp.Session | None = None
        self._early: list[bytes] = []
        self._flight: list[bytes] = []
        self._flight_s, self._pause_s = 0.0, RESEND_FIRST_S
        self._ssrcs: set[bytes] = set()
        self._connected = self._over = False

    @property
    def silent_s(self) -> float:
        """Seconds since anything came from the peer."""
        return time.monotonic() - self._ice.heard_s

    async def open(self, remote: Remote) -> Local:
        """Listen, and begin to connect: our end for the answer. ``Unavailable`` without an address."""
        self._expected = remote.fingerprints
        return await self._begin(self._ice, remote)

    async def restart(self, remote: Remote) -> Local:
        """New ICE credentials and sockets under the same keys; media moves over when they connect."""
        if (waiting := self._next_ice) is not None:
            await waiting.close()
        self._next_ice = _Ice(self._addresses, self._received)
        return await self._begin(self._next_ice, remote)

    @property
    def remote_ufrag(self) -> str | None:
        """The peer's newest ICE user fragment."""
        return (self._next_ice or self._ice).remote_username

    async def add_candidates(self, candidates: Sequence[str]) -> None:
        """Trickled candidates; what cannot be used is left out."""
        await _add_candidates(self._next_ice or self._ice, candidates)

    async def _begin(self, ice: _Ice, remote: Remote) -> Local:
        ice.remote_username, ice.remote_password = remote.ufrag, remote.password
        try:
            await ice.gather_candidates()
        except Unavailable:
            await ice.close()
            raise
        await _add_candidates(ice, remote.candidates)
        lines = [candidate.to_sdp() for candidate in ice.local_candidates]
        self._tasks.add(task := asyncio.create_task(self._connect(ice)))
        task.add_done_callback(self._tasks.discard)
        return Local(ice.local_username, ice.local_password, self._fingerprint, lines)

    async def _connect(self, ice: _Ice) -> None:
        try:
            await ice.connect()
        except ConnectionError:
            if ice is self._ice:
                self._end()
            return
        if ice is self._next_ice:
            old, self._ice, self._next_ice = self._ice, ice, None
            await old.close()
            return
        self._connected = True
        early, self._early = self._early, []
        for data in early:
            self._received(data)
        await self._repeat_lost_flights()

    async def _repeat_lost_flights(self) -> None:
        """Send our unanswered handshake flight again, soon and often: a radio loses the first ones."""
        while not self.ready and not self._over:
            await asyncio.sleep(0.02)
            if self._flight and time.monotonic() - self._flight_s >= self._pause_s:
                self._pause_s = min(1.5 * self._pause_s, RESEND_LONGEST_S)
                self._send_flight()

    def _received(self, data: bytes) -> None:
        first = data[0]
        if 127 < first < 192:
            if self._rx is not None:
                self._received_media(data)
        elif 19 < first < 64:
            if self._connected:
                self._received_dtls(data)
            elif len(self._early) < EARLY_DATAGRAMS:
                self._early.append(data)

    def _received_media(self, data: bytes) -> None:
        if self._rx is None or len(data) < 12 or len(data) > 1500:
            return
        try:
            if 192 <= data[1] <= 223:
                self._on_rtcp(self._rx.unprotect_rtcp(data))
                return
            ssrc = data[8:12]
            if ssrc not in self._ssrcs and len(self._ssrcs) >= MOST_SSRCS:
                return
            plain = self._rx.unprotect(data)
        except pylibsrtp.Error:
            return
        self._ssrcs.add(ssrc)
        self._on_rtp(plain)

    def _received_dtls(self, data: bytes) -> None:
        if self._over:
            return
        if self.ready and data[0] == 22:
            if time.monotonic() - self._flight_s > 0.05:
                self._send_flight()  # the peer repeats its last flight: our answer to it was lost
            return
        self._ssl.bio_write(data)
        try:
            if self.ready:
                self._ssl.recv(2048)
            else:
                self._ssl.do_handshake()
        except SSL.WantReadError:
            self._take_flight()
        except (SSL.ZeroReturnError, SSL.Error):
            self._end()
        else:
            self._take_flight()
            if not self.ready:
                self._secure()

    def _take_flight(self) -> None:
        """What OpenSSL wants to say; kept for repetition."""
        stream = b""
        with contextlib.suppress(SSL.WantReadError):
            while True:
                stream += self._ssl.bio_read(16_384)
        if not stream:
            return
        if self._flight_s and self.handshake_rtt_s is None:
            self.handshake_rtt_s = time.monotonic() - self._flight_s
        self._flight = cut_into_datagrams(stream, DATAGRAM)
        self._pause_s = RESEND_FIRST_S
        self._send_flight()

    def _send_flight(self) -> None:
        self._flight_s = time.monotonic()
        for datagram in self._flight:
            self._ice.send_now(datagram)

    def _secure(self) -> None:
        """The handshake is done: check who it is, derive the keys (RFC 5764 §4.2)."""
        certificate = self._ssl.get_peer_certificate(as_cryptography=True)
        chosen = self._ssl.get_selected_srtp_profile()
        profile = next((p for p in SRTP_PROFILES if p.openssl_profile == chosen), None)
        known = certificate is not None and all(
            certificate_digest(certificate, algorithm) == value
            for algorithm, value in self._expected
        )
        if profile is None or not known or not self._expected:
            self._end()
            return
        size = 2 * (profile.key_length + profile.salt_length)
        keys = self._ssl.export_keying_material(b"EXTRACTOR-dtls_srtp", size)
        kinds = (pylibsrtp.Policy.SSRC_ANY_INBOUND, pylibsrtp.Policy.SSRC_ANY_OUTBOUND)
        self._rx, self._tx = (
            pylibsrtp.Session(_policy(profile.get_key_and_salt(keys, index), kind, profile))
            for index, kind in enumerate(kinds)
        )
        self.ready = True
        self._on_ready()

    def send_rtp(self, packet: bytes) -> None:
        """Encrypt and send; dropped where the channel does not stand."""
        if self._tx is not None and not self._over:
            self._ice.send_now(self._tx.protect(packet))

    def send_rtcp(self, packet: bytes) -> None:
        """As above."""
        if self._tx is not None and not self._over:
            self._ice.send_now(self._tx.protect_rtcp(packet))

    def _end(self) -> None:
        if not self._over:
            self._over = True
            self._on_gone()

    async def close(self) -> None:
        """Say goodbye; release sockets and tasks."""
        self._over = True
        if self.ready:
            with contextlib.suppress(SSL.Error):
                self._ssl.shutdown()
            self._take_flight()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._ice.close()
        if self._next_ice is not None:
            await self._next_ice.close()
        self._rx = self._tx = None


def _policy(key: bytes, kind: int, profile: Any) -> pylibsrtp.Policy:
    policy = pylibsrtp.Policy(key=key, ssrc_type=kind, srtp_profile=profile.libsrtp_profile)
    policy.allow_repeat_tx = True
    policy.window_size = 1024
    return policy


async def _add_candidates(ice: _Ice, candidates: Sequence[str]) -> None:
    """UDP candidates with an address; names (mDNS) are skipped: the peer's own checks reveal it.

    Raises:
        BadInput: the connection is over.
    """
    for line in candidates:
        with contextlib.suppress(ValueError, IndexError, KeyError):
            candidate = aioice.Candidate.from_sdp(line)
            usable = candidate.transport.lower() == "udp" and candidate.component == 1
            if usable and not candidate.host.endswith(".local"):
                if len(ice.remote_candidates) >= 40:
                    raise BadInput("That is more candidates than a connection may have.")
                await ice.add_remote_candidate(candidate)
