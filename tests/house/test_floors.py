"""The floors of import-linter bite: each contract is broken in a copy of the house, all in one run, and every breach is named."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("relay", "ambulance_client", "signal/ecg", "hospital_viewer", "live119", "browser_kit", "sample_records")  # fmt: skip
BREACHES = {
    "Floors of the relay: imports go down only": {
        "relay/model/planted.py": "import relay.services.ground.late",
        "relay/errors_planted/deep.py": "from relay import web",
        "relay/sms/planted.py": "from relay.services.ground.late import Late",
        "relay/web/planted.py": "def f():\n    import relay.wiring\n",
    },
    "The ECG core is pure": {
        "signal/ecg/planted.py": "import relay.errors",
        "signal/ecg/screen/planted.py": "from asyncio import Queue",
    },
    "The tablet knows only the ECG, the link's language and the errors": {
        "ambulance_client/planted.py": "from relay.services.ground.late import Late",
        "ambulance_client/panel/planted.py": "import relay.sms.hook",
    },
    "The relay knows nothing of the tablet": {
        "relay/services/planted.py": "from ambulance_client import case",
    },
    "The protocol has no network in it": {
        "relay/protocol/planted.py": "import asyncio.events",
        "relay/protocol/deep/planted.py": "from time import monotonic",
    },
}
"""By contract: file and what is planted in it. A room that no floor names (``errors_planted``) breaks the first."""


def contracts() -> set[str]:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return {contract["name"] for contract in config["tool"]["importlinter"]["contracts"]}


def broken(folder: Path) -> str:
    """What import-linter says of this house."""
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            to = folder / path.relative_to(ROOT)
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, to)
    for files in BREACHES.values():
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).parent.joinpath("__init__.py").touch()
            (folder / name).write_text(text)
    shutil.copy(ROOT / "pyproject.toml", folder)
    paths = f"{folder}{os.pathsep}{folder / 'signal'}"
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"], cwd=folder, env={**os.environ, "PYTHONPATH": paths, "COLUMNS": "400"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout


def test_every_contract_is_broken_by_what_is_planted(tmp_path: Path) -> None:
    assert set(BREACHES) == contracts(), "a contract without a planted breach"
    said = broken(tmp_path)
    kept = re.findall(r"^(.*?) KEPT", said, re.MULTILINE)
    assert kept == [], said
    assert "errors_planted" in said, "a room that no floor names"
    for files in BREACHES.values():
        for name in files:
            module = name.removeprefix("signal/").removesuffix(".py").replace("/", ".")
            assert re.search(rf"\b{re.escape(module)}\b", said) or "errors_planted" in module, (
                module
            )
