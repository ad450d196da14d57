"""How a process of ours begins and ends: without the care Python takes of programs that are never done.

A start makes two hundred thousand objects that all stay. To look for garbage among them again and again is a sixth of it,
and the last look, through all of them, would hold up a relay that serves. And a program that has ended and closed what it had
open need not take its modules apart one by one: that is a quarter of a short command.
"""

from __future__ import annotations

import atexit
import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

WHILE_IT_LOADS = 100_000
"""New objects after which Python looks for garbage; 700 by default."""
_usual = gc.get_threshold()


def load_without_looking() -> None:
    """Look for garbage seldom. For the first line of a program; a command stays so to its end."""
    gc.set_threshold(WHILE_IT_LOADS, *_usual[1:])


def settle() -> None:
    """Never look through what is loaded again, and look through what comes as often as Python does.

    For a program that has loaded what it serves with, and stays.
    """
    gc.freeze()
    gc.set_threshold(*_usual)


@contextmanager
def ending_at_once() -> Iterator[None]:
    """Around the whole of a program: where it ends with an exit status, the process ends with it.

    Threads are waited for and what was asked to be done at the exit is done, as always; only the interpreter is not
    taken apart. After an error that nobody caught, Python ends as it does.
    """
    last = _Last()
    atexit.register(last.act)  # what is registered first is done last
    try:
        yield
    except SystemExit as end:
        code = 0 if end.code is None else end.code
        last.status = code if isinstance(code, int) else None  # Python prints what else it may be
        raise
    last.status = 0


class _Last:
    """What is done last of all."""

    def __init__(self) -> None:
        self.status: int | None = None

    def act(self) -> None:
        if self.status is None:
            return
        try:
            for stream in (sys.stdout, sys.stderr):
                stream.flush()
        except (OSError, ValueError, AttributeError):
            return  # Python has a sentence and a status for that
        os._exit(self.status)
