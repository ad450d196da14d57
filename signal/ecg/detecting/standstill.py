"""Whether the ventricles stand still: no QRS for four seconds although the electrodes are good.

Source: clinical brief §2.4, streaming mode (standstill after 4 s with good signal). One watch a stream,
asked once a second or so with the newest ten seconds; the beats are those of ``ecg.detecting.beats``.

A standstill with P waves goes on having waves, alike and regular, and once no QRS is left in the window a
detector takes them for beats. So the watch remembers how large the QRS of this patient is in each lead; what
has less than a third of that in most leads is not a QRS. (Speed does not tell: a ventricular escape beat is as
slow as a P wave is quick.) Before four beats are remembered a beat must have 0.22 mV in three leads.

It never says that the heart beats: there is ``STANDSTILL``, ``UNREADABLE``, or nothing to say.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from ecg.conditioning.filters import (
    DETECTION_FS_HZ,
    EDGE_HZ,
    band_gain,
    detection_gain,
    detection_high_hz,
    spectrum_of,
    synthesise,
)
from ecg.conditioning.pacing import find_spikes, without_spikes
from ecg.conditioning.raw_faults import FLAT_UV, raw_flags
from ecg.detecting.beats import Beats, Bool, Int, find_beats
from ecg.leads import INDEPENDENT_LEADS
from ecg.values import MISSING, RAIL, EcgSegment, Float, bridged

QUIET_S = 4.0
WINDOW_S = 10.0
HEARD_S = 8.0
"""A patient without any QRS is looked at for so long before that is said."""
FEWEST_LEADS = 3
SMALLEST_QRS, LOUDEST_REST = 0.35, 0.35
"""Shares of this patient's usual QRS: what is smaller is none, and a rest that is larger could hide one."""
REMEMBERED, FEWEST_REMEMBERED = 16, 4
SMALLEST_UV, HIDING_UV = 220.0, 150.0
"""Of a QRS, and of a rest that could hide one, where none is remembered; 3-30 Hz, peak to peak."""
LOWEST_FS_HZ = 90.0
LOST_SHARE = 0.5
"""Share of faulty seconds from which a lead takes no part in finding beats."""
SURE_FIT = 0.7
"""Correlation with the template from which a beat's size is remembered; no published source."""
APART_S = 0.2
"""A beat nearer to the last one is the same, seen again by a later look."""
LOUD_SHARE = 0.95
"""Share of the rest that must lie below what could hide a QRS: the loudest twentieth is chance; no published source."""
_WAVES_HZ = (3.0, 30.0)
"""Band in which a QRS and the rest are measured."""
_HOLE_S = 0.001
"""More than this between two looks is a hole, not rounding."""
_REACH = round(0.100 * DETECTION_FS_HZ)


class StandstillVerdict(StrEnum):
    """What the newest seconds say."""

    QRS_SEEN = "qrs-seen"
    STANDSTILL = "standstill"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Rhythm:
    """One look.

    Attributes:
        verdict: see ``StandstillVerdict``. ``QRS_SEEN`` is no statement on the rhythm.
        quiet_s: seconds since the last QRS; since the watch began, or since a hole, where it has seen none after it.
    """

    verdict: StandstillVerdict
    quiet_s: float


