"""What the C library's heap has freed goes back to the system, so that a relay's memory stays what it uses.

Screening makes and frees arrays of all sizes in several threads; glibc keeps the holes of each thread's
arena for later. Over hours the holes would be most of the process. Elsewhere nothing is done.

Between two such times the top of the heap stays: glibc would give it back and fetch it anew, page by page, many
times in one screening (a third of its time, in a process whose thresholds have not happened to rise).
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
    """Let a thread that computes give way to the loop after half a millisecond in place of five.

    A screening, a picture or a look at the trend holds the interpreter; every step of an alarm or a sign-in that wakes up beside one
    waited up to five milliseconds for it, and there are some twenty steps.
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
