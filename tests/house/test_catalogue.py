"""The catalogue of broken promises fits the code as it stands, so that ``scripts/mutants`` breaks what it says it breaks."""

from __future__ import annotations

import ast

import pytest

from tests.mutants.catalogue import AREAS, ROOT, breaches, drawn, equivalents
from tests.mutants.sites import sites_of

EVERY = [one for area in AREAS for one in breaches(area)]
LEAST = 80


@pytest.mark.parametrize("breach", EVERY, ids=lambda one: one.id)
def test_a_breach_applies_once_and_names_what_could_notice(breach) -> None:
    text = breach.applied(ROOT)
    if breach.was:
        assert text != (ROOT / breach.file).read_text(encoding="utf-8")
    if breach.file.endswith(".py") and not breach.file.startswith("signal/__init__"):
        ast.parse(text)
    assert breach.met
    assert breach.tests
    missing = [t for t in breach.tests if t != "lint-imports" and not (ROOT / t).exists()]
    assert missing == []


def test_the_catalogue_is_large_enough_and_every_area_is_in_it() -> None:
    ids = [one.id for one in EVERY]
    assert len(ids) >= LEAST
    assert len(set(ids)) == len(ids)
    assert {one.area for one in EVERY} == set(AREAS)


@pytest.mark.parametrize("area", [area for area in AREAS if area != "guards"])
def test_the_sample_draws_from_files_that_exist(area: str) -> None:
    for one in drawn(area):
        text = (ROOT / one.file).read_text(encoding="utf-8")
        sites = sites_of(one.file, text)
        assert len(sites) >= 5, one.file
        assert [t for t in one.tests if not (ROOT / t).exists()] == []
        if one.file.endswith(".py"):
            for site in sites[:: max(1, len(sites) // 20)]:
                ast.parse(site.text)


def test_what_is_called_equivalent_can_still_be_drawn() -> None:
    """A reason for a change that can no longer be made is taken away."""
    for one in equivalents():
        assert one.why
        text = (ROOT / one.file).read_text(encoding="utf-8")
        pairs = set()
        for site in sites_of(one.file, text):
            pairs.add(
                (
                    text.splitlines()[site.line - 1].strip(),
                    site.text.splitlines()[site.line - 1].strip(),
                )
            )
        assert (one.was, one.now) in pairs, f"{one.file}: {one.was}"


SMALL = '''
async def f(x, log, *, late=False):
    """Says nothing."""
    log.info("quiet")
    if not x and x.n < 3:
        await x.stop(now=True)
    return max(x.a, 2.0)
'''


def test_the_operators_break_what_does_something_and_nothing_else() -> None:
    found = [(s.line, s.kind, s.was, s.now) for s in sites_of("x.py", SMALL)]
    kinds = {kind for _, kind, _, _ in found}
    assert kinds == {
        "comparison", "and/or", "not removed", "constant", "negated", "removed", "returns nothing", "least/most", "without now",
    }  # fmt: skip
    assert (6, "removed", "await x.stop(now=True)", "pass") in found
    assert (5, "comparison", "x.n < 3", "(x.n <= 3)") in found
    assert all(line not in {3, 4} for line, *_ in found), "no words, no log lines"
    script = "/** not this === */\nfunction f(x) {\n  if (x === 1 && !g(x)) {\n    this.a.stop(x);\n  }\n  return true;\n}\n"
    made = {(s.line, s.kind, s.now) for s in sites_of("x.js", script)}
    assert (3, "negated", "if (!(x === 1 && !g(x))) {") in made
    assert (3, "comparison", "if (x !== 1 && !g(x)) {") in made
    assert (4, "removed", ";") in made
    assert (6, "constant", "return false;") in made
    assert {line for line, *_ in made} == {3, 4, 6}
