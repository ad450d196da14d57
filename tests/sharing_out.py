"""How the suite is shared out among workers: a file stays with one worker, and long files come first.

A file's tests share relays, browsers and worlds, so a file is never torn apart. Begun in this order, what
comes last is short, and all workers end together. One worker to a core. With two the suite is a third quicker, but in one
of three such runs two journeys failed (a 503 whose source is not known), and whoever lands must not depend on luck.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

WORKERS_TO_A_CORE = 1
MOST_WORKERS = 8
LONGEST_FIRST = (
    "tests/journeys/test_real_records.py",
    "tests/journeys/test_alarm_path.py",
    "tests/journeys/",
    "tests/faults/",
    "tests/browser/test_caller.py",
    "tests/browser/test_dispatch_desk.py",
    "tests/browser/test_axe.py",
    "tests/browser/",
    "tests/video/",
    "tests/relay/test_matrix.py",
    "tests/relay/",
    "tests/ambulance_client/",
)


class LongestFirst(LoadFileScheduling):
    """A file to whoever is free, the long ones first."""

    def _assign_work_unit(self, node: Any) -> None:
        self.workqueue = OrderedDict(sorted(self.workqueue.items(), key=_place))
        super()._assign_work_unit(node)


def _place(unit: tuple[str, dict[str, bool]]) -> tuple[int, int]:
    file, tests = unit
    kinds = (n for n, start in enumerate(LONGEST_FIRST) if file.startswith(start))
    return next(kinds, len(LONGEST_FIRST)), -len(tests)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LongestFirst:
    """Asked by xdist once, where there are workers."""
    return LongestFirst(config, log)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """What ``-n auto`` stands for."""
    return min(MOST_WORKERS, WORKERS_TO_A_CORE * len(os.sched_getaffinity(0)))
