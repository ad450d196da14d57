"""A recorded ECG: a WFDB header and its signal files become one segment, or one sentence says why not.

The one place that decides what a file's integers mean, for the relay's import and the tablet's folder.
It knows no disk: who calls gives the bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from ecg.files.digital import (
    NO_SAMPLE,
    NotAnEcgError,
    patient_of_comments,
    segment_of_digital,
    step_uv,
)
from ecg.files.record_header import Header, SignalLine, found_name, read_header
from ecg.files.record_samples import decode
from ecg.leads import canonical_name
from ecg.units import uv_of_unit
from ecg.values import EcgSegment, Float, PatientFacts

Int = npt.NDArray[np.int64]
Read = Callable[[str], bytes]
"""The bytes of the file of this name in the record's folder."""
SUFFIXES = {".hea", ".dat", ".mat"}
"""Of the files of a record; any of them names it."""
MOST_SAMPLES = 8 * 3600 * 500 * 15


@dataclass(frozen=True, slots=True, eq=False)
class RecordedEcg:
    """A record as read.

    Attributes:
        segment: the ECG; ``NO_SAMPLE`` where the recorder has none.
        patient: age and sex from the header's comments, None where they do not say.
        skipped: names of the signals that are no ECG leads and were left out.
        recorded_at: when, by the recorder's own clock, without a zone; None where unknown.
    """

    segment: EcgSegment
    patient: PatientFacts
    skipped: tuple[str, ...]
    recorded_at: datetime | None


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where a record's files lie: the names there, and who gives their bytes (its errors pass through)."""

    names: Collection[str]
    read: Read

    def file(self, wanted: str) -> bytes:
        """The bytes of the file of this name, in whatever letter case it stands there.

        Raises:
            NotAnEcgError: it is not there.
        """
        held = found_name(self.names, wanted)
        if held is None:
            raise NotAnEcgError(
                f"its signal file {wanted} is missing; copy it beside the header.", "incomplete"
            )
        return self.read(held)

    def header(self, stem: str) -> bytes:
        """The header of the record of this name.

        Raises:
            NotAnEcgError: there is none.
        """
        held = found_name(self.names, f"{stem}.hea")
        if held is None:
            raise NotAnEcgError(
                f"there is no WFDB record of this name (no header {stem}.hea beside its .dat); give the "
                "path of its .hea file."
            )
        return self.read(held)


def recorded_ecg(stem: str, shelf: Shelf) -> RecordedEcg:
    """The ECG of the record of this name.

    Raises:
        NotAnEcgError: it cannot be taken as it is; the text goes on after "cannot be read: ".
    """
    head = read_header(shelf.header(stem))
    wanted = [s for s in head.signals if s.name is not None and canonical_name(s.name) is not None]
    if not any(s.name for s in head.signals):
        raise NotAnEcgError(
            "its signals have no lead names; name them I, II, V1 … V6 in the header.",
            "no-lead-names",
        )
    steps = {id(s): step_uv(s.gain, s.unit) for s in wanted}
    rates = {s.per_frame for s in wanted}
    if len(rates) > 1:
        raise NotAnEcgError("its leads have different sample rates; export them with one rate.")
    columns = _signals(head, shelf, wanted or head.signals)
    segment = segment_of_digital(
        np.array(columns) if columns else np.zeros((0, 0), np.int64),
        [s.name or "" for s in wanted or head.signals],
        [steps.get(id(s), 1.0) for s in wanted or head.signals],
        [s.zero for s in wanted or head.signals],
        head.frames_hz * next(iter(rates), 1),
    )
    skipped = tuple(s.name or "?" for s in head.signals if s not in wanted)
    return RecordedEcg(segment, patient_of_comments(head.comments), skipped, head.recorded_at)


def every_signal_uv(stem: str, shelf: Shelf) -> tuple[Float, float]:
    """All signals of one rate in microvolts (a unit that is no voltage counts as mV), and the rate.

    For counting beats where leads have no name of ours. Shape ``(n_signals, n_samples)``; NaN where missing.

    Raises:
        NotAnEcgError: the record cannot be read.
    """
    head = read_header(shelf.header(stem))
    most = max(s.per_frame for s in head.signals)
    chosen = [s for s in head.signals if s.per_frame == most]
    rows = []
    for line, digital in zip(chosen, _signals(head, shelf, chosen), strict=True):
        scale = (uv_of_unit(line.unit or "mV") or 1000.0) / (line.gain or 200.0)
        uv = (digital - line.zero) * scale
        uv[digital == NO_SAMPLE] = np.nan
        rows.append(uv)
    return np.array(rows, dtype=np.float64), head.frames_hz * most


def _signals(head: Header, shelf: Shelf, wanted: Sequence[SignalLine]) -> list[Int]:
    """The integers of these signals, ``NO_SAMPLE`` where missing, each shape ``(n_samples,)``.

    Raises:
        NotAnEcgError: a signal file is shorter than the header says, or the record holds nothing.
    """
    if (head.n_frames or 0) * sum(s.per_frame for s in head.signals) > MOST_SAMPLES:
        raise NotAnEcgError("it is longer than 8 hours; cut out the part you need.")
    found: dict[int, Int] = {}
    for name in dict.fromkeys(s.file for s in wanted):
        lines = [s for s in head.signals if s.file == name]
        found |= _columns(lines, shelf.file(name), head.n_frames)
    columns = [found[id(line)] for line in wanted]
    if min((c.size for c in columns), default=0) == 0:
        raise NotAnEcgError("it holds no samples; give a record with ECG leads.")
    if len({c.size / s.per_frame for c, s in zip(columns, wanted, strict=True)}) > 1:
        raise NotAnEcgError("its signal files differ in length; copy them again.")
    return columns


def _columns(lines: list[SignalLine], data: bytes, n_frames: int | None) -> dict[int, Int]:
    """The signals of one file, by ``id`` of their lines."""
    per_frame = sum(line.per_frame for line in lines)
    n = None if n_frames is None else n_frames * per_frame
    flat = decode(data[lines[0].offset :], lines[0].fmt, n)
    frames = flat[: flat.size // per_frame * per_frame].reshape(-1, per_frame)
    out, at = {}, 0
    for line in lines:
        column = np.array(frames[:, at : at + line.per_frame]).reshape(-1)
        at += line.per_frame
        if line.fmt == 8:
            column = line.first + np.cumsum(column)
        out[id(line)] = _earlier(column, line.skew * line.per_frame)
    return out


def _earlier(column: Int, by: int) -> Int:
    """A signal that was written late, put back; where nothing was written nothing is there."""
    if by <= 0:
        return column
    out = np.full_like(column, NO_SAMPLE)
    out[: column.size - by] = column[by:]
    return out
