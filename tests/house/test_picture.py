"""The picture of the house is the house: drawn from contracts and import lines, and kept up to date."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "scripts/draw_house"
ROOMS = ("relay", "ambulance_client", "signal", "hospital_viewer", "live119", "browser_kit", "sample_records")  # fmt: skip
LETTER = 6.03
"""Width of a letter of the widest face named (DejaVu Sans Mono) at the picture's size."""


def draw(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, SCRIPT, *map(str, words)], capture_output=True, text=True, check=False
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The code alone, to be broken."""
    for room in ROOMS:
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__", "*.png", "*.dat", "*.svg", "*.css", "vendor"))  # fmt: skip
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "docs/img").mkdir(parents=True)
    shutil.copy(ROOT / "docs/img/house.svg", tmp_path / "docs/img")
    return tmp_path


def add(file: Path, line: str) -> None:
    file.write_text(file.read_text() + f"\n{line}\n")


def test_the_kept_picture_is_the_house_of_today() -> None:
    done = draw("--check")

    assert (done.returncode, done.stderr) == (0, "")


def test_a_new_import_between_floors_is_drawn_and_one_that_goes_up_is_refused(copy: Path) -> None:
    assert draw("--check", copy).returncode == 0

    add(copy / "relay/reach.py", "def late() -> None:\n    from relay import causes")
    assert draw("--check", copy).returncode == 1
    draw(copy)
    add(copy / "signal/ecg/sheet.py", "import ecg.robust")
    assert draw("--check", copy).returncode == 1
    draw(copy)
    assert draw("--check", copy).returncode == 0

    add(copy / "relay/errors.py", "import relay.web.app")
    assert "relay.errors imports relay.web.app" in draw("--check", copy).stderr


def test_no_words_of_the_picture_meet_and_none_leave_it() -> None:
    tree = ElementTree.parse(ROOT / "docs/img/house.svg").getroot()
    width = float(tree.attrib["viewBox"].split()[2])
    size = float(tree.attrib["font-size"])
    words = [
        (float(t.attrib["x"]), float(t.attrib["y"]), t.text or "")
        for t in tree.iter("{http://www.w3.org/2000/svg}text")
        if "transform" not in t.attrib
    ]
    assert width <= 360, "a telephone shows it smaller than it is drawn"
    assert size >= 10
    for x, y, text in words:
        assert x + LETTER * len(text) < width, text
        for x2, y2, other in words:
            if (x, y, text) != (x2, y2, other) and abs(y - y2) < size:
                assert x + LETTER * len(text) < x2 or x2 + LETTER * len(other) < x, (text, other)


def test_every_room_of_a_contract_stands_in_the_picture() -> None:
    words = set(re.findall(r"<text[^>]*>([^<]*)</text>", (ROOT / "docs/img/house.svg").read_text()))
    rooms = {p.stem for p in (ROOT / "relay").iterdir() if p.suffix == ".py" or (p / "__init__.py").is_file()}  # fmt: skip
    wings = {p.name for p in (ROOT / "relay/services").iterdir() if (p / "__init__.py").is_file()}

    assert len(wings) > 9
    assert sorted((rooms | wings) - {"__init__"} - words) == []
