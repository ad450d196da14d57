"""Clips of 119 calls: kept only where the site's policy says so, for as long as it says, and audited.

The files themselves are the truth (a relay that is killed loses no row about them): one folder a
call, one file for each time the phone sent.
"""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import structlog

from relay.errors import Conflict, NotFound, RelayError
from relay.model.people import Person
from relay.protocol.answers import Json
from relay.services.calls.call_book import CallBook
from relay.video.port import MediaPlane

log = structlog.get_logger(__name__)
SWEEP_EVERY_S = 600.0
UNDER_WAY_US = 5_000_000
NAME = re.compile(r"(\d{1,20})\.(webm|mp4)")
MEDIA_TYPES = {"webm": "video/webm", "mp4": "video/mp4"}


@dataclass(frozen=True, slots=True)
class Clip:
    """One file: ``id`` is when its first picture came, in µs."""

    id: int
    path: Path
    size: int
    changed_us: int

    @property
    def media_type(self) -> str:
        """As browsers call it."""
        return MEDIA_TYPES[self.path.suffix[1:]]


class Clips:
    """Begins clips, hands them out, deletes them."""

    def __init__(self, book: CallBook, plane: MediaPlane, folder: Path, keep_h: float) -> None:
        self._book, self._plane = book, plane
        self._folder, self._keep_us = folder, round(keep_h * 3600e6)

    @property
    def wanted(self) -> bool:
        """Whether this site keeps clips."""
        return self._book.recording == "clips"

    def begin(self, call: UUID) -> None:
        """The call's phone begins to send: keep it, where the site does."""
        if self.wanted:
            self._plane.record(call, self._folder / str(call))

    async def listed(self, call: UUID) -> list[Json]:
        """A call's clips, oldest first."""
        now_us = self._book.clock.now_us()
        return [
            {
                "id": clip.id,
                "at_us": clip.id,
                "bytes": clip.size,
                "media_type": clip.media_type,
                "under_way": now_us - clip.changed_us < UNDER_WAY_US,
                "until_us": clip.id + self._keep_us,
            }
            for clip in await asyncio.to_thread(self._of, call)
        ]

    async def shared_until_us(self, call: UUID) -> int | None:
        """Until when those the call is shared with may play them; None while it goes on."""
        return self._book.shared_until_us(await self._book.read(call))

    async def fetch(self, call: UUID, clip: int) -> Clip:
        """A clip's file, for one who may see the call.

        Raises:
            NotFound: there is none.
        """
        return await self._clip(call, clip)

    async def delete(self, person: Person, call: UUID, clip: int, reason: str) -> None:
        """Delete a clip before its time; who, which and why stays in the audit.

        Raises:
            NotFound: there is none.
            Conflict: it is still being written.
        """
        found = await self._clip(call, clip)
        if self._book.clock.now_us() - found.changed_us < UNDER_WAY_US:
            raise Conflict("This clip is still being recorded; end the call first.")
        about = {"clip": clip, "bytes": found.size, "reason": reason}
        await self._audit(person.name, "clip-deleted", call, about)
        await asyncio.to_thread(_remove, found.path)

    async def run(self) -> None:
        """Delete what is over its time, until cancelled."""
        while True:
            try:
                await self.sweep()
            except (RelayError, OSError) as error:
                log.warning("clips-not-swept", reason=str(error))
            await asyncio.sleep(SWEEP_EVERY_S)

    async def sweep(self) -> None:
        """Do once what ``run`` does."""
        oldest_us = self._book.clock.now_us() - self._keep_us
        for call in await asyncio.to_thread(self._calls):
            old = [c for c in await asyncio.to_thread(self._of, call) if c.changed_us < oldest_us]
            if not old:
                continue
            about = {"clips": [c.id for c in old], "bytes": sum(c.size for c in old)}
            await self._audit("relay", "clips-expired", call, about)
            for clip in old:
                await asyncio.to_thread(_remove, clip.path)

    async def _audit(self, who: str, action: str, call: UUID, about: dict[str, object]) -> None:
        """Before the deed: what cannot be written down is not done."""
        async with self._book.journal.records.begin() as tx:
            await tx.evidence.audit(self._book.clock.now_us(), who, action, str(call), about)

    async def _clip(self, call: UUID, clip: int) -> Clip:
        for one in await asyncio.to_thread(self._of, call):
            if one.id == clip:
                return one
        raise NotFound("There is no such clip; it may have been deleted after its time.")

    def _calls(self) -> list[UUID]:
        if not self._folder.is_dir():
            return []
        found = []
        for folder in self._folder.iterdir():
            try:
                found.append(UUID(folder.name))
            except ValueError:
                continue  # not ours
        return found

    def _of(self, call: UUID) -> list[Clip]:
        folder = self._folder / str(call)
        found = []
        with suppress(FileNotFoundError):  # deleted meanwhile
            for path in folder.iterdir():
                name = NAME.fullmatch(path.name)
                if name is not None:
                    stat = path.stat()
                    found.append(Clip(int(name[1]), path, stat.st_size, stat.st_mtime_ns // 1000))
        return sorted(found, key=lambda clip: clip.id)


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
    with suppress(OSError):  # others are still in it
        path.parent.rmdir()
