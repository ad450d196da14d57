"""Pictures of a call: of the caller's phone, or kept by a dispatcher; each is made anew first."""

from __future__ import annotations

from uuid import UUID, uuid4

from relay.errors import Conflict, NotFound
from relay.model.call import Still, can
from relay.model.timeline import Stage
from relay.services.calls.call_book import CallBook, CallChange
from relay.services.ground.remaking import Remaking
from relay.services.ground.watcher import CALLER

CALLER_KEEPS = 20
"""Pictures from the phone that are kept at a time; it sends one every 2 s on a bad line."""


class Pictures:
    """Takes pictures in and hands them out."""

    def __init__(self, book: CallBook, remaking: Remaking) -> None:
        self._book, self._remaking = book, remaking

    async def keep(self, call: UUID, data: bytes, by: str, shown: str) -> Still:
        """Keep a picture of a call, taken by the caller's phone or by a dispatcher.

        Raises:
            BadInput: it cannot be used.
            Conflict: the call has ended.
        """
        sender = f"call:{call}" if by == CALLER else f"person:{by}"
        jpeg = await self._remaking.clean(data, sender)
        async with self._book.change(call) as change:
            if not change.call.is_open:
                raise Conflict("This call has ended; the picture was not kept.")
            still = Still(uuid4(), call, change.now_us, by)
            await change.tx.calls.add_still(still, jpeg)
            if by == CALLER:
                await self._from_phone(change)
            else:
                await change.say(Stage.CALL_STILL, shown, {"still": str(still.id)})
                await change.audit(by, "still-kept", {"still": str(still.id)})
        return still

    async def _from_phone(self, change: CallChange) -> None:
        """A picture instead of video: the newest few stay, and the ladder shows it."""
        await change.tx.calls.drop_stills(change.call.id, by=CALLER, keep=CALLER_KEEPS)
        if change.call.state.value != "live" and can(change.call, "still"):
            was = change.call.state
            change.step("still", hint="stills")
            if change.call.state is not was:
                about = {"state": change.call.state.value, "hint": "stills"}
                await change.say(Stage.CALL_CAMERA, "", about)

    async def fetch(self, call: UUID, still: UUID) -> bytes:
        """A picture's JPEG, for one who may see the call.

        Raises:
            NotFound: there is none in this call.
        """
        async with self._book.journal.records.read() as records:
            found = await records.calls.still_image(still)
        if found is None or found[0].call != call:
            raise NotFound("There is no such picture.")
        return found[1]
