"""Frames that were made to hurt: row 10. Through the receiving end in bulk, and over real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import time
from dataclasses import dataclass
from uuid import UUID, uuid4

import numpy as np
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from ecg.leads import INDEPENDENT_LEADS, mask_of_leads
from relay.bench.usage import usage_of
from relay.errors import RelayError
from relay.faults.dose import Dose
from relay.faults.lab import FUZZER, Lab
from relay.faults.verdict import Outcome
from relay.protocol import messages as m
from relay.protocol.codec import RAW_INT16, RICE, decode_samples, encode_samples
from relay.protocol.ranges import RangeSet
from relay.protocol.receiver import FrameArrived, ReceiverLink
from relay.protocol.wire import CRC, HEADER, EcgFrame, pack, unpack

MASK = mask_of_leads(INDEPENDENT_LEADS)
FRAMES_KEPT = 64
CONNECTIONS = 4
BURST = 6


@dataclass(slots=True)
class FrameCounts:
    """What became of the frames: refused in words, taken, and taken though they cannot be right."""

    refused: int = 0
    taken: int = 0
    wrong: int = 0


def good_frames(stream: UUID, epoch: int = 1) -> list[bytes]:
    """Frames as a tablet makes them, in both codecs."""
    dice = np.random.default_rng(119)
    frames = []
    for seq in range(FRAMES_KEPT):
        steps = dice.integers(-40, 40, (len(INDEPENDENT_LEADS), 125))
        adc = np.cumsum(steps, axis=1).astype(np.int16)
        codec = RICE if seq % 2 else RAW_INT16
        payload = encode_samples(adc, codec)
        frames.append(pack(EcgFrame(stream, epoch, seq, seq * 125, 125, MASK, codec, payload)))
    return frames


def mutated(frames: list[bytes], dice: random.Random) -> bytes:
    """One frame, changed in one of the ways things go wrong, half of them with a right checksum."""
    body = bytearray(dice.choice(frames)[: -CRC.size])
    match dice.randrange(7):
        case 0:
            for _ in range(dice.randint(1, 8)):
                body[dice.randrange(len(body))] ^= 1 << dice.randrange(8)
        case 1:
            del body[dice.randrange(len(body)) :]
        case 2:
            body += dice.randbytes(dice.randint(1, 64))
        case 3:
            body[dice.randrange(HEADER.size)] = dice.choice((0, 1, 2, 0x7F, 0x80, 0xFF))
        case 4:
            at = dice.randrange(HEADER.size, len(body))
            body[at:] = dice.choice(frames)[at : -CRC.size]
        case 5:
            at = dice.randrange(len(body))
            size = min(dice.randint(1, 32), len(body) - at)
            body[at : at + size] = bytes([dice.choice((0, 0xFF))]) * size
        case _:
            body[HEADER.size :] = dice.randbytes(len(body) - HEADER.size)
    if dice.random() < 0.5:
        return bytes(body) + CRC.pack(_checksum(body))
    return bytes(body) + dice.randbytes(CRC.size)


def _checksum(body: bytearray) -> int:
    import google_crc32c

    return int(google_crc32c.value(bytes(body)))


def judge(count: int, dice: random.Random) -> FrameCounts:
    """Hand so many mutated frames to the relay's receiving end, as a new connection after each refusal.

    Raises:
        Exception: whatever but a ``RelayError`` the receiving end lets out is a crash.
    """
    stream, judged = uuid4(), FrameCounts()
    frames = good_frames(stream)
    link = _opened(stream)
    for number in range(count):
        data = mutated(frames, dice)
        try:
            events = link.receive_frame(data, number * 1e-3)
        except RelayError:
            judged.refused += 1
            link = _opened(stream)
            continue
        for event in events:
            judged.taken += 1
            judged.wrong += isinstance(event, FrameArrived) and not readable(event.data)
    return judged


def readable(data: bytes) -> bool:
    """Whether a frame's checksum holds and its samples come out."""
    try:
        frame = unpack(data)
        decode_samples(frame.payload, frame.codec, frame.n_leads, frame.n_samples)
    except RelayError:
        return False
    return True


def _opened(stream: UUID) -> ReceiverLink:
    link = ReceiverLink(0.0)
    for text in _greeting(stream):
        link.receive_text(text, 0.0)
        if '"hello"' in text:
            link.welcome(FUZZER, 0)
    link.open_stream(stream, 1, RangeSet())
    return link


def _greeting(stream: UUID) -> list[str]:
    spec = m.OpenStream(stream, uuid4(), MASK, 500.0, 2.5, time.time_ns() // 1000, "fuzz")
    return [m.to_text(m.Hello("kyumei-fuzz", 1)), m.to_text(spec)]


async def fuzz(lab: Lab, dose: Dose) -> Outcome:
    """In bulk through the receiving end, then over sockets beside the honest tablet."""
    judge(2_000, lab.dice)  # what is allocated once
    before_mb = usage_of(os.getpid()).rss_mb
    judged = await asyncio.to_thread(judge, int(dose.size), lab.dice)
    grew_mb = usage_of(os.getpid()).rss_mb - before_mb
    relay_mb = await lab.settled_rss_mb()
    streams = [uuid4() for _ in range(CONNECTIONS)]
    lab.strangers.update(streams)
    deadline_s = time.monotonic() + dose.seconds
    sent = await asyncio.gather(*(_over_sockets(lab, s, deadline_s) for s in streams))
    relay_grew_mb = lab.relay_rss_mb() - relay_mb
    ready = await asyncio.to_thread(lab.readiness)
    outcome = await lab.outcome(
        frames=dose.size,
        taken=judged.taken,
        unreadable_taken=judged.wrong,
        grew_mb=grew_mb,
        sent_over_sockets=sum(sent),
        relay_grew_mb=relay_grew_mb,
        relay_ready=float(bool(ready.get("ok"))),
    )
    outcome.figures["unreadable_on_disk"] = await asyncio.to_thread(_unreadable, lab)
    return outcome


def _unreadable(lab: Lab) -> int:
    from relay.ecglog.segment_file import scan

    wrong = 0
    for path in (lab.data / "ecg").glob("*.seg"):
        data = path.read_bytes()
        wrong += sum(not readable(data[e.offset : e.offset + e.size]) for e in scan(path).entries)
    return wrong


async def _over_sockets(lab: Lab, stream: UUID, deadline_s: float) -> int:
    """One false tablet after another, each until the relay has had enough of it."""
    sent, frames = 0, good_frames(stream)
    while time.monotonic() < deadline_s:
        with contextlib.suppress(OSError, ConnectionClosed, InvalidHandshake, TimeoutError):
            async with connect(
                f"ws://127.0.0.1:{lab.relay_port}/link/v1",
                additional_headers={"Authorization": f"Bearer {lab.known.tokens[FUZZER]}"},
                subprotocols=[m.SUBPROTOCOL],  # type: ignore[list-item]  # a NewType of str
                compression=None,
                ping_interval=None,
                close_timeout=0.2,
            ) as socket:
                for text in _greeting(stream) if lab.dice.random() < 0.2 else _greeting(stream)[:1]:
                    await socket.send(text)
                    await socket.recv()
                for _ in range(BURST):
                    await socket.send(mutated(frames, lab.dice))
                    sent += 1
                await asyncio.wait_for(socket.recv(), 0.5)
    return sent
