"""The promises broken by hand, and what the random sample draws from: one TOML file an area."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
AREAS = ("alarms", "rights", "clinical", "pages", "guards", "link", "calls", "stores")


class Stale(Exception):
    """The catalogue does not fit the code any more."""


@dataclass(frozen=True, slots=True)
class Breach:
    """One promise, broken.

    Attributes:
        id: for ``--only``. area: whose promise it is.
        file: what is changed, from the root. was / now: text that stands there once, and what replaces it;
            without ``was`` the file is new.
        met: what a person would meet.
        tests: what could notice, as given to pytest; ``lint-imports`` is the tool of that name.
    """

    id: str
    area: str
    file: str
    was: str
    now: str
    met: str
    tests: tuple[str, ...]

    def applied(self, root: Path) -> str:
        """The file's text with the breach in it.

        Raises:
            Stale: the text does not stand in the file exactly once.
        """
        path = root / self.file
        if not self.was:
            if path.exists():
                raise Stale(f"{self.id}: {self.file} exists; plant the breach under another name.")
            return self.now
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        if (found := text.count(self.was)) != 1:
            raise Stale(f"{self.id}: its text stands {found} times in {self.file}; mend the entry.")
        return text.replace(self.was, self.now)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A file that the random sample draws from, and the tests that could notice, the quickest first."""

    area: str
    file: str
    tests: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Equivalent:
    """A random change that breaks no promise."""

    file: str
    was: str
    now: str
    why: str


@cache
def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((HERE / f"{name}.toml").read_text(encoding="utf-8"))


def breaches(area: str) -> list[Breach]:
    """The promises of one area, broken by hand."""
    read = _read(area)
    usual = tuple(read.get("tests", ()))
    return [
        Breach(
            one["id"], area, one["file"], one.get("was", ""), one["now"], one["met"],
            tuple(one.get("tests", usual)),
        )
        for one in read.get("breach", [])
    ]  # fmt: skip


def drawn(area: str) -> list[Drawn]:
    """What the random sample of one area draws from."""
    read = _read(area)
    usual = tuple(read.get("tests", ()))
    return [
        Drawn(area, file, tuple(tests or usual))
        for file, tests in sorted(dict(read.get("sample", {})).items())
    ]


def equivalents() -> list[Equivalent]:
    """Random changes that were looked at and break nothing."""
    return [Equivalent(**one) for one in _read("equivalent").get("change", [])]