class StandstillWatch:
    """Follows one stream. Its memory is the size of the patient's QRS and the last one's place."""

    def __init__(self) -> None:
        self._sizes: dict[str, deque[float]] = {}
        self._last_s: float | None = None
        self._since_s = self._end_s = float("-inf")

    def look(self, segment: EcgSegment) -> Rhythm:
        """Takes the newest stretch of the stream, ten seconds or less; more than that is not looked at.

        Looks must overlap or adjoin: after a hole the seconds are counted from its end. Any input is answered;
        what cannot be read is ``UNREADABLE``.
        """
        fs_hz = segment.fs_hz
        end_s = (segment.first_sample + segment.n_samples) / fs_hz
        whole_s = int(min(WINDOW_S, segment.n_samples / fs_hz))
        self._follow(end_s - segment.n_samples / fs_hz, end_s)
        names = tuple(n for n in INDEPENDENT_LEADS if n in segment.leads)
        if whole_s < QUIET_S or len(names) < FEWEST_LEADS or fs_hz < LOWEST_FS_HZ:
            return Rhythm(StandstillVerdict.UNREADABLE, self._quiet_s(end_s))
        n = round(whole_s * fs_hz)
        adc = segment.adc[[segment.leads.index(name) for name in names], -n:]
        uv = np.asarray(adc * segment.uv_per_lsb, dtype=np.float64)
        uv[adc == MISSING] = np.nan
        missing = bridged(uv)
        at_rail = np.abs(adc.astype(np.int32)) == RAIL
        bad = raw_flags(uv, at_rail if at_rail.any() else None, missing, fs_hz).any
        spectrum = spectrum_of(without_spikes(uv, find_spikes(uv, fs_hz)), fs_hz)
        band = detection_gain(spectrum.n_padded, fs_hz, detection_high_hz(fs_hz))
        beats = find_beats(
            synthesise(spectrum, band, DETECTION_FS_HZ), bad.mean(axis=1) < LOST_SHARE
        )
        waves = synthesise(
            spectrum, band_gain(spectrum.freq_hz, *_WAVES_HZ, EDGE_HZ), DETECTION_FS_HZ
        )
        self._remember(names, waves, beats, end_s - whole_s)
        quiet_s = self._quiet_s(end_s)
        if self._last_s is not None and quiet_s < QUIET_S:
            return Rhythm(StandstillVerdict.QRS_SEEN, quiet_s)
        if self._last_s is None and quiet_s < HEARD_S:
            return Rhythm(StandstillVerdict.UNREADABLE, quiet_s)
        flat = np.ptp(uv[:, -round(QUIET_S * fs_hz) :], axis=1) < FLAT_UV
        limbs = [k for k, name in enumerate(names) if name in {"I", "II"}]
        has_reference = not flat[limbs].any()  # of a limb electrode that is off no lead has one
        good = ~bad[:, -round(QUIET_S) :].any(axis=1) & ~flat & self._calm(names, waves)
        readable = has_reference and int(good.sum()) >= FEWEST_LEADS
        return Rhythm(
            StandstillVerdict.STANDSTILL if readable else StandstillVerdict.UNREADABLE, quiet_s
        )

    def _follow(self, start_s: float, end_s: float) -> None:
        """Begin anew after a hole: what nobody looked at was not quiet."""
        if start_s > self._end_s + _HOLE_S:
            self._since_s, self._last_s = start_s, None
        self._end_s = end_s

    def _quiet_s(self, end_s: float) -> float:
        return max(0.0, end_s - (self._since_s if self._last_s is None else self._last_s))

    def _known(self, names: tuple[str, ...]) -> Float:
        """Usual size of the QRS by lead in µV, NaN where too few are remembered, shape ``(n_leads,)``."""
        seen = [self._sizes.get(name, ()) for name in names]
        return np.array([np.median(s) if len(s) >= FEWEST_REMEMBERED else np.nan for s in seen])

    def _calm(self, names: tuple[str, ...], waves: Float) -> Bool:
        """Leads in whose newest seconds no QRS of this patient could hide, shape ``(n_leads,)``."""
        rest_uv = 2 * np.abs(waves[:, -round(QUIET_S * DETECTION_FS_HZ) :])
        known = self._known(names)
        hiding_uv = np.where(np.isnan(known), HIDING_UV, LOUDEST_REST * known)
        return np.asarray(np.quantile(rest_uv, LOUD_SHARE, axis=1) < hiding_uv)

    def _remember(self, names: tuple[str, ...], waves: Float, beats: Beats, start_s: float) -> None:
        """Beats newer than the last one, where they are as large as a QRS of this patient."""
        used = np.flatnonzero(beats.weights > 0)
        for at, fit, dominant in zip(
            beats.positions, beats.correlation, beats.dominant, strict=True
        ):
            at_s = start_s + at / DETECTION_FS_HZ
            if self._last_s is not None and at_s < self._last_s + APART_S:
                continue
            size = np.ptp(waves[:, max(0, at - _REACH) : at + _REACH + 1], axis=1)
            if not self._is_qrs(names, size, used):
                continue
            self._last_s = float(at_s)
            if dominant and fit > SURE_FIT:
                for lead in used:
                    row = self._sizes.setdefault(names[lead], deque(maxlen=REMEMBERED))
                    row.append(float(size[lead]))

    def _is_qrs(self, names: tuple[str, ...], size: Float, used: Int) -> bool:
        share = (size / self._known(names))[used]
        share = share[~np.isnan(share)]
        if share.size:
            return bool(np.median(share) >= SMALLEST_QRS)
        return bool(np.sort(size)[-FEWEST_LEADS] >= SMALLEST_UV)
