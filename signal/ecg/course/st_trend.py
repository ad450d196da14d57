"""Continuous ST: each screening of a live stream against the patient's own first minute.

Source: clinical brief §5. J+60 above PQ; a change is 100 µV in two neighbouring leads, the same way, for a minute
(practice of continuous ST monitoring); the baseline is the first good minute, in leads whose ST grew within
it the beginning of that minute, and is never taken anew by itself; what posture, rate or conduction explains rings nobody and is said.

Deviations:
    * One instant (J+60) at every rate, not J+40 above 120 and J+80 below 60: a trend that changes its instant
      when the rate crosses a limit shows a step that the heart did not make.
    * Rate explains depression only, and posture explains nothing of 200 µV or more: an elevation is not
      argued away.

Sans-I/O: time is the stream's own; the same epochs give the same events, however they arrived.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from ecg.course.tracing import qrs_moved, tracing_of_report
from ecg.screen.criterion import named
from ecg.screen.thresholds import load_profile
from ecg.units import S_PER_MIN, mm_of_uv

CHANGE_UV, REARM_UV, LARGE_UV = 100.0, 50.0, 200.0
BASELINE_S, LEAST_EPOCHS = 60.0, 4
GREW_UV, LEAST_THIRD = 50.0, 2
HOLD_S, WIDE_HOLD_S, MAX_GAP_S, SLACK_S = 60.0, 30.0, 30.0, 0.5
RATE_BPM = 30.0
NARROW_MS, WIDE_MS, WIDER_MS = 110.0, 120.0, 20.0
Kind = Literal["ST_RISE", "ST_FALL", "QRS_WIDE"]
Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Epoch:
    """One screening of the live stream.

    Attributes:
        end_s: end of its window on the stream's clock.
        j60_uv: level at J+60 by readable lead. qrs_uv: R + S by readable lead.
        hr_bpm, qrs_ms, axis_deg: None where not measured.
    """

    end_s: float
    j60_uv: Mapping[str, float]
    qrs_uv: Mapping[str, float]
    hr_bpm: float | None
    qrs_ms: float | None
    axis_deg: float | None


@dataclass(frozen=True, slots=True)
class StEvent:
    """A change that has lasted.

    Attributes:
        kind: what changed. leads: where. delta_uv: largest change of J+60, 0.0 for ``QRS_WIDE``.
        since_s: end of the first window that showed it. alarm: whether it should ring.
        explained_by: ``POSTURE``, ``RATE`` or ``CONDUCTION`` where that is why it does not ring.
    """

    kind: Kind
    leads: tuple[str, ...]
    delta_uv: float
    since_s: float
    alarm: bool
    explained_by: str | None = None

    def text(self, lasted_s: float) -> tuple[str, str]:
        """One line in Japanese and in English."""
        minutes = max(1, round(lasted_s / S_PER_MIN))
        if self.kind == "QRS_WIDE":
            return (
                f"QRSが新たに120 ms以上に拡大(約{minutes}分前から)",
                f"QRS has newly widened to 120 ms or more ({minutes} min ago)",
            )
        size = f"{abs(mm_of_uv(self.delta_uv)):.1f} mm"
        up = self.kind == "ST_RISE"
        return (
            f"{named(self.leads)}のSTが最初の1分に比べ最大{size}{'上昇' if up else '低下'}(約{minutes}分前から)",
            f"ST has {'risen' if up else 'fallen'} by up to {size} in {named(self.leads, ', ')} since the first minute ({minutes} min ago)",
        )


def epoch_of_report(body: Mapping[str, object], end_s: float) -> Epoch | None:
    """The epoch of a report's JSON (``ScreenReport.as_json``), None where ST was withheld or unreadable."""
    said = tracing_of_report(body)
    if not said.j60_uv:
        return None
    return Epoch(end_s, said.j60_uv, said.qrs_uv, said.hr_bpm, said.qrs_ms, said.axis_deg)


@dataclass(slots=True)
class _Watch:
    """How long a change has lasted, and whether it has been told."""

    since_s: float | None = None
    told: bool = False


