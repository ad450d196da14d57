"""A client's part of the loop: made-up tokens are nobody, the accepted have their own, a dial that is in is free."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from relay.auth.tokens import SecretTokens
from relay.model.asker import ASKER, Asker
from relay.web import loop_share
from relay.web.loop_share import LoopShare, mark_of, mark_of_token
from tests.relay.world import World
from tests.turns.test_stepped import spin


def scope(**headers: str) -> dict[str, Any]:
    return {"headers": [(name.encode(), value.encode()) for name, value in headers.items()]}


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Little enough that one step uses it up, and nothing comes back in a test."""
    for name in ("KNOWN_S_PER_S", "STRANGERS_S_PER_S", "EVERY_STRANGER_S_PER_S"):
        monkeypatch.setattr(loop_share, name, 1e-6)
    for name in ("MOST_KNOWN_S", "MOST_STRANGERS_S", "MOST_EVERY_STRANGER_S"):
        monkeypatch.setattr(loop_share, name, 0.01)
    monkeypatch.setattr(loop_share, "WAITS_AT_MOST_S", 0.3)


async def took_s(share: LoopShare, address: str, shown: bytes, *, accepted: bool = False) -> float:
    """How long a request that costs 20 ms waits before it begins."""
    loop = asyncio.get_running_loop()
    asked_s = loop.time()
    began_s = asked_s

    async def app() -> None:
        nonlocal began_s
        began_s = loop.time()
        if accepted:
            ASKER.set(Asker("sato"))
        spin(0.02)

    client = share.client(address, shown)
    await asyncio.create_task(share.run(app, client, shown, dial=False))
    return began_s - asked_s


async def test_made_up_tokens_share_one_part_and_who_was_accepted_has_their_own() -> None:
    share = LoopShare()
    assert await took_s(share, "nat", b"sato", accepted=True) < 0.3
    assert await took_s(share, "nat", b"made-up-1") >= 0.3, "that part is used up"
    assert await took_s(share, "nat", b"made-up-2") >= 0.3, "another token is not another client"
    assert await took_s(share, "nat", b"sato", accepted=True) < 0.3
    assert await took_s(share, "nat", b"sato", accepted=True) >= 0.3, "her own is used up too"
    assert not share.strangers_may()


async def test_a_dial_is_counted_until_it_is_let_in() -> None:
    share = LoopShare()
    let_in = asyncio.Event()

    async def link() -> None:
        spin(0.001)
        ASKER.set(Asker("unit:救急1"))
        let_in.set()
        await asyncio.sleep(0)
        spin(0.05)

    client = share.client("ambulance", b"token")
    await asyncio.create_task(share.run(link, client, b"token", dial=True))
    assert share.strangers_may()
    assert share.client("ambulance", b"token") == ("ambulance", b"token")


async def test_a_tablets_token_is_known_from_the_start_by_the_hash_that_is_kept() -> None:
    token = SecretTokens().new_device_token()
    mark = mark_of(scope(authorization=f"Bearer {token}", **{"user-agent": "tablet"}))

    assert mark == mark_of_token(SecretTokens().hash_of(token))
    assert LoopShare([mark]).client("anywhere", mark) == ("anywhere", mark)
    assert mark_of(scope(host="x")) == b""
    assert mark_of(scope(cookie="a=1")) != mark_of(scope(cookie="a=2"))


async def test_a_relay_that_begins_knows_its_tablets(world: World) -> None:
    kept = {entry.token_hash for entry in await world.relay.people.people.devices()}
    assert kept
    assert set(world.relay.known_tokens) <= kept
