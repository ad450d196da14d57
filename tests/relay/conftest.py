"""A fresh world for a test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from relay.auth.bucket import Buckets
from tests.relay.world import World, a_world


@pytest_asyncio.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A relay that serves."""
    async with a_world(tmp_path) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def module_world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """One relay for a whole module."""
    async with a_world(tmp_path_factory.mktemp("relay")) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def swept_world(module_world: World) -> AsyncIterator[World]:
    """The module's relay without what the test before it left: no open call, nobody watching, no tries counted.

    Modules take it as their own ``world`` and mark their tests with ``loop_scope="module"``.
    """
    world = module_world
    rules = world.relay.calls.callers._rules
    world.relay.calls.callers._rules = replace(rules, redeem=Buckets(20, 3.0))
    yield world
    world.cookies.clear()  # a test may have signed out
    async with await world.http("kato") as http:
        for row in (await http.get("/api/calls")).json()["calls"]:
            assert (await http.post(f"/api/calls/{row['id']}/end")).status_code == 200
    world.plane.viewers.clear()
    world.plane.publishers.clear()
