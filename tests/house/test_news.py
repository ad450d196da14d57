"""Nothing but news is published, and all of it is one file: mypy says so, and so does a look at the calls."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house import fences

NEWS, PLANTED = "relay/model/news.py", "relay/services/planted.py"
KINDS = {
    node.name
    for node in ast.parse((fences.ROOT / NEWS).read_text()).body
    if isinstance(node, ast.ClassDef)
}


def faults_of(file: str, text: str) -> list[str]:
    """Each bus that is told something that is not made as news on the spot, and news made elsewhere."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and _is_bus(node.func) and not _is_news(node):
            found.append(f"{file}:{node.lineno}: publishes {ast.unparse(node)[:80]}")
        if isinstance(node, ast.ClassDef) and file != NEWS and _bases(node) & KINDS:
            found.append(f"{file}:{node.lineno}: {node.name} is news of its own")
    return found


def _bases(node: ast.ClassDef) -> set[str]:
    return {ast.unparse(base).split(".")[-1] for base in node.bases}


def _is_bus(asked: ast.expr) -> bool:
    if not isinstance(asked, ast.Attribute) or asked.attr != "publish":
        return False
    return ast.unparse(asked.value).split(".")[-1].strip("_") == "bus"


def _is_news(call: ast.Call) -> bool:
    """``publish(CaseChanged(…))``: what is told is read where it is told."""
    if len(call.args) != 1 or call.keywords or not isinstance(call.args[0], ast.Call):
        return False
    return ast.unparse(call.args[0].func) in KINDS


def test_only_news_is_published_in_the_house() -> None:
    files = [file for file in fences.files() if file.startswith("relay/")]
    found = [one for file in files for one in faults_of(file, (fences.ROOT / file).read_text())]
    assert found == []
    text = "\n".join((fences.ROOT / file).read_text() for file in files)
    assert text.count("bus.publish(") >= 5, "the look sees where news is told"


BREACHES = {
    "an object": "def f(bus):\n    bus.publish(object())\n",
    "the old way": "def f(self):\n    self._bus.publish('cases', 7)\n",
    "a text": "def f(self):\n    self.ports.bus.publish('ready text')\n",
    "a value of somewhere": "def f(self, thing):\n    self._bus.publish(thing)\n",
    "news of its own": "from relay.model import news\nclass Mine(news.News):\n    pass\n",
}


@pytest.mark.parametrize("form", BREACHES)
def test_a_breach_is_seen(form: str) -> None:
    assert faults_of(PLANTED, BREACHES[form])
    assert faults_of(NEWS, "class Mine(News):\n    pass\n") == []


UNTYPED = '''"""Planted."""

from relay.bus.port import Bus
from relay.services.ground.late import Late


def tell(bus: Bus, thing: Late) -> None:
    """Planted."""
    bus.publish(thing)
    bus.publish("text")
    bus.publish("topic", 7)
'''


def test_mypy_refuses_what_is_no_news(tmp_path: Path) -> None:
    planted = tmp_path / "planted.py"
    planted.write_text(UNTYPED)
    asked = [sys.executable, "-m", "mypy", "--config-file", "pyproject.toml", "--follow-imports=silent",
             "--cache-dir", str(tmp_path / "cache"), str(planted)]  # fmt: skip
    said = subprocess.run(asked, cwd=fences.ROOT, capture_output=True, text=True, check=False)
    refused = {int(line.split(":")[1]) for line in said.stdout.splitlines() if '"publish"' in line}
    told = {n for n, line in enumerate(UNTYPED.splitlines(), 1) if "bus.publish" in line}
    assert refused == told, said.stdout + said.stderr
