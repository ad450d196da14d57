"""RTP packets (RFC 3550, 8285, 4588): read, rewritten for a viewer, wrapped as retransmissions. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct

FIXED = Struct("!BBHII")
ONE_BYTE_PROFILE, TWO_BYTE_MASK, TWO_BYTE_PROFILE = 0xBEDE, 0xFFF0, 0x1000
WITH_SEND_TIME = Struct("!BBHIIHHI")


@dataclass(slots=True)
class Packet:
    """One packet; ``payload`` is without padding, ``extension`` is the raw block after its length.

    Attributes:
        position: ``sequence`` as a whole number that never wraps; set by the receiving side, as are
        codec: its codec's name, and
        keyframe: whether a whole picture begins here.
    """

    marker: bool
    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes
    profile: int
    extension: bytes
    position: int = 0
    codec: str = ""
    keyframe: bool = False


def parse(data: bytes) -> Packet | None:
    """Read a packet; None for what is not one (too short, wrong version, lengths that lie)."""
    size = len(data)
    if size < 12:
        return None
    first, second, sequence, timestamp, ssrc = FIXED.unpack_from(data)
    if first >> 6 != 2:
        return None
    start = 12 + 4 * (first & 15)
    profile, extension = 0, b""
    if first & 0x10:
        if size < start + 4:
            return None
        profile = int.from_bytes(data[start : start + 2])
        end = start + 4 + 4 * int.from_bytes(data[start + 2 : start + 4])
        extension = data[start + 4 : end]
        start = end
    end = size - data[-1] if first & 0x20 else size
    if start > end or (first & 0x20 and not data[-1]):
        return None
    return Packet(
        second > 127, second & 127, sequence, timestamp, ssrc, data[start:end], profile, extension
    )


def extension_value(packet: Packet, number: int) -> bytes | None:
    """The value of a header extension (RFC 8285), one- or two-byte form; None where absent."""
    data, at, size = packet.extension, 0, len(packet.extension)
    one_byte = packet.profile == ONE_BYTE_PROFILE
    if not one_byte and packet.profile & TWO_BYTE_MASK != TWO_BYTE_PROFILE:
        return None
    while at < size:
        if data[at] == 0:
            at += 1
            continue
        if one_byte:
            found, length, at = data[at] >> 4, (data[at] & 15) + 1, at + 1
            if found == 15:
                return None
        else:
            if at + 2 > size:
                return None
            found, length, at = data[at], data[at + 1], at + 2
        if found == number:
            value = data[at : at + length]
            return value if len(value) == length else None
        at += length
    return None


def unwrap_rtx(packet: Packet, payload_type: int, ssrc: int) -> Packet | None:
    """The original packet inside a retransmission; None for a bare probe (RFC 4588 §4)."""
    if len(packet.payload) < 2:
        return None
    packet.sequence = int.from_bytes(packet.payload[:2])
    packet.payload = packet.payload[2:]
    packet.payload_type, packet.ssrc = payload_type, ssrc
    return packet


def abs_send_time(now_s: float) -> int:
    """24 bits of a clock in 2⁻¹⁸ s, as the ``abs-send-time`` extension carries it."""
    return int(now_s * 262_144) & 0xFFFFFF


@dataclass(slots=True)
class SentPacket:
    """What is kept of a packet sent to a viewer, so that it can be sent again."""

    marker_and_type: int
    sequence: int
    timestamp: int
    payload: bytes
    resent_s: float = 0.0


def pack(out: SentPacket, ssrc: int, send_time_id: int | None, now_s: float) -> bytes:
    """The packet on the wire, stamped with its send time where the viewer agreed to that."""
    if send_time_id is None:
        head = FIXED.pack(0x80, out.marker_and_type, out.sequence, out.timestamp, ssrc)
        return head + out.payload
    stamp = (send_time_id << 4 | 2) << 24 | abs_send_time(now_s)
    head = WITH_SEND_TIME.pack(
        0x90, out.marker_and_type, out.sequence, out.timestamp, ssrc, ONE_BYTE_PROFILE, 1, stamp
    )
    return head + out.payload


def wrap_rtx(out: SentPacket, payload_type: int, sequence: int) -> SentPacket:
    """The same packet as a retransmission (RFC 4588 §4)."""
    return SentPacket(
        (out.marker_and_type & 0x80) | payload_type,
        sequence,
        out.timestamp,
        out.sequence.to_bytes(2) + out.payload,
    )


def unwrapped(value: int, near: int, bits: int = 16) -> int:
    """The whole number with these low bits that lies nearest to ``near``."""
    span = 1 << bits
    delta = (value - near) % span
    return near + (delta - span if delta >= span // 2 else delta)
