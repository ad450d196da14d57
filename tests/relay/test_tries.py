"""Who has to wait after wrong passwords and wrong links: whoever sent them, and nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from relay.web.places import owner_of
from tests.relay.call_world import a_desk, a_phone
from tests.relay.world import PASSWORD, World, a_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with a_world(tmp_path, trusted_proxies="127.0.0.1", sign_in_refill_s=9_999.0) as made:
        yield made


def browser(world: World, address: str = "203.0.113.5") -> httpx2.AsyncClient:
    headers = {"X-Kyumei": "1", "X-Forwarded-For": address}
    return httpx2.AsyncClient(base_url=f"http://127.0.0.1:{world.port}", headers=headers)


async def tries(http: httpx2.AsyncClient, name: str, password: str) -> int:
    answer = await http.post("/api/session", json={"name": name, "password": password})
    return answer.status_code


async def test_garbage_from_the_same_address_refuses_no_right_password(world: World) -> None:
    """A whole city may stand behind one address."""
    async with browser(world) as stranger:
        garbage = [tries(stranger, f"nobody{n}", "x") for n in range(40)]
        garbage += [tries(stranger, "ito", "x") for _ in range(10)]
        answers = await asyncio.gather(*garbage)
        assert set(answers[:40]) == {401}
        assert sorted(answers[40:]) == [401] * 5 + [429] * 5
        for _ in range(20):
            async with browser(world) as doctor:
                assert await tries(doctor, "sato", PASSWORD) == 200


async def test_guesses_at_one_name_wait_and_other_addresses_do_not(world: World) -> None:
    async with browser(world) as here, browser(world, "203.0.113.6") as elsewhere:
        assert [await tries(here, "sato", "x") for _ in range(6)] == [401] * 5 + [429]
        assert await tries(here, "sato", PASSWORD) == 429
        assert await tries(elsewhere, "sato", PASSWORD) == 200


async def test_a_right_password_forgets_the_wrong_ones(world: World) -> None:
    async with browser(world) as http:
        for _ in range(4):
            assert [await tries(http, "sato", p) for p in ("x", "x", PASSWORD)] == [401, 401, 200]


async def test_a_known_browser_is_not_locked_out_by_guesses_at_its_name(world: World) -> None:
    async with browser(world) as doctor, browser(world) as stranger:
        signed = await doctor.post("/api/session", json={"name": "sato", "password": PASSWORD})
        given = {c.split("=")[0]: c.split(";")[0] for c in signed.headers.get_list("set-cookie")}
        known = {"Cookie": given["kyumei-known-here"]}
        assert "HttpOnly" in str(signed.headers.get_list("set-cookie"))
        out = await doctor.delete("/api/session", headers={"Cookie": given["kyumei-here"]})
        assert out.status_code == 204
        assert [await tries(stranger, "sato", "x") for _ in range(6)] == [401] * 5 + [429]

        body = {"name": "sato", "password": PASSWORD}
        assert (await doctor.post("/api/session", json=body, headers=known)).status_code == 200
        # it opens nothing by itself, is good for one name, and what is made up is none
        assert (await doctor.get("/api/session", headers=known)).status_code == 401
        wrong = {"name": "ito", "password": "x"}
        for n in range(6):
            answer = await stranger.post("/api/session", json=wrong, headers=known)
            assert answer.status_code == (401 if n < 5 else 429)
        made_up = {"Cookie": f"kyumei-known-here={'0' * 64}"}
        assert (await stranger.post("/api/session", json=body, headers=made_up)).status_code == 429


async def test_guesses_in_a_known_browser_wait_too(world: World) -> None:
    async with browser(world) as http:
        body = {"name": "sato", "password": PASSWORD}
        signed = await http.post("/api/session", json=body)
        (known,) = [c for c in signed.headers.get_list("set-cookie") if "known" in c]
        http.headers["Cookie"] = known.split(";")[0]
        assert [await tries(http, "sato", "x") for _ in range(6)] == [401] * 5 + [429]


async def test_garbage_links_refuse_no_caller(world: World) -> None:
    desk, stranger = await a_desk(world), a_phone(world)
    link = (await desk.invite())["url"]
    answers = [await stranger.open(f"x#{'0' * 20}{n}") for n in range(60)]
    assert {a.status_code for a in answers} == {410, 429}
    assert answers[-1].status_code == 429
    assert (await a_phone(world).open(link)).status_code == 200


@pytest.mark.parametrize("address", ["2001:db8:1:2:aaaa::1", "2001:db8:1:2:bbbb::2"])
async def test_one_household_of_ipv6_is_one(world: World, address: str) -> None:
    assert owner_of(address) == "2001:db8:1:2::/64"
    async with browser(world, "2001:db8:1:2:cccc::3") as first, browser(world, address) as second:
        assert [await tries(first, "sato", "x") for _ in range(5)] == [401] * 5
        assert await tries(second, "sato", "x") == 429
