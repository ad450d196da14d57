"""RTCP (RFC 3550, 4585, 5104, 5506; REMB draft): read with bounds, written. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from struct import Struct

SR, RR, SDES, BYE, RTPFB, PSFB = 200, 201, 202, 203, 205, 206
MAX_MESSAGES = 64
MAX_NACKS = 512
REPORT = Struct("!IIIIII")
SENDER = Struct("!IQIII")


@dataclass(frozen=True, slots=True)
class ReceivedReport:
    """A report block: what a receiver saw of a source.

    ``lost`` counts since the beginning (signed), ``highest`` is its extended number, ``delay_s`` DLSR.
    The fraction lost is not read: browsers report with every NACK, over a few packets only.
    """

    ssrc: int
    lost: int
    highest: int
    last_sr: int
    delay_s: float


@dataclass(frozen=True, slots=True)
class SenderReport:
    """A sender's clock: NTP time (64 bits) and the RTP timestamp of the same moment."""

    ssrc: int
    ntp: int
    timestamp: int


@dataclass(frozen=True, slots=True)
class Nack:
    """Packets a receiver misses."""

    ssrc: int
    sequences: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class KeyframeRequest:
    """PLI or FIR: a whole picture is needed."""


@dataclass(frozen=True, slots=True)
class Remb:
    """The most a receiver believes its line carries, bit/s."""

    bps: int


@dataclass(frozen=True, slots=True)
class Bye:
    """A source ends."""

    ssrcs: tuple[int, ...]


Message = ReceivedReport | SenderReport | Nack | KeyframeRequest | Remb | Bye


def parse(data: bytes) -> list[Message]:
    """Every message understood in a compound packet; reading stops at the first lie about a length."""
    found: list[Message] = []
    at = 0
    while at + 4 <= len(data) and len(found) < MAX_MESSAGES:
        first, kind = data[at], data[at + 1]
        end = at + 4 + 4 * int.from_bytes(data[at + 2 : at + 4])
        if first >> 6 != 2 or end > len(data):
            break
        body = data[at + 4 : end]
        if first & 0x20 and body and body[-1] <= len(body):
            body = body[: len(body) - body[-1]]
        found += _messages(kind, first & 31, body)
        at = end
    return found


def _messages(kind: int, count: int, body: bytes) -> Iterable[Message]:
    if kind == SR and len(body) >= 24:
        ssrc, ntp, timestamp, _, _ = SENDER.unpack_from(body)
        return [SenderReport(ssrc, ntp, timestamp), *_reports(body[24:], count)]
    if kind == RR and len(body) >= 4:
        return _reports(body[4:], count)
    if kind == BYE:
        return [
            Bye(tuple(int.from_bytes(body[4 * i :][:4]) for i in range(len(body) // 4)[:count]))
        ]
    if kind == RTPFB and count == 1 and len(body) >= 8:
        return [Nack(int.from_bytes(body[4:8]), _nacked(body[8:]))]
    if kind == PSFB and count in {1, 4} and len(body) >= 8:
        return [KeyframeRequest()]
    if kind == PSFB and count == 15 and len(body) >= 16 and body[8:12] == b"REMB":
        mantissa = (body[13] & 3) << 16 | body[14] << 8 | body[15]
        return [Remb(min(mantissa << (body[13] >> 2), 1 << 40))]
    return []


def _reports(data: bytes, count: int) -> list[Message]:
    found: list[Message] = []
    for index in range(min(count, len(data) // 24)):
        ssrc, lost, highest, _, last_sr, delay = REPORT.unpack_from(data, 24 * index)
        lost = (lost & 0xFFFFFF) - ((lost & 0x800000) << 1)
        found.append(ReceivedReport(ssrc, lost, highest, last_sr, delay / 65536))
    return found


def _nacked(data: bytes) -> tuple[int, ...]:
    found: list[int] = []
    for at in range(0, len(data) - 3, 4):
        base, mask = int.from_bytes(data[at : at + 2]), int.from_bytes(data[at + 2 : at + 4])
        found.append(base)
        found += [(base + bit + 1) & 0xFFFF for bit in range(16) if mask >> bit & 1]
        if len(found) >= MAX_NACKS:
            break
    return tuple(found[:MAX_NACKS])


def pack(kind: int, count: int, body: bytes) -> bytes:
    """One message; the body's length must be a multiple of four."""
    return bytes((0x80 | count, kind)) + (len(body) // 4).to_bytes(2) + body


def sender_report(ssrc: int, ntp: int, timestamp: int, packets: int, octets: int) -> bytes:
    """An SR without report blocks, and the SDES that must go with it."""
    body = SENDER.pack(ssrc, ntp, timestamp, packets & 0xFFFFFFFF, octets & 0xFFFFFFFF)
    name = ssrc.to_bytes(4) + b"\x01\x06kyumei" + bytes(4)
    return pack(SR, 0, body) + pack(SDES, 1, name)


@dataclass(frozen=True, slots=True)
class SentReport:
    """What an outgoing report block says; ``fraction_lost`` in 1/256, jitter in timestamp units."""

    ssrc: int
    fraction_lost: int
    lost: int
    highest: int
    jitter: int
    last_sr: int
    delay_since_sr: int


def receiver_report(ssrc: int, seen: Sequence[SentReport]) -> bytes:
    """An RR."""
    body = ssrc.to_bytes(4)
    for one in seen:
        lost = max(-0x800000, min(0x7FFFFF, one.lost)) & 0xFFFFFF
        body += REPORT.pack(
            one.ssrc, one.fraction_lost << 24 | lost, one.highest & 0xFFFFFFFF,
            one.jitter & 0xFFFFFFFF, one.last_sr, min(one.delay_since_sr, 0xFFFFFFFF),
        )  # fmt: skip
    return pack(RR, len(seen), body)


def nack(ssrc: int, media: int, sequences: Sequence[int]) -> bytes:
    """A generic NACK (RFC 4585 §6.2.1) of whole-number sequence positions, ascending."""
    entries = b""
    waiting = list(sequences)
    while waiting:
        base, mask = waiting[0], 0
        rest = []
        for sequence in waiting[1:]:
            if sequence - base <= 16:
                mask |= 1 << (sequence - base - 1)
            else:
                rest.append(sequence)
        entries += (base & 0xFFFF).to_bytes(2) + mask.to_bytes(2)
        waiting = rest
    return pack(RTPFB, 1, ssrc.to_bytes(4) + media.to_bytes(4) + entries)


def picture_loss(ssrc: int, media: int) -> bytes:
    """A PLI (RFC 4585 §6.3.1)."""
    return pack(PSFB, 1, ssrc.to_bytes(4) + media.to_bytes(4))


def remb(ssrc: int, media: int, bps: int) -> bytes:
    """A REMB: the most the sender is asked to send."""
    exponent = max(0, bps.bit_length() - 18)
    value = bytes((1, exponent << 2 | bps >> exponent >> 16)) + (bps >> exponent & 0xFFFF).to_bytes(
        2
    )
    return pack(PSFB, 15, ssrc.to_bytes(4) + bytes(4) + b"REMB" + value + media.to_bytes(4))
