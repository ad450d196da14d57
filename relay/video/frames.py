"""Whole pictures out of forwarded packets, for keeping them: put in order, joined, never decoded. Pure.

Unlike viewers, a file cannot ask again: a picture with a hole, and all that refer to it, are left out
up to the next picture that stands alone.
"""

from __future__ import annotations

from dataclasses import dataclass

from relay.video.keyframes import vp8_payload
from relay.video.rtp import Packet

PATIENCE = 256
"""Packets that may arrive behind a hole before it is given up; more than a second of video."""
FU_A, STAP_A, START = 28, 24, b"\0\0\0\1"


@dataclass(frozen=True, slots=True)
class Frame:
    """One encoded picture.

    Attributes:
        codec: ``VP8`` or ``H264`` (then as Annex B).
        clock: its time in 1/90000 s since the first picture, strictly growing.
        keyframe: whether a decoder can begin here.
    """

    codec: str
    clock: int
    keyframe: bool
    data: bytes


class FrameAssembler:
    """Packets in, pictures out. One per publisher's stream."""

    def __init__(self) -> None:
        self.wants_keyframe = True
        self._held: dict[int, Packet] = {}
        self._next: int | None = None
        self._timestamp: int | None = None
        self._clock = 0

    def take(self, packet: Packet) -> list[Frame]:
        """A packet arrived, in any order; the pictures that are whole now."""
        if self._next is None:
            if not packet.keyframe:
                return []
            self._next, self.wants_keyframe = packet.position, False
        if packet.position < self._next:
            return []
        self._held[packet.position] = packet
        found = self._whole()
        if len(self._held) > PATIENCE:
            self._give_up()
            found += self._whole()
        return found

    def _whole(self) -> list[Frame]:
        found: list[Frame] = []
        while self._next is not None:
            size = self._ready(self._next)
            if size == 0:
                break
            packets = [self._held.pop(self._next + i) for i in range(size)]
            self._next += size
            frame = self._frame(packets)
            if frame is not None:
                found.append(frame)
        return found

    def _ready(self, start: int) -> int:
        """How many packets from here make a whole picture; 0 while some are missing."""
        first = self._held.get(start)
        size = 0
        while first is not None:
            packet = self._held.get(start + size)
            if packet is None:
                return 0
            if packet.timestamp != first.timestamp:  # its sender marked no end
                return size
            size += 1
            if packet.marker:
                return size
        return 0

    def _frame(self, packets: list[Packet]) -> Frame | None:
        codec, first = packets[0].codec, packets[0]
        data = b"".join(_content(codec, packet.payload) for packet in packets)
        if not data:
            return None
        self._clock += self._passed(first.timestamp)
        keyframe = any(packet.keyframe for packet in packets)
        return Frame(codec, self._clock, keyframe, data)

    def _passed(self, timestamp: int) -> int:
        """Clock ticks since the picture before, at least one; the 32-bit clock may wrap."""
        before, self._timestamp = self._timestamp, timestamp
        if before is None:
            return 0
        ticks = (timestamp - before) & 0xFFFFFFFF
        return ticks if 0 < ticks < 2**31 else 1

    def _give_up(self) -> None:
        """A hole stayed: go on at the next picture that stands alone, among those held or later."""
        holed = self._next or 0
        keyframes = [p for p, packet in self._held.items() if packet.keyframe and p > holed]
        self._next = min(keyframes, default=None)
        self.wants_keyframe = self._next is None
        first = self._next
        self._held = {p: k for p, k in self._held.items() if first is not None and p >= first}


def _content(codec: str, payload: bytes) -> bytes:
    """A packet's share of its picture; empty for what cannot be read."""
    if codec == "VP8":
        return vp8_payload(payload)
    return _h264_content(payload) if codec == "H264" else b""


def _h264_content(payload: bytes) -> bytes:
    if len(payload) < 2:
        return b""
    kind = payload[0] & 31
    if 0 < kind < STAP_A:
        return START + payload
    if kind == FU_A:
        head = START + bytes([payload[0] & 0xE0 | payload[1] & 31]) if payload[1] & 0x80 else b""
        return head + payload[2:]
    if kind != STAP_A:
        return b""
    units, at = b"", 1
    while at + 2 <= len(payload):
        size = int.from_bytes(payload[at : at + 2])
        units += START + payload[at + 2 : at + 2 + size] if size else b""
        at += 2 + size
    return units
