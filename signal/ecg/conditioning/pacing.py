"""Pacing spikes, where the sample rate lets them be seen at all, and their removal before any filter.

Source: clinical brief §2.12. A pulse of 0.5 ms is one sample or none at 500 Hz and its height means
nothing, so this is a hint, never a claim that nobody is paced; a device's own pace marker is the better
witness. Found spikes are bridged by a line, or every filter would ring them into PQ and ST.

Deviations:
    * The brief compares the second difference with its local median deviation; at 500 Hz a tall narrow R
      passes that. Here a spike must stand five times as far off the line through the samples 4 ms beside
      it as anything does in the 24 ms around, and leave the level where it was (net step below 0.6 of its
      height; real spikes 0.05-0.3, the sharpest QRS 2 and more).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ecg.hot import kernel
from ecg.values import Float

LOWEST_FS_HZ = 450.0
_BESIDE_S, _AROUND_S, _BRIDGE_S = 0.004, 0.024, 0.006
"""Neighbours whose line a spike stands off; the surroundings it is compared with; what is bridged on either side."""
_LEAST_PIECES = 8
"""Shortest window, in distances to those neighbours."""
_HEIGHT_UV, _LEADS, _TIMES, _STEP = 150.0, 3, 5.0, 0.6
"""A spike stands so far off that line in so many leads, so many times further than anything around, and leaves the
level within this share of its height (see Deviations)."""
_LEAST, _APART_S = 3, 0.10
"""Fewer spikes in a window are chance; two nearer to each other than this are one. No published source."""
_BEFORE_R_S = (0.010, 0.160)
_SHARE = 0.5
"""Paced: a spike so long before R, in this share of the beats (clinical brief §2.12; the times: no published source)."""
Int = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Spikes:
    """Pacing spikes of a window.

    Attributes:
        samples: where they stand, ascending, shape ``(n,)``; empty where there are none.
        fs_hz: rate of those samples.
    """

    samples: Int
    fs_hz: float

    def before(self, r_samples: Float, r_fs_hz: float) -> bool:
        """Whether a spike stands 10-160 ms before at least half of the beats."""
        if not self.samples.size or not r_samples.size:
            return False
        gap_s = r_samples[:, None] / r_fs_hz - self.samples[None, :] / self.fs_hz
        near = (gap_s >= _BEFORE_R_S[0]) & (gap_s <= _BEFORE_R_S[1])
        return bool(near.any(axis=1).mean() >= _SHARE)


NO_SPIKES = Spikes(np.zeros(0, np.intp), 500.0)


def find_spikes(uv: Float, fs_hz: float) -> Spikes:
    """Spikes that stand in at least three leads at once; none below 450 Hz.

    Args:
        uv: raw microvolts of the independent leads, finite, shape ``(n_leads, n_samples)``.
        fs_hz: samples per second.
    """
    beside = max(1, round(_BESIDE_S * fs_hz))
    if fs_hz < LOWEST_FS_HZ or uv.shape[0] < _LEADS or uv.shape[1] < _LEAST_PIECES * beside:
        return NO_SPIKES
    where = crowded(uv, beside)
    if where.size < _LEAST:
        return NO_SPIKES
    size = off_line(uv, beside)
    reach, clear = round(_AROUND_S / 2 * fs_hz), 2 * beside
    # most candidates are QRS: they fall to the first look at what stands just beside them
    left, right = np.maximum(where - clear - 1, 0), np.minimum(where + clear + 1, size.size - 1)
    where = where[size[where] >= _TIMES * np.maximum(size[left], size[right])]
    found: list[int] = []
    for k in where.tolist():
        around = np.concatenate([
            size[max(0, k - reach - clear) : max(0, k - clear)],
            size[k + clear + 1 : k + clear + 1 + reach],
        ])  # fmt: skip
        alone = around.size > 0 and size[k] >= _TIMES * float(around.max())
        highest = size[k] >= size[max(0, k - clear) : k + clear + 1].max()
        low, end = max(0, k + beside - clear - 1), min(uv.shape[1] - 1, k + beside + clear + 1)
        step = float(np.sqrt(((uv[:, end] - uv[:, low]) ** 2).sum()))
        if (
            alone
            and highest
            and step <= _STEP * float(size[k])
            and (not found or k - found[-1] > _APART_S * fs_hz)
        ):
            found.append(k)
    if len(found) < _LEAST:
        return NO_SPIKES
    return Spikes(np.array(found, dtype=np.intp) + beside, fs_hz)


def _off(uv: Float, beside: int) -> Float:
    """Twice the distance of each sample from the line through those ``beside`` it."""
    off = 2.0 * uv[:, beside:-beside]
    off -= uv[:, : -2 * beside]
    off -= uv[:, 2 * beside :]
    return off


@kernel("raw")
def crowded(uv: Float, beside: int) -> Int:
    """Samples (less ``beside``) that stand off that line in at least three leads at once, ascending."""
    high = np.abs(_off(uv, beside)) > 2.0 * _HEIGHT_UV
    return np.flatnonzero(high.view(np.uint8).sum(axis=0, dtype=np.uint8) >= _LEADS)


@kernel("raw")
def off_line(uv: Float, beside: int) -> Float:
    """Distance of each sample (less ``beside``) from that line, over all leads."""
    off = _off(uv, beside)
    return np.asarray(0.5 * np.sqrt(np.einsum("ij,ij->j", off, off)))


def without_spikes(uv: Float, spikes: Spikes) -> Float:
    """The leads with 6 ms on either side of each spike replaced by a line; the input where none are."""
    if not spikes.samples.size:
        return uv
    out = uv.copy()
    half = max(1, round(_BRIDGE_S * spikes.fs_hz))
    for k in spikes.samples.tolist():
        low, high = max(0, k - half), min(uv.shape[1] - 1, k + half)
        share = np.linspace(0.0, 1.0, high - low + 1)
        out[:, low : high + 1] = uv[:, [low]] + (uv[:, [high]] - uv[:, [low]]) * share
    return out
