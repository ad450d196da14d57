"""How a SQLite file is opened: made and changed, only written to, or only read.

Only ``made`` creates a file. Where nobody has the database open and its journal is folded in, reading takes
the file as it lies (``immutable``): a reader must not leave a journal behind that belongs to another user
than the relay's.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from urllib.parse import quote

from relay.errors import Unavailable


class SqliteAccess(Enum):
    """What a connection may do, as SQLite's URI says it."""

    MADE = "mode=rwc"
    WRITTEN = "mode=rw"
    READ = "mode=ro"
    AS_IT_LIES = "mode=ro&immutable=1"


def url_of(file: Path, opened: SqliteAccess, driver: str = "sqlite") -> str:
    """The address of a database for SQLAlchemy."""
    return f"{driver}:///{uri_of(file, opened)}&uri=true"


def uri_of(file: Path, opened: SqliteAccess) -> str:
    """The address of a database for SQLite itself."""
    return f"file:{quote(str(file.absolute()))}?{opened.value}"


def journal_of(file: Path) -> Path:
    """The write-ahead journal that lies beside an open database, or one that was not closed."""
    return file.with_name(f"{file.name}-wal")


def for_reading(file: Path) -> SqliteAccess:
    """How to read a database that may be in use."""
    return SqliteAccess.READ if journal_of(file).exists() else SqliteAccess.AS_IT_LIES


@contextmanager
def unchanged_meanwhile(file: Path, opened: SqliteAccess) -> Iterator[None]:
    """Raise at the end where a file that was read as it lies was opened by somebody else meanwhile.

    Raises:
        Unavailable: it was; what was read may be of two moments.
    """
    before = _mark(file) if opened is SqliteAccess.AS_IT_LIES else None
    yield
    if before is not None and before != _mark(file):
        raise Unavailable(f"A relay began to use {file.parent} meanwhile; run this again.")


def _mark(file: Path) -> tuple[int, int, bool]:
    try:
        stat = file.stat()
    except OSError:
        return 0, 0, False
    return stat.st_mtime_ns, stat.st_size, journal_of(file).exists()
