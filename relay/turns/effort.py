"""Processor time of one piece of work: its steps on the loop, and what it has threads do."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import TypeVar

from relay.turns.stepped import stepped

T = TypeVar("T")
_EFFORT: ContextVar[Effort | None] = ContextVar("effort", default=None)


class Effort:
    """Counts while it runs; waiting costs nothing.

    Attributes:
        cpu_s: so far.
    """

    def __init__(self) -> None:
        self.cpu_s = 0.0

    async def of(self, work: Awaitable[T]) -> T:
        """Await the work and count it."""
        before = _EFFORT.set(self)
        try:
            return await stepped(work, self.add)
        finally:
            _EFFORT.reset(before)

    def add(self, step_s: float) -> None:
        """Count this."""
        self.cpu_s += step_s


def counted(work: Callable[[], T]) -> Callable[[], T]:
    """The same for a thread: what it takes there is counted to the effort it is asked for in."""
    effort = _EFFORT.get()

    def done() -> T:
        began_s = time.thread_time()
        try:
            return work()
        finally:
            if effort is not None:
                effort.add(time.thread_time() - began_s)

    return done
