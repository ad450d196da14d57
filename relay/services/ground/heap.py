"""Gives freed memory back to the system, so that the relay does not grow over hours.

Screening makes and frees arrays of all sizes in several threads. The C library (glibc) keeps the freed pieces of
each thread for later. After hours these would be most of the process. On other systems nothing is done.

Between two such times the top of the heap stays. Otherwise glibc would return it and ask for it again, page by
page, many times in one screening; that took a third of the screening's time.
"""

from __future__ import annotations

import asyncio
import ctypes
import sys

EVERY_S = 30.0
ARENAS = 2
SWITCH_S = 0.0005
M_ARENA_MAX, M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -8, -1, -3
KEPT_BYTES, OWN_MAPPING_BYTES = 32 << 20, 4 << 20


def let_the_loop_in() -> None:
    """Let a computing thread give way to the event loop after half a millisecond instead of five.

    A screening, a picture or a look at the trend keeps the interpreter busy. Each step of an alarm or a sign-in
    then waited up to five milliseconds, and there are about twenty steps.
    """
    sys.setswitchinterval(SWITCH_S)


def keep_few_arenas() -> None:
    """Let all threads share two arenas that keep their top between two ``give_back``. Before the first thread."""
    if (libc := _glibc()) is not None:
        libc.mallopt(M_ARENA_MAX, ARENAS)
        libc.mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)
        libc.mallopt(M_MMAP_THRESHOLD, OWN_MAPPING_BYTES)


async def give_back() -> None:
    """Give back what is free, now and then, until cancelled."""
    libc = _glibc()
    while libc is not None:
        await asyncio.sleep(EVERY_S)
        await asyncio.to_thread(libc.malloc_trim, 0)


def _glibc() -> ctypes.CDLL | None:
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)
    return libc if hasattr(libc, "malloc_trim") and hasattr(libc, "mallopt") else None
