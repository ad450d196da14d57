"""Faults in the raw samples, by lead and second: flat, saturated, stepped, missing. Seen before any filter can hide them.

Source: clinical brief §2.10.

Deviations:
    * FLAT needs another lead to be active at the same time: at 40/min a clean TP segment is flat
      for half a second too.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

from ecg.hot import kernel
from ecg.values import Float

Bool = npt.NDArray[np.bool_]

# Where no other source is named, a value is the clinical brief's (engineering judgement there too).
FLAT_UV = 10.0
"""Peak to peak of half a second below which a lead stands still."""
ACTIVE_UV = 200.0
"""Peak to peak of another lead that shows that there is something to see; no published source."""
STEP_UV, STEP_S, STILL_UV = 1000.0, 0.008, 100.0
"""A step: the mean of 8 ms jumps by more than the first, while the middle lead moves less than the last
(the last: no published source)."""
_STUCK_S, _STUCK_LEAST = 0.010, 4
"""So long, and so many samples, at one extreme a converter may stand at its limit; no published source."""
_RAIL_RUN = 3
"""Samples in a row at a known limit that are no chance."""
_PLATEAU_UV, _CORNER_UV = 300.0, 50.0
"""An unknown limit is a plateau further out than the first that begins with a jump of more than the second: the top
of a slow wave is no limit; no published source."""


@dataclass(frozen=True, eq=False)
class RawFlags:
    """Faults seen in the raw samples, per lead and second, each shape ``(n_leads, n_seconds)``."""

    flat: Bool
    saturated: Bool
    step: Bool
    missing: Bool

    @cached_property
    def any(self) -> Bool:
        """Seconds that must not be measured."""
        return self.flat | self.saturated | self.step | self.missing


def _seconds(mask: Bool, fs_hz: float) -> Bool:
    """True for each second that holds a True sample; the last second may be partial."""
    n = mask.shape[1]
    n_seconds = max(1, int(np.ceil(n / fs_hz - 1e-9)))
    if not mask.any():
        return np.zeros((mask.shape[0], n_seconds), dtype=np.bool_)
    starts = (np.arange(n_seconds) * fs_hz).astype(int)
    return np.asarray(np.logical_or.reduceat(mask, starts, axis=1))


@lru_cache(maxsize=32)
def half_seconds(n: int, fs_hz: float) -> npt.NDArray[np.intp]:
    """Where half seconds begin, half overlapping, the last one at the end; shared, read only."""
    half = max(2, round(fs_hz / 2))
    starts = np.arange(0, max(1, n - half + 1), max(1, half // 2))
    if starts[-1] != max(0, n - half):
        starts = np.append(starts, max(0, n - half))
    starts.flags.writeable = False
    return starts


def stuck(fs_hz: float) -> int:
    """Equal samples at an extreme from which a converter may stand at its limit."""
    return max(_STUCK_LEAST, round(_STUCK_S * fs_hz))


def eight_ms(fs_hz: float) -> int:
    """Samples over which a step is judged."""
    return max(1, round(STEP_S * fs_hz))


def _flat(uv: Float, fs_hz: float) -> Bool:
    """Samples in half seconds of < 10 µV peak to peak while another lead moves, or all stand still."""
    n_leads, n = uv.shape
    half, starts = max(2, round(fs_hz / 2)), half_seconds(n, fs_hz)
    low = np.minimum.reduceat(uv, starts, axis=1)
    high = np.maximum.reduceat(uv, starts, axis=1)
    # pieces between starts are quarter seconds; two neighbours make the half second
    low2, high2 = low.copy(), high.copy()
    low2[:, :-1] = np.minimum(low[:, :-1], low[:, 1:])
    high2[:, :-1] = np.maximum(high[:, :-1], high[:, 1:])
    span = high2 - low2
    active = span.max(axis=0) > ACTIVE_UV
    dead = float((uv.max(axis=1) - uv.min(axis=1)).max()) < FLAT_UV
    flat = (span < FLAT_UV) & (active | dead)
    out = np.zeros((n_leads, n), dtype=np.bool_)
    for k in np.flatnonzero(flat.any(axis=0)):
        out[flat[:, k], starts[k] : starts[k] + half] = True
    return out


def _runs(mask: Bool, need: int) -> Bool:
    """Starts of runs of at least ``need`` True samples."""
    out = mask.copy()
    for shift in range(1, need):
        out[:, :-shift] &= mask[:, shift:]
        out[:, -shift:] = False
    return out


def _saturated(uv: Float, rail: Bool | None, fs_hz: float) -> Bool:
    """Samples at the converter's limit, given by the source or seen as a plateau with a corner."""
    out = np.zeros(uv.shape, dtype=np.bool_)
    if rail is not None and rail.any():
        out = _runs(rail, _RAIL_RUN)
    need = stuck(fs_hz)
    for extreme in (uv.max(axis=1, keepdims=True), uv.min(axis=1, keepdims=True)):
        at = uv == extreme
        count = np.where(np.abs(extreme[:, 0]) > _PLATEAU_UV, np.count_nonzero(at, axis=1), 0)
        for row in np.flatnonzero(count >= need):
            starts = np.flatnonzero(_runs(at[row : row + 1], need)[0])
            starts = starts[starts > 0]
            first = starts[~at[row, starts - 1]]
            corner = np.abs(uv[row, first] - uv[row, first - 1]) > _CORNER_UV
            out[row, first[corner]] = True
    return out


