"""The city of a 119 call."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.city import City, kyumei
from tests.journeys.calls import DISPATCHER


@pytest.fixture
async def city(tmp_path: Path) -> AsyncIterator[City]:
    """A relay with a dispatcher and a cardiologist."""
    made = await asyncio.to_thread(City, tmp_path, ["救急1"])
    name, password = DISPATCHER
    kyumei(
        "users", "add", name, "--role", "dispatcher", "--display", "加藤", "--password-stdin",
        "--data", str(made.data), stdin=password + "\n",
    )  # fmt: skip
    await asyncio.to_thread(made.start_relay)
    yield made
    await asyncio.to_thread(made.stop)
