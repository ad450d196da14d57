"""One word for one thing: class names, and the glossary that explains them."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("relay", "ambulance_client", "signal/ecg", "hospital_viewer", "live119", "browser_kit")
TEXT = (ROOT / "docs/glossary.md").read_text()
PAIR = re.compile(r"^\| `(\w+)` \| ((?:`[\w./]+`(?:, )?){2,}) \| (.+) \|$", re.MULTILINE)


def classes(root: Path) -> dict[str, set[str]]:
    """Every class name of the house, and the modules that have such a class, nested ones too."""
    found: dict[str, set[str]] = defaultdict(set)
    for room in ROOMS:
        for path in sorted((root / room).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.ClassDef):
                    found[node.name].add(path.relative_to(root).as_posix())
    return found


def twice(root: Path) -> dict[str, set[str]]:
    """Names that stand in more than one module."""
    return {name: modules for name, modules in classes(root).items() if len(modules) > 1}


def allowed(text: str = TEXT) -> dict[str, set[str]]:
    """Names that may, with the modules and a reason."""
    return {name: set(re.findall(r"`([\w./]+)`", modules)) for name, modules, why in PAIR.findall(text) if len(why) > 20}  # fmt: skip


def test_a_class_name_stands_for_one_thing() -> None:
    assert twice(ROOT) == allowed(), "rename one, or say in docs/glossary.md why both"


def test_a_second_thing_of_the_same_name_is_seen(tmp_path: Path) -> None:
    (tmp_path / "relay/deep").mkdir(parents=True)
    (tmp_path / "relay/a.py").write_text("class Step: ...\n")
    (tmp_path / "relay/deep/b.py").write_text(
        "def f():\n    class Step: ...\n    class Other: ...\n"
    )

    assert twice(tmp_path) == {"Step": {"relay/a.py", "relay/deep/b.py"}}
    assert allowed("| `Step` | `relay/a.py`, `relay/deep/b.py` | too short |") == {}


def test_every_class_of_the_glossary_is_there() -> None:
    known = classes(ROOT)
    named = set(re.findall(r"`([A-Z][a-z]\w+)(?:\.[A-Z]+)?`", TEXT))

    assert len(named) > 15
    assert sorted(named - known.keys()) == []


def test_every_word_has_both_languages_a_meaning_and_a_place() -> None:
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in TEXT.split("## One name, two modules")[0].splitlines()
        if line.startswith("| ") and "日本語" not in line
    ]
    japanese, english = [row[0] for row in rows], [row[1] for row in rows]

    assert len(rows) > 50
    assert [row for row in rows if len(row) != 4 or not all(row)] == []
    assert [row for row in rows if not re.search(r"[ぁ-んァ-ン一-龥]", row[2])] == []
    assert len(set(japanese)) == len(japanese)
    assert len(set(english)) == len(english)
