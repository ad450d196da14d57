"""Makes the screener fast while the relay runs. If kernels must be compiled, this begins at once; if not, with the first ECG.

Compiled kernels on the disk load within two seconds, and the first screening needs ten seconds of ECG anyway. So an
idle relay does not hold them in memory, and a starting relay does not wait for them.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress

import structlog

log = structlog.get_logger(__name__)
Prepare = Callable[[], str | None]
"""Makes the screener fast, or says why it stays slow. Blocks."""


class WarmUp:
    """One such preparation.

    Args:
        prepare: None where there is nothing to do.
        is_quick: it only loads what is there: no need to begin before ECG comes, or to wait for it.
    """

    def __init__(self, prepare: Prepare | None = None, *, is_quick: bool = False) -> None:
        self._prepare = prepare
        self._is_quick = is_quick
        self._wanted = asyncio.Event()

    @property
    def holds_up(self) -> bool:
        """Whether it is under way and takes so long that ``/readyz`` should say so."""
        return self._prepare is not None and not self._is_quick

    def wanted(self) -> None:
        """There is ECG."""
        self._wanted.set()

    async def run(self) -> None:
        """Prepare once.

        In a daemon thread: a relay that is told to end while it compiles must not wait for the compiler.
        """
        if self._prepare is None:
            return
        if self._is_quick:
            await self._wanted.wait()
        refused = await _in_daemon_thread(self._prepare)
        self._prepare = None
        if refused is not None:
            log.warning("screen-stays-slow", reason=refused)


async def _in_daemon_thread(prepare: Prepare) -> str | None:
    loop = asyncio.get_running_loop()
    done: asyncio.Future[str | None] = loop.create_future()

    def tell(refused: str | None) -> None:
        if not done.done():
            done.set_result(refused)

    def work() -> None:
        refused = prepare()
        with suppress(RuntimeError):  # the relay has ended meanwhile
            loop.call_soon_threadsafe(tell, refused)

    threading.Thread(target=work, name="screen-prepare", daemon=True).start()
    return await done
