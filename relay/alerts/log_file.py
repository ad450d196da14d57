"""An alert as a line of a file: for a site's own watcher, and the proof of what was told when."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime
from pathlib import Path

from relay.alerts.port import HandedOver, Message
from relay.errors import BadInput, Unavailable


class LogFile:
    """Fulfils ``AlertChannel``: a line with the time in UTC, synced; only the file's owner reads it."""

    name = "log-file"
    about = (
        "A line is added to a file that only its owner reads; the address is the file's whole path."
    )

    def check(self, to: str) -> None:
        """Do nothing where it is a whole path.

        Raises:
            BadInput: it is none.
        """
        if not Path(to).is_absolute():
            raise BadInput(f"log-file takes a whole path, such as /var/log/kyumei/alerts.log: {to}")

    async def send(self, message: Message, to: str) -> HandedOver:
        """Add the line and sync it.

        Raises:
            Unavailable: the file takes no line now.
        """
        line = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ} {message.text}\n"
        try:
            await asyncio.to_thread(_add, Path(to), line.encode())
        except OSError as error:
            raise Unavailable(f"The file of alerts takes no line ({error.strerror}).") from error
        return HandedOver()


def _add(file: Path, line: bytes) -> None:
    flags = os.O_CREAT | os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK
    fd = os.open(file, flags, 0o600)
    try:
        os.fchmod(fd, 0o600)
        if os.write(fd, line) != len(line):
            raise OSError(0, "the disk is full")
        os.fdatasync(fd)
    finally:
        os.close(fd)
