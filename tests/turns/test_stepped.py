"""What a task costs is counted step by step, and nothing of the task is changed by it."""

from __future__ import annotations

import asyncio
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.turns.effort import Effort, counted
from relay.turns.rests import MOST_WORK_S, WORK_S_PER_S, Rests
from relay.turns.stepped import stepped


def spin(cpu_s: float) -> None:
    """Use so much processor time."""
    until_s = time.thread_time() + cpu_s
    while time.thread_time() < until_s:
        pass


class Clock:
    now_s = 0.0

    def monotonic_s(self) -> float:
        return self.now_s


@given(
    st.lists(st.sampled_from(["step", "sleep", "raise-and-catch", "task"]), max_size=8),
    st.booleans(),
)
def test_a_counted_task_does_what_it_does_uncounted(plan: list[str], fails: bool) -> None:
    async def work(said: list[str]) -> str:
        for one in plan:
            said.append(one)
            if one == "sleep":
                await asyncio.sleep(0)
            elif one == "task":
                said.append(str(await asyncio.create_task(asyncio.sleep(0, "made"))))
            elif one == "raise-and-catch":
                try:
                    await asyncio.wait_for(asyncio.Event().wait(), 0)
                except TimeoutError:
                    said.append("late")
        if fails:
            raise ValueError(len(said))
        return "".join(said)

    def outcome(counts: bool) -> tuple[object, list[str]]:
        said: list[str] = []
        steps: list[float] = []
        try:
            run = work(said)
            answer: object = asyncio.run(_all(stepped(run, steps.append) if counts else run))
        except ValueError as error:
            answer = error.args
        assert not counts or (steps and min(steps) >= 0)
        return answer, said

    assert outcome(True) == outcome(False)


async def _all(work: object) -> object:
    return await work  # type: ignore[misc]


async def test_cancelling_comes_through_and_what_must_be_put_away_is() -> None:
    began, put_away = asyncio.Event(), []

    async def work() -> None:
        try:
            began.set()
            await asyncio.sleep(3600)
        finally:
            await asyncio.sleep(0)
            put_away.append(True)

    task = asyncio.create_task(_all(stepped(work(), lambda _: None)))
    await began.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert put_away == [True]


async def test_steps_and_threads_are_counted_and_waiting_is_not() -> None:
    async def work() -> None:
        spin(0.02)
        await asyncio.sleep(0.1)
        await asyncio.to_thread(counted(lambda: spin(0.03)))
        await asyncio.to_thread(time.sleep, 0.1)

    effort = Effort()
    await effort.of(work())

    assert 0.05 <= effort.cpu_s < 0.1
    others = Effort()
    await others.of(asyncio.sleep(0))
    assert others.cpu_s < 0.02, "each its own"


async def test_a_client_that_worked_much_rests_and_nobody_else() -> None:
    clock, said = Clock(), []
    rests = Rests(clock)
    rests.ended("much", MOST_WORK_S, lambda: said.append("within its credit"))
    rests.ended("much", WORK_S_PER_S * 0.05, lambda: said.append("much rested"))
    rests.ended("little", 0.01, lambda: said.append("little"))

    assert said == ["within its credit", "little"]
    async with asyncio.timeout(60):
        while len(said) < 3:
            await asyncio.sleep(0.01)
    clock.now_s += 60
    rests.ended("much", 0.1, lambda: said.append("again"))
    assert said[2:] == ["much rested", "again"]
