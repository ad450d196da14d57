"""The ways out stand in their documentation, and the pages that tell strangers how to add one are true."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from relay.wiring.ways_out import EXPORTS, ChannelNeeds, alert_channels
from tests.house.test_house import ROOT

PAGE = ROOT / "docs/ways-out.md"
BLOCK = re.compile(r"^```(python|diff) (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def rows_of(heading: str) -> list[str]:
    """The rows of the first table below a heading."""
    below = PAGE.read_text("utf-8").split(f"## {heading}", 1)[1]
    table = re.search(r"^\|---.*\n((?:\|.*\n)+)", below, re.MULTILINE)
    assert table is not None, heading
    return table[1].splitlines()


def test_every_export_has_its_row_and_no_other_has() -> None:
    expected = [f"| `{e.name}` | {e.media_type} | {e.about} |" for e in EXPORTS]

    assert rows_of("Exports") == expected


def test_every_channel_has_its_row_and_no_other_has() -> None:
    expected = [
        f"| `{channel.name}` | {channel.about} |" for channel in alert_channels(ChannelNeeds())
    ]

    assert rows_of("Alert channels") == expected


def test_every_field_of_the_json_export_is_told() -> None:
    import json

    from relay.exports.json_snapshot import JsonSnapshot
    from tests.contract.test_exports import ecg

    shape = PAGE.read_text("utf-8").split("### The shape of `json`", 1)[1].split("\n## ", 1)[0]
    told = {
        n for row in re.findall(r"^\| (`.*?`) \|", shape, re.M) for n in row[1:-1].split("`, `")
    }

    assert told == set(json.loads(JsonSnapshot().write(ecg())))


@pytest.mark.parametrize(
    ("page", "contract", "name"),
    [
        ("add-an-export.md", "tests/contract/test_exports.py", "csv"),
        ("add-an-alert-channel.md", "tests/contract/test_alert_channels.py", "web-post"),
    ],
)
def test_a_stranger_who_does_what_the_page_says_is_done(
    page: str, contract: str, name: str, tmp_path: Path
) -> None:
    """In a copy: the files of the page and no other are touched, and contract, table and linter are content."""
    house = tmp_path / "house"
    touched = apply(page, copied(house))
    env = {**os.environ, "PYTHONPATH": f"{house}{os.pathsep}{house / 'signal'}"}
    python = [path for path in touched if path.endswith(".py")]
    for words in (
        ["ruff", "check", "--quiet", *python],
        ["ruff", "format", "--check", "--quiet", *python],
        ["pytest", "-v", "-p", "no:cacheprovider", contract, "tests/house/test_ways_out.py", "-k", "not stranger"],
    ):  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-m", *words], cwd=house, env=env, capture_output=True, text=True, check=False
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert f"[{name}] PASSED" in done.stdout
    assert len(touched) == 4, "one file, one registration, one test case, one line of documentation"


def copied(house: Path) -> Path:
    """As much of the house as these tests read."""
    dull = shutil.ignore_patterns("__pycache__", "*.png", "migrations", "vendor")
    for room in ("relay", "signal", "tests/contract", "docs"):
        shutil.copytree(ROOT / room, house / room, ignore=dull)
    (house / "tests/house").mkdir()
    for file in ("pyproject.toml", *(f"tests/{p.name}" for p in (ROOT / "tests").glob("*.py"))):
        shutil.copy(ROOT / file, house / file)
    for name in ("__init__.py", "test_house.py", "test_ways_out.py"):
        shutil.copy(ROOT / "tests/house" / name, house / "tests/house" / name)
    return house


def apply(page: str, house: Path) -> set[str]:
    """Do what a page says; every file it touches."""
    blocks = BLOCK.findall((ROOT / "docs/howto" / page).read_text("utf-8"))
    assert blocks
    for kind, file, text in blocks:
        path = house / file
        if kind == "python":
            assert not path.exists(), f"{file} is there already"
            path.write_text(text, "utf-8")
            continue
        lines = text.splitlines()
        was = "\n".join(line[1:] for line in lines if line.startswith(" ") or not line)
        now = "\n".join(line[1:] for line in lines)
        before = path.read_text("utf-8")
        assert before.count(was) == 1, f"{page}: {file} does not hold once:\n{was}"
        path.write_text(before.replace(was, now), "utf-8")
    return {file for _, file, _ in blocks}
