"""Transport-wide congestion feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01). Pure.

Tells the sender when each of its packets arrived; its own estimator then finds the rate of its line. A
random radio loss costs it little that way, where an estimate made at the receiver collapses.
"""

from __future__ import annotations

from relay.video.rtcp import RTPFB, pack
from relay.video.rtp import unwrapped

TICK_US = 250
REFERENCE_US = 64_000
MOST_PACKETS = 1_000
KEPT = 2_048
MISSING, SMALL, LARGE = 0, 1, 2


class ArrivalLog:
    """When the packets of one connection arrived, and which of them the sender was told of."""

    def __init__(self) -> None:
        self._arrival_us: dict[int, int] = {}
        self._pending: set[int] = set()
        self._newest = 0
        self._next = 0
        self._began = False
        self._count = 0

    def add(self, sequence: int, now_us: int) -> None:
        """A packet with this 16-bit transport-wide number arrived."""
        if not self._began:
            self._began, self._newest, self._next = True, sequence + 65_536, sequence + 65_536
        position = unwrapped(sequence, self._newest)
        if position <= self._newest - KEPT or position in self._arrival_us:
            return
        self._arrival_us[position] = now_us
        self._pending.add(position)
        self._newest = max(self._newest, position)

    def feedback(self, ssrc: int, media: int) -> bytes | None:
        """The message for what arrived since the last one; None where nothing did."""
        if not self._pending:
            return None
        base = max(min(self._next, *self._pending), self._newest - MOST_PACKETS + 1)
        statuses, deltas, reference = self._encode(base)
        self._next = base + len(statuses)
        self._pending = {p for p in self._pending if p >= self._next}
        self._forget()
        body = ssrc.to_bytes(4) + media.to_bytes(4)
        body += (base & 0xFFFF).to_bytes(2) + len(statuses).to_bytes(2)
        body += (reference & 0xFFFFFF).to_bytes(3) + bytes((self._count & 255,))
        body += _chunks(statuses) + deltas
        self._count += 1
        return pack(RTPFB, 15, body + bytes(-len(body) % 4))

    def _encode(self, base: int) -> tuple[list[int], bytes, int]:
        statuses: list[int] = []
        deltas = bytearray()
        reference, last = 0, None
        for position in range(base, self._newest + 1):
            arrival = self._arrival_us.get(position)
            if arrival is None:
                statuses.append(MISSING)
                continue
            if last is None:
                reference = arrival // REFERENCE_US
                last = reference * (REFERENCE_US // TICK_US)
            delta = arrival // TICK_US - last
            if not -32_768 <= delta <= 32_767:
                break  # the rest goes with the next message, under a reference of its own
            last += delta
            if 0 <= delta <= 255:
                statuses.append(SMALL)
                deltas.append(delta)
            else:
                statuses.append(LARGE)
                deltas += delta.to_bytes(2, signed=True)
        return statuses, bytes(deltas), reference

    def _forget(self) -> None:
        if len(self._arrival_us) > 2 * KEPT:
            oldest = self._newest - KEPT
            self._arrival_us = {p: t for p, t in self._arrival_us.items() if p > oldest}


def _chunks(statuses: list[int]) -> bytes:
    """Runs where seven or more are alike, else vectors of seven two-bit symbols."""
    out = bytearray()
    at, size = 0, len(statuses)
    while at < size:
        run = at
        while run < size and statuses[run] == statuses[at] and run - at < 8_191:
            run += 1
        if run - at >= 7 or run == size:
            out += (statuses[at] << 13 | (run - at)).to_bytes(2)
            at = run
            continue
        symbols = (statuses[at : at + 7] + [0] * 7)[:7]
        word = 0b11
        for symbol in symbols:
            word = word << 2 | symbol
        out += word.to_bytes(2)
        at += 7
    return bytes(out)
