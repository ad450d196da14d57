"""Whether a human is asked to look at a case now, and how loudly. Folded from its receipts; no I/O.

* ``high``: an alert that nobody opened, whatever its tier, or tier A that a person sent. Rings until
  a human opens it.
* ``hand``: any other ECG that a person sent. Sounds again and again, more softly, until then.
* ``soft``: a doubt or an equivalent (tier B, C) in an ECG that was taken by itself, graver than all
  that a human has read of the case. Sounds once.

Everything else stands in the list and is silent: a hospital that is rung for everything stops
listening (ADR 0075).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from relay.protocol.receipts import Line, ReceiptFold

Level = Literal["high", "hand", "soft"]
ALARMING = "A"
SOFT = ("B", "C")
SEVERITY = ("A", "B", "C")


@dataclass(frozen=True, slots=True)
class LookRequest:
    """The relay asks a human to look at a case.

    Attributes:
        snapshot: the newest ECG that asks at this level.
        since_us: when the oldest ECG that asks at this level was stored, relay's clock.
    """

    level: Level
    snapshot: str
    tier: str | None
    reason: str
    since_us: int


def call_of(fold: ReceiptFold) -> LookRequest | None:
    """Whether a human is asked to look now, and how loudly."""
    unread = [line for line in fold.ordered if line.stored and not fold.is_read(line)]
    levels: tuple[tuple[Level, list[Line]], ...] = (
        ("high", [line for line in unread if _rings(line)]),
        ("hand", [line for line in unread if line.by_hand]),
        ("soft", [line for line in unread if line.letter in SOFT and _is_worse(fold, line)]),
    )
    return next((_call(level, lines) for level, lines in levels if lines), None)


def unread_of(fold: ReceiptFold) -> Line | None:
    """The stored ECG that no human has read yet and that the crew waits for; None if there is none."""
    call = call_of(fold)
    line = fold.lines[call.snapshot] if call else fold.waiting()
    return line if line and line.stored and not fold.is_read(line) else None


def _rings(line: Line) -> bool:
    return line.rang or (line.by_hand and line.letter == ALARMING)


def _is_worse(fold: ReceiptFold, line: Line) -> bool:
    """Whether this ECG has a graver tier than every ECG of the case that a human has read."""
    read = [_severity(other.letter) for other in fold.lines.values() if fold.is_read(other)]
    return _severity(line.letter) < min(read, default=len(SEVERITY))


def _severity(letter: str) -> int:
    return SEVERITY.index(letter) if letter in SEVERITY else len(SEVERITY)


def _call(level: Level, lines: Sequence[Line]) -> LookRequest:
    newest, oldest = lines[-1], lines[0]
    since_us = oldest.stored.at_us if oldest.stored else 0
    return LookRequest(level, newest.id, newest.tier, newest.reason, since_us)
