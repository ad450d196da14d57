"""The eyes of an experiment: a hospital's page that watches every stream and notes when it saw what."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from typing import Any

from websockets.exceptions import ConnectionClosed, InvalidHandshake

from relay.bench.usage import percentile
from relay.demo.console import ConsoleClient
from relay.errors import RelayError
from relay.protocol.wire import EcgFrame
from relay.services.ground.wire import CLOSE_SESSION_ENDED

REDIAL_S = 0.1
LIVE_AGE_MS = 2_000


class RedialingConsole:
    """A console that redials for ever.

    Attributes:
        seen: of each live frame, when it came (monotonic seconds) and how old it was (ms).
        said: of each stream state, when it came and its word.
    """

    def __init__(self, base: str) -> None:
        self.console = ConsoleClient(base, decides=False)
        self.console.on_frame = self._frame
        self.console.on_text = self._text
        self.seen: list[tuple[float, float]] = []
        self.said: list[tuple[float, str]] = []

    async def run(self, name: str, password: str) -> None:
        """Sign in once, then watch until cancelled."""
        await self.console.sign_in(name, password)
        while True:
            try:
                await self.console.run()
            except ConnectionClosed as error:
                if error.rcvd is not None and error.rcvd.code == CLOSE_SESSION_ENDED:
                    await self._sign_in_again(name, password)
            except (OSError, InvalidHandshake, RelayError, TimeoutError):
                pass
            self.console.streams.clear()
            await asyncio.sleep(REDIAL_S)

    async def _sign_in_again(self, name: str, password: str) -> None:
        """A session ends after a quarter of an hour in which nobody did anything."""
        with contextlib.suppress(OSError, RelayError, TimeoutError):
            await self.console.sign_in(name, password)

    def _frame(self, _frame: EcgFrame, age_ms: float) -> None:
        self.seen.append((time.monotonic(), age_ms))

    def _text(self, message: dict[str, Any]) -> None:
        if message["kind"] == "stream-state":
            self.said.append((time.monotonic(), message["state"]))

    def live_since(self, moment_s: float) -> float | None:
        """Seconds from a moment to the first live picture after it, None before there is one."""
        later = [at for at, age in self.seen if at > moment_s and age < LIVE_AGE_MS]
        return later[0] - moment_s if later else None

    def ages_ms(self, from_s: float, share: float) -> float:
        """The age of live frames below which a share of them lies, since a moment."""
        return percentile([age for at, age in self.seen if at >= from_s], share)

    def longest_gap_s(self, from_s: float) -> float:
        """The longest time without a live frame since a moment."""
        moments = [from_s, *(at for at, _ in self.seen if at > from_s)]
        return max((b - a for a, b in itertools.pairwise(moments)), default=0.0)

    def times_said(self, word: str, from_s: float) -> int:
        """How often a stream state was said since a moment."""
        return sum(1 for at, said in self.said if said == word and at >= from_s)
