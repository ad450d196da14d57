"""One thing that was looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum

from relay.errors import RelayError


class CheckMark(Enum):
    """How it is: as it should be, to be known, or wrong."""

    OK = "ok "
    NOTE = "-- "
    BAD = "BAD"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What was looked at, how it is, and a sentence that says what to do where it is not well."""

    name: str
    mark: CheckMark
    text: str


def ok(name: str, text: str) -> CheckResult:
    """It is as it should be."""
    return CheckResult(name, CheckMark.OK, text)


def note(name: str, text: str) -> CheckResult:
    """It is not wrong and should be known."""
    return CheckResult(name, CheckMark.NOTE, text)


def bad(name: str, text: str) -> CheckResult:
    """It is wrong."""
    return CheckResult(name, CheckMark.BAD, text)


def looked(name: str, look: Callable[[], Iterator[CheckResult]]) -> Iterator[CheckResult]:
    """The findings of a look; one that fails is itself a finding, never the end of the examination."""
    try:
        yield from look()
    except RelayError as error:
        yield bad(name, str(error))
    except OSError as error:
        yield bad(name, f"The system refused ({error.strerror or error}).")
