"""Heads in a text file, one a line: the row's number and its hash. Lines are only ever appended."""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path

from relay.errors import Unavailable
from relay.model.audit import Head

LINE = re.compile(r"(\d{1,18}) ([0-9a-f]{64})")


class HeadFile:
    """Fulfils ``HeadPlace``."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.where = str(file)

    async def append(self, head: Head) -> None:
        """Append a line and sync it."""
        try:
            await asyncio.to_thread(self._append, f"{head.number} {head.hash}\n")
        except OSError as error:
            raise Unavailable(f"{self.where} takes no head ({error.strerror}).") from error

    def _append(self, line: str) -> None:
        fd = os.open(self.file, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
        try:
            os.write(fd, line.encode())
            os.fdatasync(fd)
        finally:
            os.close(fd)

    async def heads(self) -> list[Head]:
        """Every line."""
        try:
            text = await asyncio.to_thread(self.file.read_text)
        except FileNotFoundError:
            raise Unavailable(
                f"The heads of the audit in {self.where} are gone: the file is absent."
            ) from None
        except (OSError, UnicodeDecodeError) as error:
            raise Unavailable(f"The heads in {self.where} cannot be read ({error}).") from error
        return list(self._parsed(text))

    def _parsed(self, text: str) -> list[Head]:
        found: list[Head] = []
        for number, line in enumerate(text.splitlines(), 1):
            head = LINE.fullmatch(line)
            if head is None or (found and int(head[1]) < found[-1].number):
                raise Unavailable(f"Line {number} of the heads in {self.where} is damaged.")
            found.append(Head(int(head[1]), head[2]))
        if not found:
            raise Unavailable(f"The heads of the audit in {self.where} are gone: it is empty.")
        return found
