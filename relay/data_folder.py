"""A relay's data folder: what lies in it, and the lock by which one relay at a time uses it."""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from relay.errors import Conflict, NotFound, Unavailable

DATABASE = "records.sqlite"
ECG_LOG = "ecg"
CLIPS = "clips"
ANCHORS = "audit-anchors"
LOCK = "relay.lock"
LEAVES_WITHIN_S = 20.0
GLANCE_S = 0.02


@dataclass(frozen=True, slots=True)
class FolderContents:
    """What lies in a folder that may be a relay's.

    Attributes:
        database_bytes: size of the database, None where there is none.
        segments: files of the ECG log.
        others: names of further things only a relay leaves behind (anchors, clips).
    """

    folder: Path
    database_bytes: int | None
    segments: int
    others: tuple[str, ...]

    @property
    def has_database(self) -> bool:
        """Whether there is a database that holds anything."""
        return bool(self.database_bytes)

    @property
    def lost_database(self) -> bool:
        """Whether a relay kept its data here and its database is absent or empty."""
        if self.has_database:
            return False
        return bool(self.segments or self.others) or self.database_bytes == 0

    def check_database(self) -> None:
        """Do nothing where a relay's database lies here.

        Raises:
            NotFound: nothing of a relay is here.
            Unavailable: a relay's data are here without its database.
        """
        if self.lost_database:
            raise Unavailable(self.loss())
        if not self.has_database:
            raise NotFound(
                f"There is no relay in {self.folder}; name its folder with --data or "
                "KYUMEI_DATA_DIR, or begin a new one there with kyumei migrate."
            )

    def loss(self) -> str:
        """What is said where the database is lost."""
        what = "absent" if self.database_bytes is None else "empty"
        held = f"{self.segments} files of ECG" if self.segments else ", ".join(self.others)
        beside = f" although the folder holds {held}" if held else ""
        return (
            f"The database {DATABASE} in {self.folder} is {what}{beside}: "
            "look for it, or restore a backup with kyumei restore."
        )


def contents_of(folder: Path) -> FolderContents:
    """What lies in a folder; nothing is made or changed.

    Raises:
        Unavailable: it cannot be looked into, or is a file.
    """
    folder = folder.absolute()
    database = folder / DATABASE
    try:
        if not folder.is_dir() and folder.exists():
            raise Unavailable(f"{folder} is a file, not a data folder; choose another with --data.")
        size = database.stat().st_size if database.exists() else None
        segments = len(list((folder / ECG_LOG).glob("*.seg")))
        others = tuple(name for name in (ANCHORS, CLIPS) if (folder / name).exists())
    except OSError as error:
        raise Unavailable(
            f"The data folder {folder} cannot be read ({error.strerror}); check its owner."
        ) from error
    return FolderContents(folder, size, segments, others)


async def take_place(folder: Path) -> None:
    """Ask the relay that uses the data folder to end, and return when it has left the folder.

    Returns at once where no relay uses it.

    Raises:
        Conflict: it did not end in time, or is not ours to end.
    """
    asked = 0
    for _ in range(round(LEAVES_WITHIN_S / GLANCE_S)):
        try:
            lock_folder(folder).close()
        except Conflict as error:
            number = (folder / LOCK).read_text().strip()
            if not asked and number.isdigit():
                asked = int(number)
                try:
                    os.kill(asked, signal.SIGTERM)
                except OSError:
                    raise error from None
        else:
            return
        await asyncio.sleep(GLANCE_S)
    raise Conflict(
        f"The relay that uses {folder} did not end within {LEAVES_WITHIN_S:.0f} s; look at its log."
    )


def lock_folder(folder: Path) -> IO[str]:
    """A lock on the data folder, held until the file is closed or the process ends.

    Raises:
        Conflict: another relay holds it.
    """
    file = (folder / LOCK).open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise Conflict(
            f"Another relay uses the data folder {folder}; stop it or choose another with --data."
        ) from error
    with suppress(OSError):
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
    return file


def running_relay(folder: Path) -> int | None:
    """The process id of the relay that uses a data folder now, 0 where it is not known, None for none."""
    path = folder / LOCK
    try:
        file = path.open("r")
    except OSError:
        return None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            number = file.read().strip()
            return int(number) if number.isdigit() else 0
    return None
