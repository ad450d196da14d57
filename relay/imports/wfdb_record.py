"""WFDB records (PhysioNet's ``.hea`` + ``.dat``) as ``EcgSegment``.

Integers come through as stored where all leads share one gain and one baseline of zero. Otherwise
one exact rule applies: the common step is the *finest* step among the leads, and each sample is
``round((stored - baseline) * step_of_lead / common_step)``, which is the identity for every lead that
already has the finest step. Where the result does not fit 16 bits the common step is doubled until
it does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ecg.leads import canonical_name
from ecg.values import EcgSegment, PatientFacts
from relay.errors import BadInput

_UV_PER_UNIT = {"mv": 1000.0, "uv": 1.0, "µv": 1.0, "v": 1_000_000.0}
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
    names = [canonical_name(str(n)) for n in record.sig_name]
    keep = [i for i, n in enumerate(names) if n is not None]
    leads = tuple(n for n in names if n is not None)
    if not keep:
        raise BadInput(
            f"{base.name} holds no ECG lead we know; its signals are {', '.join(record.sig_name)}."
        )
    if len(set(leads)) < len(leads):
        raise BadInput(f"{base.name} names a lead twice ({', '.join(leads)}); correct the header.")
    adc, uv_per_lsb = _common_step(base.name, record, keep)
    segment = EcgSegment(adc, leads, float(record.fs), uv_per_lsb)
    skipped = tuple(str(record.sig_name[i]) for i, n in enumerate(names) if n is None)
    return ImportedRecord(segment, patient_of_comments(list(record.comments or [])), skipped)


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


def _common_step(name: str, record: Any, keep: list[int]) -> tuple[Any, float]:
    """Samples as int16 with one step for all leads, shape ``(n_leads, n_samples)``."""
    steps, baselines = [], []
    for i in keep:
        gain, unit = record.adc_gain[i], str(record.units[i] or "mV").strip().lower()
        if unit not in _UV_PER_UNIT:
            raise BadInput(
                f"{name} is in {record.units[i]}, not in mV; only voltages can be screened."
            )
        if not gain or not np.isfinite(gain) or gain <= 0:
            raise BadInput(f"{name} has gain {gain} for {record.sig_name[i]}; correct its header.")
        steps.append(_UV_PER_UNIT[unit] / float(gain))
        baselines.append(int(record.baseline[i] or 0))
    stored = np.asarray(record.d_signal[:, keep].T, dtype=np.int64)
    common = min(steps)
    limits = np.iinfo(np.int16)
    if (
        len(set(steps)) == 1
        and not any(baselines)
        and limits.min <= stored.min()
        and stored.max() <= limits.max
    ):
        return np.ascontiguousarray(stored.astype(np.int16)), common
    above = stored - np.array(baselines)[:, None]
    ratio = np.array(steps)[:, None] / common
    while True:
        scaled = np.rint(above * ratio)
        if np.abs(scaled).max() <= limits.max:
            return np.ascontiguousarray(scaled.astype(np.int16)), common
        common, ratio = common * 2, ratio / 2


_AGE = re.compile(r"\bage\W*?[:=\s]\s*(\d{1,3})\b", re.IGNORECASE)
_SEX = re.compile(r"\b(?:sex|gender)\W*?[:=\s]\s*(m|f|male|female)\b", re.IGNORECASE)


def patient_of_comments(comments: list[str]) -> PatientFacts:
    """Age and sex as header comments give them (``age: 56``, ``<sex>: F``), None where absent."""
    text = "\n".join(comments)
    age, sex = _AGE.search(text), _SEX.search(text)
    years = int(age.group(1)) if age else None
    return PatientFacts(
        age_years=years if years is not None and years <= 130 else None,
        sex=("F" if sex.group(1).lower().startswith("f") else "M") if sex else None,
    )
