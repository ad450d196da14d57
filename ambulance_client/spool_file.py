"""The spool's file: its tables and their versions, and what is saved out of a file that is damaged."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import structlog

from relay.errors import BadInput, RemoteProtocolError
from relay.owner_only import make_private
from relay.protocol.wire import unpack

log = structlog.get_logger()

NAME = "spool.sqlite3"
SCHEMA_VERSION = 4
BESIDE = ("", "-wal", "-shm")
"""A database is three files; what was committed last is in the second."""
_SINCE_0 = """
CREATE TABLE streams (
    no INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, spec TEXT NOT NULL,
    next_seq INTEGER NOT NULL DEFAULT 0, ended INTEGER NOT NULL DEFAULT 0);
CREATE TABLE frames (
    no INTEGER PRIMARY KEY, stream_no INTEGER NOT NULL REFERENCES streams(no),
    seq INTEGER NOT NULL, data BLOB NOT NULL);
CREATE UNIQUE INDEX frames_by_seq ON frames (stream_no, seq);
CREATE TABLE events (no INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, text TEXT NOT NULL);
CREATE TABLE notices (
    no INTEGER PRIMARY KEY, incident BLOB NOT NULL, entry INTEGER NOT NULL, text TEXT NOT NULL,
    UNIQUE (incident, entry));
CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
_SINCE_1 = """
CREATE TABLE photos (
    no INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, incident BLOB NOT NULL,
    taken_at_us INTEGER NOT NULL, jpeg BLOB NOT NULL);
"""
_SINCE_2 = """
CREATE TABLE case_events (
    no INTEGER PRIMARY KEY, incident TEXT NOT NULL, id TEXT NOT NULL UNIQUE, text TEXT NOT NULL);
INSERT OR IGNORE INTO case_events (incident, id, text)
    SELECT json_extract(kept.value, '$.incident'), json_extract(kept.value, '$.event'), kept.value
    FROM state, json_each(state.value) AS kept WHERE state.key = 'case-events';
DELETE FROM state WHERE key = 'case-events';
CREATE TABLE rotten_frames (
    no INTEGER PRIMARY KEY, stream BLOB NOT NULL, seq INTEGER NOT NULL, data BLOB NOT NULL);
"""
_SINCE_3 = """
CREATE TABLE refused (
    no INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, kind TEXT NOT NULL, incident BLOB NOT NULL,
    at_us INTEGER NOT NULL, text TEXT NOT NULL DEFAULT '', why TEXT NOT NULL, jpeg BLOB);
"""
_STEPS = (_SINCE_0, _SINCE_1, _SINCE_2, _SINCE_3)
_SAVED = {
    "streams": "no, id, spec, next_seq, ended",
    "frames": "no, stream_no, seq, data",
    "events": "no, id, text",
    "notices": "no, incident, entry, text",
    "photos": "no, id, incident, taken_at_us, jpeg",
    "case_events": "no, incident, id, text",
    "refused": "no, id, kind, incident, at_us, text, why, jpeg",
}
_WIDEST_SKIP = 2**20
JOURNAL_PAGES = 256
"""A megabyte: the journal is folded into the file when it is as long, also on a disk that has little room."""


@dataclass(frozen=True, slots=True)
class Recovery:
    """A damaged spool: under which name it is kept, and what was saved out of it."""

    kept_as: str
    frames: int
    entries: int

    def __str__(self) -> str:
        return (
            f"The spool was damaged and is kept as {self.kept_as}; "
            f"{self.frames / 4:.0f} s of ECG and {self.entries} entries were saved out of it."
        )


def open_file(folder: Path) -> tuple[sqlite3.Connection, Recovery | None]:
    """The open database of a folder, and what was saved where the old one was damaged.

    Raises:
        sqlite3.OperationalError: the disk is full, or the file is in use.
        BadInput: a newer version of this program wrote it.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    make_private(folder)
    path = folder / NAME
    try:
        return _connect(path), None
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise
        aside = folder / f"spool.damaged-{int(time.time())}.sqlite3"
        for more in BESIDE:
            part = path.with_name(NAME + more)
            if part.exists():
                part.rename(aside.with_name(aside.name + more))
        db = _connect(path)
        recovery = Recovery(aside.name, *_save(aside, db))
        log.error("spool_damaged", why=str(error), saved=str(recovery))
        return db, recovery


def _connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, check_same_thread=False, timeout=5)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA secure_delete = ON")
        db.execute("PRAGMA foreign_keys = ON")
        db.execute(f"PRAGMA wal_autocheckpoint = {JOURNAL_PAGES}")
        (version,) = db.execute("PRAGMA user_version").fetchone()
        if version > SCHEMA_VERSION:
            raise BadInput(
                "The spool was written by a newer version of this program; update this one."
            )
        if version < SCHEMA_VERSION:
            steps = "".join(_STEPS[version:])
            db.executescript(f"BEGIN; {steps} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;")
        (verdict,) = db.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise sqlite3.DatabaseError(verdict)
    except BaseException:
        db.close()
        raise
    return db


def _save(damaged: Path, into: sqlite3.Connection) -> tuple[int, int]:
    """Copy every row that can still be read; frames only where their checksum holds."""
    saved = dict.fromkeys(_SAVED, 0)
    streams: set[object] = set()
    try:
        with closing(sqlite3.connect(damaged)) as old, into:
            for table, columns in _SAVED.items():
                marks = ", ".join("?" * len(columns.split(", ")))
                for row in _readable_rows(old, table, columns):
                    if table == "streams":
                        streams.add(row[0])
                    elif table == "frames" and not (row[1] in streams and _is_whole(row[3])):
                        continue
                    done = into.execute(
                        f"INSERT OR IGNORE INTO {table} ({columns}) VALUES ({marks})",  # noqa: S608 - our own words
                        row,
                    )
                    saved[table] += done.rowcount
            _save_incident(old, into)
    except sqlite3.Error as error:
        log.error("spool_not_saved", why=str(error))
        return 0, 0
    return saved["frames"], saved["events"]


def _readable_rows(
    old: sqlite3.Connection, table: str, columns: str
) -> Iterator[tuple[object, ...]]:
    """The rows of a table in order; past a page that cannot be read in widening steps."""
    following, skip = 0, 1
    while skip <= _WIDEST_SKIP:
        try:
            rows = old.execute(
                f"SELECT {columns} FROM {table} WHERE no >= ? ORDER BY no",  # noqa: S608 - our own words
                (following,),
            )
            for row in rows:
                following, skip = row[0] + 1, 1
                yield row
        except sqlite3.DatabaseError:
            following, skip = following + skip, skip * 2
        else:
            return


def _save_incident(old: sqlite3.Connection, into: sqlite3.Connection) -> None:
    try:
        row = old.execute("SELECT key, value FROM state WHERE key = 'incident'").fetchone()
    except sqlite3.DatabaseError:
        return
    if row is not None:
        into.execute("INSERT OR REPLACE INTO state VALUES (?, ?)", row)


def _is_whole(data: object) -> bool:
    try:
        unpack(bytes(data) if isinstance(data, (bytes, memoryview)) else b"")
    except RemoteProtocolError:
        return False
    return True
