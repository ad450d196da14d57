"""``Records`` on SQLAlchemy Core: SQLite in one file now, PostgreSQL on the same tables later.

SQLite runs in WAL mode with ``synchronous=FULL``: a commit that returned survives a power cut. One
writer at a time has its turn here, clients in turn; readers see a consistent view and block nobody.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import AsyncAdaptedQueuePool

from relay.causes import words
from relay.errors import Unavailable
from relay.records.async_engine import create_async_engine
from relay.records.migrate import check_revision, migrate
from relay.records.sql.records import SqlReads, SqlWrites
from relay.records.sqlite_files import SqliteAccess, for_reading, unchanged_meanwhile, url_of
from relay.records.trouble import STORE_CAUSES, WriteTrouble, cause_of, unavailable
from relay.turns.fair_lock import FairLock

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

BUSY_TIMEOUT_MS = 5_000

log = structlog.get_logger(__name__)


class SqlRecords:
    """Fulfils ``Records``. Made by ``open_sqlite``, ``known_sqlite`` and ``read_sqlite``.

    Args:
        writer: None where the file is only read.
        readers: connections for ``read``.
        n_readers: how many of those there are.
    """

    def __init__(
        self, writer: AsyncEngine | None, readers: AsyncEngine, n_readers: int = 1
    ) -> None:
        self._writer = writer
        self._readers = readers
        self._writing, self._reading = FairLock(), FairLock(n_readers)
        self._closed = False
        self.trouble = WriteTrouble()
        self.migrated = False
        """Whether opening it changed its tables, and whether it made them."""
        self.made = False

    @asynccontextmanager
    async def read(self) -> AsyncIterator[SqlReads]:
        """A consistent view."""
        self._check_open()
        with _blame_the_database():
            async with self._reading.turn(), self._readers.connect() as connection:
                yield SqlReads(connection)

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[SqlWrites]:
        """A transaction, committed where the block ends well."""
        if self._writing.is_held:
            self.trouble.check_behind()
        async with self._writing.turn():
            self._check_open()
            if self._writer is None:
                raise Unavailable("The database was opened to be read only.")
            self.trouble.check()
            try:
                with _blame_the_database():
                    async with self._writer.begin() as connection:
                        tx = SqlWrites(connection)
                        yield tx
                        await tx.evidence.tell_of_added()
            except Unavailable as error:
                if error.cause in STORE_CAUSES:
                    self.trouble.failed(error.cause)
                raise
            self.trouble.succeeded()

    async def forget_deleted(self) -> None:
        """Fold the journal into the file, where what was deleted is overwritten already."""
        self._check_open()
        async with self._writing.turn():
            if self._writer is not None:
                with _blame_the_database():
                    async with self._writer.connect() as connection:
                        raw = (await connection.get_raw_connection()).driver_connection
                        if raw is not None:
                            await raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    @property
    def failing(self) -> str | None:
        """See ``Records.failing``."""
        return self.trouble.cause

    async def ping(self) -> None:
        """Return when the database can be written: it is tried, with a row that says what it said before."""
        self._check_open()
        if self.trouble.was_fine:
            return
        async with self.begin() as tx:
            await tx.write_nothing_new()

    async def connect(self, readers: int) -> None:
        """Open every connection now: on a disk that takes no writes none can be opened any more."""
        self._check_open()
        with _blame_the_database():
            async with AsyncExitStack() as stack:
                for _ in range(readers):
                    await stack.enter_async_context(self._readers.connect())

    async def integrity(self) -> list[str]:
        """What SQLite finds wrong with any page or reference of the file; empty where nothing is."""
        self._check_open()
        with _blame_the_database():
            async with self._readers.connect() as connection:
                found = (await connection.exec_driver_sql("PRAGMA integrity_check(20)")).scalars()
                texts = [str(text) for text in found if text != "ok"]
                lost = (await connection.exec_driver_sql("PRAGMA foreign_key_check")).all()
        return texts + [
            f"a row of {row.table} names one of {row.parent} that is gone" for row in lost
        ]

    async def close(self) -> None:
        """Wait for the running transaction, then release the files."""
        async with self._writing.turn():
            if not self._closed:
                self._closed = True
                await self._readers.dispose()
                if self._writer is not None:
                    await self._writer.dispose()

    def _check_open(self) -> None:
        if self._closed:
            raise Unavailable("The database is closed; the relay is going away.")


class _blame_the_database:  # noqa: N801  reads as a phrase in a with statement
    """Turns what the database raises into one ``Unavailable`` sentence, and a line of the log.

    Args:
        file: the database's name, for whoever has to look at it.
    """

    def __init__(self, file: str = "records.sqlite") -> None:
        self.file = file

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Rename database errors; leave all others alone."""
        if isinstance(error, DBAPIError) and (store := cause_of(str(error.orig))) is not None:
            raise unavailable(store) from error
        if isinstance(error, DBAPIError) and (cause := _damage(str(error.orig))) is not None:
            told = words(cause, file=self.file)
            log.error(cause, file=self.file, error=str(error.orig))
            raise Unavailable(told["words_en"], cause, file=self.file) from error
        if isinstance(error, SQLAlchemyError):
            log.error("database-refused", error=str(getattr(error, "orig", error)))
            raise Unavailable(
                f"The database refused ({type(error).__name__}); look at the relay's log."
            ) from error


