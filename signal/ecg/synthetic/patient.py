"""A patient who never tires: 12-lead ECG of a known heart, any stretch of it, with exact truth.

Samples are computed in whole seconds on a fixed grid and cut from there, so a stream read in any
chunks, in any order, on any day gives the same bytes. The truth is evaluated from the noise-free
heart at the exact onset and J of each beat.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace

import numpy as np

from ecg.leads import INDEPENDENT_LEADS, derive_limb_leads
from ecg.synthetic.noise import ELECTRODES, ElectrodeNoise, NoiseLevel
from ecg.synthetic.pathology import DOWER, DOWER_EXTRA, HEARTS, Heart, Injury
from ecg.values import EcgSegment, Float

SCENARIOS: tuple[str, ...] = tuple(HEARTS)
"""Names a ``SyntheticPatient`` can be made of."""

J_OFFSETS_MS = (0, 20, 40, 60, 80)
_CACHED_BLOCKS = 16
_BEAT_BATCH = 256
_T_RAMP_S = 0.060
_EDGE_S = 0.012
_INJURY_RISE_S = 0.030


@dataclass(frozen=True, slots=True)
class BeatTruth:
    """What is exactly true of one beat.

    Attributes:
        r_sample, onset_sample, j_sample: positions in the stream, in fractions of a sample.
        st_uv: by lead (twelve leads), the level at J+0, +20, +40, +60, +80 ms above the PQ level.
    """

    r_sample: float
    onset_sample: float
    j_sample: float
    st_uv: dict[str, tuple[float, ...]]


class SyntheticPatient:
    """An endless, reproducible ECG.

    Attributes:
        leads: the eight independent leads, one a row of every segment.
        scenario, seed, fs_hz, uv_per_lsb: as given.
        heart: the heart behind it, after this seed's individual orientation.

    Args:
        scenario: one of ``SCENARIOS``.
        seed: the individual; the same seed gives the same bytes.
        fs_hz: samples per second.
        uv_per_lsb: microvolts of one ADC step.
        noise: strength at the electrodes: none, light, moderate, ambulance, severe.
        mains_hz: 50 or 60.
        heart: instead of the scenario's own, for tests.
    """

    def __init__(
        self,
        scenario: str,
        seed: int,
        fs_hz: float = 500.0,
        uv_per_lsb: float = 2.5,
        *,
        noise: NoiseLevel = "light",
        mains_hz: float = 50.0,
        heart: Heart | None = None,
    ) -> None:
        if scenario not in HEARTS:
            raise ValueError(f"no scenario {scenario!r}; choose one of {', '.join(SCENARIOS)}")
        self.leads = INDEPENDENT_LEADS
        self.scenario, self.seed = scenario, seed
        self.fs_hz, self.uv_per_lsb = fs_hz, uv_per_lsb
        self.heart = heart if heart is not None else HEARTS[scenario]()
        self._block = round(fs_hz)
        rng = np.random.default_rng([seed, 1])
        self._orientation = _rotation(rng.uniform(-6, 6, 3)) * rng.uniform(0.92, 1.08)
        self._breath_hz = rng.uniform(0.2, 0.3)
        self._f_wave_hz = rng.uniform(5.0, 7.5)
        self._rr_rng = np.random.default_rng([seed, 2])
        self._r_s = np.array([0.4])
        self._noise = ElectrodeNoise(noise, seed, fs_hz, mains_hz)
        self._blocks: OrderedDict[int, np.ndarray[tuple[int, int], np.dtype[np.int16]]] = (
            OrderedDict()
        )

    def segment(self, first_sample: int, n_samples: int) -> EcgSegment:
        """Samples ``first_sample .. first_sample + n_samples - 1``, exactly as any other cut gives.

        Raises:
            ValueError: a negative position or length.
        """
        if first_sample < 0 or n_samples < 0:
            raise ValueError("a stretch of ECG begins at sample 0 or later and has a length >= 0")
        last = first_sample + n_samples
        blocks = range(first_sample // self._block, -(-last // self._block))
        parts = [self._adc_block(b) for b in blocks]
        whole = np.concatenate(parts, axis=1) if parts else np.zeros((8, 0), np.int16)
        skip = first_sample % self._block
        adc = np.ascontiguousarray(whole[:, skip : skip + n_samples])
        return EcgSegment(adc, self.leads, self.fs_hz, self.uv_per_lsb, first_sample)

    def truth(self, first_sample: int, n_samples: int) -> list[BeatTruth]:
        """The truth of every beat whose onset and J+80 ms lie inside a stretch."""
        start_s, end_s = first_sample / self.fs_hz, (first_sample + n_samples) / self.fs_hz
        out = []
        for k in self._beats_between(start_s, end_s):
            r_s = float(self._r_s[k])
            if r_s + self.heart.onset_s >= start_s and r_s + self.heart.j_s + 0.08 < end_s:
                out.append(self._beat_truth(r_s))
        return out

    def clean_uv(self, t_s: Float) -> Float:
        """The heart without noise or fibrillation waves, microvolts, shape ``(8, len(t_s))``."""
        vcg = np.zeros((3, t_s.size))
        if t_s.size:
            for k in self._beats_between(float(t_s[0]), float(t_s[-1])):
                vcg += self._beat_vcg(k, t_s)
        angle = np.deg2rad(3.0) * np.sin(2 * np.pi * self._breath_hz * t_s)
        size = 1 + 0.03 * np.sin(2 * np.pi * self._breath_hz * t_s + 1.0)
        turned = np.stack([
            vcg[0] * np.cos(angle) - vcg[1] * np.sin(angle),
            vcg[0] * np.sin(angle) + vcg[1] * np.cos(angle),
            vcg[2],
        ])  # fmt: skip
        leads = 1000.0 * (DOWER @ (turned * size))
        if self.heart.local:
            leads = leads + self._local_uv(t_s)
        return self._swapped(leads)

    def extra_uv(self, t_s: Float) -> dict[str, Float]:
        """V7-V9, V3R and V4R without noise, breathing or orientation, microvolts, by lead."""
        vcg = np.zeros((3, t_s.size))
        for k in self._beats_between(float(t_s[0]), float(t_s[-1])):
            vcg += self._beat_vcg(k, t_s)
        return {name: 1000.0 * (np.array(row) @ vcg) for name, row in DOWER_EXTRA.items()}

    def _local_uv(self, t_s: Float) -> Float:
        out = np.zeros((len(self.leads), t_s.size))
        if not t_s.size:
            return out
        for k in self._beats_between(float(t_s[0]), float(t_s[-1])):
            after_j = t_s - self._r_s[k] - self.heart.j_s
            rise = 0.5 - 0.5 * np.cos(np.pi * np.clip(after_j / _INJURY_RISE_S + 1, 0, 1))
            for term in self.heart.local:
                times, levels = zip(*term.course, strict=True)
                course = np.interp(after_j, times, levels, right=0.0) * rise
                for lead in term.leads:
                    out[self.leads.index(lead)] += 1000.0 * course
        return out

    def _adc_block(self, block: int) -> np.ndarray[tuple[int, int], np.dtype[np.int16]]:
        cached = self._blocks.get(block)
        if cached is not None:
            return cached
        t_s = (block * self._block + np.arange(self._block)) / self.fs_hz
        uv = self.clean_uv(t_s) + self._f_waves_uv(t_s) + _leads_of(self._noise.block_uv(block))
        adc = np.clip(np.rint(uv / self.uv_per_lsb), -32766, 32766).astype(np.int16)
        self._blocks[block] = adc
        while len(self._blocks) > _CACHED_BLOCKS:
            self._blocks.popitem(last=False)
        return adc

    def _beats_between(self, start_s: float, end_s: float) -> range:
        """Numbers of the beats that can reach into a time span."""
        while self._r_s[-1] < end_s + 3.0:
            mean = 60.0 / self.heart.hr_bpm
            if self.heart.irregular:
                rr = np.maximum(0.33, self._rr_rng.gamma(16.0, mean / 16.0, _BEAT_BATCH))
            else:
                rr = mean * (
                    1 + self.heart.rr_sd * self._rr_rng.standard_normal(_BEAT_BATCH).clip(-3, 3)
                )
            self._r_s = np.concatenate([self._r_s, self._r_s[-1] + np.cumsum(rr)])
        low = int(np.searchsorted(self._r_s, start_s - 1.5))
        return range(low, int(np.searchsorted(self._r_s, end_s + 0.6)))

    def _beat_vcg(self, k: int, t_s: Float) -> Float:
        heart = self.heart
        t = t_s - self._r_s[k]
        rr_s = float(self._r_s[k] - self._r_s[k - 1]) if k else 60.0 / heart.hr_bpm
        stretch = float(np.sqrt(np.clip(rr_s, 0.35, 1.6)))
        edge = np.minimum(t - heart.onset_s, heart.j_s - t) / _EDGE_S
        inside = np.clip(edge, 0.0, 1.0)
        tukey = 0.5 - 0.5 * np.cos(np.pi * inside)
        after_j = np.clip((t - heart.j_s) / _T_RAMP_S, 0.0, 1.0)
        ramp = 0.5 - 0.5 * np.cos(np.pi * after_j)
        before = np.clip((heart.onset_s - t) / _EDGE_S, 0.0, 1.0)
        own = (
            heart.p.vcg_mv(t) * (0.5 - 0.5 * np.cos(np.pi * before))
            + heart.qrs.vcg_mv(t) * tukey
            + heart.t.vcg_mv(t, stretch) * ramp
        )
        if any(heart.pr_mv):
            own = own + np.array(heart.pr_mv)[:, None] * _pr_course(t, heart.onset_s)
        out = self._orientation @ own
        for injury in heart.injuries:
            out = out + np.array(injury.vector)[:, None] * self._injury(
                injury, t, float(self._r_s[k]), stretch
            )
        return np.asarray(out)

    def _injury(self, injury: Injury, t: Float, r_s: float, stretch: float) -> Float:
        j_s = self.heart.j_s
        t_peak, t_end = j_s + 0.215 * stretch, j_s + 0.36 * stretch
        size = injury.magnitude_mv
        if injury.course_s:
            times, parts = zip(*injury.course_s, strict=True)
            size *= float(np.interp(r_s, times, parts))
        rise = 0.5 - 0.5 * np.cos(np.pi * np.clip((t - j_s) / _INJURY_RISE_S + 1, 0, 1))
        x = np.clip((t - j_s) / (t_peak - j_s), 0, 1)
        bump = {"plateau": 0 * x, "convex": 0.6 * np.sin(np.pi * x), "concave": 0.8 * x * x}
        smooth = 0.5 - 0.5 * np.cos(np.pi * x)
        body = (1 + bump[injury.shape]) * (1 + (injury.t_gain - 1) * smooth)
        fall = 0.5 + 0.5 * np.cos(np.pi * np.clip((t - t_peak) / (t_end - t_peak), 0, 1))
        return np.asarray(size * rise * body * fall)

    def _swapped(self, leads_uv: Float) -> Float:
        if self.heart.swap is None:
            return leads_uv
        one, other = (ELECTRODES.index(name) for name in self.heart.swap)
        potentials = _electrodes_of(leads_uv)
        potentials[[one, other]] = potentials[[other, one]]
        return _leads_of(potentials)

    def _f_waves_uv(self, t_s: Float) -> Float:
        amp = 1000.0 * self.heart.f_wave_mv
        if not amp:
            return np.zeros((8, t_s.size))
        phase = 2 * np.pi * self._f_wave_hz * t_s + 1.5 * np.sin(2 * np.pi * 0.7 * t_s)
        wave = np.sin(phase) + 0.35 * np.sin(2 * phase + 0.5)
        gains = np.array([0.2, 0.7, 1.0, 0.5, 0.2, 0.1, 0.1, 0.1])
        return amp * gains[:, None] * wave

    def _beat_truth(self, r_s: float) -> BeatTruth:
        heart, fs = self.heart, self.fs_hz
        pq_s = r_s + heart.onset_s - np.arange(24, 3, -1) / 1000.0
        at_s = np.array([r_s + heart.j_s + ms / 1000.0 for ms in J_OFFSETS_MS])
        level = self.clean_uv(at_s) - self.clean_uv(pq_s).mean(axis=1, keepdims=True)
        rows = dict(zip(self.leads, level, strict=True))
        rows.update(derive_limb_leads(rows["I"], rows["II"]))
        return BeatTruth(
            r_sample=r_s * fs,
            onset_sample=(r_s + heart.onset_s) * fs,
            j_sample=(r_s + heart.j_s) * fs,
            st_uv={name: tuple(float(v) for v in row) for name, row in rows.items()},
        )


def _pr_course(t: Float, onset_s: float) -> Float:
    """1 between the end of P (100 ms before R) and the QRS onset, gone 12 ms into the QRS."""
    rise = 0.5 - 0.5 * np.cos(np.pi * np.clip((t + 0.100) / 0.015, 0, 1))
    fall = 0.5 + 0.5 * np.cos(np.pi * np.clip((t - onset_s) / _EDGE_S, 0, 1))
    return np.asarray(rise * fall)


def with_rate(patient: SyntheticPatient, hr_bpm: float) -> Heart:
    """The patient's heart at another rate."""
    return replace(patient.heart, hr_bpm=hr_bpm)


def _rotation(degrees: Float) -> Float:
    """Rotation by three angles about X, Y and Z, shape ``(3, 3)``."""
    a, b, c = np.deg2rad(degrees)
    about_x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    about_y = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    about_z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return np.asarray(about_x @ about_y @ about_z)


def _electrodes_of(leads_uv: Float) -> Float:
    """Potentials of RA, LA, LL, C1..C6 against Wilson's terminal, shape ``(9, n)``."""
    one, two = leads_uv[0], leads_uv[1]
    limbs = np.stack([-(one + two) / 3, (2 * one - two) / 3, (2 * two - one) / 3])
    return np.concatenate([limbs, leads_uv[2:]])


def _leads_of(potentials_uv: Float) -> Float:
    """The eight independent leads of nine electrode potentials, shape ``(8, n)``."""
    ra, la, ll = potentials_uv[0], potentials_uv[1], potentials_uv[2]
    wilson = (ra + la + ll) / 3
    return np.concatenate([np.stack([la - ra, ll - ra]), potentials_uv[3:] - wilson])
