"""The browser code's own rules: its lines are short, and its formatter and linter bite."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("browser_kit", "hospital_viewer", "ambulance_client/panel", "live119")
LONGEST = 120
sys.path.insert(0, str(ROOT / "scripts"))


def too_long(root: Path) -> list[str]:
    """Lines that do not fit beside another file."""
    return [
        f"{path.relative_to(root)}:{n}"
        for room in ROOMS
        for path in sorted((root / room).rglob("*.js"))
        for n, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if len(line) > LONGEST
    ]


def test_no_line_is_longer_than_the_screen_beside_another(tmp_path: Path) -> None:
    assert too_long(ROOT) == []
    for room in ROOMS:
        (tmp_path / room / "deep").mkdir(parents=True)
        (tmp_path / room / "deep" / "x.js").write_text(f"// {'a' * 200}\n")
    assert len(too_long(tmp_path)) == len(ROOMS)


@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("export const a = 1;\n", ""),
        ("export const a = 1\n", "format"),
        ("import { b } from './b.js';\nexport const a = 1;\n", "noUnusedImports"),
        ("export const a = (c) => { const b = 1; return c; };\n", "noUnusedVariables"),
        ("export const a = (b) => b == 1;\n", "noDoubleEquals"),
    ],
)
def test_a_breach_is_named(tmp_path: Path, room: str, text: str, said: str) -> None:
    from npm_dev import fetched, node_home

    node, _ = node_home()
    shutil.copy(ROOT / "biome.json", tmp_path)
    (tmp_path / room).mkdir(parents=True)
    (tmp_path / room / "planted.js").write_text(text)
    biome = str(fetched("@biomejs/biome") / "bin" / "biome")
    done = subprocess.run(
        [node, biome, "check", "--error-on-warnings"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert bool(done.returncode) is bool(said)
    assert said in done.stdout + done.stderr
