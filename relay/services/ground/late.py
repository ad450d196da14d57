"""Small writes that may come late, such as a look or a session's last touch. If one fails, the request still succeeds.

When the database cannot write, they wait here in order. Their number has a limit, and the log tells of them.
They are written as soon as the database works again. An audit row that is written late says so, and says when it
happened.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from itertools import count

import structlog

from relay.errors import RelayError, Unavailable
from relay.model.asker import ASKER
from relay.model.clock import Clock
from relay.records.port.records import Records, RecordWrites

log = structlog.get_logger(__name__)
Write = Callable[[RecordWrites], Awaitable[object]]
Row = tuple[int, str, str, str, Mapping[str, object]]
"""When, who, did what, with which, and what else."""
Act = Callable[[], Awaitable[None]]
EVERY_S = 1.0
MOST = 20_000
"""Writes that may wait; the oldest of those beyond is lost, and said."""
MOST_ACTS = 1_000
MOST_TRIES = 600
AT_ONCE = 200


class Late:
    """Writes now where that is possible, and otherwise later."""

    def __init__(self, records: Records, clock: Clock) -> None:
        self._records = records
        self.clock = clock
        self._waiting: OrderedDict[Hashable, Write] = OrderedDict()
        self._acts: OrderedDict[Hashable, Act] = OrderedDict()
        self._tries: dict[Hashable, int] = {}
        self._number = count()
        self._held_up = False
        self.lost = 0
        """Writes that were given up because too many waited."""

    @property
    def waiting(self) -> int:
        """How many writes wait for the database."""
        return len(self._waiting) + len(self._acts)

    async def audit(
        self, who: str, action: str, subject: str, data: Mapping[str, object] | None = None
    ) -> None:
        """Write a row of the audit; where it must wait it also stands in the log. Never fails."""
        at_us = self.clock.now_us()
        if not await self._now(lambda tx: tx.evidence.audit(at_us, who, action, subject, data)):
            self.audit_waits(at_us, who, action, subject, data or {})

    def audit_waits(
        self, at_us: int, who: str, action: str, subject: str, data: Mapping[str, object]
    ) -> None:
        """Keep a row for later that cannot be written now; it stands in the log from now on."""
        log.warning(
            "audit-waits", who=who, action=action, subject=subject, at_us=at_us, data=dict(data)
        )

        async def write(tx: RecordWrites) -> None:
            late = {**data, "happened_at_us": at_us}
            await tx.evidence.audit(self.clock.now_us(), who, action, subject, late)

        self._wait(("audit", next(self._number)), write)

    async def audits(self, rows: Sequence[Row]) -> None:
        """Several rows in one transaction; as ``audit``."""

        async def write(tx: RecordWrites) -> None:
            for row in rows:
                await tx.evidence.audit(*row)

        if not await self._now(write):
            for row in rows:
                self.audit_waits(*row)

    async def do(self, key: Hashable, write: Write) -> bool:
        """Write now, or keep it for later in place of what waits under the same key; whether it is on disk."""
        if key not in self._waiting and await self._now(write):
            return True
        self._wait(key, write)
        return False

    def later(self, key: Hashable, write: Write) -> None:
        """Write within a second or so, in place of what waits under the same key; nobody waits for it."""
        self._wait(key, write)

    async def _now(self, write: Write) -> bool:
        """Whether it could be written now; what had to wait goes first."""
        if self._held_up:
            return False
        try:
            async with self._records.begin() as tx:
                await write(tx)
        except Unavailable as error:
            self._must_wait(error)
            return False
        return True

    def again(self, key: Hashable, act: Act) -> None:
        """Try to write something once a second until the database takes it. It replaces what waits under the same key."""
        self._acts.pop(key, None)
        self._acts[key] = act
        while len(self._acts) > MOST_ACTS:
            forgotten, _ = self._acts.popitem(last=False)
            self.lost += 1
            log.error("late-act-lost", key=str(forgotten), lost=self.lost)

    def _wait(self, key: Hashable, write: Write) -> None:
        """Keep it; when it is written it still says on whose behalf, and from where."""
        asker = ASKER.get()

        async def as_asked(tx: RecordWrites) -> object:
            token = ASKER.set(asker)
            try:
                return await write(tx)
            finally:
                ASKER.reset(token)

        self._waiting.pop(key, None)
        self._waiting[key] = as_asked
        while len(self._waiting) > MOST:
            forgotten, _ = self._waiting.popitem(last=False)
            self.lost += 1
            log.error("late-write-lost", key=str(forgotten), lost=self.lost)

    async def run(self) -> None:
        """Write what waits as soon as that is possible, until cancelled; then once more."""
        try:
            while True:
                await asyncio.sleep(EVERY_S)
                await self.flush()
        finally:
            await self.flush()

    async def flush(self) -> None:
        """Write what waits, as far as the database takes it; acts first, they are of patients."""
        if not await self._acted():
            return
        while self._waiting:
            some = list(self._waiting.items())[:AT_ONCE]
            try:
                async with self._records.begin() as tx:
                    for _, write in some:
                        await write(tx)
            except RelayError as error:
                if self._must_wait(error):
                    return
                await self._one_by_one(
                    some, error
                )  # one cannot be written at all: the others shall
                continue
            self._written(some)
            if self._held_up:
                log.info("late-writes-kept", count=len(some), waiting=len(self._waiting))
        self._held_up = False

    async def _acted(self) -> bool:
        """Try what was to be tried again; False where the database still takes nothing."""
        for key, act in list(self._acts.items()):
            self._tries[key] = self._tries.get(key, 0) + 1
            try:
                await act()
            except RelayError as error:
                if self._must_wait(error):
                    return False
                if error.retry and self._tries[key] < MOST_TRIES:
                    continue  # something else has to be stored before it
                log.error("late-act-refused", key=str(key), reason=str(error))
            except Exception:  # one that breaks must not hold up the others
                log.exception("late-act-broke", key=str(key))
            if self._acts.get(key) is act:
                del self._acts[key]
            self._tries.pop(key, None)
        return True

    def _must_wait(self, error: RelayError) -> bool:
        """Whether the database takes nothing at all; otherwise it is this one write that it does not take."""
        self._held_up = isinstance(error, Unavailable) and self._records.failing is not None
        return self._held_up

    async def _one_by_one(self, some: list[tuple[Hashable, Write]], why: RelayError) -> None:
        log.error("late-write-refused", reason=str(why))
        for item in some:
            try:
                async with self._records.begin() as tx:
                    await item[1](tx)
            except RelayError as error:
                if self._must_wait(error):
                    return
                log.error("late-write-lost", key=str(item[0]), reason=str(error))
                self.lost += 1
            self._written([item])

    def _written(self, some: list[tuple[Hashable, Write]]) -> None:
        for key, write in some:
            if self._waiting.get(key) is write:  # not replaced meanwhile
                del self._waiting[key]
