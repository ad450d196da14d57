"""Packets and texts that were made to hurt the media plane: from strangers, from an agreed peer, in offers.

A real plane with two calls between real peers: one is hurt, the other must not notice. Everything runs in this
process, so that whatever escapes is seen.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID, uuid4

from relay.bench.packets import ClipTrack, Counter, clip, connection, offered, settled
from relay.bench.usage import usage_of
from relay.errors import BadInput, RelayError, Unavailable
from relay.faults.dose import Dose
from relay.faults.hostile_packets import mutated, mutated_text, stranger_packets
from relay.faults.lab import Lab
from relay.faults.verdict import Outcome
from relay.video import rtcp, rtp
from relay.video.answer import LocalEnd, choose_tracks, write_answer
from relay.video.forwarding import ForwardingPlane, PlaneSettings
from relay.video.sdp import parse_fragment, parse_offer

BURST = 50
STRANGERS_SHARE, TEXTS_SHARE = 0.3, 0.05
WARM_SHARE = 0.05
STARTS_WITHIN_S = 20.0


@dataclass(slots=True)
class Hurt:
    """What was sent and what came of it.

    Attributes:
        escaped: exceptions that reached the event loop or the caller, other than a refusal in words.
        unread: datagrams of strangers that the kernel threw away, because the plane had not read on.
        answered_bytes: what the plane sent to strangers, who never proved that they are there.
    """

    packets: int = 0
    texts: int = 0
    refused: int = 0
    stranger_bytes: int = 0
    unread: int = 0
    answered_bytes: int = 0
    escaped: list[str] = field(default_factory=list)


class FuzzedCall:
    """A caller and a viewer that only counts, on a real plane."""

    def __init__(self, plane: ForwardingPlane) -> None:
        self.id, self.seen, self.offer, self.answer = uuid4(), Counter(), "", ""
        self.caller, self.viewer = connection(), connection()
        self.sessions: list[UUID] = []
        self._plane = plane

    async def begin(self, packets: list[bytes]) -> None:
        """Both join; returns when pictures arrive."""
        self.caller.addTrack(ClipTrack(packets, 0))
        self.offer = await offered(self.caller)
        answer = await self._plane.publish(self.id, self.offer)
        self.answer = answer.sdp
        await settled(self.caller, answer.sdp)
        self.viewer.addTransceiver("video", direction="recvonly")
        watching = await self._plane.subscribe(self.id, await offered(self.viewer), "fuzz")
        await settled(self.viewer, watching.sdp)
        self.seen.on(self.viewer)
        self.sessions = [answer.session, watching.session]
        await self.goes_on(STARTS_WITHIN_S)

    async def goes_on(self, within_s: float) -> None:
        """Return when the viewer gets something new.

        Raises:
            Unavailable: it does not.
        """
        before, began_s = self.seen.packets, time.monotonic()
        while self.seen.packets <= before:
            if time.monotonic() - began_s > within_s:
                raise Unavailable(f"A call's viewer got nothing for {within_s:.0f} s.")
            await asyncio.sleep(0.05)

    @property
    def address(self) -> tuple[str, int]:
        """Where the plane listens for the caller."""
        words = next(x for x in self.answer.split("\r\n") if x.startswith("a=candidate")).split()
        return words[4], int(words[5])

    async def close(self) -> None:
        """Both leave."""
        await asyncio.gather(self.caller.close(), self.viewer.close())


@asynccontextmanager
async def two_calls() -> AsyncIterator[tuple[ForwardingPlane, FuzzedCall, FuzzedCall]]:
    """A plane on the loopback with the call that is hurt and the one beside it."""
    plane = ForwardingPlane(PlaneSettings(addresses=("127.0.0.1",)))
    packets = await asyncio.to_thread(clip)
    hurt, beside = FuzzedCall(plane), FuzzedCall(plane)
    try:
        await hurt.begin(packets)
        await beside.begin(packets)
        yield plane, hurt, beside
    finally:
        await asyncio.gather(hurt.close(), beside.close())
        await plane.close()


async def hurt_the_plane(count: int, dice: random.Random) -> tuple[Hurt, float]:
    """So many packets and texts; what came of them, and by how many MB this process grew.

    Raises:
        Unavailable: a call beside it stopped, or the hurt one cannot be joined any more.
    """
    did = Hurt()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, about: did.escaped.append(repr(about.get("exception"))))
    try:
        async with two_calls() as (plane, hurt, beside):
            await _all(did, plane, hurt, max(200, int(count * WARM_SHARE)), dice)
            before_mb = usage_of(os.getpid()).rss_mb
            await _all(did, plane, hurt, count - did.packets - did.texts, dice)
            grew_mb = usage_of(os.getpid()).rss_mb - before_mb
            await beside.goes_on(5.0)
    finally:
        loop.set_exception_handler(None)
    return did, grew_mb


async def _all(
    did: Hurt, plane: ForwardingPlane, hurt: FuzzedCall, count: int, dice: random.Random
) -> None:
    strangers, texts = int(count * STRANGERS_SHARE), int(count * TEXTS_SHARE)
    await _strangers(did, hurt, strangers, dice)
    await _texts(did, plane, hurt, texts, dice)
    await _agreed_peer(did, plane, hurt, count - strangers - texts, dice)


async def _strangers(did: Hurt, hurt: FuzzedCall, count: int, dice: random.Random) -> None:
    """STUN, DTLS, RTP and RTCP over a real socket, from one who is not the peer."""
    kinds = stranger_packets(hurt.offer, hurt.answer)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.setblocking(False)
        stranger.connect(hurt.address)
        for number in range(count):
            data = mutated(dice.choice(kinds), dice)
            with contextlib.suppress(OSError):  # a full buffer, or nobody there for a moment
                did.stranger_bytes += stranger.send(data)
            await asyncio.sleep(0)  # the plane reads one datagram a turn
            if number % BURST == 0:
                did.answered_bytes += _waiting(stranger)
        await asyncio.sleep(0.5)
        did.answered_bytes += _waiting(stranger)
        did.unread = max(did.unread, _unread(hurt.address[1]))
    did.packets += count


def _unread(port: int) -> int:
    """How many datagrams to this port the kernel has thrown away since it was opened (Linux)."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/net/udp").read_text().splitlines()[1:]:
            fields = line.split()
            if int(fields[1].rpartition(":")[2], 16) == port:
                return int(fields[-1])
    return 0


