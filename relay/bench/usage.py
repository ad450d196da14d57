"""What a process costs, read from ``/proc`` (Linux): CPU seconds and resident memory."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from relay.errors import Unavailable


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU seconds used since the process began (all threads), and resident megabytes."""

    cpu_s: float
    rss_mb: float


def usage_of(pid: int) -> Usage:
    """The usage of a running process.

    Raises:
        Unavailable: the process is gone, or this system has no ``/proc``.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
        statm = Path(f"/proc/{pid}/statm").read_text()
    except OSError as error:
        raise Unavailable("Process figures need Linux and a running process.") from error
    fields = stat.rpartition(")")[2].split()
    ticks = int(fields[11]) + int(fields[12])
    pages = int(statm.split()[1])
    return Usage(ticks / os.sysconf("SC_CLK_TCK"), pages * os.sysconf("SC_PAGE_SIZE") / 2**20)


def open_files(pid: int) -> int:
    """How many file descriptors a running process holds.

    Raises:
        Unavailable: the process is gone, or this system has no ``/proc``.
    """
    try:
        return len(os.listdir(f"/proc/{pid}/fd"))  # noqa: PTH208 - names only
    except OSError as error:
        raise Unavailable("Process figures need Linux and a running process.") from error


def slope_per_hour(points: list[tuple[float, float]]) -> float:
    """Rise of a value per hour, by least squares over ``(seconds, value)``; NaN below two points."""
    n = len(points)
    mean_s = sum(at for at, _ in points) / n if n else 0.0
    mean = sum(value for _, value in points) / n if n else 0.0
    spread = sum((at - mean_s) ** 2 for at, _ in points)
    if not spread:
        return float("nan")
    return sum((at - mean_s) * (value - mean) for at, value in points) / spread * 3600


def percentile(values: list[float], share: float) -> float:
    """The value below which ``share`` (0 to 1) of the values lie; NaN where there are none."""
    if not values:
        return float("nan")
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
