"""119 calls whose picture is shared with this ambulance, as the relay lists them for its token.

The tablet asks for the list: at once after every notice about a call; once a second while a call is shared; every five
seconds otherwise. The last is needed because a call can be shared before it belongs to this ambulance's case.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from ambulance_client.relay_http import RelayHttp, RelayRequest
from relay.errors import Unavailable

SHARED_EVERY_S = 1.0
ELSE_EVERY_S = 5.0
GONE = {401, 403}


class SharedCalls:
    """What may be seen, kept fresh.

    Args:
        http: asks the relay.
        is_connected: whether the link stands; without it nothing is asked, the radio is for ECG.
        notify: called after every change of ``calls``.
    """

    def __init__(
        self, http: RelayHttp, is_connected: Callable[[], bool], notify: Callable[[], None]
    ) -> None:
        self.calls: list[dict[str, Any]] = []
        self._http, self._is_connected, self._notify = http, is_connected, notify
        self._wake = asyncio.Event()

    def poke(self) -> None:
        """Something was said about a call, or a picture broke off: ask now."""
        self._wake.set()

    async def run(self) -> None:
        """Ask until cancelled."""
        while True:
            if self._is_connected():
                await self.look()
            self._wake.clear()
            try:
                async with asyncio.timeout(SHARED_EVERY_S if self.calls else ELSE_EVERY_S):
                    await self._wake.wait()
            except TimeoutError:
                pass

    async def look(self) -> None:
        """Ask once. Without an answer the list stays: the relay itself cuts off who may not look."""
        try:
            reply = await self._http.ask(RelayRequest("GET", "/api/calls"))
        except Unavailable:
            return
        if reply.ok:
            self._take(_calls_in(reply.body))
        elif reply.status in GONE:
            self._take([])

    def _take(self, calls: list[dict[str, Any]]) -> None:
        if calls != self.calls:
            self.calls = calls
            self._notify()


def _calls_in(body: bytes) -> list[dict[str, Any]]:
    """The calls of an answer; what is not a call with an id is left out."""
    try:
        found = json.loads(body)["calls"]
    except (ValueError, KeyError, TypeError):
        return []
    return [one for one in found if isinstance(one, dict) and isinstance(one.get("id"), str)]
