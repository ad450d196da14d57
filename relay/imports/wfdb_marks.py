"""Annotation files beside a WFDB record: beats (``.atr``, ``.qrs``) and wave borders per lead."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from relay.errors import BadInput

BEAT_SYMBOLS = frozenset("NLRBAaJSVrFejnE/fQ?")
"""Symbols that stand for a heart beat (PhysioNet's annotation codes)."""


@dataclass(frozen=True, slots=True, eq=False)
class Marks:
    """One annotation file.

    Attributes:
        samples: positions in the record, ascending, shape ``(n,)``.
        symbols: one a position, as PhysioNet writes them.
    """

    samples: npt.NDArray[np.int64]
    symbols: tuple[str, ...]

    def beats(self) -> npt.NDArray[np.int64]:
        """Positions of heart beats; rhythm and noise marks are left out."""
        keep = [symbol in BEAT_SYMBOLS for symbol in self.symbols]
        return self.samples[np.array(keep, dtype=np.bool_)]

    def borders(self, wave: str) -> list[tuple[int | None, int, int | None]]:
        """Onset, peak and end of each wave (``p``, ``N`` or ``t``); None where not marked."""
        out: list[tuple[int | None, int, int | None]] = []
        for i, symbol in enumerate(self.symbols):
            if symbol != wave:
                continue
            before = i > 0 and self.symbols[i - 1] == "("
            after = i + 1 < len(self.symbols) and self.symbols[i + 1] == ")"
            out.append((
                int(self.samples[i - 1]) if before else None,
                int(self.samples[i]),
                int(self.samples[i + 1]) if after else None,
            ))  # fmt: skip
        return out


def read_marks(base: Path, extension: str) -> Marks | None:
    """The annotation file ``base.extension``, None where there is none.

    Raises:
        BadInput: the file is there and cannot be read.
    """
    import wfdb

    if not base.with_name(f"{base.name}.{extension}").is_file():
        return None
    try:
        read = wfdb.rdann(str(base), extension)
    except Exception as error:  # wfdb raises whatever its parser trips over
        raise BadInput(
            f"The annotations {base.name}.{extension} cannot be read; copy them again."
        ) from error
    return Marks(np.asarray(read.sample, dtype=np.int64), tuple(read.symbol))
