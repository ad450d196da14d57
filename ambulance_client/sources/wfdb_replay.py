"""Replays a WFDB record as if a monitor were recording it now, once or in a loop."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import numpy as np

from ambulance_client.sources.pace import CHUNK_S, paced
from ambulance_client.sources.port import SourceInfo
from ecg.digital import (
    NotAnEcgError,
    leads_to_send,
    patient_of_comments,
    segment_of_digital,
    step_uv,
)
from ecg.values import EcgSegment, PatientFacts
from relay.errors import BadInput

MIN_FS_HZ, MAX_FS_HZ = 50, 4000


class WfdbReplay:
    """A record read whole into memory. Blocks while it reads; build it off the loop.

    Raises:
        BadInput: the record is missing, truncated, or holds no ECG that can be sent.
    """

    def __init__(self, path: Path, *, loop: bool = False, name: str | None = None) -> None:
        self._segment, patient = read_record(path)
        self._loop = loop
        self.info = SourceInfo(
            name=name or f"WFDB {path.stem}",
            leads=self._segment.leads,
            fs_hz=self._segment.fs_hz,
            uv_per_lsb=self._segment.uv_per_lsb,
            age_years=patient.age_years,
            sex=patient.sex,
        )

    def segments(self) -> AsyncIterator[EcgSegment]:
        """See ``Source.segments``."""
        return paced(self._chunks())

    def _chunks(self) -> Iterator[EcgSegment]:
        whole = self._segment
        step = max(1, round(CHUNK_S * whole.fs_hz))
        origin = 0
        while True:
            for at in range(0, whole.n_samples, step):
                yield EcgSegment(
                    whole.adc[:, at : at + step],
                    whole.leads,
                    whole.fs_hz,
                    whole.uv_per_lsb,
                    origin + at,
                )
            if not self._loop:
                return
            origin += whole.n_samples


def read_record(path: Path) -> tuple[EcgSegment, PatientFacts]:
    """The record's samples as they travel, and what its header tells of the patient.

    Raises:
        BadInput: see ``WfdbReplay``.
    """
    import wfdb

    stem = path.with_suffix("") if path.suffix in {".hea", ".dat", ".mat"} else path
    if not stem.with_suffix(".hea").is_file() and not Path(f"{stem}.hea").is_file():
        raise BadInput(f"There is no WFDB record {stem.name}; give the path of its .hea file.")
    try:
        record = wfdb.rdrecord(str(stem), physical=False)
    except Exception as error:
        raise BadInput(
            f"The record {stem.name} cannot be read ({type(error).__name__}: {error}); "
            "it may be truncated: copy it again."
        ) from error
    if getattr(record, "d_signal", None) is None or not record.sig_len:
        raise BadInput(f"The record {stem.name} holds no samples; choose another.")
    if not MIN_FS_HZ <= record.fs <= MAX_FS_HZ:
        raise BadInput(
            f"The record {stem.name} says {record.fs:g} samples per second; "
            f"{MIN_FS_HZ} to {MAX_FS_HZ} can be sent: correct its header."
        )
    try:
        segment = segment_of_digital(
            np.asarray(record.d_signal).T,
            record.sig_name,
            [step_uv(g, u) for g, u in zip(record.adc_gain, record.units, strict=True)],
            record.baseline,
            record.fs,
        )
        segment = leads_to_send(segment)
    except NotAnEcgError as error:
        raise BadInput(f"The record {stem.name} cannot be sent: {error}") from error
    return segment, patient_of_comments(record.comments or [])
