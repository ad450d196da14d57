"""The table of causes: complete, in both languages, written down, and a test for every row."""

from __future__ import annotations

import re
import string

import pytest

from relay.causes import CAUSES, words
from tests.house.test_house import ROOT


def _parts(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("cause", CAUSES)
def test_a_row_speaks_both_languages_and_can_be_filled(cause: str) -> None:
    row = CAUSES[cause]
    told = words(cause, **dict.fromkeys(_parts(row.ja) | _parts(row.en), "x"))
    assert told["words_ja"] and told["words_en"].endswith(".")
    assert re.search(r"[\u3040-\u30ff]", told["words_ja"])
    assert not re.search(r"[\u3040-\u30ff]", told["words_en"])


def test_every_row_is_written_down() -> None:
    """The table of docs/causes.md is the table of the code, row by row."""
    rows = [f"| `{c.id}` | {c.reader} | {c.en} | {c.ja} |" for c in CAUSES.values()]
    text = (ROOT / "docs/causes.md").read_text()
    assert [row for row in rows if row not in text] == []
    assert len(re.findall(r"^\| `", text, re.MULTILINE)) == len(rows)


def test_every_row_is_named_in_a_test_and_in_the_code() -> None:
    tests = "\n".join(
        p.read_text() for p in (ROOT / "tests").rglob("*.py") if p.parent.name != "house"
    )
    assert [cause for cause in CAUSES if f'"{cause}"' not in tests] == []
    rooms = [p for room in ("relay", "ambulance_client") for p in (ROOT / room).rglob("*.py")]
    code = "\n".join(p.read_text() for p in rooms if p.name != "causes.py")
    said = [c for c in CAUSES if f'"{c}"' not in code and not c.startswith("file-")]
    assert said == []
