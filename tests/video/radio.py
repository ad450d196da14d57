"""A bad radio under the media plane's sockets: loss, delay and a narrow line, by peer, seeded.

Everything is hit alike, ICE, DTLS and media, as a namespace with a lossy wire would; it needs no root. A
radio holds for the peers that are admitted while it is switched on.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from relay.video import ice as under_test


@dataclass
class Radio:
    """Loss of what the peer sends (``up``) and gets (``down``), one-way delay, and a line of ``down_kbps``."""

    up: float = 0.0
    down: float = 0.0
    delay_s: float = 0.03
    down_kbps: float | None = None
    queue_s: float = 0.3
    lost: int = 0
    _dice: random.Random = field(default_factory=lambda: random.Random(119))
    _free_s: float = 0.0

    def carry(
        self, share: float, deliver: Callable[[float], None], size: int, narrow: bool
    ) -> None:
        loop = asyncio.get_running_loop()
        if self._dice.random() < share:
            self.lost += 1
            return
        wait_s = self.delay_s
        if narrow and self.down_kbps is not None:
            now_s = loop.time()
            start_s = max(self._free_s, now_s)
            if start_s - now_s > self.queue_s:
                self.lost += 1
                return
            self._free_s = start_s + size / (self.down_kbps * 125)
            wait_s += self._free_s - now_s
        loop.call_later(wait_s, deliver, wait_s)


class _Wire:
    def __init__(self, transport: Any, radio: Radio) -> None:
        self._transport, self._radio = transport, radio

    def sendto(self, data: bytes, addr: Any) -> None:
        def deliver(_: float) -> None:
            if not self._transport.is_closing():
                self._transport.sendto(data, addr)

        self._radio.carry(self._radio.down, deliver, len(data), narrow=True)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


@contextmanager
def switched_on(radio: Radio) -> Iterator[Radio]:
    """Every socket opened inside the block is reached over this radio, for as long as it lives."""
    plain = under_test._Protocol

    class Protocol(plain):
        def connection_made(self, transport: Any) -> None:
            super().connection_made(_Wire(transport, radio))

        def datagram_arrived(self, data: Any, addr: Any, arrived_s: float) -> None:
            plain_arrived = super().datagram_arrived

            def deliver(late_s: float) -> None:
                plain_arrived(data, addr, arrived_s + late_s)

            radio.carry(radio.up, deliver, len(data), narrow=False)

    with patch.object(under_test, "_Protocol", Protocol):
        yield radio
