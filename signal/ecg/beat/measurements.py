"""What was measured in one window: plain values, no method that computes anything.

A criterion reads these and nothing else, so that every criterion can be tested on numbers written
by hand.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from ecg.beat.reversal import Placement, Reversal
from ecg.beat.source_filter import SourceFilter
from ecg.conditioning.mains import NO_MAINS, Mains
from ecg.conditioning.quality import Label, RecordQuality
from ecg.values import Float

J_OFFSETS_MS: tuple[int, ...] = (0, 20, 40, 60, 80)
"""Instants after the J point at which ST is stored."""

POLARITY_DEAD_BAND = 0.1
"""R and S that differ by less than this share of both leave the polarity to the area (clinical brief §1.5)."""
FRAMINGHAM_MS, HODGES_MS_PER_BPM, HODGES_BPM = 154.0, 1.75, 60.0
"""QT by Framingham and by Hodges (clinical brief §2.9)."""
JT_FROM_MS = 120.0
"""QRS above which QT is also given without it (clinical brief §2.9)."""

StShape = Literal["concave", "straight", "convex"]


@dataclass(frozen=True, slots=True)
class LeadMeasurement:
    """One lead's representative beat in numbers, microvolts above its PQ level.

    Attributes:
        st_uv: level at J+0, +20, +40, +60, +80 ms.
        st_se_uv: standard error of J, 10 µV for the fiducials included.
        q_uv, r_uv, s_uv: depths of Q and S and height of R, each >= 0.
        qrs_area_uv_ms: signed area of the QRS.
        r_peak_ms: time of the highest point from the QRS onset.
        r_width_ms: time the QRS stays above half of R, 0.0 without an R.
        r_duration_ms: time it stays above 20 µV. q_ms: time it stays below -20 µV before R.
        terminal_uv: mean level over the last 40 ms of the QRS.
        st_shape: course from J to the peak of T.
        t_uv: signed peak of T. p_uv: signed peak of P.
        t_peak_ms: from J to the peak of T. t_width_ms: time T stays beyond half its peak.
        st_t_area_uv_ms: signed area from J to the end of T.
        tp_uv: level of the TP segment above PQ (positive: PR is depressed); 0.0 where not measured.
        n_beats: beats that this lead could use.
    """

    st_uv: tuple[float, ...]
    st_se_uv: float = 10.0
    q_uv: float = 0.0
    r_uv: float = 0.0
    s_uv: float = 0.0
    qrs_area_uv_ms: float = 0.0
    r_peak_ms: float = 0.0
    r_width_ms: float = 0.0
    r_duration_ms: float = 0.0
    q_ms: float = 0.0
    terminal_uv: float = 0.0
    st_shape: StShape = "straight"
    t_uv: float = 0.0
    p_uv: float = 0.0
    t_peak_ms: float = 0.0
    t_width_ms: float = 0.0
    st_t_area_uv_ms: float = 0.0
    tp_uv: float = 0.0
    n_beats: int = 0

    @property
    def j_uv(self) -> float:
        """Level at the J point."""
        return self.st_uv[0]

    @property
    def j60_uv(self) -> float:
        """Level 60 ms after the J point."""
        return self.st_uv[3]

    @property
    def j_over_tp_uv(self) -> float:
        """Level at the J point above the TP segment; above PQ where TP was not measured."""
        return self.j_uv - self.tp_uv

    @property
    def qrs_pp_uv(self) -> float:
        """R + S, peak to peak."""
        return self.r_uv + self.s_uv

    @property
    def qrs_positive(self) -> bool:
        """Net QRS polarity; within a 10 % dead band the area decides."""
        difference = self.r_uv - self.s_uv
        if abs(difference) < POLARITY_DEAD_BAND * self.qrs_pp_uv:
            return self.qrs_area_uv_ms > 0
        return difference > 0


@dataclass(frozen=True, slots=True, eq=False)
class RepresentativeBeat:
    """The trimmed-mean beat, for drawing and comparing.

    Attributes:
        uv: above the PQ level, shape ``(n_leads, n_samples)``. leads: one name a row.
        fs_hz: its rate. onset, j, t_end: samples; ``t_end`` None where no T was seen.
        j_before_notch: end of the QRS before a J notch, None without one.
    """

    uv: Float
    leads: tuple[str, ...]
    fs_hz: float
    onset: int
    j: int
    t_end: int | None
    j_before_notch: int | None


@dataclass(frozen=True, slots=True, eq=False)
class Measurements:
    """Everything read from one window.

    Attributes:
        first_sample, n_samples: the stretch that was measured, in the stream's own samples.
        fs_hz: rate of the stream.
        quality: of the record and of each lead.
        leads: by lead name; empty when the record was refused.
        beat_j_uv: J of every usable beat by lead, shape ``(n_beats,)`` each; for the bootstrap.
        r_samples: positions of the dominant beats in the stream. n_beats_all: all beats found.
        hr_bpm, qrs_ms, qt_ms: None where not measured.
        rr_cv: relative SD of RR, None with fewer than four beats.
        beat: the representative beat, None when refused.
        reversal: a suspected exchange of electrodes. placement: other doubts about them. mains: the hum that was removed.
        tp_measured: whether a TP segment was found (``tp_uv`` of the leads).
        wide_confirmed: whether odd and even beats both show a wide QRS; None where not asked.
        source_filter: a high-pass that the recorder seems to have applied.
        pacing_spikes: spikes that were seen and bridged. paced: one before at least half of the beats.
    """

    first_sample: int
    n_samples: int
    fs_hz: float
    quality: RecordQuality
    leads: dict[str, LeadMeasurement] = field(default_factory=dict)
    beat_j_uv: dict[str, Float] = field(default_factory=dict)
    r_samples: tuple[int, ...] = ()
    n_beats_all: int = 0
    hr_bpm: float | None = None
    rr_cv: float | None = None
    qrs_ms: float | None = None
    qt_ms: float | None = None
    beat: RepresentativeBeat | None = None
    reversal: Reversal | None = None
    placement: tuple[Placement, ...] = ()
    mains: Mains = NO_MAINS
    tp_measured: bool = False
    wide_confirmed: bool | None = None
    source_filter: SourceFilter | None = None
    pacing_spikes: int = 0
    paced: bool = False
    _readable: frozenset[str] = field(init=False, repr=False, default=frozenset())

    def __post_init__(self) -> None:
        clear = (n for n, q in self.quality.leads.items() if q.readable and n in self.leads)
        object.__setattr__(self, "_readable", frozenset(clear))

    @property
    def rejected(self) -> bool:
        """Whether nothing may be concluded from this window."""
        return self.quality.label is Label.REJECT or not self.leads

    @property
    def qtcb_ms(self) -> float | None:
        """QT by Bazett: QT / sqrt(RR)."""
        return self._corrected(0.5)

    @property
    def qtcf_ms(self) -> float | None:
        """QT by Fridericia: QT / cube root of RR."""
        return self._corrected(1 / 3)

    @property
    def qtc_framingham_ms(self) -> float | None:
        """QT by Framingham: QT + 154 ms · (1 - RR in s)."""
        if self.qt_ms is None or not self.hr_bpm:
            return None
        return self.qt_ms + FRAMINGHAM_MS * (1.0 - 60.0 / self.hr_bpm)

    @property
    def qtc_hodges_ms(self) -> float | None:
        """QT by Hodges: QT + 1.75 ms · (rate - 60)."""
        if self.qt_ms is None or not self.hr_bpm:
            return None
        return self.qt_ms + HODGES_MS_PER_BPM * (self.hr_bpm - HODGES_BPM)

    @property
    def jtc_ms(self) -> float | None:
        """QT by Fridericia without the QRS, for a QRS above 120 ms; None for a narrower one."""
        if self.qtcf_ms is None or self.qrs_ms is None or self.qrs_ms <= JT_FROM_MS:
            return None
        return self.qtcf_ms - self.qrs_ms

    @property
    def axis_deg(self) -> float | None:
        """Frontal QRS axis from the net areas of I and aVF, -180..180; None without them."""
        return self._frontal_deg("qrs_area_uv_ms")

    @property
    def t_axis_deg(self) -> float | None:
        """Frontal axis of the peak of T, -180..180; None without I and aVF, or without a T."""
        return self._frontal_deg("t_uv")

    @property
    def p_axis_deg(self) -> float | None:
        """Frontal axis of the peak of P, -180..180; None without I and aVF, or without a P."""
        return self._frontal_deg("p_uv")

    def _frontal_deg(self, quantity: str) -> float | None:
        if not (self.readable("I") and self.readable("aVF")):
            return None
        x, y = (getattr(self.leads[name], quantity) for name in ("I", "aVF"))
        if x == 0.0 and y == 0.0:
            return None
        return float(np.degrees(np.arctan2(y * 2 / np.sqrt(3), x)))

    def readable(self, lead: str) -> bool:
        """Whether a criterion may use a lead."""
        return lead in self._readable

    def _corrected(self, power: float) -> float | None:
        if self.qt_ms is None or not self.hr_bpm:
            return None
        return float(self.qt_ms / np.power(60.0 / self.hr_bpm, power))
