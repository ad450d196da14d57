"""The thread that owns the spool's database: every call runs on it, so that a slow disk never stops the link."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from ambulance_client.spool_reserve import SpoolReserve
from relay.errors import Unavailable

T = TypeVar("T")
FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}
PAGES_A_FRAME = 32
"""A frame and its index entries, at the most; frames go into the pages of dropped ones."""


class SpoolThread:
    """A database, its thread, and the room it keeps for itself."""

    def __init__(
        self, db: sqlite3.Connection, thread: ThreadPoolExecutor, reserve: SpoolReserve
    ) -> None:
        self._db, self._thread, self._reserve = db, thread, reserve

    async def close(self) -> None:
        """Finish what is under way and release the file."""
        await self._run(self._db.close)
        self._thread.shutdown()

    async def _run(self, call: Callable[..., T], *args: object) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, call, *args)
        except sqlite3.Error as error:
            raise Unavailable(
                f"The tablet's disk cannot keep the ECG ({error}); free space on it now."
            ) from error

    async def _drop(self, sql: str, args: tuple[object, ...]) -> None:
        await self._run(self._making_room, self._execute, sql, args)

    # on the thread

    def _making_room(self, call: Callable[..., T], *args: object) -> T:
        """Do what makes the spool smaller; on a full disk fold the journal in, then again."""
        try:
            return call(*args)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in FULL:
                raise
        self._reserve.give_up()
        self._fold_in()
        done = call(*args)
        self._fold_in()
        self._reserve.take()
        return done

    def _fold_in(self) -> None:
        """The journal's file keeps its length: it is room that the spool has."""
        self._db.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()

    def _check_room(self) -> None:
        """Raise like a full disk while there still is enough room to delete."""
        (free_pages,) = self._db.execute("PRAGMA freelist_count").fetchone()
        if free_pages < PAGES_A_FRAME and not self._reserve.has_room():
            raise sqlite3.OperationalError("database or disk is full")

    def _execute(self, sql: str, args: tuple[object, ...]) -> None:
        with self._db:
            self._db.execute(sql, args)

    def _query(self, sql: str, args: tuple[object, ...]) -> list[tuple[str]]:
        return self._db.execute(sql, args).fetchall()
