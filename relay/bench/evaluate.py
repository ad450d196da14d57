"""The screen against labels: detector, fiducials, ST and tiers over a folder, as plain numbers.

Each record is read once; of longer ones the tiers are those of the first ten seconds. A record that cannot
be read is listed with its reason and counts in nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import pairwise
from multiprocessing import get_context
from typing import Any

import numpy as np

from ecg import hot
from ecg.beat.measurements import Measurements
from ecg.detecting.detect import detected_beats
from ecg.kernels.warming import warm
from ecg.screen import ScreenReport, Status, screen_segment
from ecg.screen.thresholds import thresholds_for
from ecg.values import EcgSegment, Float, PatientFacts
from relay.bench.labelled import Labelled
from relay.bench.scores import Matched, match
from relay.errors import BadInput
from relay.imports.wfdb_marks import Marks, read_marks
from relay.imports.wfdb_record import read_signals, read_wfdb

WINDOW_S = 10.0
LIMITS_MS = (150.0, 25.0)
LEAST_LEADS_MARKED = 4
_PRE = 160
_LUDB = ("i", "ii", "iii", "avr", "avl", "avf", "v1", "v2", "v3", "v4", "v5", "v6")
_NEAR_S = 0.12
_BEAT_FILES = ("atr", "qrs", "ii")


@dataclass(frozen=True, slots=True)
class Judged:
    """What came out for one record.

    Attributes:
        name, group, reference: of the label. patient: facts used. tier: the screen's answer, None
            where it was not asked (fewer than twelve leads). seen: the pair nearest to its thresholds, and
            every other finding that is met or noted.
        statement: in English. quality: of the record. scale_known: as labelled.
        detector: matches by limit in ms, empty without reference beats. beat_source: of those.
        onset_ms, j_ms, t_end_ms: errors of fiducials. st: ``(lead, error_uv, truth_uv, se_uv)``.
        criteria: ``(truth_met, margin_uv, screen_hit)`` where exact truth is known.
    """

    name: str
    group: str
    reference: str
    patient: PatientFacts
    scale_known: bool
    tier: str | None = None
    statement: str = ""
    seen: str = ""
    quality: str = ""
    beat_source: str = ""
    detector: dict[float, Matched] = field(default_factory=dict)
    onset_ms: tuple[float, ...] = ()
    j_ms: tuple[float, ...] = ()
    t_end_ms: tuple[float, ...] = ()
    st: tuple[tuple[str, float, float, float], ...] = ()
    criteria: tuple[bool, float, bool] | None = None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Every judged record, and the ones that could not be read with their reasons."""

    judged: tuple[Judged, ...]
    unread: tuple[tuple[str, str], ...]


def evaluate(
    records: Iterable[Labelled],
    told: Callable[[str], None] = lambda _name: None,
    jobs: int = 1,
) -> Evaluation:
    """Judges records, in their order whatever the number of processes.

    Args:
        records: from ``relay.bench.labelled.find_labelled``.
        told: called with each record's name when it is done.
        jobs: processes that judge at the same time; 1 for this one alone.
    """
    judged, unread = [], []
    with ExitStack() as stack:
        answers: Iterable[Judged | tuple[str, str]]
        if jobs > 1:
            # fresh interpreters: a fork would take the threads' locks of this one along
            as_here = warm if hot.in_use() == "numba" else hot.use_numpy
            pool = ProcessPoolExecutor(jobs, get_context("spawn"), initializer=as_here)
            answers = stack.enter_context(pool).map(_answer, records)
        else:
            answers = map(_answer, records)
        for answer in answers:
            if isinstance(answer, Judged):
                judged.append(answer)
                told(answer.name)
            else:
                unread.append(answer)
                told(answer[0])
    return Evaluation(tuple(judged), tuple(unread))


def _answer(record: Labelled) -> Judged | tuple[str, str]:
    """What came out, or the record's name with the reason why nothing did."""
    try:
        return _judge(record)
    except BadInput as error:
        return record.name, str(error)


