"""Hearts as sums of Gaussians on the Frank axes, and the recipes of the pathologies.

A heart is a dipole in Frank axes (X left, Y inferior, Z posterior, millivolts) that Dower's matrix
turns into leads. The P-QRS-T prototype follows the published sum-of-Gaussians dipole of Sameni et
al. (EURASIP J. Adv. Signal Process. 2007:43407; parameters published with OSET, BSD-3); the recipes
and the injury vectors follow the clinical brief §7.3. Amplitudes are illustrative: they test
software, they do not describe patients.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from ecg.values import Float

DOWER = np.array([
    [0.632, -0.235, 0.059],    # I
    [0.235, 1.066, -0.132],    # II
    [-0.515, 0.157, -0.917],   # V1
    [0.044, 0.164, -1.387],    # V2
    [0.882, 0.098, -1.277],    # V3
    [1.213, 0.127, -0.601],    # V4
    [1.125, 0.127, -0.086],    # V5
    [0.831, 0.076, 0.230],     # V6
])  # fmt: skip
"""Frank VCG to the eight independent leads (Dower 1980, as published; limb rows I and II only)."""

DOWER_EXTRA: dict[str, tuple[float, float, float]] = {
    "V7": (0.55, 0.07, 0.55),
    "V8": (0.30, 0.06, 0.68),
    "V9": (0.05, 0.05, 0.72),
    "V3R": (-0.55, 0.15, -0.45),
    "V4R": (-0.60, 0.12, -0.15),
}
"""Rows for posterior and right chest leads. Nobody has published them; for testing software only."""

_THETA_TO_S = 1 / (2 * np.pi)
# axis, theta/rad, amplitude/mV, width/rad at 60/min
_PROTOTYPE: tuple[tuple[int, tuple[float, ...], tuple[float, ...], tuple[float, ...]], ...] = (
    (0, (-1.09, -0.83, -0.19, -0.07, 0, 0.06, 0.22, 1.2, 1.42, 1.68, 2.9),
        (0.03, 0.08, -0.13, 0.85, 1.11, 0.75, 0.06, 0.1, 0.17, 0.39, 0.03),
        (0.0906, 0.1057, 0.0453, 0.0378, 0.0332, 0.0302, 0.0378, 0.604, 0.302, 0.1812, 0.5)),
    (1, (-1.1, -0.9, -0.76, -0.11, -0.01, 0.065, 0.8, 1.58, 2.9),
        (0.035, 0.015, -0.019, 0.32, 0.51, -0.32, 0.04, 0.08, 0.014),
        (0.07, 0.07, 0.04, 0.055, 0.037, 0.0604, 0.45, 0.3, 0.5)),
    (2, (-1.1, -0.93, -0.7, -0.4, -0.15, 0.095, 1.05, 1.25, 1.55, 2.8),
        (-0.03, -0.14, -0.035, 0.045, -0.4, 0.46, -0.12, -0.2, -0.35, -0.035),
        (0.03, 0.12, 0.04, 0.4, 0.045, 0.05, 0.8, 0.4, 0.2, 0.4)),
)  # fmt: skip

Shape = Literal["plateau", "convex", "concave"]
TERRITORIES: dict[str, tuple[float, float, float]] = {
    "lad-proximal": (0.30, -0.50, -0.81),
    "lad-mid": (0.42, 0.02, -0.91),
    "lad-distal": (0.55, 0.35, -0.76),
    "high-lateral": (0.62, -0.72, -0.31),
    "rca-proximal": (-0.42, 0.85, -0.32),
    "rca-mid": (-0.30, 0.90, 0.32),
    "lcx": (0.30, 0.62, 0.72),
    "posterior": (0.05, 0.12, 0.99),
    "subendocardial": (-0.72, -0.60, 0.35),
    "pericarditis": (0.60, 0.65, -0.46),
    "lvh-secondary": (-0.60, -0.22, -0.77),
    "lbbb-secondary": (-0.62, -0.05, -0.78),
    "early-repolarisation": (0.60, 0.30, -0.74),
    "de-winter": (-0.45, -0.05, 0.89),
    "aneurysm": (0.35, 0.0, -0.94),
}
"""Unit injury vectors (X, Y, Z) by territory or pattern."""


@dataclass(frozen=True, slots=True, eq=False)
class Waves:
    """Gaussians on the Frank axes.

    Attributes:
        axis: 0, 1 or 2 (X, Y, Z), shape ``(n,)``.
        centre_s: seconds from R, shape ``(n,)``.
        sigma_s: standard deviations in seconds, shape ``(n,)``.
        amp_mv: peak values in millivolts, shape ``(n,)``.
    """

    axis: Float
    centre_s: Float
    sigma_s: Float
    amp_mv: Float

    def vcg_mv(self, t_s: Float, time_scale: float = 1.0) -> Float:
        """The dipole at times from R, shape ``(3, len(t_s))``."""
        z = (t_s[None, :] - self.centre_s[:, None] * time_scale) / (
            self.sigma_s[:, None] * time_scale
        )
        bumps = self.amp_mv[:, None] * np.exp(-0.5 * z * z)
        return np.stack([bumps[self.axis == k].sum(axis=0) for k in range(3)])

    def scaled(self, x: float = 1.0, y: float = 1.0, z: float = 1.0) -> Waves:
        """The same waves with each axis multiplied."""
        factor = np.array([x, y, z])[self.axis.astype(int)]
        return replace(self, amp_mv=self.amp_mv * factor)

    def plus(self, *terms: tuple[int, float, float, float]) -> Waves:
        """The same waves and more: ``(axis, centre_s, sigma_s, amp_mv)`` each."""
        more = np.array(terms, dtype=np.float64).T
        return Waves(*(np.concatenate([old, new]) for old, new in zip(
            (self.axis, self.centre_s, self.sigma_s, self.amp_mv), more, strict=True)))  # fmt: skip


def waves(*terms: tuple[int, float, float, float]) -> Waves:
    """Waves from ``(axis, centre_s, sigma_s, amp_mv)`` rows."""
    return Waves(*np.array(terms, dtype=np.float64).T)


def _prototype(low: float, high: float) -> Waves:
    rows = [
        (axis, theta * _THETA_TO_S, width * _THETA_TO_S, amp)
        for axis, thetas, amps, widths in _PROTOTYPE
        for theta, amp, width in zip(thetas, amps, widths, strict=True)
        if low <= theta < high
    ]
    return waves(*rows)


@dataclass(frozen=True, slots=True)
class Injury:
    """An ST vector added to every beat.

    Attributes:
        vector: unit vector (X, Y, Z).
        magnitude_mv: its length at the J point once fully developed.
        shape: course from J to the peak of T.
        t_gain: extra factor at the peak of T; 1 leaves the shape as it is.
        course_s: ``(time_s, fraction)`` knots of its development; empty for constant.
    """

    vector: tuple[float, float, float]
    magnitude_mv: float
    shape: Shape = "plateau"
    t_gain: float = 1.0
    course_s: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class LocalTerm:
    """A term seen in single chest leads only (Brugada's pattern): no dipole makes it.

    Attributes:
        leads: independent leads that show it.
        course: ``(seconds after J, millivolts)`` knots; it rises over the last 30 ms of the QRS and is
            zero after the last knot.
    """

    leads: tuple[str, ...]
    course: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Heart:
    """Everything that makes one synthetic patient's beats.

    Attributes:
        p, qrs, t: the waves; ``t`` scales in time with the square root of RR.
        onset_s, j_s: ends of the QRS from R; the QRS is exactly zero outside.
        injuries: ST vectors.
        hr_bpm: mean rate. rr_sd: relative SD of RR. irregular: gamma-distributed RR (AF).
        f_wave_mv: amplitude of fibrillation waves, 0 for none.
        swap: electrodes exchanged, as names among RA, LA, LL, C1..C6.
        pr_mv: vector of the PR segment (between P and QRS) against TP, zero for none.
        local: terms of single leads.
    """

    p: Waves = field(default_factory=lambda: _prototype(-9, -0.5))
    qrs: Waves = field(default_factory=lambda: _prototype(-0.5, 0.5))
    t: Waves = field(default_factory=lambda: _prototype(0.5, 9))
    onset_s: float = -0.045
    j_s: float = 0.045
    injuries: tuple[Injury, ...] = ()
    hr_bpm: float = 72.0
    rr_sd: float = 0.02
    irregular: bool = False
    f_wave_mv: float = 0.0
    swap: tuple[str, str] | None = None
    pr_mv: tuple[float, float, float] = (0.0, 0.0, 0.0)
    local: tuple[LocalTerm, ...] = ()


def injured(heart: Heart, territory: str, magnitude_mv: float, shape: Shape = "convex") -> Heart:
    """The heart with one more injury vector of a territory."""
    injury = Injury(TERRITORIES[territory], magnitude_mv, shape)
    return replace(heart, injuries=(*heart.injuries, injury))


def _lbbb() -> Heart:
    qrs = waves(
        (0, -0.015, 0.016, 0.75), (0, 0.03, 0.020, 1.05), (0, 0.065, 0.014, 0.25),
        (1, -0.01, 0.02, 0.12), (1, 0.035, 0.02, -0.05),
        (2, -0.045, 0.010, -0.10), (2, -0.005, 0.020, 0.55), (2, 0.035, 0.024, 1.15),
    )  # fmt: skip
    secondary = Injury(TERRITORIES["lbbb-secondary"], 0.16, "plateau", t_gain=1.9)
    base = Heart()
    return replace(
        base, qrs=qrs, onset_s=-0.06, j_s=0.09, t=base.t.scaled(0.15, 0.15, 0.15), injuries=(secondary,)
    )  # fmt: skip


def _lvh() -> Heart:
    base = Heart()
    strain = Injury(TERRITORIES["lvh-secondary"], 0.17, "plateau", t_gain=1.3)
    return replace(
        base,
        qrs=base.qrs.scaled(1.9, 1.3, 1.0).plus((2, 0.012, 0.012, 0.9)),
        t=base.t.scaled(0.2, 0.2, 0.2),
        injuries=(strain,),
    )


def _early_repolarisation() -> Heart:
    base = Heart()
    return injured(
        replace(base, hr_bpm=58.0, qrs=base.qrs.scaled(1.25, 1.25, 1.25), t=base.t.scaled(1.2, 1.2, 1.2)),
        "early-repolarisation", 0.12, "concave",
    )  # fmt: skip


def _rbbb() -> Heart:
    base = Heart()
    return replace(
        base, j_s=0.085, qrs=base.qrs.plus((0, 0.055, 0.014, -0.5), (2, 0.055, 0.014, -0.6))
    )


def _evolving() -> Heart:
    injury = Injury(
        TERRITORIES["lad-mid"], 0.34, "convex", course_s=((0.0, 0.0), (15.0, 0.0), (40.0, 1.0))
    )
    return replace(Heart(), hr_bpm=82.0, injuries=(injury,))


def _de_winter() -> Heart:
    base = Heart()
    pattern = Injury(TERRITORIES["de-winter"], 0.16, "plateau", t_gain=0.2)
    return replace(base, qrs=base.qrs.scaled(0.8, 0.8, 0.8), t=base.t.scaled(1.1, 1.1, 1.5), injuries=(pattern,))  # fmt: skip


def _posterior() -> Heart:
    base = Heart()
    late_t = waves((0, 0.28, 0.045, 0.25), (1, 0.28, 0.045, 0.10), (2, 0.28, 0.045, -0.35))
    calm = replace(base, hr_bpm=76.0, t=late_t)
    return injured(calm, "posterior", 0.16, "plateau")


def _pericarditis() -> Heart:
    base = replace(Heart(), hr_bpm=82.0, t=Heart().t.scaled(0.7, 0.7, 0.7))
    x, y, z = TERRITORIES["pericarditis"]
    return replace(
        injured(base, "pericarditis", 0.16, "concave"), pr_mv=(-0.06 * x, -0.06 * y, -0.06 * z)
    )


def _aneurysm() -> Heart:
    base = Heart()
    qrs = base.qrs.scaled(0.55, 1.0, 0.0).plus((0, -0.005, 0.02, -0.45), (2, 0.0, 0.022, 1.35))
    old = Injury(TERRITORIES["aneurysm"], 0.165, "plateau")
    return replace(base, qrs=qrs, t=base.t.scaled(0.03, 0.03, 0.03), injuries=(old,))


def _brugada() -> Heart:
    coved = LocalTerm(("V1", "V2"), ((0.0, 0.3), (0.12, -0.1), (0.22, -0.25), (0.34, 0.0)))
    base = Heart()
    return replace(base, t=base.t.scaled(1.0, 1.0, 0.35), local=(coved,))


def _hyperkalaemia() -> Heart:
    base = Heart()
    tented = waves((0, 0.24, 0.025, 1.0), (1, 0.24, 0.025, 0.35), (2, 0.24, 0.025, -0.75))
    qrs = replace(base.qrs, centre_s=base.qrs.centre_s * 1.2, sigma_s=base.qrs.sigma_s * 1.2)
    return replace(
        base, hr_bpm=54.0, p=base.p.scaled(0.2, 0.2, 0.2), qrs=qrs, onset_s=-0.054, j_s=0.054, t=tented
    )  # fmt: skip


def _hyperacute_t() -> Heart:
    base = Heart()
    qrs = base.qrs.scaled(0.55, 0.6, 0.6)
    broad = waves((0, 0.25, 0.07, 0.9), (1, 0.25, 0.07, 0.15), (2, 0.25, 0.07, -0.75))
    return replace(base, qrs=qrs, t=broad)


HEARTS: dict[str, Callable[[], Heart]] = {
    "normal": Heart,
    "evolving-anterior-stemi": _evolving,
    "anterior-stemi": lambda: injured(replace(Heart(), hr_bpm=84.0), "lad-mid", 0.30),
    "inferior-stemi": lambda: injured(replace(Heart(), hr_bpm=60.0), "rca-mid", 0.25),
    "lateral-stemi": lambda: injured(replace(Heart(), hr_bpm=78.0), "high-lateral", 0.28),
    "posterior-mi": _posterior,
    "lbbb": _lbbb,
    "lbbb-stemi": lambda: injured(_lbbb(), "lad-mid", 0.45),
    "lvh": _lvh,
    "rbbb": _rbbb,
    "early-repolarisation": _early_repolarisation,
    "de-winter": _de_winter,
    "pericarditis": _pericarditis,
    "lv-aneurysm": _aneurysm,
    "brugada": _brugada,
    "hyperkalaemia": _hyperkalaemia,
    "hyperacute-t": _hyperacute_t,
    "subendocardial": lambda: injured(replace(Heart(), hr_bpm=96.0), "subendocardial", 0.20),
    "atrial-fibrillation": lambda: replace(
        Heart(), hr_bpm=95.0, irregular=True, f_wave_mv=0.06, p=waves((0, -0.15, 0.02, 0.0))
    ),
    "arm-reversal": lambda: replace(Heart(), swap=("RA", "LA")),
}
"""Builders of the hearts by scenario name."""