@dataclass(slots=True)
class StTrend:
    """The trend of one stream: add every screening, get what has newly lasted long enough."""

    baseline: Epoch | None = None
    _first: list[Epoch] = field(default_factory=list)
    _last_s: float | None = None
    _rising: dict[Pair, _Watch] = field(default_factory=dict)
    _falling: dict[Pair, _Watch] = field(default_factory=dict)
    _wide: _Watch = field(default_factory=_Watch)

    def add(self, epoch: Epoch | None) -> tuple[StEvent, ...]:
        """Take the next screening (None: unreadable) and return the changes that it completes.

        An unreadable time of up to thirty seconds leaves a change as it is. A longer one ends it.
        """
        if epoch is None or (self._last_s is not None and epoch.end_s <= self._last_s):
            return ()
        if self._last_s is not None and epoch.end_s - self._last_s > MAX_GAP_S:
            for watch in (*self._rising.values(), *self._falling.values(), self._wide):
                watch.since_s = None
        self._last_s = epoch.end_s
        if self.baseline is None:
            self._first.append(epoch)
            long_enough = epoch.end_s - self._first[0].end_s >= BASELINE_S - SLACK_S
            if len(self._first) >= LEAST_EPOCHS and long_enough:
                self.baseline = _baseline(self._first)
            return ()
        base = self.baseline
        delta = {n: v - base.j60_uv[n] for n, v in epoch.j60_uv.items() if n in base.j60_uv}
        if "aVR" in delta:
            delta["-aVR"] = -delta["aVR"]
        events = [
            self._changed("ST_RISE", self._rising, delta, base, epoch),
            self._changed("ST_FALL", self._falling, {n: -v for n, v in delta.items()}, base, epoch),
            self._widened(base, epoch),
        ]
        return tuple(e for e in events if e is not None)

    def _changed(
        self,
        kind: Kind,
        watches: dict[Pair, _Watch],
        delta: Mapping[str, float],
        base: Epoch,
        now: Epoch,
    ) -> StEvent | None:
        """The pairs of one direction that have now lasted, as one event."""
        new: list[Pair] = []
        for pair in load_profile().contiguity:
            if pair[0] not in delta or pair[1] not in delta:
                continue
            level = min(delta[pair[0]], delta[pair[1]])
            watch = watches.setdefault(pair, _Watch())
            if level < REARM_UV:
                watch.told = False
            if level < CHANGE_UV:
                watch.since_s = None
                continue
            if watch.since_s is None:
                watch.since_s = now.end_s
            if not watch.told and now.end_s - watch.since_s >= HOLD_S - SLACK_S:
                new.append(pair)
        if not new:
            return None
        since_s = min(watches[pair].since_s or now.end_s for pair in new)
        again = any(watch.told for pair, watch in watches.items() if pair not in new)
        for pair in new:
            watches[pair].told = True
        leads = tuple(dict.fromkeys(n for pair in new for n in pair))
        largest = max(delta[n] for n in leads)
        why = _explained(kind, largest, base, now)
        sign = 1.0 if kind == "ST_RISE" else -1.0
        return StEvent(kind, leads, sign * largest, since_s, why is None and not again, why)

    def _widened(self, base: Epoch, now: Epoch) -> StEvent | None:
        if base.qrs_ms is None or now.qrs_ms is None or base.qrs_ms >= NARROW_MS:
            return None
        watch = self._wide
        if now.qrs_ms < WIDE_MS:
            watch.since_s, watch.told = None, watch.told and now.qrs_ms >= NARROW_MS
            return None
        if watch.since_s is None:
            watch.since_s = now.end_s
        if watch.told or now.end_s - watch.since_s < WIDE_HOLD_S - SLACK_S:
            return None
        watch.told = True
        return StEvent("QRS_WIDE", (), 0.0, watch.since_s, alarm=True)


def _baseline(epochs: list[Epoch]) -> Epoch:
    """The middle of the first minute; where ST grew within it, the level of its first third.

    Grew: in both leads of a neighbouring pair the last third lies 50 µV (half of what counts as a change)
    further from zero than the first, the same way. The middle of a rise would hide half of it for good.
    A level that settles towards zero, or moves in one lead alone, is an electrode's and changes nothing.
    """
    whole = _middle(epochs)
    third = max(LEAST_THIRD, len(epochs) // 3)
    first, last = _middle(epochs[:third]).j60_uv, _middle(epochs[-third:]).j60_uv
    grew = {n: _growth(first[n], last[n]) for n in whole.j60_uv if n in first and n in last}
    if "aVR" in grew:
        grew["-aVR"] = -grew["aVR"]
    leads = {
        name.removeprefix("-")
        for pair in load_profile().contiguity
        if grew.get(pair[0]) and grew.get(pair[0]) == grew.get(pair[1])
        for name in pair
    }
    return replace(whole, j60_uv={**whole.j60_uv, **{n: first[n] for n in leads}})


def _growth(first_uv: float, last_uv: float) -> int:
    """1: an elevation grew; -1: a depression grew; 0: neither."""
    if last_uv > 0.0 and last_uv - first_uv >= GREW_UV:
        return 1
    return -1 if last_uv < 0.0 and first_uv - last_uv >= GREW_UV else 0


def _middle(epochs: list[Epoch]) -> Epoch:
    """Median of several epochs; a lead must be readable in half of them."""

    def of(values: list[float | None]) -> float | None:
        known = [v for v in values if v is not None]
        return float(np.median(known)) if known else None

    def by_lead(rows: list[Mapping[str, float]]) -> dict[str, float]:
        names = dict.fromkeys(n for row in rows for n in row)
        lists = {n: [row[n] for row in rows if n in row] for n in names}
        return {n: float(np.median(v)) for n, v in lists.items() if 2 * len(v) >= len(rows)}

    return Epoch(
        epochs[-1].end_s,
        by_lead([e.j60_uv for e in epochs]),
        by_lead([e.qrs_uv for e in epochs]),
        of([e.hr_bpm for e in epochs]),
        of([e.qrs_ms for e in epochs]),
        of([e.axis_deg for e in epochs]),
    )


def _explained(kind: Kind, largest_uv: float, base: Epoch, now: Epoch) -> str | None:
    """What else explains a change, None where nothing does."""
    wider_ms = 0.0 if base.qrs_ms is None or now.qrs_ms is None else now.qrs_ms - base.qrs_ms
    if wider_ms >= WIDER_MS and (now.qrs_ms or 0.0) >= NARROW_MS:
        return "CONDUCTION"
    if largest_uv >= LARGE_UV:
        return None
    if qrs_moved(base, now):
        return "POSTURE"
    faster = (
        base.hr_bpm is not None and now.hr_bpm is not None and now.hr_bpm - base.hr_bpm > RATE_BPM
    )
    return "RATE" if faster and kind == "ST_FALL" else None
