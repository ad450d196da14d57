"""Writes down who looked, who was refused and who connected. It writes each of these only once in a while, up to a limit.

What somebody *does* (an ``Act``) is written by its own service, in the transaction that does it. A look or a refusal
changes nothing. So it is written here, many in one transaction, and it never delays or fails a request. When the
database cannot write, it waits in ``late``.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace

from relay.model.asker import ASKER, Asker
from relay.services.ground.late import Late
from relay.services.ground.late import Row as LateRow

AGAIN_AFTER_S = 600.0
"""The same person's same kind of look at the same case is written once in so long."""
LISTED_AGAIN_AFTER_S = 3_600.0
"""A list stands on the screen all day."""
CASES_LISTED, CALLS_LISTED = "cases-listed", "calls-listed"
REFUSED_EVERY_S = 60.0
MOST_MARKS = 20_000
MOST_REFUSERS = 200
MOST_AT_ONCE = 200
ON_DISK_WITHIN_S = 1.0


@dataclass(frozen=True, slots=True)
class Look:
    """A look: written once per person, console, case and kind in a while.

    Attributes:
        kind: the action of its row.
        per: the path's parameter that is a thing of its own to be looked at (a picture); "" where the case is.
        listed: a list: the service says which cases were on it.
    """

    kind: str
    per: str = ""
    listed: bool = False


@dataclass(frozen=True, slots=True)
class Act:
    """Something is done; its service writes a row of this kind in the transaction that does it.

    Attributes:
        by_hand: a person has pressed something, so that the session of their page is in use.
    """

    kind: str
    by_hand: bool = True


@dataclass(frozen=True, slots=True)
class Nothing:
    """Nothing is written down, on purpose."""

    because: str


Written = Look | Act | Nothing


@dataclass(slots=True)
class Row:
    """One row that is to be written."""

    at_us: int
    who: str
    action: str
    subject: str
    data: Mapping[str, object]
    done: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def told(self) -> LateRow:
        """As the audit takes it."""
        return self.at_us, self.who, self.action, self.subject, self.data


@dataclass(slots=True)
class _Refused:
    since_s: float
    asker: Asker
    kind: str
    subject: str
    more: int = 0


class AccessWitness:
    """Writes looks and refusals down."""

    def __init__(self, late: Late) -> None:
        self._late, self._clock = late, late.clock
        self._marks: dict[tuple[str, ...], float] = {}
        self._refused: dict[tuple[str, ...], _Refused] = {}
        self._waiting: deque[Row] = deque()
        self._writing = 0
        self._wake = asyncio.Event()

    @property
    def waiting(self) -> int:
        """How many rows are neither on disk nor handed to ``late`` yet."""
        return len(self._waiting) + self._writing

    # looks

    async def look(self, kind: str, subject: str, *part: str, **about: object) -> None:
        """Whoever asks now looks at something.

        Args:
            kind: the action of the row.
            subject: the case or call.
            part: what of it counts for itself (a picture), so that each is written once.
            about: what else the row says.
        """
        asker = ASKER.get()
        if self._is_new((asker.who, asker.console, kind, subject, *part), AGAIN_AFTER_S):
            await self._on_disk(self._put(asker, kind, subject, about))

    async def listed(self, kind: str, subject: str, ids: Iterable[object]) -> None:
        """Whoever asks now sees these in a list: one row names all that are new to them."""
        if (row := self.showed(kind, subject, ids)) is not None:
            await self._on_disk(row)

    def showed(
        self, kind: str, subject: str, ids: Iterable[object], asker: Asker | None = None
    ) -> Row | None:
        """The same, and nothing waits for the disk: a feed goes on.

        ``asker``: whose page it was, where a publisher tells it and not the page itself.
        """
        asker = asker or ASKER.get()
        new = [
            str(one)
            for one in ids
            if self._is_new((asker.who, asker.console, kind, str(one)), LISTED_AGAIN_AFTER_S)
        ]
        return self._put(asker, kind, subject, {"shown": new}) if new else None

    def _is_new(self, mark: tuple[str, ...], again_after_s: float) -> bool:
        now_s = self._clock.monotonic_s()
        known_s = self._marks.get(mark)
        if known_s is not None and now_s - known_s < again_after_s:
            return False
        self._marks.pop(mark, None)
        self._marks[mark] = now_s
        while len(self._marks) > MOST_MARKS:
            del self._marks[next(iter(self._marks))]
        return True

    # what is refused

    def refused(self, kind: str, subject: str, asker: Asker | None = None) -> None:
        """Somebody asked in vain: the first at once, then one row a minute with how many it stands for.

        Nobody waits for it: how long a refusal takes must not say whether a name is known.
        """
        asker = asker or ASKER.get()
        key: tuple[str, ...] = (kind, asker.who, asker.address, subject)
        known = self._refused.get(key)
        if known is not None:
            known.more += 1
            return
        if len(self._refused) >= MOST_REFUSERS:  # many at once: counted together
            key, asker, subject = (kind, "*"), Asker("-", "*"), "*"
            if (known := self._refused.get(key)) is not None:
                known.more += 1
                return
        self._refused[key] = _Refused(self._clock.monotonic_s(), asker, kind, subject)
        self._put(asker, kind, subject, {"times": 1})

    def _count_refused(self) -> None:
        """Rows for what was refused again since, and room for others."""
        now_s = self._clock.monotonic_s()
        for key, known in list(self._refused.items()):
            if now_s - known.since_s < REFUSED_EVERY_S:
                continue
            if known.more:
                self._put(known.asker, known.kind, known.subject, {"times": known.more})
                self._refused[key] = replace(known, since_s=now_s, more=0)
            else:
                del self._refused[key]

    # to the audit

    def _put(self, asker: Asker, kind: str, subject: str, about: Mapping[str, object]) -> Row:
        where = {"address": asker.address, "console": asker.console}
        data = {**about, **{name: text for name, text in where.items() if text}}
        row = Row(self._clock.now_us(), asker.who, kind, subject[:200], data)
        self._waiting.append(row)
        self._wake.set()
        return row

    async def _on_disk(self, row: Row) -> None:
        """Return when it is on disk, but after one second at the latest. If the database cannot write, return at once."""
        if self._late.waiting:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(ON_DISK_WITHIN_S):
                await row.done.wait()

    async def run(self) -> None:
        """Write what waits, many in one transaction, until cancelled; then once more what still waits."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._keep_writing())
                group.create_task(self._keep_counting())
        finally:
            await self._write_some()

    async def _keep_writing(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                await self._write_some()

    async def _keep_counting(self) -> None:
        while True:
            await asyncio.sleep(REFUSED_EVERY_S / 10)
            self._count_refused()

    async def _write_some(self) -> None:
        """All that waits now, or as much of it as one transaction should hold."""
        rows = [self._waiting.popleft() for _ in range(min(MOST_AT_ONCE, len(self._waiting)))]
        self._writing = len(rows)
        try:
            if rows:
                await self._late.audits([row.told for row in rows])
        except BaseException:
            self._waiting.extendleft(reversed(rows))
            raise
        finally:
            self._writing = 0
        for row in rows:
            row.done.set()
