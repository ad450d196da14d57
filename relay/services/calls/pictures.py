"""Pictures of a call: decoded and made anew before anybody sees them, so that nothing rides along."""

from __future__ import annotations

from uuid import UUID, uuid4

from relay.errors import BadInput, Conflict, NotFound
from relay.model.call import Still, can
from relay.model.timeline import Stage
from relay.services.calls.call_book import CALLER, CallBook, CallChange
from relay.services.ground.jpegs import MAX_BYTES, made_anew
from relay.turns.threads import FairThreads

CALLER_KEEPS = 20
"""Pictures from the phone that are kept at a time; it sends one every 2 s on a bad line."""
AT_ONCE = 2
MOST_WAITING, MOST_OF_A_CLIENT = 64, 8


class Pictures:
    """Takes pictures in and hands them out."""

    def __init__(self, book: CallBook) -> None:
        self._book = book
        self._threads = FairThreads(
            "picture",
            AT_ONCE,
            most=MOST_WAITING,
            most_each=MOST_OF_A_CLIENT,
            full="Too many pictures come at this moment; send it again in a few seconds.",
        )

    async def clean(self, data: bytes, sender: str) -> bytes:
        """The picture made anew, two at a time, senders in turn.

        Args:
            data: what was sent.
            sender: a phone, an ambulance or a person: whose turn it takes.

        Raises:
            BadInput: it cannot be used.
            TooMany: too many wait, and most of them are this sender's.
            Unavailable: whoever sent it has gone.
        """
        if not 0 < len(data) <= MAX_BYTES:
            raise BadInput(f"A picture has at most {MAX_BYTES // 1024} kB; send a smaller one.")
        return await self._threads.run(sender, "", lambda: made_anew(data))

    async def keep(self, call: UUID, data: bytes, by: str, shown: str) -> Still:
        """Keep a picture of a call, taken by the caller's phone or by a dispatcher.

        Raises:
            BadInput: it cannot be used.
            Conflict: the call has ended.
        """
        sender = f"call:{call}" if by == CALLER else f"person:{by}"
        jpeg = await self.clean(data, sender)
        async with self._book.change(call) as change:
            if not change.call.is_open:
                raise Conflict("This call has ended; the picture was not kept.")
            still = Still(uuid4(), call, change.now_us, by)
            await change.tx.add_still(still, jpeg)
            if by == CALLER:
                await self._from_phone(change)
            else:
                await change.say(Stage.CALL_STILL, shown, {"still": str(still.id)})
                await change.audit(by, "still-kept", {"still": str(still.id)})
        return still

    async def _from_phone(self, change: CallChange) -> None:
        """A picture instead of video: the newest few stay, and the ladder shows it."""
        await change.tx.drop_stills(change.call.id, by=CALLER, keep=CALLER_KEEPS)
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
            found = await records.still_image(still)
        if found is None or found[0].call != call:
            raise NotFound("There is no such picture.")
        return found[1]
