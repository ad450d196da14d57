"""Room that the spool keeps on its disk, so that a full one can still be made emptier.

A database with a journal needs room to delete: what is deleted is written to the journal first, and the
journal is folded into the file, which may have to grow. On a disk without a byte left neither can happen,
and what the relay has acknowledged would stay for ever. So the spool's own frames leave the last two
megabytes alone, and a file of four more is given up where somebody else has filled the disk.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import structlog

log = structlog.get_logger()

RESERVE_BYTES = 4 << 20
FLOOR_BYTES = 2 << 20
"""More than the journal holds before it is folded in (``spool_file.JOURNAL_PAGES``), twice over."""


class SpoolReserve:
    """The room of one spool folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = folder / "spool.reserve"

    def has_room(self) -> bool:
        """Whether the spool's file may grow."""
        return shutil.disk_usage(self._folder).free >= FLOOR_BYTES

    def take(self) -> None:
        """Take the room where it is free; where it is not, another time."""
        try:
            if self._file.exists() and self._file.stat().st_size == RESERVE_BYTES:
                return
            if shutil.disk_usage(self._folder).free < RESERVE_BYTES + FLOOR_BYTES:
                return
            with self._file.open("wb") as file:
                file.write(bytes(RESERVE_BYTES))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            log.warning("spool_reserve_not_taken", errno=error.errno)
            self.give_up()

    def give_up(self) -> None:
        """Let the disk have it."""
        try:
            self._file.unlink(missing_ok=True)
        except OSError as error:
            log.warning("spool_reserve_not_given", errno=error.errno)
