"""Replays a WFDB record as if a monitor were recording it now, once or in a loop."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from ambulance_client.sources.pace import CHUNK_S, paced
from ambulance_client.sources.port import SourceInfo
from ecg.files.digital import NotAnEcgError, leads_to_send
from ecg.files.record import SUFFIXES, RecordedEcg, Shelf, recorded_ecg
from ecg.values import EcgSegment
from relay.errors import BadInput

MIN_FS_HZ, MAX_FS_HZ = 50, 4000


class WfdbReplay:
    """A record read whole into memory. Blocks while it reads; build it off the loop.

    Raises:
        BadInput: the record is missing, truncated, or holds no ECG that can be sent.
    """

    def __init__(self, path: Path, *, loop: bool = False, name: str | None = None) -> None:
        self._segment, record = read_record(path)
        self._loop = loop
        self.info = SourceInfo(
            name=name or f"WFDB {path.stem}",
            leads=self._segment.leads,
            fs_hz=self._segment.fs_hz,
            uv_per_lsb=self._segment.uv_per_lsb,
            age_years=record.patient.age_years,
            sex=record.patient.sex,
            recorded=True,
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


def read_record(path: Path) -> tuple[EcgSegment, RecordedEcg]:
    """The record's samples as they travel, and the record as it was read.

    Raises:
        BadInput: see ``WfdbReplay``.
    """
    folder, stem = path.parent, path.stem if path.suffix.lower() in SUFFIXES else path.name
    try:
        names = [p.name for p in folder.iterdir() if p.is_file()] if folder.is_dir() else []
        record = recorded_ecg(stem, Shelf(names, lambda name: (folder / name).read_bytes()))
        segment = leads_to_send(record.segment)
    except NotAnEcgError as error:
        raise BadInput(
            f"The record {stem} cannot be sent: {error}", f"file-{error.kind}", file=stem
        ) from error
    except OSError as error:
        raise BadInput(
            f"The record {stem} cannot be read ({error.strerror}); copy it again.",
            "file-unusable",
            file=stem,
        ) from error
    if not MIN_FS_HZ <= segment.fs_hz <= MAX_FS_HZ:
        raise BadInput(
            f"The record {stem} says {segment.fs_hz:g} samples per second; "
            f"{MIN_FS_HZ} to {MAX_FS_HZ} can be sent: correct its header.",
            "file-unusable",
            file=stem,
        )
    return segment, record