def _judge(record: Labelled) -> Judged:
    try:
        imported = read_wfdb(record.base)
    except BadInput:
        # leads without a name of ours cannot be screened, but their beats can be counted
        if not any(record.base.with_name(f"{record.base.name}.{x}").is_file() for x in _BEAT_FILES):
            raise
        return _beats_only(record)
    segment = imported.segment
    patient = record.patient or imported.patient
    uv = np.asarray(segment.adc * segment.uv_per_lsb, dtype=np.float64)
    source, detector = _detector(record, uv, segment.fs_hz)
    facts: dict[str, Any] = {"beat_source": source, "detector": detector}
    if len({*segment.leads, "III", "aVR", "aVL", "aVF"}) >= 12 and {"I", "II"} <= {*segment.leads}:
        n = round(WINDOW_S * segment.fs_hz)
        first = EcgSegment(segment.adc[:, :n], segment.leads, segment.fs_hz, segment.uv_per_lsb)
        report = screen_segment(first, patient)
        facts |= {
            "tier": report.tier.value,
            "statement": report.statement_en,
            "seen": _seen(report, patient),
            "quality": report.measurements.quality.label.value,
            **_fiducials(record, report.measurements),
        }
        if record.truth is not None:
            facts |= _against_truth(record.truth, report, patient)
    return Judged(
        name=record.name,
        group=record.group,
        reference=record.reference,
        patient=patient,
        scale_known=record.scale_known,
        **facts,
    )


def _seen(report: ScreenReport, patient: PatientFacts) -> str:
    """What the rules saw, in one line: levels and thresholds of the nearest pair, and what else was found."""
    m, limits = report.measurements, thresholds_for(patient)
    nearest: tuple[float, str] | None = None
    for pair in limits.contiguity:
        if not all(m.readable(n.removeprefix("-")) for n in pair):
            continue
        levels = [m.leads[n.removeprefix("-")].j_uv * (-1 if n[0] == "-" else 1) for n in pair]
        margin = min(v - limits.leads_uv[n] for v, n in zip(levels, pair, strict=True))
        words = ", ".join(
            f"{n} {v:.0f} of {limits.leads_uv[n]:.0f}" for n, v in zip(pair, levels, strict=True)
        )
        if nearest is None or margin > nearest[0]:
            nearest = margin, words
    also = [f.code for f in report.findings[1:] if f.status in {Status.MET, Status.NOTE}]
    return "; ".join([f"{nearest[1]} µV" if nearest else "no pair readable", *also])


def _beats_only(record: Labelled) -> Judged:
    signals = read_signals(record.base)
    source, detector = _detector(record, signals.uv, signals.fs_hz)
    return Judged(
        name=record.name,
        group=record.group,
        reference=record.reference,
        patient=record.patient or PatientFacts(),
        scale_known=record.scale_known,
        beat_source=source,
        detector=detector,
    )


def _reference_beats(record: Labelled) -> tuple[str, np.ndarray[Any, Any]] | None:
    """Where the beats truly are, and which kind of reference says so."""
    if record.truth is not None:
        beats = [round(b["r_sample"]) for b in record.truth["beats"]]
        return "truth", np.array(beats, dtype=np.int64)
    for extension in _BEAT_FILES:
        marks = read_marks(record.base, extension)
        if marks is not None and marks.beats().size >= 2:
            return extension, marks.beats()
    return None


def _detector(record: Labelled, uv: Float, fs_hz: float) -> tuple[str, dict[float, Matched]]:
    """Detected against reference beats between the first and the last reference beat."""
    reference = _reference_beats(record)
    if reference is None:
        return "", {}
    source, beats = reference
    found = detected_beats(uv, fs_hz)
    # hand marks leave out cut-off beats at the borders of a strip: nobody says what is there
    slack = 0.150 * fs_hz
    found = found[(found >= beats[0] - slack) & (found <= beats[-1] + slack)]
    return source, {limit: match(found, beats, fs_hz, limit) for limit in LIMITS_MS}


