"""Whatever the services and the doors remember stands in ``docs/many-relays.md``, with what becomes of it with many relays."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("services", "web", "auth")
NAMED = re.compile(r"`((?:services|web|auth)/[\w/]+\.py: \w+)`")
NEWS = re.compile(r"^\| `(\w+)` on `", re.M)
HOLDERS = {
    "set", "list", "dict", "deque", "defaultdict", "OrderedDict", "Counter", "Queue", "Turns", "Places", "Credits", "Pace", "FairThreads",
}  # fmt: skip
"""What remembers more than one thing."""


def remembering(text: str) -> set[str]:
    """Classes whose ``__init__`` makes something that holds many."""
    classes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ClassDef)]
    return {one.name for one in classes if any(_holds(part) for part in one.body)}


def _holds(part: ast.stmt) -> bool:
    if not isinstance(part, ast.FunctionDef) or part.name != "__init__":
        return False
    values = [
        node.value
        for node in ast.walk(part)
        if isinstance(node, ast.Assign | ast.AnnAssign) and _is_of_self(node)
    ]
    return any(_is_holder(part) for value in values if value for part in _parts(value))


def _is_of_self(node: ast.Assign | ast.AnnAssign) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    names = [part for target in targets for part in _parts(target)]
    return any(isinstance(name, ast.Attribute) for name in names)


def _parts(node: ast.expr) -> list[ast.expr]:
    return list(node.elts) if isinstance(node, ast.Tuple) else [node]


def _is_holder(value: ast.expr) -> bool:
    if isinstance(value, ast.Dict | ast.List | ast.Set | ast.DictComp | ast.ListComp):
        return True
    if not isinstance(value, ast.Call):
        return False
    called = value.func.value if isinstance(value.func, ast.Subscript) else value.func
    return bool(set(ast.unparse(called).split("[")[0].split(".")) & HOLDERS)


def test_what_remembers_has_a_line() -> None:
    found = {
        f"{path.relative_to(ROOT / 'relay').as_posix()}: {name}"
        for room in ROOMS
        for path in (ROOT / "relay" / room).rglob("*.py")
        for name in remembering(path.read_text())
    }
    named = set(NAMED.findall((ROOT / "docs/many-relays.md").read_text()))
    assert found - named == set(), "say what becomes of it with many relays"
    assert named - found == set(), "it remembers nothing any more"


def test_every_kind_of_news_has_a_line() -> None:
    module = ast.parse((ROOT / "relay/model/news.py").read_text())
    kinds = {node.name for node in module.body if isinstance(node, ast.ClassDef)} - {"News"}
    assert set(NEWS.findall((ROOT / "docs/many-relays.md").read_text())) == kinds


PLANTED = {
    "a dictionary": "self._of = {}",
    "typed": "self._of: dict[int, str] = {}",
    "two at once": "self._a, self._b = 1, set()",
    "ordered": "self._of: OrderedDict[str, int] = OrderedDict()",
    "a queue": "self._of = asyncio.Queue()",
    "bounded": "self._of = deque[int](maxlen=3)",
    "a comprehension": "self._of = {k: 0 for k in keys}",
    "counted": "self._of: Credits = Credits(1.0, 2.0)",
}


@pytest.mark.parametrize("form", PLANTED)
def test_a_new_memory_is_seen(form: str) -> None:
    text = f"class New:\n    def __init__(self, keys):\n        {PLANTED[form]}\n"
    assert remembering(text) == {"New"}
    assert (
        remembering("class New:\n    def __init__(self, bus):\n        self._bus = bus\n") == set()
    )
