"""A copy of a relay's data folder while the relay runs: whole, of one moment, and cheap to make every day.

Heads first, then the database, then the ECG: so that the copied database names nothing that the copy lacks, and
the copied heads are of rows it holds. A closed file of ECG that the backup before holds already is not copied
again but given a second name.
"""

from __future__ import annotations

import fcntl
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from relay.data_folder import ANCHORS, CLIPS, DATABASE, ECG_LOG
from relay.ecglog.segment_file import index_path, scan, sync_folder
from relay.errors import BadInput, Conflict, Unavailable
from relay.model.audit import Head
from relay.model.evidence import SEALED
from relay.office import database_of
from relay.settings import Settings
from relay.vault.copying import copy_database, copy_file, link_file
from relay.vault.manifest import FileMark, Manifest, backups_in, read_manifest

PARTIAL = ".partial-"
LOCK = ".lock"


@dataclass(slots=True)
class Made:
    """A backup that was made.

    Attributes:
        copied_bytes / kept_bytes: newly written, and taken over from the backup before.
        faults: what of the source could not be copied as the audit tells of it.
    """

    folder: Path
    copied_bytes: int = 0
    kept_bytes: int = 0
    faults: list[str] = field(default_factory=list)


def make_backup(settings: Settings, into: Path, *, clips: bool = False) -> Made:
    """Make a backup of the data folder as a new folder in ``into``.

    Raises:
        NotFound: there is no relay in the data folder.
        BadInput: ``into`` cannot hold backups.
        Unavailable: the database is lost; or something cannot be read or written.
    """
    source = database_of(settings).parent
    into = into.absolute()
    _check_place(source, into)
    made_at_us = time.time_ns() // 1000
    try:
        into.mkdir(mode=0o700, exist_ok=True)
        with _alone(into):
            _clear_partial(into)
            part = into / f"{PARTIAL}{_stamp(made_at_us)}"
            part.mkdir(mode=0o700)
            try:
                copy = _Copy(source, part, into)
                copy.take(clips=clips)
                _manifest(copy, made_at_us).write(part)
                sync_folder(part)
                copy.made.folder = part.rename(_free_name(into, _stamp(made_at_us)))
                sync_folder(into)
            except BaseException:
                shutil.rmtree(part, ignore_errors=True)
                raise
    except (OSError, sqlite3.Error) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise Unavailable(f"The backup into {into} was not made ({why}).") from error
    return copy.made


class _Copy:
    """One backup in the making."""

    def __init__(self, source: Path, part: Path, into: Path) -> None:
        self._source, self._part = source, part
        before = backups_in(into)
        self._before = before[-1] if before else None
        self._known = read_manifest(before[-1]) if before else None
        self.made = Made(part)
        self.files: dict[str, FileMark] = {}
        self.source = source
        self.head: Head | None = None

    def take(self, *, clips: bool) -> None:
        """Copy everything, in the order that matters."""
        if (self._source / ANCHORS).exists():
            self._copied(ANCHORS, copy_file(self._source / ANCHORS, self._part / ANCHORS))
        self._copied(DATABASE, copy_database(self._source / DATABASE, self._part / DATABASE))
        told, self.head = _told(self._part / DATABASE)
        (self._part / ECG_LOG).mkdir(mode=0o700)
        for path in sorted((self._source / ECG_LOG).glob("*.seg")):
            self._take_ecg(path, told.get(path.name))
        for name in sorted(set(told) - {Path(file).name for file in self.files}):
            self.made.faults.append(f"The ECG file {name} is gone and could not be copied.")
        if clips:
            self._take_clips()

    def _take_ecg(self, path: Path, told: FileMark | None) -> None:
        name = f"{ECG_LOG}/{path.name}"
        if told is not None and self._keeps(name, told):
            self._keeps(f"{ECG_LOG}/{index_path(path).name}", None)
            return
        if index_path(path).exists():
            mark = copy_file(path, self._part / name)
            index = index_path(path)
            index_name = f"{ECG_LOG}/{index.name}"
            self._copied(index_name, copy_file(index, self._part / index_name))
        else:  # being written: up to its last whole frame
            mark = copy_file(path, self._part / name, scan(path).end)
        self._copied(name, mark)
        if told is not None and told != mark:
            self.made.faults.append(f"The ECG file {path.name} is not as it was closed.")

    def _take_clips(self) -> None:
        for path in sorted((self._source / CLIPS).rglob("*")):
            name = path.relative_to(self._source).as_posix()
            with suppress(FileNotFoundError):  # its time was over meanwhile
                if path.is_file():
                    self._copied(name, copy_file(path, self._part / name))

    def _keeps(self, name: str, wanted: FileMark | None) -> bool:
        """Take a file over from the backup before, where that holds the same."""
        known = self._known.files.get(name) if self._known else None
        if self._before is None or known is None or (wanted is not None and known != wanted):
            return False
        there = self._before / name
        if not there.is_file() or there.stat().st_size != known.n_bytes:
            return False
        if not link_file(there, self._part / name):
            return False
        self.files[name] = known
        self.made.kept_bytes += known.n_bytes
        return True

    def _copied(self, name: str, mark: FileMark) -> None:
        self.files[name] = mark
        self.made.copied_bytes += mark.n_bytes


def _told(database: Path) -> tuple[dict[str, FileMark], Head | None]:
    """What the copied chain tells of closed files, and its head."""
    import json

    with sqlite3.connect(database) as db:
        rows = db.execute("SELECT subject, data FROM audit WHERE action = ?", (SEALED,)).fetchall()
        newest = "SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1"
        head = db.execute(newest).fetchone()
    db.close()
    told = {name: json.loads(data) for name, data in rows}
    marks = {name: FileMark(int(d["bytes"]), str(d["sha256"])) for name, d in told.items()}
    return marks, Head(*head) if head else None


def _manifest(copy: _Copy, made_at_us: int) -> Manifest:
    try:
        made_by = version("kyumei-relay")
    except PackageNotFoundError:
        made_by = "dev"
    return Manifest(made_at_us, made_by, str(copy.source), copy.head, copy.files)


@contextmanager
def _alone(into: Path) -> Iterator[None]:
    with (into / LOCK).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Conflict(f"Another backup into {into} is under way; wait for its end.") from error
        yield


def _check_place(source: Path, into: Path) -> None:
    if into.exists() and not into.is_dir():
        raise BadInput(f"{into} is a file; name a folder for backups.")
    if into.resolve().is_relative_to(source.resolve()):
        raise BadInput(f"{into} lies in the data folder itself; name a folder on another disk.")
    if not into.parent.is_dir():
        raise BadInput(f"There is no folder {into.parent}; is the disk for backups there?")


def _clear_partial(into: Path) -> None:
    for path in into.glob(f"{PARTIAL}*"):
        shutil.rmtree(path)


def _stamp(at_us: int) -> str:
    return datetime.fromtimestamp(at_us / 1e6, UTC).strftime("%Y-%m-%dT%H%M%SZ")


def _free_name(into: Path, stamp: str) -> Path:
    path, number = into / stamp, 2
    while path.exists():
        path, number = into / f"{stamp}-{number}", number + 1
    return path


def forget_old(into: Path, keep: int) -> list[Path]:
    """Delete the oldest backups until so many are left; what was deleted.

    Raises:
        Unavailable: one cannot be deleted.
    """
    old = backups_in(into)[:-keep] if keep > 0 else []
    for path in old:
        try:
            shutil.rmtree(path)
        except OSError as error:
            raise Unavailable(f"The old backup {path} cannot be deleted ({error}).") from error
    return old
