"""What a task costs the loop, step by step.

A coroutine runs from one wait to the next without a pause; during that time nobody else runs. Only the processor
time of the thread is counted, so a task does not pay for waiting or for a busy machine.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Generator
from types import coroutine
from typing import Any, TypeVar

T = TypeVar("T")


@coroutine
def stepped(work: Awaitable[T], charge: Callable[[float], None]) -> Generator[Any, Any, T]:
    """Await ``work``; ``charge`` is told the seconds of each step. Answers, errors and cancelling come through as they are."""
    steps = work.__await__()
    answer: Any = None
    broke: BaseException | None = None
    while True:
        began_s = time.thread_time()
        try:
            waits_for = steps.send(answer) if broke is None else steps.throw(broke)
        except StopIteration as end:
            value: T = end.value
            return value
        finally:
            charge(time.thread_time() - began_s)
        answer, broke = None, None
        try:
            answer = yield waits_for
        except BaseException as error:  # noqa: BLE001 - it is handed on
            broke = error
