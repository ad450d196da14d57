"""Passwords are hashed in processes that do nothing else; their memory and their threads are their own.

Each argon2id hash asks the kernel for 64 MiB of new pages. Inside the relay's process that holds up whichever of its other
threads needs a page at that moment, the loop among them: beside a stranger's wrong passwords an alarm came three seconds late.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from relay.errors import Unavailable

PROGRAM = Path(__file__).with_name("hashing.py")
FAILED = "Passwords cannot be tried on this machine at this moment; try again, and look at the relay's log."


class HashProcesses:
    """As many processes as ask at once, kept for the next time. Called from threads."""

    def __init__(self) -> None:
        self._idle: list[subprocess.Popen[bytes]] = []
        self._lock = threading.Lock()

    def ask(self, **told: Any) -> Any:
        """What the process answers.

        Raises:
            Unavailable: it cannot be started, or ended twice without an answer.
        """
        for _ in range(2):  # one that lies idle may have been ended by somebody
            try:
                process = self._taken()
                answer = _answer(process, told)
            except OSError as error:
                raise Unavailable(FAILED) from error
            if answer:
                with self._lock:
                    self._idle.append(process)
                return json.loads(answer)
            _end(process)
        raise Unavailable(FAILED)

    def close(self) -> None:
        """End those that are idle."""
        with self._lock:
            idle, self._idle = self._idle, []
        for process in idle:
            _end(process)

    def _taken(self) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        return subprocess.Popen(  # noqa: S603 - our own
            [sys.executable, "-I", str(PROGRAM)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )


def _answer(process: subprocess.Popen[bytes], told: dict[str, Any]) -> bytes:
    """One line; empty where the process has ended."""
    pipes = process.stdin, process.stdout
    assert pipes[0] is not None  # noqa: S101 - asked for above
    assert pipes[1] is not None  # noqa: S101 - asked for above
    try:
        pipes[0].write(json.dumps(told).encode() + b"\n")
        pipes[0].flush()
        return pipes[1].readline()
    except BrokenPipeError:
        return b""


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(OSError):  # what it was asked cannot be told any more
                pipe.close()
