"""Requests begin in turn: however many one client sends, others' begin between them."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path
from typing import Any

import pytest

from relay.model.asker import ASKER, Asker
from relay.web.in_turn import IN_A_ROUND, MOST_OF_AN_ADDRESS, InTurn
from tests.patience import PATIENCE_S
from tests.relay.world import a_world


def scope(address: str, cookie: str = "", kind: str = "http") -> dict[str, Any]:
    headers = [(b"cookie", cookie.encode())] if cookie else []
    return {"type": kind, "client": (address, 1), "headers": headers, "path": "/", "method": "GET"}


async def nothing() -> Any:
    await asyncio.sleep(3600)


async def drop(_message: Any) -> None:
    pass


async def known(door: InTurn, *scopes: dict[str, Any]) -> None:
    """What these show is accepted once, as a guard accepts it."""
    for one in scopes:
        await asyncio.create_task(door(one | {"path": "/accepted"}, nothing, drop))


async def test_addresses_and_the_clients_behind_one_take_turns() -> None:
    begun: list[str] = []

    async def app(asked: Any, _receive: Any, _send: Any) -> None:
        if asked["path"] == "/accepted":
            ASKER.set(Asker("sato"))
            return
        shown = dict(asked["headers"]).get(b"cookie", b"").decode()
        begun.append(f"{asked['client'][0]} {shown}".strip())

    door = InTurn(app)
    await known(door, scope("hospital", "much"), scope("hospital", "little"))
    await asyncio.gather(
        *(door(scope("stranger"), nothing, drop) for _ in range(50)),
        *(door(scope("hospital", "much"), nothing, drop) for _ in range(50)),
        door(scope("hospital", "little"), nothing, drop),
        door(scope("tablet", kind="websocket"), nothing, drop),
    )

    assert begun[0] == "stranger", "nobody else had asked"
    assert begun[1:7] == [
        "hospital much", "hospital little", "hospital much", "stranger", "hospital much", "hospital much",
    ]  # fmt: skip
    assert "tablet" in begun[7:14]
    assert len(begun) == 102


async def test_between_two_beginnings_everything_else_goes_on() -> None:
    begun, rounds = 0, []

    async def app(_scope: Any, _receive: Any, _send: Any) -> None:
        nonlocal begun
        begun += 1

    async def others() -> None:
        while begun < 40:
            rounds.append(begun)
            await asyncio.sleep(0)

    door = InTurn(app)
    await asyncio.gather(others(), *(door(scope("stranger"), nothing, drop) for _ in range(40)))
    steps = [later - earlier for earlier, later in itertools.pairwise(rounds)]
    assert max(steps) <= 2 * IN_A_ROUND


async def test_the_fullest_address_is_told_and_nobody_else() -> None:
    answers: list[tuple[str, int]] = []

    async def app(asked: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    def into(name: str) -> Any:
        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                answers.append((name, message["status"]))

        return send

    door = InTurn(app)
    await asyncio.gather(
        *(
            door(scope("much", str(n)), nothing, into("much"))
            for n in range(MOST_OF_AN_ADDRESS + IN_A_ROUND + 10)
        ),
        door(scope("little"), nothing, into("little")),
    )

    assert ("little", 200) in answers
    assert [status for name, status in answers if name == "much"].count(429) == 10


async def test_a_request_whose_sender_has_hung_up_while_it_waited_is_not_begun(
    tmp_path: Path,
) -> None:
    """With the server's own word for it: a change of uvicorn that takes it away fails here."""
    async with a_world(tmp_path) as world:
        turn, asked = asyncio.Event(), []

        async def its_turn(_self: InTurn, _client: Any, _receive: Any) -> bool:
            asked.append(True)
            if len(asked) == 1:
                await turn.wait()
            return True

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(InTurn, "_its_turn", its_turn)
            stranger = await world.http(None)
            gone = asyncio.create_task(
                stranger.post("/api/session", json={"name": "sato", "password": "wrong"})
            )
            async with asyncio.timeout(PATIENCE_S):
                while not asked:
                    await asyncio.sleep(0.01)
            gone.cancel()
            await asyncio.gather(gone, return_exceptions=True)
            await stranger.aclose()
            await asyncio.sleep(0.2)
            turn.set()
            assert (await (await world.http(None)).get("/livez")).status_code == 200
        async with world.relay.records.read() as records:
            actions = [row.action for row in await records.evidence.audit_rows()]
        assert "sign-in-refused" not in actions


async def test_strangers_together_begin_a_bounded_part_and_who_shows_a_token_does_not_wait_for_them() -> (
    None
):
    begun: list[str] = []

    async def app(asked: Any, _receive: Any, _send: Any) -> None:
        if asked["path"] == "/accepted":
            ASKER.set(Asker("sato"))
        else:
            begun.append(asked["client"][0])

    door = InTurn(app)
    await known(door, scope("doctor", "session"))
    many = [
        asyncio.create_task(door(scope(f"10.0.{n % 200}.1"), nothing, drop)) for n in range(2_000)
    ]
    for _ in range(400):
        await asyncio.sleep(0)
    assert len(begun) < 1_000, "the rest waits for its part"
    waited = len(begun)
    await asyncio.wait_for(door(scope("doctor", "session"), nothing, drop), PATIENCE_S)
    assert begun.index("doctor") <= waited + 50
    for one in many:
        one.cancel()
    await asyncio.gather(*many, return_exceptions=True)
