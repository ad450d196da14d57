"""Child processes of a demo: started, watched, and surely ended."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from relay.errors import Unavailable

END_WITHIN_S = 8.0


@dataclass(frozen=True, slots=True)
class Child:
    """A running Python module and where its output goes."""

    name: str
    process: asyncio.subprocess.Process
    log_file: Path

    def last_words(self) -> str:
        """The last line it wrote."""
        lines = self.log_file.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"

    def check(self) -> None:
        """Raise ``Unavailable`` where the child has ended by itself."""
        if self.process.returncode is not None:
            raise Unavailable(
                f"{self.name} ended by itself (exit {self.process.returncode}): {self.last_words()}"
            )


@asynccontextmanager
async def child(
    name: str,
    *args: str,
    log_file: Path,
    env: dict[str, str] | None = None,
    through: tuple[str, ...] = (),
) -> AsyncIterator[Child]:
    """``python -m …`` until the block is left: asked to end, then made to.

    ``through`` stands before the command: a program that runs it and keeps its process id.
    """
    with log_file.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            *(*through, sys.executable, "-m", *args),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **(env or {})},
            start_new_session=True,  # a Ctrl-C in the terminal reaches the parent alone
        )
    try:
        yield Child(name, process, log_file)
    finally:
        await _end(process)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        await asyncio.wait_for(process.wait(), END_WITHIN_S)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
