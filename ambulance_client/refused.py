"""What the relay refused. The only copy is on this tablet, so it stays, marked, until a person removes it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import structlog

from ambulance_client.remarks import Remarks
from ambulance_client.spool import Spool
from ambulance_client.spool_refused import RefusedThing
from relay.errors import NotFound, TooMany
from relay.protocol import messages as m

log = structlog.get_logger()
OF_THE_TABLET = ("stream-end",)
"""Events no person entered; without the recording they end, they say nothing."""


class Refused:
    """The list on the crew's page.

    Args:
        spool: keeps them.
        remarks: what the crew must have read.
        say_again: hands an event to the link.
        notify: called when ``lines`` has changed.
    """

    def __init__(
        self,
        spool: Spool,
        remarks: Remarks,
        say_again: Callable[[m.Event], None],
        photo_again: Callable[[], Awaitable[None]],
        notify: Callable[[], None],
    ) -> None:
        self._spool, self._remarks, self._notify = spool, remarks, notify
        self._say_again, self._photo_again = say_again, photo_again
        self._things: dict[UUID, RefusedThing] = {}

    @property
    def lines(self) -> list[dict[str, Any]]:
        """``refused`` of ``PanelState``, oldest first."""
        return [
            {
                "id": str(thing.id), "kind": thing.kind, "at_us": thing.at_us,
                "text": _words_of(thing), "why": thing.why,
            }
            for thing in self._things.values()
        ]  # fmt: skip

    async def restore(self) -> None:
        """Take up what is there, at a start and after every change."""
        self._things = {thing.id: thing for thing in await self._spool.refused_things()}
        self._notify()

    async def heard(self, refusal: m.Refusal, *, waits: bool) -> None:
        """The relay will not do something, and why.

        Args:
            refusal: its words.
            waits: whether the event it is about is said again by itself.
        """
        log.warning("refused", code=refusal.code, why=refusal.text)
        if refusal.code == TooMany.code and refusal.event is None:
            await self._remarks.once("cases-too-many" if refusal.stream else "sends-too-much")
        elif refusal.event is not None and not waits:
            await self.event(refusal.event, refusal.text)

    async def event(self, event: UUID, why: str) -> None:
        """The relay will never take this event of the spool."""
        held = {one.event: one for one in await self._spool.events()}
        if event not in held or held[event].body.type in OF_THE_TABLET:
            await self._spool.drop_event(event)
            return
        await self._spool.refuse_event(held[event], why)
        await self.restore()

    async def photo(self, photo: UUID, why: str) -> None:
        """The relay will not take this photo."""
        await self._spool.refuse_photo(photo, why)
        await self.restore()

    async def again(self, thing: UUID) -> None:
        """A person wants it sent once more.

        Raises:
            NotFound: it is not there.
            Unavailable: the disk is full or failing.
        """
        found = self._known(thing)
        await self._spool.take_back(found)
        if found.kind == "photo":
            await self._photo_again()
        else:
            self._say_again(m.event_from_text(found.text))
        await self.restore()

    async def remove(self, thing: UUID) -> None:
        """A person has read why, and wants it gone. Raises like ``again``."""
        log.warning("refused_removed", id=str(thing), kind=self._known(thing).kind)
        await self._spool.remove_refused(thing)
        await self.restore()

    async def picture(self, photo: UUID) -> bytes:
        """A refused photo's JPEG. Raises like ``again``."""
        jpeg = await self._spool.refused_picture(photo)
        if jpeg is None:
            raise NotFound("There is no such photo on this tablet.")
        return jpeg

    def _known(self, thing: UUID) -> RefusedThing:
        if thing not in self._things:
            raise NotFound("This is not on the tablet any more; reload the page.")
        return self._things[thing]


def _words_of(thing: RefusedThing) -> str:
    if not thing.text:
        return ""
    body = m.event_from_text(thing.text).body
    return body.text if isinstance(body, m.CrewNote) else getattr(body, "mark", "")
