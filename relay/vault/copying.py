"""Copying files so that a power cut leaves either none or all of one, with their hash taken on the way."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from contextlib import closing
from pathlib import Path

from relay.records.sqlite_files import for_reading, uri_of
from relay.vault.manifest import FileMark

PIECE = 2**20


def copy_file(source: Path, to: Path, n_bytes: int | None = None) -> FileMark:
    """Copy a file, or its first bytes, and sync it.

    Raises:
        OSError: it cannot be read or written.
    """
    hashed, left = hashlib.sha256(), n_bytes
    written = 0
    to.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with source.open("rb") as reading, open(to, "xb", opener=_private) as writing:
        while piece := reading.read(PIECE if left is None else min(PIECE, left)):
            hashed.update(piece)
            writing.write(piece)
            written += len(piece)
            if left is not None:
                left -= len(piece)
        writing.flush()
        os.fsync(writing.fileno())
    return FileMark(written, hashed.hexdigest())


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def link_file(source: Path, to: Path) -> bool:
    """Let a file have a second name; False where the disk cannot do that."""
    to.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        os.link(source, to)
    except OSError:
        return False
    return True


def copy_database(source: Path, to: Path) -> FileMark:
    """A copy of a database as it is at one moment, beside whoever writes to it.

    Raises:
        sqlite3.Error: it cannot be read or written.
    """
    os.close(os.open(to, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    reading = sqlite3.connect(uri_of(source, for_reading(source)), uri=True, timeout=60)
    with closing(reading), closing(sqlite3.connect(to)) as writing:
        reading.backup(writing)
        writing.execute("PRAGMA journal_mode=DELETE")  # one file, without a journal to lose
    with to.open("rb") as file:
        os.fsync(file.fileno())
        hashed = hashlib.file_digest(file, "sha256").hexdigest()
    return FileMark(to.stat().st_size, hashed)
