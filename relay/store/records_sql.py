"""``Records`` on SQLAlchemy Core: SQLite in one file now, PostgreSQL on the same tables later.

SQLite runs in WAL mode with ``synchronous=FULL``: a commit that returned survives a power cut. One
writer at a time waits its turn here; readers see a consistent view and block nobody.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from relay.errors import Unavailable
from relay.store.migrate import migrate
from relay.store.sql_reads import SqlReads
from relay.store.sql_writes import SqlWrites

BUSY_TIMEOUT_MS = 5_000


class SqlRecords:
    """Fulfils ``Records``. Made by ``open_sqlite``."""

    def __init__(self, writer: AsyncEngine, readers: AsyncEngine) -> None:
        self._writer = writer
        self._readers = readers
        self._turn = asyncio.Lock()
        self._closed = False

    @asynccontextmanager
    async def read(self) -> AsyncIterator[SqlReads]:
        """A consistent view."""
        self._check_open()
        with _blame_the_database():
            async with self._readers.connect() as connection:
                yield SqlReads(connection)

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[SqlWrites]:
        """A transaction, committed where the block ends well."""
        async with self._turn:
            self._check_open()
            with _blame_the_database():
                async with self._writer.begin() as connection:
                    yield SqlWrites(connection)

    async def ping(self) -> None:
        """Return when the database can be written."""
        async with self.begin() as tx:
            await tx.audit_head()

    async def close(self) -> None:
        """Wait for the running transaction, then release the files."""
        async with self._turn:
            if not self._closed:
                self._closed = True
                await self._readers.dispose()
                await self._writer.dispose()

    def _check_open(self) -> None:
        if self._closed:
            raise Unavailable("The database is closed; the relay is going away.")


class _blame_the_database:  # noqa: N801  reads as a phrase in a with statement
    """Turns what the database raises into one ``Unavailable`` sentence."""

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Rename database errors; leave all others alone."""
        if isinstance(error, DBAPIError) and "full" in str(error.orig).lower():
            raise Unavailable("The disk is full; free some space, nothing was stored.") from error
        if isinstance(error, SQLAlchemyError):
            raise Unavailable(
                f"The database refused ({type(error).__name__}); look at the relay's log."
            ) from error


async def open_sqlite(file: Path, *, readers: int = 4) -> SqlRecords:
    """The records in this file, brought to this version's tables first.

    Raises:
        Conflict: the database is from a newer version.
        Unavailable: the file cannot be opened or written.
    """
    with _blame_the_database():
        await asyncio.to_thread(migrate, f"sqlite:///{file}")
    return SqlRecords(
        writer=_engine(file, pool_size=1, begin="BEGIN IMMEDIATE"),
        readers=_engine(file, pool_size=readers, begin="BEGIN"),
    )


def _engine(file: Path, *, pool_size: int, begin: str) -> AsyncEngine:
    engine = create_async_engine(
        f"sqlite+aiosqlite:///{file}",
        poolclass=AsyncAdaptedQueuePool,
        pool_size=pool_size,
        max_overflow=0,
    )

    def on_connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # this module says BEGIN itself, below
        cursor = connection.cursor()
        for pragma in (
            f"busy_timeout={BUSY_TIMEOUT_MS}",  # first: the change to WAL may have to wait for another
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    def on_begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql(begin)

    sa.event.listen(engine.sync_engine, "connect", on_connect)
    sa.event.listen(engine.sync_engine, "begin", on_begin)
    return engine
