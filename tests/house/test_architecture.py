"""The page that explains the house: every file and folder that it names is there, and it says what it must."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs/architecture.md").read_text()
WAYS = ("one ECG frame", "one alarm", "one decision", "one 119 picture")
NAMED = re.compile(r"`((?:relay|ambulance_client|signal/ecg|hospital_viewer|live119|browser_kit|tests|docs|scripts|sample_records)(?:/[\w/.-]*)?)`")  # fmt: skip


def missing(text: str, root: Path = ROOT) -> list[str]:
    """Files and folders that a page names and that are not there."""
    return sorted({name for name in NAMED.findall(text) if not (root / name).exists()})


def section(title: str) -> str:
    """A section of the page, without those after it."""
    return TEXT.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


@pytest.mark.parametrize("page", ["docs/architecture.md", "docs/glossary.md", "CONTRIBUTING.md"])
def test_every_file_that_is_named_is_there(page: str) -> None:
    text = (ROOT / page).read_text().split("## Tests\n")[0]

    assert len(NAMED.findall(text)) > 2
    assert missing(text) == []


def test_a_file_that_has_moved_is_noticed() -> None:
    assert missing("`relay/web/link.py` and `relay/web/moved.py`, `tests/contract/`") == ["relay/web/moved.py"]  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_a_way_is_a_short_numbered_list_of_files(way: str) -> None:
    steps = re.findall(r"^\d\. .+$", section(f"The way of {way}"), re.MULTILINE)

    assert 4 <= len(steps) <= 8
    assert [step for step in steps if not NAMED.search(step)] == []


def test_ten_things_have_a_place() -> None:
    rows = re.findall(r"^\| (.+?) \|", section("Where do I put …?"), re.MULTILINE)

    assert len(rows[1:]) >= 10


def test_every_wing_and_every_room_is_told_of() -> None:
    rooms = [f"relay/{p.name}" for p in (ROOT / "relay").iterdir() if (p / "__init__.py").is_file()]
    wings = [p.name for p in (ROOT / "relay/services").iterdir() if (p / "__init__.py").is_file()]

    assert [room for room in sorted(rooms) if f"`{room}`" not in TEXT and room != "relay/turns"] == []  # fmt: skip
    assert [wing for wing in sorted(wings) if f"| `{wing}` |" not in TEXT] == []
