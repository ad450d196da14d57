"""Ends every open connection whose right has ended: links, feeds, video, callers' pages.

Any change of a right raises one number in the database, in the same transaction. The change may come from a
page, from a command in another process, or from another relay. This relay reads the number four times a second.
When it has risen, every claim in use is asked again. So are claims that were opened since the last look, because
a right may end while a connection opens.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass

import structlog

from relay.errors import RelayError
from relay.records.port.records import Records
from relay.services.ground.access import Claim, Lost, Moment, SessionsNow, lost

log = structlog.get_logger(__name__)
LOOK_EVERY_S = 0.25
Cut = Callable[[Lost], Awaitable[None]]


@dataclass(slots=True)
class _Holding:
    claim: Claim
    cut: Cut
    asked: bool = False


class Rights:
    """Every claim in use at this relay.

    While the database does not answer nothing is cut: a right is taken away by a word, not by a silence.
    """

    def __init__(self, records: Records, sessions: SessionsNow) -> None:
        self._records = records
        self._sessions = sessions
        self._held: dict[Hashable, _Holding] = {}
        self._version = 0
        self._silent = False
        self.looks = 0
        """How often it has looked: what was taken away before a look is closed after it."""
        self._cutting: set[asyncio.Task[None]] = set()

    def hold(self, key: Hashable, claim: Claim, cut: Cut) -> None:
        """Something was opened on this claim; ``cut`` closes it. The same key again takes the place of the old."""
        self._held[key] = _Holding(claim, cut)

    def release(self, key: Hashable) -> None:
        """It has ended by itself."""
        self._held.pop(key, None)

    @property
    def count(self) -> int:
        """How many claims are in use."""
        return len(self._held)

    async def run(self) -> None:
        """Look, until cancelled."""
        try:
            while True:
                await self.look()
                await asyncio.sleep(LOOK_EVERY_S)
        finally:
            for task in self._cutting:
                task.cancel()

    async def look(self) -> None:
        """Ask again what has to be asked again; cut what has lost its right."""
        try:
            ended = await self._ended()
        except RelayError as error:
            if not self._silent:
                log.warning("rights-not-read", reason=str(error))
            self._silent = True
            return
        self._silent = False
        self.looks += 1
        for holding, why in ended:
            self._cutting.add(task := asyncio.create_task(_cut(holding, why)))
            task.add_done_callback(self._cutting.discard)
        for (who, why), closed in Counter((h.claim.who, why) for h, why in ended).items():
            log.warning("right-ended", who=who, why=why.value, closed=closed)

    async def _ended(self) -> list[tuple[_Holding, Lost]]:
        """What has lost its right since the last look; it is held no more."""
        async with self._records.read() as records:
            version = await records.people.rights_version()
            changed = version != self._version
            due = {k: h for k, h in self._held.items() if changed or not h.asked}
            moment = Moment(records)
            await moment.know((h.claim for h in due.values()), self._sessions)
            found = {k: why for k, h in due.items() if (why := await lost(moment, h.claim))}
        self._version = version
        for holding in due.values():
            holding.asked = True
        # what was released or replaced while the database answered is nobody's any more
        ended = [(k, why) for k, why in found.items() if self._held.get(k) is due[k]]
        return [(self._held.pop(k), why) for k, why in ended]


async def _cut(holding: _Holding, why: Lost) -> None:
    try:
        await holding.cut(why)
    except Exception:  # one that cannot be closed must not keep the others open
        log.exception("right-not-cut", who=holding.claim.who)
