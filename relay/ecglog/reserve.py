"""Room on the data disk that the relay keeps back. When the disk is full, the database gets it.

The ECG log writes most, and would take the last byte from the database. So the log takes nothing new while the reserve
is given away: tablets keep their ECG and are told. Decisions, alarms and sign-ins are still stored.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)
NAME = "reserve"
SHARE = 8
"""At most an eighth of what is free is kept back."""
LEAST_BYTES = 65_536
LOW = 4
"""Given away when less than a quarter of it is free beside it."""


class Reserve:
    """A file of zeros that takes up room until it is needed."""

    def __init__(self, folder: Path, n_bytes: int) -> None:
        self._folder, self._file = folder, folder / NAME
        self._wanted = n_bytes
        self._size = 0
        self.given = False
        """Whether it was given away and not taken back since."""

    def hold(self) -> None:
        """Take the room, where there is plenty; without it nothing else changes."""
        self._size = min(self._wanted, self._free() // SHARE)
        if self._file.exists() and not self.given:
            self._size = max(self._size, min(self._wanted, self._file.stat().st_size))
        if self._size < LEAST_BYTES:
            self._size, self.given = 0, False
            return
        try:
            with self._file.open("ab") as file:
                if file.tell() < self._size:
                    os.posix_fallocate(file.fileno(), 0, self._size)
                file.truncate(self._size)
        except OSError as error:
            self._remove()
            self._size, self.given = 0, False
            log.warning("reserve-not-held", errno=error.errno)
            return
        self.given = False

    def give(self) -> None:
        """Let the database have it."""
        if self._size == 0 or self.given:
            return
        self.given = True
        self._remove()
        log.error("reserve-given", bytes=self._size)

    def look(self) -> None:
        """Give it before the last byte is taken; take it back when there is room for it and for the ECG."""
        free = self._free()
        if not self.given and self._size < self._wanted and free > SHARE * self._wanted:
            self.hold()  # there was not so much room at the start
        if self._size == 0:
            return
        if not self.given and free < self._size // LOW:
            self.give()
        elif self.given and free > 2 * self._size:
            self.hold()
            if not self.given:
                log.info("reserve-held", bytes=self._size)

    def _remove(self) -> None:
        with suppress(OSError):
            self._file.unlink()

    def _free(self) -> int:
        try:
            stat = os.statvfs(self._folder)
        except OSError:
            return 0
        return stat.f_bavail * stat.f_frsize
