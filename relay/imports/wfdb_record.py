"""WFDB records (PhysioNet's ``.hea`` + ``.dat``) from a folder, by the one rule of ``ecg.files.record``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from ecg.files.digital import NotAnEcgError
from ecg.files.foreign import HEAD_BYTES, foreign_format, foreign_words
from ecg.files.record import SUFFIXES, RecordedEcg, Shelf, every_signal_uv, recorded_ecg
from ecg.values import Float
from relay.errors import BadInput

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class Signals:
    """Every signal of a record in microvolts, whatever it is called; for counting beats only.

    Attributes:
        uv: shape ``(n_signals, n_samples)``; a missing sample is NaN. fs_hz: its rate.
    """

    uv: Float
    fs_hz: float


def read_wfdb(path: Path) -> RecordedEcg:
    """A WFDB record, by its path with or without ``.hea``.

    Raises:
        BadInput: the record cannot be read; one sentence says what to do, and names the format of
            a file that is of another.
    """
    return _read(path, recorded_ecg)


def read_signals(base: Path) -> Signals:
    """Signals of a record whose leads have no name of ours, or no common step.

    Raises:
        BadInput: the record cannot be read.
    """
    return Signals(*_read(base, every_signal_uv))


def _read(path: Path, reader: Callable[[str, Shelf], T]) -> T:
    known = path.suffix.lower() in SUFFIXES
    folder, stem = path.parent, path.stem if known else path.name
    try:
        if path.is_file() and not known:
            other = foreign_format(path.name, _head(path))
            if other is not None:
                raise BadInput(foreign_words(path.name, other))
        names = [p.name for p in folder.iterdir() if p.is_file()] if folder.is_dir() else []
        return reader(stem, Shelf(names, lambda name: (folder / name).read_bytes()))
    except NotAnEcgError as error:
        raise BadInput(f"{stem} cannot be read as an ECG: {error}") from error
    except OSError as error:
        raise BadInput(f"{stem} cannot be read ({error.strerror}); check its rights.") from error


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)
