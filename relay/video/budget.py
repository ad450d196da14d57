"""How much of the pictures a viewer's line can carry. Pure.

The relay holds nothing back until a line proves to be narrow. It is narrow if what we send arrives late *and* packets
are lost (a full queue), or if most packets are lost. Loss alone proves little: a viewer counts the caller's lost packets
as its own until they are repaired. REMB is not used: it follows what arrives, so it would shrink with what we hold back.

On a narrow line packets go out no faster than a limit. What does not fit is left out up to the next whole picture. While
the line is calm the limit grows; when the whole video fits, there is no limit any more.
"""

from __future__ import annotations

MOST_LOST, SOME_LOST, CALM_LOST = 0.4, 0.05, 0.15
LATE_S = 0.2
TENSE_REPORTS = 2
GROWTH, BACK_OFF = 1.08, 0.85
LEAST_KBPS = 150


class Budget:
    """The rate a viewer may be sent at; ``kbps`` is None until its line proves narrow."""

    def __init__(self) -> None:
        self.kbps: int | None = None
        self._lost = 0.0
        self._tense = 0
        self._least_rtt_s = float("inf")

    def heard_report(self, lost: float, rtt_s: float | None, sending_kbps: int) -> None:
        """The viewer reported the share it lost lately (0 to 1) and how late our word reaches it."""
        if rtt_s is not None:
            self._least_rtt_s = min(self._least_rtt_s, rtt_s)
        late = rtt_s is not None and rtt_s > self._least_rtt_s + LATE_S
        self._lost = 0.6 * self._lost + 0.4 * lost
        full = late and self._lost > SOME_LOST
        self._tense = self._tense + 1 if full else max(0, self._tense - 1)
        if self._lost > MOST_LOST or self._tense >= TENSE_REPORTS:
            passing = 1 - self._lost if self._lost > CALM_LOST else BACK_OFF
            self._tense, self._lost = 0, 0.0
            self._limit(passing * min(sending_kbps, self.kbps or sending_kbps))
        elif self.kbps is not None and not late and self._lost < CALM_LOST:
            self._limit(GROWTH * self.kbps)

    def _limit(self, kbps: float) -> None:
        self.kbps = max(LEAST_KBPS, round(kbps))

    def tick(self, needed_kbps: int) -> None:
        """Lift the limit where the line carries the whole."""
        if self.kbps is not None and self.kbps > 1.1 * needed_kbps > 0:
            self.kbps = None


class Pacer:
    """Packets that wait for a narrow line, in order; bounded by the caller through ``wait_s``."""

    def __init__(self) -> None:
        self._packets: list[bytes] = []
        self._at = 0
        self._bytes = 0
        self._credit = 0.0

    def __len__(self) -> int:
        return len(self._packets) - self._at

    def wait_s(self, kbps: int) -> float:
        """How long a packet put in now would wait."""
        return self._bytes / (kbps * 125)

    def put(self, packet: bytes) -> None:
        """Queue a packet."""
        self._packets.append(packet)
        self._bytes += len(packet)

    def due(self, kbps: int | None, passed_s: float) -> list[bytes]:
        """What may go now; everything where the limit is lifted."""
        self._credit = 0.0 if not len(self) else self._credit + passed_s * (kbps or 0) * 125
        begin = self._at
        while self._at < len(self._packets) and (kbps is None or self._credit > 0):
            size = len(self._packets[self._at])
            self._credit -= size
            self._bytes -= size
            self._at += 1
        found = self._packets[begin : self._at]
        if self._at == len(self._packets):
            self._packets, self._at = [], 0
        return found
