"""Where the suite's time goes: ``pytest --times FILE`` writes one row per phase of a test and prints tables.

The processor's time counts the test's own process and whatever it started, so that a figure taken
beside neighbours still says which test is dear.
"""

from __future__ import annotations

import json
import os
import sys
from collections import defaultdict
from collections.abc import Generator, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

TICK_S = 1 / os.sysconf("SC_CLK_TCK")
SLOWEST = 20
_started: list[str] = []


def cpu_s() -> float:
    """The processor's seconds of this process and of everything below it, gone or running."""
    return sum(_used_s(pid) for pid in family(os.getpid()))


def family(pid: int) -> Iterable[int]:
    """A process and all it started, as far as they still run."""
    yield pid
    for thread in _listed(Path(f"/proc/{pid}/task")):
        with suppress(OSError):  # it has ended meanwhile
            for child in (thread / "children").read_text().split():
                yield from family(int(child))


def _listed(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _used_s(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) * TICK_S


class Meter:
    """In each worker: what every phase of every test used, told with its report."""

    def __init__(self) -> None:
        self._mark_s = cpu_s()
        sys.addaudithook(self._audit)

    @staticmethod
    def _audit(event: str, args: tuple[Any, ...]) -> None:
        if event == "subprocess.Popen":
            words = args[1] if isinstance(args[1], list | tuple) else [args[1]]
            _started.append(" ".join(os.fsdecode(word) for word in words)[:160])

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Adds the phase's use to its report."""
        report = yield
        now_s = cpu_s()
        report.user_properties = [("cpu_s", now_s - self._mark_s), ("started", list(_started))]
        self._mark_s = now_s
        _started.clear()
        return report


class Times:
    """In the one process that hears all reports: the file of rows and the tables."""

    def __init__(self, file: Path) -> None:
        self._rows: list[dict[str, Any]] = []
        self._file = file.open("w")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """One row."""
        row = {
            "test": report.nodeid,
            "when": report.when,
            "outcome": report.outcome,
            "wall_s": round(report.duration, 3),
            "ended_s": report.stop,
            "worker": getattr(report, "worker_id", "main"),
            **dict(report.user_properties),
        }
        self._rows.append(row)
        self._file.write(json.dumps(row, ensure_ascii=False) + "\n")
        self._file.flush()

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """The tables."""
        self._file.close()
        say = terminalreporter.write_line
        say("\n| folder | tests | wall s | CPU s | processes |\n|---|---:|---:|---:|---:|")
        for folder, rows in _grouped(self._rows, lambda test: test.split("/")[1]):
            say(_line(folder, rows))
        say(_line("all", self._rows))
        say(
            f"\n| the {SLOWEST} slowest | tests | wall s | CPU s | processes |\n|---|---:|---:|---:|---:|"
        )
        for test, rows in _grouped(self._rows, lambda test: test)[:SLOWEST]:
            say(_line(test.removeprefix("tests/"), rows))
        ends = {row["worker"]: row["ended_s"] for row in self._rows}
        idle_s = max(ends.values(), default=0) - min(ends.values(), default=0)
        say(f"\nOne worker ended {idle_s:.0f} s before the other.")


def _grouped(rows: list[dict[str, Any]], key: Any) -> list[tuple[str, list[dict[str, Any]]]]:
    groups = defaultdict(list)
    for row in rows:
        groups[key(row["test"])].append(row)
    return sorted(groups.items(), key=lambda it: -sum(row["wall_s"] for row in it[1]))


def _line(name: str, rows: list[dict[str, Any]]) -> str:
    wall_s, used_s = (sum(row[key] for row in rows) for key in ("wall_s", "cpu_s"))
    tests, processes = len({row["test"] for row in rows}), sum(len(row["started"]) for row in rows)
    return f"| {name} | {tests} | {wall_s:.1f} | {used_s:.1f} | {processes} |"


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--times FILE``."""
    parser.addoption(
        "--times", metavar="FILE", type=Path, help="rows of what each test used, and tables"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Takes part only where it is asked for."""
    file = config.getoption("--times")
    if file is None:
        return
    config.pluginmanager.register(Meter())
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Times(file))
