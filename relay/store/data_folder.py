"""The lock on a relay's data folder: one relay at a time, and how a new one takes the old one's place."""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import IO

from relay.errors import Conflict

LOCK = "relay.lock"
LEAVES_WITHIN_S = 20.0
GLANCE_S = 0.02


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
