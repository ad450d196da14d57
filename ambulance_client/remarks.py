"""What the crew must have read: each remark stays on their page, over restarts, until somebody says so.

A refusal that stands there for five seconds is a refusal nobody has read.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from typing import cast
from uuid import uuid4

import structlog

from ambulance_client.spool import Spool
from relay.causes import words
from relay.errors import Unavailable

log = structlog.get_logger()

KEY = "remarks"
MOST = 50
TAKEN = frozenset({"file-left-out", "file-not-moved"})
"""Remarks that ask nobody to doubt an ECG."""
Remark = dict[str, object]


class Remarks:
    """The remarks nobody has confirmed yet, oldest first."""

    def __init__(self, spool: Spool, notify: Callable[[], None]) -> None:
        self._spool, self._notify = spool, notify
        self.lines: list[Remark] = []

    @property
    def refused(self) -> str:
        """The newest unread sentence about a file that was refused or is in doubt; "" where there is none."""
        about = [line for line in self.lines if line["cause"] not in TAKEN]
        return str(about[-1]["words_en"]) if about else ""

    async def restore(self) -> None:
        """Take up what the last life left unread."""
        kept = await self._spool.get(KEY)
        if isinstance(kept, list):
            self.lines = cast(list[Remark], kept)

    async def add(self, cause: str, **filled: str) -> None:
        """Put a remark on the page; the same words again are the same remark, at its newest time."""
        said = words(cause, **filled)
        self.lines = [line for line in self.lines if line["words_ja"] != said["words_ja"]]
        self.lines.append({"id": uuid4().hex, "at_us": time.time_ns() // 1000, **said})
        del self.lines[:-MOST]
        log.warning(cause, **filled)
        await self._keep()

    async def once(self, cause: str) -> None:
        """The same, unless it stands there already: what goes on is no news."""
        if all(line["cause"] != cause for line in self.lines):
            await self.add(cause)

    async def seen(self, ids: Collection[str]) -> None:
        """Somebody has read these."""
        self.lines = [line for line in self.lines if line["id"] not in ids]
        await self._keep()

    async def _keep(self) -> None:
        self._notify()
        try:
            await self._spool.put(KEY, self.lines)
        except Unavailable as error:  # still on the page, as long as the program runs
            log.warning("remark_not_spooled", why=str(error))
