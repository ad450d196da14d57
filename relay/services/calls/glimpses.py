"""The newest small picture of a call, for viewers whose connection is too slow for its video.

The relay does not decode video, so it asks the phone. While somebody wants glimpses, the phone sends one
every few seconds beside its video. A wish lasts a few seconds, and the viewer renews it by asking again; so
nobody has to cancel it. Only the newest picture is held, in memory; after the last wish none.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from uuid import UUID

from relay.errors import Conflict, NotFound
from relay.model.call import Still
from relay.protocol.answers import Json
from relay.services.calls.call_book import CallBook
from relay.services.ground.remaking import Remaking

WISH_HOLDS_S = 12.0
LOOK_EVERY_S = 1.0


@dataclass(slots=True)
class _Glimpse:
    until_s: float
    at_us: int | None = None
    jpeg: bytes = b""


class Glimpses:
    """What is wanted, and the newest picture of it."""

    def __init__(self, book: CallBook, remaking: Remaking) -> None:
        self._book, self._remaking = book, remaking
        self._of: dict[UUID, _Glimpse] = {}

    def wanted(self, call: UUID) -> bool:
        """Whether the phone should send them."""
        found = self._of.get(call)
        return found is not None and found.until_s > self._book.clock.monotonic_s()

    async def ask(self, call: UUID) -> Json:
        """When the newest was taken (null: none came yet). Asking is the wish; repeat it.

        Raises:
            Conflict: the call has ended.
        """
        facts = await self._book.read(call)
        if not facts.call.is_open:
            raise Conflict("This call has ended; there is nothing to watch.")
        is_new = not self.wanted(call)
        found = self._of.setdefault(call, _Glimpse(0.0))
        found.until_s = self._book.clock.monotonic_s() + WISH_HOLDS_S
        if is_new:
            self._book.tell_caller(call)
        return {"at_us": found.at_us}

    def read(self, call: UUID, at_us: int) -> bytes:
        """The newest picture, by its time.

        Raises:
            NotFound: it was replaced by a newer one, or nobody wants any.
        """
        found = self._of.get(call)
        if found is None or found.at_us != at_us:
            raise NotFound("A newer picture has come; ask again.")
        return found.jpeg

    async def keep(self, call: UUID, data: bytes) -> None:
        """The phone sent one. Without a wish it is dropped.

        Raises:
            BadInput: it cannot be used.
        """
        if not self.wanted(call):
            return
        jpeg = await self._remaking.clean(data, f"call:{call}")
        self._put(call, jpeg, self._book.clock.now_us())

    async def also(self, still: Still) -> None:
        """The phone sends pictures instead of video: the wish is met by them."""
        if not self.wanted(still.call):
            return
        async with self._book.journal.records.read() as records:
            kept = await records.calls.still_image(still.id)
        if kept is not None:
            self._put(still.call, kept[1], still.at_us)

    def _put(self, call: UUID, jpeg: bytes, at_us: int) -> None:
        found = self._of.get(call)
        if found is not None and at_us > (found.at_us or 0):
            found.at_us, found.jpeg = at_us, jpeg

    async def run(self) -> None:
        """Forget what nobody wants any more, and tell the phone, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            for call in list(self._of):
                if self.wanted(call):  # asked of each in turn: another's phone was told meanwhile
                    continue
                del self._of[call]
                self._book.tell_caller(call)
