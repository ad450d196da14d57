"""Scores of an evaluation: matching of beats, intervals of proportions, predictive value. No files."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Z_95 = 1.959964
PREVALENCES = (0.01, 0.05, 0.10)


@dataclass(frozen=True, slots=True)
class Proportion:
    """A proportion with its Wilson 95 % interval.

    Attributes:
        k, n: hits and trials. low, high: the interval, 0..1; the whole range where n is 0.
    """

    k: int
    n: int
    low: float
    high: float

    @property
    def value(self) -> float | None:
        """K / n, None without trials."""
        return self.k / self.n if self.n else None

    def as_json(self) -> dict[str, float | int | None]:
        """JSON-safe numbers."""
        value = self.value
        return {
            "k": self.k,
            "n": self.n,
            "share": None if value is None else round(value, 4),
            "low": round(self.low, 4),
            "high": round(self.high, 4),
        }

    def __str__(self) -> str:
        if not self.n:
            return "–"
        return f"{self.k}/{self.n} = {100 * self.k / self.n:.1f} % ({100 * self.low:.1f}–{100 * self.high:.1f})"


def wilson(k: int, n: int) -> Proportion:
    """Proportion with its 95 % interval (Wilson 1927)."""
    if n == 0:
        return Proportion(0, 0, 0.0, 1.0)
    p, z2 = k / n, Z_95 * Z_95
    centre = p + z2 / (2 * n)
    half = Z_95 * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    low, high = (centre - half) / (1 + z2 / n), (centre + half) / (1 + z2 / n)
    return Proportion(k, n, max(0.0, low) if k else 0.0, min(1.0, high) if k < n else 1.0)


def predictive_value(sensitivity: float, specificity: float, prevalence: float) -> float | None:
    """Share of true ones among the positive answers, None where nothing would be positive."""
    true = sensitivity * prevalence
    false = (1 - specificity) * (1 - prevalence)
    return true / (true + false) if true + false > 0 else None


@dataclass(frozen=True, slots=True)
class Matched:
    """Detections against reference beats: counts and the time errors of the matches in ms."""

    hits: int
    missed: int
    extra: int
    errors_ms: tuple[float, ...]


def match(
    found: npt.NDArray[np.integer],
    reference: npt.NDArray[np.integer],
    fs_hz: float,
    limit_ms: float,
) -> Matched:
    """One-to-one matches, closest first along time, within ``limit_ms``.

    Args:
        found: ascending samples of the detections.
        reference: ascending samples of the true beats.
        fs_hz: samples per second of both.
        limit_ms: largest distance that still counts.
    """
    limit = limit_ms * fs_hz / 1000
    errors: list[float] = []
    i = j = 0
    while i < found.size and j < reference.size:
        distance = float(found[i] - reference[j])
        if abs(distance) > limit:
            i, j = (i + 1, j) if distance < 0 else (i, j + 1)
            continue
        # a later detection may fit this beat better
        if i + 1 < found.size and abs(float(found[i + 1] - reference[j])) < abs(distance):
            i += 1
            continue
        errors.append(distance * 1000 / fs_hz)
        i, j = i + 1, j + 1
    hits = len(errors)
    return Matched(hits, int(reference.size) - hits, int(found.size) - hits, tuple(errors))


def spread(values: Sequence[float]) -> dict[str, float | int] | None:
    """Mean, SD, median, p95 and largest absolute value; None of nothing."""
    if not values:
        return None
    v = np.asarray(values, dtype=np.float64)
    return {
        "n": int(v.size),
        "mean": round(float(v.mean()), 2),
        "sd": round(float(v.std()), 2),
        "median": round(float(np.median(v)), 2),
        "p95_abs": round(float(np.percentile(np.abs(v), 95)), 2),
        "max_abs": round(float(np.abs(v).max()), 2),
    }
