"""What is wrong with a store that does not take writes: told apart, remembered, and not asked again by everybody.

A locked database answers after seconds; a hundred requests in a row would wait for minutes. So the first one finds
out, those behind it are told at once, and one a second tries again.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from relay.causes import words
from relay.errors import Unavailable

PROBE_EVERY_S = 1.0
FINE_FOR_S = 2.0
FULL, READ_ONLY, LOCKED, FAILING = "store-full", "store-read-only", "store-locked", "store-failing"
STORE_CAUSES = frozenset({FULL, READ_ONLY, LOCKED, FAILING})


def cause_of(text: str) -> str | None:
    """The row of ``relay.causes`` for what a database or the system says of a write, None for anything else."""
    said = text.lower()
    if "full" in said or "no space" in said or "quota" in said:
        return FULL
    if "readonly" in said or "read-only" in said:
        return READ_ONLY
    if "locked" in said or "busy" in said:
        return LOCKED
    return FAILING if "i/o error" in said or "input/output" in said else None


def unavailable(cause: str) -> Unavailable:
    """The error of a cause, in words."""
    return Unavailable(words(cause)["words_en"], cause)


class WriteTrouble:
    """Whether the last write failed, why, and who may find out whether the next one does.

    Attributes:
        cause: a row of ``relay.causes``, None while writes succeed.
        since_us: when that began, µs since 1970.
        on_full: called as soon as there is no room left.
    """

    def __init__(self) -> None:
        self.cause: str | None = None
        self.since_us = 0
        self.on_full: Callable[[], None] = lambda: None
        self._tried_s = 0.0
        self._fine_s = float("-inf")

    def check(self) -> None:
        """Do nothing where a write may be tried now.

        Raises:
            Unavailable: the last one failed a moment ago.
        """
        if self.cause is not None and time.monotonic() - self._tried_s < PROBE_EVERY_S:
            raise unavailable(self.cause)

    def check_behind(self) -> None:
        """The same for one who would have to wait behind the write that finds out.

        Raises:
            Unavailable: writes fail; somebody finds out whether they still do.
        """
        if self.cause is not None:
            raise unavailable(self.cause)

    def failed(self, cause: str) -> None:
        """A write failed."""
        if self.cause is None:
            self.since_us = time.time_ns() // 1000
        self.cause, self._tried_s = cause, time.monotonic()
        if cause == FULL:
            self.on_full()

    def succeeded(self) -> None:
        """A write is on disk."""
        self.cause, self._fine_s = None, time.monotonic()

    @property
    def was_fine(self) -> bool:
        """Whether a write succeeded in the last seconds: no need to try one."""
        return self.cause is None and time.monotonic() - self._fine_s < FINE_FOR_S