def _waiting(sock: socket.socket) -> int:
    """How many bytes came back."""
    total = 0
    with contextlib.suppress(OSError):
        while data := sock.recv(2_048):
            total += len(data)
    return total


async def _agreed_peer(
    did: Hurt, plane: ForwardingPlane, hurt: FuzzedCall, count: int, dice: random.Random
) -> None:
    """RTP and RTCP behind decryption: a phone and a viewer that turned bad."""
    sessions = [plane._sessions[session] for session in hurt.sessions]  # noqa: SLF001 - behind the lock
    media, control = _media(), _control()
    for number in range(count):
        session = dice.choice(sessions)
        try:
            if dice.random() < 0.6:
                session.on_rtp(mutated(dice.choice(media), dice), time.monotonic())
            else:
                session.on_rtcp(mutated(dice.choice(control), dice))
        except Exception as error:  # noqa: BLE001 - counted, whatever it is
            did.escaped.append(repr(error))
        if number % BURST == 0:
            await asyncio.sleep(0)
    did.packets += count


def _media() -> list[bytes]:
    """Whole and partial pictures of VP8 and H.264, and a repair."""
    key = (
        b"\x10\x10\x00\x00\x9d\x01\x2a" + (640).to_bytes(2, "little") + (360).to_bytes(2, "little")
    )
    bodies = [
        key,
        b"\x10\x11\x00\x00",
        b"\x90\x80\x12" + key,
        b"\x65\x88\x84",
        b"\x78\x00\x04\x67\x42\xe0\x1f",
    ]
    made = []
    for number, body in enumerate(bodies * 4):
        for kind in (96, 97, 100, 102, 111):
            out = rtp.SentPacket(0x80 | kind, 65_520 + number & 0xFFFF, number * 3_000, body * 20)
            made.append(rtp.pack(out, 7 + number % 3, 2, 1.0))
    return made


def _control() -> list[bytes]:
    """One of each kind of RTCP that a peer may send."""
    return [
        rtcp.sender_report(7, 2 << 32, 3, 4, 5),
        rtcp.nack(1, 7, list(range(0, 2_000, 3))),
        rtcp.picture_loss(1, 7),
        rtcp.remb(1, 7, 1_500_000),
        rtcp.sender_report(7, 2 << 32, 3, 4, 5) + rtcp.picture_loss(1, 7),
        rtcp.pack(201, 1, bytes(28)),
        rtcp.pack(203, 1, b"\x00\x00\x00\x07"),
    ]


async def _texts(
    did: Hurt, plane: ForwardingPlane, hurt: FuzzedCall, count: int, dice: random.Random
) -> None:
    """Offers, and fragments with candidates to a connection that stands."""
    for number in range(count):
        text = mutated_text(hurt.offer, dice)
        try:
            if number % 2:
                offer = parse_offer(text)
                tracks = choose_tracks(offer, we_send=False, sound=True, ssrcs=(1, 2, 3, 4))
                write_answer(offer, tracks, LocalEnd("u", "p", "AA", []), we_send=False)
            elif number % 20:
                parse_fragment(text)
            else:
                await plane.patch(hurt.sessions[1], text)
        except BadInput:
            did.refused += 1
        except RelayError as error:
            did.escaped.append(repr(error))
        except Exception as error:  # noqa: BLE001 - counted, whatever it is
            did.escaped.append(repr(error))
        if number % BURST == 0:
            await asyncio.sleep(0)
    did.texts += count


async def media_fuzz(lab: Lab, dose: Dose) -> Outcome:
    """Hurt a media plane of this process while the lab's tablet sends its ECG."""
    did, grew_mb = await hurt_the_plane(int(dose.size), lab.dice)
    return await lab.outcome(
        packets=did.packets,
        texts=did.texts,
        texts_refused=did.refused,
        escaped=len(did.escaped),
        stranger_kb=did.stranger_bytes / 1000,
        unread=did.unread,
        answered_bytes=did.answered_bytes,
        grew_mb=grew_mb,
    )
