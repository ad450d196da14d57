"""How much of a thing a test does: an everyday dose, and the deep one of ``make test-deep``.

What is not of a new kind after the first few (another seed, another size of the window, another thousand
frames) is dealt out in everyday doses, so that everybody runs the suite. The deep run is made before every
release.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any, TypeVar

import pytest

T = TypeVar("T")
DEEP = os.environ.get("TESTS_DEEP") == "1"
DEEP_TIMES = 10


def examples(everyday: int) -> int:
    """So many examples of hypothesis, or ten times as many."""
    return everyday * (DEEP_TIMES if DEEP else 1)


def dose(everyday: T, deep: T) -> T:
    """How often, how long, how many, which."""
    return deep if DEEP else everyday


def deep_only(*values: Any) -> Any:
    """A parameter's value that is of the deep run alone."""
    return pytest.param(*values, marks=pytest.mark.soak)


def first_every_day(count: int, values: Iterable[Any]) -> list[Any]:
    """The first of them every day, the others in the deep run."""
    return [it if n < count else deep_only(it) for n, it in enumerate(values)]