def _fiducials(record: Labelled, m: Measurements) -> dict[str, tuple[float, ...]]:
    """Errors of onset, J and T end in ms against hand marks of a dozen leads, every dominant beat.

    The reference of onset and J is the median over the leads marked (at least four), that of T end the
    median of its three latest leads, as the screen itself reads T.
    """
    if m.beat is None or m.rejected:
        return {}
    marks = [read for lead in _LUDB if (read := read_marks(record.base, lead)) is not None]
    if len(marks) < LEAST_LEADS_MARKED:
        return {}
    onset, j, t_end = [], [], []
    step = m.fs_hz / m.beat.fs_hz
    rr = min((b - a for a, b in pairwise(m.r_samples)), default=round(m.fs_hz))
    for r in m.r_samples:
        start = r - _PRE * step
        on, off = _qrs_marks(marks, r, m.fs_hz)
        ends = _t_marks(marks, r, rr)
        ms = 1000 / m.fs_hz
        if on is not None:
            onset.append((start + m.beat.onset * step - on) * ms)
        if off is not None:
            j.append((start + m.beat.j * step - off) * ms)
        if ends is not None and m.beat.t_end is not None:
            t_end.append((start + m.beat.t_end * step - ends) * ms)
    return {"onset_ms": tuple(onset), "j_ms": tuple(j), "t_end_ms": tuple(t_end)}


def _qrs_marks(marks: list[Marks], r: int, fs_hz: float) -> tuple[float | None, float | None]:
    on, off = [], []
    for lead in marks:
        for start, peak, end in lead.borders("N"):
            if abs(peak - r) < _NEAR_S * fs_hz:
                on += [] if start is None else [start]
                off += [] if end is None else [end]
    return (
        float(np.median(on)) if len(on) >= LEAST_LEADS_MARKED else None,
        float(np.median(off)) if len(off) >= LEAST_LEADS_MARKED else None,
    )


def _t_marks(marks: list[Marks], r: int, rr: int) -> float | None:
    ends = []
    for lead in marks:
        ends += [end for _s, peak, end in lead.borders("t") if end and r < peak < r + 0.75 * rr]
    return float(np.median(sorted(ends)[-3:])) if len(ends) >= LEAST_LEADS_MARKED else None


def _against_truth(
    truth: dict[str, Any], report: ScreenReport, patient: PatientFacts
) -> dict[str, Any]:
    """Errors against the exact truth of a synthetic record."""
    beats, m = truth["beats"], report.measurements
    st_true = {
        lead: float(np.mean([b["st_uv"][lead][0] for b in beats])) for lead in beats[0]["st_uv"]
    }
    out: dict[str, Any] = {"criteria": (*truly_met(st_true, patient), report.tier.value in "AB")}
    if m.beat is None or m.rejected:
        return out | ({} if report.tier.value != "Q" else {"criteria": None})
    if report.withheld is not None:
        out["criteria"] = None
    r_true = np.array([b["r_sample"] for b in beats])
    shift = float(np.median([p - r_true[np.abs(r_true - p).argmin()] for p in m.r_samples]))
    ms, half = 1000 / m.fs_hz, m.fs_hz / m.beat.fs_hz
    onset_true = float(np.mean([b["onset_sample"] - b["r_sample"] for b in beats]))
    j_true = float(np.mean([b["j_sample"] - b["r_sample"] for b in beats]))
    out["onset_ms"] = (((m.beat.onset - _PRE) * half + shift - onset_true) * ms,)
    out["j_ms"] = (((m.beat.j - _PRE) * half + shift - j_true) * ms,)
    out["st"] = tuple(
        (lead, m.leads[lead].j_uv - true, true, m.leads[lead].st_se_uv)
        for lead, true in st_true.items()
        if m.readable(lead)
    )
    return out


def truly_met(st_true: dict[str, float], patient: PatientFacts) -> tuple[bool, float]:
    """Whether true ST meets the criteria (narrow QRS rule), and how far the decision is from turning."""
    limits = thresholds_for(patient)
    best = -1e9
    for a, b in limits.contiguity:
        levels = []
        for lead in (a, b):
            value = st_true.get(lead.removeprefix("-"))
            if value is not None:
                levels.append((-value if lead[0] == "-" else value) - limits.leads_uv[lead])
        if len(levels) == 2:
            best = max(best, min(levels))
    return best >= 0, abs(best)
