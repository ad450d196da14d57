"""The city of a 119 call."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.city import City


@pytest.fixture
async def city(tmp_path: Path) -> AsyncIterator[City]:
    """A running relay with a dispatcher and a cardiologist."""
    made = await asyncio.to_thread(City, tmp_path, ["救急1"])
    await asyncio.to_thread(made.start_relay)
    yield made
    await asyncio.to_thread(made.stop)