def _damage(text: str) -> str | None:
    """The row of ``relay.causes`` for what SQLite says of a file that is not whole, else None."""
    said = text.lower()
    if "not a database" in said:
        return "database-not-one"
    return "database-damaged" if "malformed" in said or "corrupt" in said else None


async def open_sqlite(file: Path, *, readers: int = 4) -> SqlRecords:
    """The records in this file, made where it is absent and brought to this version's tables first.

    Raises:
        Conflict: the database is from a newer version.
        Unavailable: the file cannot be opened or written.
    """
    with _blame_the_database(file.name):
        before, after = await asyncio.to_thread(migrate, f"sqlite:///{file}")
    records = _written(file, SqliteAccess.MADE, readers)
    await records.connect(readers)
    records.migrated = before != after
    records.made = before is None
    return records


async def known_sqlite(file: Path) -> SqlRecords:
    """The records in a file that exists, to be written to, also beside a running relay; never migrated.

    Raises:
        Conflict: the database is of another version.
        Unavailable: the file cannot be opened or written.
    """
    with _blame_the_database(file.name):
        await asyncio.to_thread(check_revision, url_of(file, SqliteAccess.WRITTEN), file)
    return _written(file, SqliteAccess.WRITTEN, 1)


@asynccontextmanager
async def read_sqlite(file: Path) -> AsyncIterator[SqlRecords]:
    """The records in a file that exists, only to be read, also on a disk that takes no writing.

    Raises:
        Conflict: the database is of another version.
        Unavailable: the file cannot be opened, or a relay began to use it meanwhile.
    """
    opened = for_reading(file)
    with _blame_the_database(file.name), unchanged_meanwhile(file, opened):
        await asyncio.to_thread(check_revision, url_of(file, opened), file)
        records = SqlRecords(None, _engine(file, opened, pool_size=1, begin="BEGIN"))
        try:
            yield records
        finally:
            await records.close()


def _written(file: Path, opened: SqliteAccess, readers: int) -> SqlRecords:
    return SqlRecords(
        writer=_engine(file, opened, pool_size=1, begin="BEGIN IMMEDIATE"),
        readers=_engine(file, opened, pool_size=readers, begin="BEGIN"),
        n_readers=readers,
    )


def _engine(file: Path, opened: SqliteAccess, *, pool_size: int, begin: str) -> AsyncEngine:
    engine = create_async_engine(
        url_of(file, opened, "sqlite+aiosqlite"),
        poolclass=AsyncAdaptedQueuePool,
        pool_size=pool_size,
        max_overflow=0,
    )
    pragmas = [f"busy_timeout={BUSY_TIMEOUT_MS}", "foreign_keys=ON", "temp_store=MEMORY"]
    if opened in {SqliteAccess.MADE, SqliteAccess.WRITTEN}:
        # after the timeout: the change to WAL may have to wait for another
        pragmas += ["journal_mode=WAL", "synchronous=FULL"]
        pragmas += ["secure_delete=ON"]  # a picture that was deleted is overwritten

    def on_connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # this module says BEGIN itself, below
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    def on_begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql(begin)

    sa.event.listen(engine.sync_engine, "connect", on_connect)
    sa.event.listen(engine.sync_engine, "begin", on_begin)
    return engine
