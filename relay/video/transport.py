"""One peer's secure channel: ICE by aioice, DTLS by OpenSSL, SRTP by libsrtp, as aiortc brings them.

This file and ``ice`` alone touch members which those libraries do not promise; ``TOUCHED`` names each
and a test holds them, so that an upgrade fails there and not in a call.

aiortc's peer connection, receiver and sender are not used, for they decode and encode (docs/adr/0020).
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from typing import Any

import pylibsrtp
from aiortc import RTCCertificate
from aiortc.rtcdtlstransport import SRTP_PROFILES, certificate_digest
from OpenSSL import SSL

from relay.errors import Unavailable
from relay.video.answer import LocalEnd
from relay.video.dtls_records import cut_into_datagrams
from relay.video.ice import TOUCHED as ICE_TOUCHED
from relay.video.ice import Ice, add_candidates
from relay.video.sdp import Remote

TOUCHED: dict[type, tuple[str, ...]] = {
    **ICE_TOUCHED,
    RTCCertificate: ("_create_ssl_context",),
}
DTLS_1_2, DATAGRAM = 0xFEFD, 1_200
RESEND_FIRST_S, RESEND_LONGEST_S = 0.08, 0.4
EARLY_DATAGRAMS = 8
MOST_SSRCS = 32


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

    ``on_rtp`` (with the moment it came) and ``on_rtcp`` get each authenticated packet, ``on_ready`` is called once when media may flow,
    ``on_gone`` once when the peer said goodbye or the handshake failed.
    """

    def __init__(
        self,
        certificate: Certificate,
        addresses: Sequence[str],
        on_rtp: Callable[[bytes, float], None],
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
        self._ice = Ice(addresses, self._received)
        self._next_ice: Ice | None = None
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

    async def open(self, remote: Remote) -> LocalEnd:
        """Listen, and begin to connect: our end for the answer. ``Unavailable`` without an address."""
        self._expected = remote.fingerprints
        return await self._begin(self._ice, remote)

    async def restart(self, remote: Remote) -> LocalEnd:
        """New ICE credentials and sockets under the same keys; media moves over when they connect."""
        if (waiting := self._next_ice) is not None:
            await waiting.close()
        self._next_ice = Ice(self._addresses, self._received)
        return await self._begin(self._next_ice, remote)

    @property
    def remote_ufrag(self) -> str | None:
        """The peer's newest ICE user fragment."""
        return (self._next_ice or self._ice).remote_username

    async def add_candidates(self, candidates: Sequence[str]) -> None:
        """Trickled candidates; what cannot be used is left out."""
        await add_candidates(self._next_ice or self._ice, candidates)

    async def _begin(self, ice: Ice, remote: Remote) -> LocalEnd:
        ice.remote_username, ice.remote_password = remote.ufrag, remote.password
        try:
            await ice.gather_candidates()
        except Unavailable:
            await ice.close()
            raise
        await add_candidates(ice, remote.candidates)
        lines = [candidate.to_sdp() for candidate in ice.local_candidates]
        self._tasks.add(task := asyncio.create_task(self._connect(ice)))
        task.add_done_callback(self._tasks.discard)
        return LocalEnd(ice.local_username, ice.local_password, self._fingerprint, lines)

    async def _connect(self, ice: Ice) -> None:
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
            self._received(data, time.monotonic())
        await self._repeat_lost_flights()

    async def _repeat_lost_flights(self) -> None:
        """Send our unanswered handshake flight again, soon and often: a radio loses the first ones."""
        while not self.ready and not self._over:
            await asyncio.sleep(0.02)
            if self._flight and time.monotonic() - self._flight_s >= self._pause_s:
                self._pause_s = min(1.5 * self._pause_s, RESEND_LONGEST_S)
                self._send_flight()

    def _received(self, data: bytes, arrived_s: float) -> None:
        first = data[0]
        if 127 < first < 192:
            if self._rx is not None:
                self._received_media(data, arrived_s)
        elif 19 < first < 64:
            if self._connected:
                self._received_dtls(data)
            elif len(self._early) < EARLY_DATAGRAMS:
                self._early.append(data)

    def _received_media(self, data: bytes, arrived_s: float) -> None:
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
        self._on_rtp(plain, arrived_s)

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
