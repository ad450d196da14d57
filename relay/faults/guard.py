"""What must be undone is undone, also where this process is killed.

A shell waits for the end of a pipe that only this process holds; whatever ends this process, ``kill -9``
too, closes the pipe, and the shell then runs the commands it was given.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from relay.errors import Unavailable

UNDO_WITHIN_S = 20.0


@asynccontextmanager
async def undone_afterwards(*commands: str) -> AsyncIterator[None]:
    """Run these shell commands, in order, when the block or this process ends."""
    reading, writing = os.pipe()
    try:
        shell = await asyncio.create_subprocess_exec(
            *("sh", "-c", "cat >/dev/null; " + "; ".join(commands)),
            stdin=reading,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
    finally:
        os.close(reading)
    try:
        yield
    finally:
        os.close(writing)
        await asyncio.wait_for(shell.wait(), UNDO_WITHIN_S)


async def told(*command: str, stdin: str = "") -> str:
    """Run a system command; gives what it printed.

    Raises:
        Unavailable: it failed, with the first line it wrote.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
    except FileNotFoundError as error:
        raise Unavailable(f"The fault lab needs the command {command[0]}; install it.") from error
    out, err = await process.communicate(stdin.encode())
    if process.returncode:
        lines = err.decode(errors="replace").strip().splitlines() or ["it said nothing"]
        raise Unavailable(f"{' '.join(command)} failed: {lines[0]}")
    return out.decode(errors="replace")