def _steps(uv: Float, fs_hz: float) -> Bool:
    """Jumps of > 1 mV within 8 ms in one lead while the middle lead stands still."""
    width = eight_ms(fs_hz)
    n = uv.shape[1] // width
    out = np.zeros(uv.shape, dtype=np.bool_)
    if n < 2 or uv.shape[0] < 3:
        return out
    means = uv[:, : n * width : width].copy()
    for k in range(1, width):
        means += uv[:, k : n * width : width]
    jump = np.abs(means[:, 1:] - means[:, :-1]) / width
    if float(jump.max()) <= STEP_UV:
        return out
    for row, k in np.argwhere(jump > STEP_UV):
        if float(np.median(jump[:, k])) < STILL_UV:
            out[row, (k + 1) * width] = True
    return out


@kernel("raw")
def finite(uv: Float) -> bool:
    """Whether every sample is a number."""
    return bool(np.isfinite(uv).all())


@kernel("raw")
def raw_flags(uv: Float, rail: Bool | None, missing: Bool | None, fs_hz: float) -> RawFlags:
    """Faults in raw samples of the independent leads.

    A limb electrode that is off takes Wilson's terminal away from every lead, so a flat or
    saturated limb row (the first two) marks all rows.

    Args:
        uv: finite microvolts, shape ``(n_leads, n_samples)``; rows 0 and 1 are I and II.
        rail: samples at the converter's limit, same shape, or None.
        missing: samples that were not finite, same shape, or None.
        fs_hz: samples per second.
    """
    return looked_at(uv, rail, missing, fs_hz)


def no_flags(shape: tuple[int, ...], fs_hz: float) -> RawFlags:
    """Flags of a window of this shape without a fault; the masks are one and the same."""
    none = np.zeros((shape[0], max(1, int(np.ceil(shape[1] / fs_hz - 1e-9)))), dtype=np.bool_)
    return RawFlags(none, none, none, none)


def looked_at(uv: Float, rail: Bool | None, missing: Bool | None, fs_hz: float) -> RawFlags:
    """``raw_flags`` by the rules themselves."""
    flat = _seconds(_flat(uv, fs_hz), fs_hz)
    saturated = _seconds(_saturated(uv, rail, fs_hz), fs_hz)
    gone = no_flags(uv.shape, fs_hz).any if missing is None else _seconds(missing, fs_hz)
    flat = flat | flat[:2].any(axis=0)
    saturated = saturated | saturated[:2].any(axis=0)
    return RawFlags(flat, saturated, _seconds(_steps(uv, fs_hz), fs_hz), gone)
