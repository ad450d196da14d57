"""The table of hazards names tests that exist, and every hazard has one."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "docs" / "clinical" / "hazards.md"
NAMED = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


def test_every_test_named_exists() -> None:
    named = NAMED.findall(TABLE.read_text(encoding="utf-8"))
    assert named
    missing = []
    for file, function in named:
        path = ROOT / file
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        found = re.search(rf"^\s*(?:async )?def {function}\(", text, re.MULTILINE)
        if not text or (function and not found):
            missing.append(f"{file}::{function}")
    assert missing == []


def test_every_hazard_has_four_cells_and_a_test() -> None:
    rows = [line for line in TABLE.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    rows = [row for row in rows if not row.startswith(("| hazard", "|---"))]
    assert len(rows) > 40
    bare = [row for row in rows if row.count("|") != 5 or not NAMED.search(row.split("|")[4])]
    assert bare == []
