"""Runs the relay's background tasks. A task that breaks is started again alone, and people are told while it is down."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

import structlog

log = structlog.get_logger(__name__)
RESTART_AFTER_S = 1.0
Work = Mapping[str, Callable[[], Awaitable[None]]]
"""What runs until it is cancelled, by the name that ``/readyz`` says while it is down."""


@asynccontextmanager
async def running(work: Work, stopped: set[str]) -> AsyncIterator[None]:
    """Run all of it while the block lasts; ``stopped`` holds the names of what is down."""
    tasks = [asyncio.create_task(_supervised(n, w, stopped), name=n) for n, w in work.items()]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _supervised(name: str, work: Callable[[], Awaitable[None]], stopped: set[str]) -> None:
    """Run a part again and again until it ends by itself; say so while it is down."""
    while True:
        try:
            stopped.discard(name)
            await work()
            return
        except Exception:  # one part's fault is logged, shown by /readyz and tried again
            log.exception("part-stopped", part=name)
            stopped.add(name)
            await asyncio.sleep(RESTART_AFTER_S)
