"""Every picture that comes in is made anew, two at a time, senders in turn."""

from __future__ import annotations

from relay.errors import BadInput
from relay.services.ground.jpegs import MAX_BYTES, made_anew
from relay.turns.threads import FairThreads

AT_ONCE = 2
MOST_WAITING, MOST_OF_A_CLIENT = 64, 8


class Remaking:
    """The threads in which pictures are made anew."""

    def __init__(self) -> None:
        self._threads = FairThreads(
            "picture",
            AT_ONCE,
            most=MOST_WAITING,
            most_each=MOST_OF_A_CLIENT,
            full="Too many pictures come at this moment; send it again in a few seconds.",
        )

    async def clean(self, data: bytes, sender: str) -> bytes:
        """The picture made anew.

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
