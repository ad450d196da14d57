"""Break promises one at a time and say which breach no test noticed."""

from __future__ import annotations

import argparse
import json
import random
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from tests.mutants.catalogue import AREAS, ROOT, Stale, breaches, drawn, equivalents
from tests.mutants.sites import sites_of
from tests.mutants.tree import NotTheCopy, Ran, Tree

GOAL_BY_HAND, GOAL_DRAWN = 90, 85


@dataclass(frozen=True, slots=True)
class Change:
    """A breach to try: ``text`` is the whole file with it."""

    area: str
    name: str
    file: str
    text: str
    words: str
    tests: tuple[str, ...]
    by_hand: bool


@dataclass(frozen=True, slots=True)
class Result:
    """A change and whether a test noticed it."""

    change: Change
    ran: Ran
    took_s: float


def by_hand(area: str, only: set[str]) -> Iterator[Change]:
    """The catalogue of an area."""
    for one in breaches(area):
        if not only or one.id in only:
            yield Change(area, one.id, one.file, one.applied(ROOT), one.met, one.tests, True)


def at_random(area: str, n: int, seed: int, only: set[str]) -> Iterator[Change]:
    """A sample of an area's files: the same seed gives the same changes while the files stay the same."""
    equal = {(e.file, e.was, e.now) for e in equivalents()}
    every = []
    for source in drawn(area):
        text = (ROOT / source.file).read_text(encoding="utf-8")
        for site in sites_of(source.file, text):
            was, now = text.splitlines()[site.line - 1].strip(), site.text.splitlines()[site.line - 1].strip()  # fmt: skip
            if (source.file, was, now) not in equal and was != now:
                words = f"{site.kind}: {_short(site.was)} → {_short(site.now)}"
                name = f"{source.file}:{site.line} {site.kind}"
                every.append(Change(area, name, source.file, site.text, words, source.tests, False))
    picked = random.Random(f"{seed} {area}").sample(every, min(n, len(every)))
    yield from (one for one in picked if not only or one.name in only)


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) < 90 else f"{flat[:60]} … {flat[-25:]}"


class Runner:
    """Tries changes in as many copies as there are jobs."""

    def __init__(self, jobs: int, within_s: float) -> None:
        self._within_s = within_s
        self._trees: SimpleQueue[Tree] = SimpleQueue()
        self._all = [Tree() for _ in range(jobs)]
        self._sound: dict[tuple[str, ...], str] = {}
        self._say = threading.Lock()
        for tree in self._all:
            self._trees.put(tree)

    @contextmanager
    def _tree(self) -> Iterator[Tree]:
        tree = self._trees.get()
        try:
            yield tree
        finally:
            self._trees.put(tree)

    def check(self, tests: tuple[str, ...]) -> str:
        """What fails of these tests without any breach; a survivor would be the only honest word then."""
        with self._tree() as tree:
            ran = tree.run(tests, self._within_s)
        return ran.by if ran.failed else ""

    def attempt(self, change: Change) -> Result:
        """Break it, run the tests, put it back."""
        began_s = time.monotonic()
        with self._tree() as tree:
            tree.change(change.file, change.text)
            try:
                ran = tree.run(change.tests, self._within_s)
            finally:
                tree.restore(change.file)
        result = Result(change, ran, time.monotonic() - began_s)
        with self._say:
            word = "noticed " if ran.failed else "SURVIVED"
            print(f"{word} {change.area:9} {change.name}: {change.words}", flush=True)
            print(f"         {result.took_s:.0f} s{'  by ' + ran.by if ran.by else ''}", flush=True)
        return result

    def close(self) -> None:
        """Remove the copies."""
        for tree in self._all:
            tree.close()


def score(results: Iterable[Result]) -> str:
    """Per area: noticed of tried, by hand and at random."""
    results = list(results)
    lines = ["| area | by hand | at random |", "|---|---|---|"]
    for area in (*AREAS, "all"):
        cells = []
        for hand in (True, False):
            mine = [r for r in results if r.change.by_hand == hand and area in {"all", r.change.area}]  # fmt: skip
            noticed = sum(r.ran.failed for r in mine)
            cells.append(f"{noticed} of {len(mine)} ({100 * noticed / len(mine):.0f} %)" if mine else "–")  # fmt: skip
        if cells != ["–", "–"]:
            lines.append(f"| {area} | {' | '.join(cells)} |")
    return "\n".join([*lines, f"Goals: {GOAL_BY_HAND} % by hand, {GOAL_DRAWN} % at random."])


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/mutants", description=__doc__)
    parser.add_argument("--area", action="append", choices=AREAS, help="only these areas")
    parser.add_argument("--only", action="append", default=[], metavar="ID", help="only these")
    parser.add_argument("--sample", type=int, default=0, metavar="N", help="N random ones an area")
    parser.add_argument("--seed", type=int, default=119, help="of the sample (119)")
    parser.add_argument("--no-catalogue", action="store_true", help="the random sample alone")
    parser.add_argument("--list", action="store_true", help="say what would be broken")
    parser.add_argument("--jobs", type=int, default=1, help="copies at a time (1)")
    parser.add_argument("--within", type=float, default=300.0, metavar="S", help="for each (300 s)")
    parser.add_argument("--unchecked", action="store_true", help="believe that the tests are green")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the results")
    return parser.parse_args()


def main() -> int:
    """0 where every breach was noticed."""
    asked = _asked()
    only, areas = set(asked.only), tuple(asked.area or AREAS)
    try:
        changes = [] if asked.no_catalogue else [c for a in areas for c in by_hand(a, only)]
        changes += [c for a in areas for c in at_random(a, asked.sample, asked.seed, only)]
    except Stale as error:
        print(error, file=sys.stderr)
        return 2
    if unknown := only - {change.name for change in changes}:
        print(f"There is no breach called {', '.join(sorted(unknown))}; see --list.", file=sys.stderr)  # fmt: skip
        return 2
    if asked.list:
        for change in changes:
            print(f"{change.area:9} {change.name}: {change.words}  [{' '.join(change.tests)}]")
        return 0
    return _run(changes, asked)


def _run(changes: list[Change], asked: argparse.Namespace) -> int:
    runner = Runner(asked.jobs, asked.within)
    try:
        with ThreadPoolExecutor(asked.jobs) as pool:
            if not asked.unchecked:
                tests = sorted({change.tests for change in changes})
                red = {t: by for t, by in zip(tests, pool.map(runner.check, tests), strict=True) if by}  # fmt: skip
                if red:
                    for names, by in red.items():
                        print(f"Red without any breach: {by} of {' '.join(names)}; mend that first.", file=sys.stderr)  # fmt: skip
                    return 2
            results = list(pool.map(runner.attempt, changes))
    except NotTheCopy as error:
        print(error, file=sys.stderr)
        return 2
    finally:
        runner.close()
    if asked.json:
        asked.json.write_text(json.dumps([_row(r) for r in results], ensure_ascii=False, indent=1))
    print(score(results))
    return 0 if all(r.ran.failed for r in results) else 1


def _row(result: Result) -> dict[str, object]:
    c = result.change
    return {"area": c.area, "name": c.name, "words": c.words, "by_hand": c.by_hand, "noticed": result.ran.failed, "by": result.ran.by, "took_s": round(result.took_s, 1)}  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
