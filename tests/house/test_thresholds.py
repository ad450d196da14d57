"""A number that decides something in the ECG core has a name, where its unit and its source can stand."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ECG = Path(__file__).resolve().parents[2] / "signal" / "ecg"
OTHER_NUMBERS = ("files", "kernels", "synthetic", "sheet.py")
"""Bits of files, twins of what is read here, the patient we made up, places on paper."""
LIMITS = {"min", "max", "minimum", "maximum", "clip", "at_share", "quantile"}
PLAIN = {0, 1, 2, 3, 0.5}
"""Counts that say themselves (a pair, a middle of three), and the middle of two."""
NEARLY_ZERO = 1e-6
"""Guards against a division by zero decide nothing."""


def bare_thresholds(text: str) -> list[tuple[int, float]]:
    """Line and value of every number in a function that is compared with, or bounds something, without a name."""
    tree = ast.parse(text)
    functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.Lambda)]
    deciding = [part for f in functions for n in ast.walk(f) for part in _deciding(n)]
    found = {(n.lineno, float(n.value)) for part in deciding for n in _numbers(part)}
    return sorted(pair for pair in found if pair[1] not in PLAIN and not 0 < pair[1] <= NEARLY_ZERO)


def _deciding(node: ast.AST) -> Iterator[ast.expr]:
    if isinstance(node, ast.Compare):
        yield from (node.left, *node.comparators)
    if isinstance(node, ast.Call):
        name = getattr(node.func, "attr", None) or getattr(node.func, "id", None)
        if name in LIMITS:
            yield from node.args


def _numbers(part: ast.AST) -> Iterator[ast.Constant]:
    """Numbers of an expression; places in an array (``st_uv[4]``) are none."""
    if isinstance(part, ast.Subscript):
        yield from _numbers(part.value)
    elif isinstance(part, ast.Constant):
        if isinstance(part.value, int | float) and not isinstance(part.value, bool):
            yield part
    else:
        for child in ast.iter_child_nodes(part):
            yield from _numbers(child)


def test_no_threshold_of_the_core_is_bare() -> None:
    bare = {}
    for path in sorted(ECG.rglob("*.py")):
        name = path.relative_to(ECG)
        if name.parts[0] not in OTHER_NUMBERS and (found := bare_thresholds(path.read_text())):
            bare[str(name)] = found
    assert bare == {}


@pytest.mark.parametrize(
    "planted",
    [
        "if m.j_uv >= 100.0: pass",
        "return alike < -0.3",
        "return 50 < rr_ms",
        "limit = max(0.05 * peak, noise)",
        "return np.clip(usual, 300.0, most)",
        "return lambda case: case.qrs_ms < 120",
        "return at_share(noise, 0.7)",
        "return not 50.0 <= width <= LONGEST",
    ],
)
def test_a_bare_threshold_is_seen(planted: str) -> None:
    assert bare_thresholds(f"def f():\n    {planted}\n")


@pytest.mark.parametrize(
    "fine", ["return n >= 2", "return j >= J_UV", "return max(size, 1e-9)", "return st_uv[4] > RISE_UV"]
)  # fmt: skip
def test_what_needs_no_name(fine: str) -> None:
    assert bare_thresholds(f"def f():\n    {fine}\n") == []
