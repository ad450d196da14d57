"""Who is served next when many ask at once. In each round of the loop only a few requests and dials begin.

Between two rounds all other work goes on: a tablet's frame, an alarm, an answer to somebody else. Without this, a client with a
thousand requests a second begins fifty of them in one round, and every step of an alarm waits for all fifty. Addresses take
turns. Behind one address (a hospital, a proxy) the owners of accepted cookies and tokens take turns too; they go first
three times of four. The cost of a request is counted as well (``loop_share``).
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Iterable
from dataclasses import dataclass

from starlette.types import ASGIApp, Receive, Scope, Send

from relay.turns.credit import Credits
from relay.turns.fair_lock import works_for
from relay.turns.order import Turns, Waiting
from relay.web.loop_share import Client, LoopShare, mark_of
from relay.web.problems import problem

MOST_WAITING, MOST_OF_AN_ADDRESS = 4_000, 400
REQUESTS_PER_S, MOST_REQUESTS, WAITS_AT_MOST_S = 30.0, 600.0, 3.0
"""Of one cookie or token at one address. A page asks for some hundred things when it is first loaded, and then for one now and then."""
FULL = "The relay is asked more than it can answer at this moment; ask again in a few seconds."
IN_A_ROUND = 1
LOOK_AGAIN_S = 0.005
STRANGERS = "strangers"
"""All who are not known take one client's turns at the database, and share those by address."""


@dataclass(frozen=True, slots=True)
class RequestTurn:
    """A request that waits."""

    may_begin: asyncio.Future[bool]
    receive: Receive

    def begin(self) -> bool:
        """Let it begin; False where it has hung up, and costs nobody a turn."""
        if not self.may_begin.done():
            self.may_begin.set_result(True)
        return not _has_hung_up(self.receive)

    def leave(self) -> None:
        """It makes room."""
        if not self.may_begin.done():
            self.may_begin.set_result(False)


class InTurn:
    """Around the whole application."""

    def __init__(self, app: ASGIApp, known: Iterable[bytes] = ()) -> None:
        self._app = app
        self._turns: Turns[int, RequestTurn] = Turns(
            most=MOST_WAITING,
            most_each=MOST_OF_AN_ADDRESS,
            at_once_each=1,
            gives_way=(3, 1),
            newest_first=False,
        )
        self._credits = Credits(REQUESTS_PER_S, MOST_REQUESTS)
        self._share = LoopShare(known)
        self._number = itertools.count()
        self._begun, self._has_next = 0, False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or dial when it is its turn."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        shown = mark_of(scope)
        client = self._share.client(_address(scope), shown)
        if not await self._its_turn(client, receive):
            await _refuse(scope, receive, send)
            return

        async def begin() -> None:
            if not _has_hung_up(receive):
                await self._app(scope, receive, send)

        address, known = client
        with works_for(known or STRANGERS, address):
            await self._share.run(begin, client, shown, dial=scope["type"] == "websocket")

    async def _its_turn(self, client: Client, receive: Receive) -> bool:
        """True when it may begin; False where it had to make room."""
        loop = asyncio.get_running_loop()
        wait_s = self._credits.spend(client, 1, time.monotonic())
        if wait_s:  # it has had more than its part: it waits, and nobody with it
            await asyncio.sleep(min(wait_s, WAITS_AT_MOST_S))
        lane = 0 if client[1] else 1
        if self._begun < IN_A_ROUND and not len(self._turns) and lane < self._open_lanes():
            self._begun += 1
            if not self._has_next:
                self._has_next = True
                loop.call_soon(self._next_round)
            return True
        turn = RequestTurn(loop.create_future(), receive)
        key = next(self._number)
        asked = Waiting(key, client[0], client[1], lane, time.monotonic(), turn)
        leaves = self._turns.ask(asked)
        if leaves is not None:
            leaves.work.leave()
        if not self._has_next:
            self._has_next = True
            loop.call_soon(self._next_round)
        try:
            return await turn.may_begin
        finally:
            self._turns.give_up(key)

    def _next_round(self) -> None:
        self._begun = 0
        while self._begun < IN_A_ROUND and (due := self._turns.next(self._open_lanes())):
            self._turns.done(due.key)
            if due.work.begin():
                self._begun += 1
        loop = asyncio.get_running_loop()
        self._has_next = bool(self._begun or len(self._turns))
        if self._begun:
            loop.call_soon(self._next_round)
        elif len(self._turns):  # strangers, who have had their part
            loop.call_later(LOOK_AGAIN_S, self._next_round)

    def _open_lanes(self) -> int:
        return 2 if self._share.strangers_may() else 1


def _has_hung_up(receive: Receive) -> bool:
    """Whether whoever asked has gone meanwhile. ASGI can only be asked by taking the body; uvicorn's cycle knows."""
    return bool(getattr(getattr(receive, "__self__", None), "disconnected", False))


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else "-"


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1013})
        return
    await problem(429, "too-many", FULL)(scope, receive, send)
