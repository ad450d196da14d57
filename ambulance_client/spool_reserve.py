"""Disk room that the spool keeps free, so that it can delete even when the disk is full.

SQLite needs room to delete: it first writes the change to the journal, then moves it into the file, which may grow. With no
free byte it can do neither, and acknowledged frames would stay for ever. So the spool's frames never use the last two
megabytes. If another program fills the disk, the spool gives up a reserve file of four megabytes.
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
