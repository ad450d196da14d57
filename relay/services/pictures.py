"""Pictures of a call: decoded and made anew before anybody sees them, so that nothing rides along."""

from __future__ import annotations

import asyncio
import io
import struct
from uuid import UUID, uuid4

from relay.errors import BadInput, Conflict, NotFound
from relay.model.call import Still, can
from relay.model.timeline import Stage
from relay.services.call_book import CALLER, CallBook, CallChange, Watcher
from relay.services.seen import Seen

MAX_BYTES = 204_800
MAX_PIXELS = 25_000_000
MAX_SIDE = 1_600
CALLER_KEEPS = 20
"""Pictures from the phone that are kept at a time; it sends one every 2 s on a bad line."""
UNREADABLE = "This is not a picture the relay can read; send a JPEG."
BROKEN = (
    OSError, ValueError, TypeError, KeyError, IndexError, SyntaxError, ArithmeticError,
    EOFError, MemoryError, struct.error,
)  # fmt: skip
"""What a broken picture can raise in the decoder."""


def made_anew(data: bytes) -> bytes:
    """The same picture as a plain JPEG: upright, at most 1600 pixels a side, without any metadata.

    Raises:
        BadInput: not a JPEG, too large, or broken.
    """
    from PIL import Image, ImageOps

    try:
        with Image.open(io.BytesIO(data), formats=("JPEG",)) as found:
            if found.width * found.height > MAX_PIXELS:
                raise BadInput("The picture has too many pixels; send a smaller one.")
            found.draft("RGB", (MAX_SIDE, MAX_SIDE))
            upright = ImageOps.exif_transpose(found).convert("RGB")
            upright.thumbnail((MAX_SIDE, MAX_SIDE))
            plain = Image.frombytes("RGB", upright.size, upright.tobytes())
            out = io.BytesIO()
            plain.save(out, "JPEG", quality=82, optimize=True)
    except BROKEN:
        raise BadInput(UNREADABLE) from None
    return out.getvalue()


class Pictures:
    """Takes pictures in and hands them out."""

    def __init__(self, book: CallBook) -> None:
        self._book = book
        self._turn = asyncio.Semaphore(2)
        self._seen = Seen()

    async def clean(self, data: bytes) -> bytes:
        """The picture made anew, two at a time.

        Raises:
            BadInput: it cannot be used.
        """
        if not 0 < len(data) <= MAX_BYTES:
            raise BadInput(f"A picture has at most {MAX_BYTES // 1024} kB; send a smaller one.")
        async with self._turn:
            return await asyncio.to_thread(made_anew, data)

    async def keep(self, call: UUID, data: bytes, by: str, shown: str) -> Still:
        """Keep a picture of a call, taken by the caller's phone or by a dispatcher.

        Raises:
            BadInput: it cannot be used.
            Conflict: the call has ended.
        """
        jpeg = await self.clean(data)
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

    async def fetch(self, watcher: Watcher, call: UUID, still: UUID) -> bytes:
        """A picture's JPEG. Fetching is written down; of the phone's rolling pictures the first.

        Raises:
            NotFound: there is none in this call.
        """
        async with self._book.journal.records.read() as records:
            found = await records.still_image(still)
        if found is None or found[0].call != call:
            raise NotFound("There is no such picture.")
        mark = (watcher.name, call if found[0].by == CALLER else still)
        if mark not in self._seen:
            async with self._book.journal.records.begin() as tx:
                now_us = self._book.clock.now_us()
                about = {"still": str(still)}
                await tx.audit(now_us, watcher.name, "still-read", str(call), about)
            self._seen.add(mark)
        return found[1]
