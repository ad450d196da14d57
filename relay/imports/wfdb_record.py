"""WFDB records (PhysioNet's ``.hea`` + ``.dat``) as ``EcgSegment``, by the exact rule of ``ecg.digital``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ecg.digital import NotAnEcgError, patient_of_comments, segment_of_digital, step_uv
from ecg.leads import canonical_name
from ecg.values import EcgSegment, Float, PatientFacts
from relay.errors import BadInput

_MOST_SAMPLES = 8 * 3600 * 500 * 15


@dataclass(frozen=True, slots=True, eq=False)
class ImportedRecord:
    """A record as read.

    Attributes:
        segment: the ECG; leads that are not ECG leads of ours (VCG, breathing) are left out.
        patient: age and sex from the header's comments, None where they do not say.
        skipped: names of the signals that were left out.
    """

    segment: EcgSegment
    patient: PatientFacts
    skipped: tuple[str, ...]


def read_wfdb(path: Path) -> ImportedRecord:
    """A WFDB record, by its path with or without ``.hea``.

    Raises:
        BadInput: the record cannot be read; one sentence says what to do.
    """
    base = path.with_suffix("") if path.suffix in {".hea", ".dat", ".mat"} else path
    header = base.with_name(base.name + ".hea")
    if not header.is_file():
        raise BadInput(
            f"There is no header {header.name}; give the path of a WFDB record (.hea beside .dat)."
        )
    record = _load(base)
    try:
        segment = segment_of_digital(
            np.asarray(record.d_signal).T,
            record.sig_name,
            [step_uv(g, u) for g, u in zip(record.adc_gain, record.units, strict=True)],
            [int(zero or 0) for zero in record.baseline],
            float(record.fs),
        )
    except NotAnEcgError as error:
        raise BadInput(f"{base.name} cannot be read as an ECG: {error}") from error
    skipped = tuple(str(name) for name in record.sig_name if canonical_name(str(name)) is None)
    return ImportedRecord(segment, patient_of_comments(record.comments or []), skipped)


@dataclass(frozen=True, slots=True, eq=False)
class Signals:
    """Every signal of a record in microvolts, whatever it is called; for counting beats only.

    Attributes:
        uv: shape ``(n_signals, n_samples)``; a missing sample is NaN. fs_hz: its rate.
    """

    uv: Float
    fs_hz: float


def read_signals(base: Path) -> Signals:
    """Signals of a record whose leads have no name of ours, or no common step.

    Raises:
        BadInput: the record cannot be read.
    """
    record = _load(base)
    uv = np.asarray(record.dac(), dtype=np.float64).T * 1000.0
    return Signals(uv, float(record.fs))


def _load(base: Path) -> Any:
    """The record as wfdb reads it, digital, checked for what we cannot use."""
    import wfdb

    try:
        header = wfdb.rdheader(str(base))
    except Exception as error:  # wfdb raises whatever its parser trips over
        raise BadInput(
            f"The header {base.name}.hea is not a WFDB header; export the record again."
        ) from error
    _check_header(base, header)
    shorter = f"The signal file of {base.name} is shorter than its header says; copy it again."
    try:
        record = wfdb.rdrecord(str(base), physical=False)
    except Exception as error:  # a truncated file shows as ValueError, IndexError or worse
        raise BadInput(shorter) from error
    if record.d_signal is None or record.d_signal.shape[0] == 0:
        raise BadInput(f"{base.name} holds no samples; give a record with ECG leads.")
    if header.sig_len and record.d_signal.shape[0] < header.sig_len:
        raise BadInput(shorter)
    return record


def _check_header(base: Path, header: Any) -> None:
    """Refuses what cannot become one segment, before any sample is read."""
    if getattr(header, "n_seg", 1) not in {None, 1} or hasattr(header, "seg_name"):
        raise BadInput(f"{base.name} has several segments; give one of its segments instead.")
    if not header.n_sig or not header.sig_name:
        raise BadInput(f"{base.name} holds no signals; give a record with ECG leads.")
    if not header.fs or header.fs <= 0:
        raise BadInput(f"{base.name} has no sample rate; correct its header.")
    if header.sig_len and header.sig_len * header.n_sig > _MOST_SAMPLES:
        raise BadInput(f"{base.name} is longer than 8 hours; cut out the part you need.")
    for name in {str(f) for f in header.file_name or ()}:
        if Path(name).name != name or not base.with_name(name).is_file():
            raise BadInput(
                f"The signal file {Path(name).name} is missing beside {base.name}.hea; copy it there."
            )
