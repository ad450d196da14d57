"""A database that another program holds: nothing can be written until it is given back."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.patience import PATIENCE_S


async def hold(file: Path) -> sqlite3.Connection:
    """Hold it; who asked for it ends this with ``rollback`` and ``close``.

    Whoever is writing just now may need this very loop to come to an end, so nothing here waits inside SQLite.
    """
    holder = sqlite3.connect(file, timeout=0)
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                holder.execute("BEGIN EXCLUSIVE")
            except sqlite3.OperationalError:
                await asyncio.sleep(0.01)
            else:
                return holder


@asynccontextmanager
async def held(file: Path) -> AsyncIterator[None]:
    """It is held for as long as the block lasts."""
    holder = await hold(file)
    try:
        yield
    finally:
        holder.rollback()
        holder.close()
