"""The pages of docs/security name tests that exist, and no promise is without one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs" / "security").glob("*.md"))
NAMED = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


def _rows(page: Path) -> list[str]:
    lines = [line for line in page.read_text(encoding="utf-8").splitlines() if line[:1] == "|"]
    return lines[2:]  # without the head and its line


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_test_named_exists(page: Path) -> None:
    missing = []
    for file, function in NAMED.findall(page.read_text(encoding="utf-8")):
        path = ROOT / file
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        found = re.search(rf"^\s*(?:async )?def {function}\(", text, re.MULTILINE)
        if not text or (function and not found):
            missing.append(f"{file}::{function}")
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_row_is_held_and_shown(page: Path) -> None:
    if page.name == "README.md":
        linked = set(re.findall(r"\]\((\w+\.md)\)", page.read_text(encoding="utf-8")))
        assert linked == {other.name for other in PAGES} - {"README.md"}
        return
    rows = _rows(page)
    assert len(rows) >= 5
    bare = [row for row in rows if row.count("|") != 4 or not NAMED.search(row.split("|")[3])]
    assert bare == []
    assert "Not held:" in page.read_text(encoding="utf-8")
