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
        "relay/alerts/planted.py": "from relay.services.ground.late import Late",
        "relay/web/planted.py": "def f():\n    import relay.wiring\n",
    },
    "Wings of the services: imports go down only": {
        "relay/services/ground/planted.py": "from relay.services.people.people import People",
        "relay/services/people/planted.py": "import relay.services.alarm.alerting",
        "relay/services/recordings/planted.py": "from relay.services.evidence import storing",
        "relay/services/evidence/planted.py": "def f():\n    from relay.services.cases.cases import Cases\n",
        "relay/services/alarm/planted.py": "import relay.services.screening.work as work",
        "relay/services/calls/planted.py": "from relay.services.cabin.cabin_board import CabinBoard",
        "relay/services/cabin/planted.py": "from relay.services.calls import call_book",
        "relay/services/screening/planted.py": "import relay.services.cases.render",
        "relay/services/cases/deep/planted.py": "from relay.services.tablets.links import LinkRegistry",
        "relay/services/tablets/planted.py": "from relay.services.pages import session",
        "relay/services/pages/planted.py": "import relay.services.relay",
        "relay/services/wing_planted/deep.py": "import json",
    },
    "The records: imports go down only": {
        "relay/records/port/planted.py": "from relay.records.sql.alerts import SqlAlertReads",
        "relay/records/sql/planted.py": "import relay.records.sqlite",
        "relay/records/migrations/planted.py": "from relay.records import migrate",
        "relay/records/trouble_planted.py": "def f():\n    from relay.records.sqlite import SqlRecords\n",
        "relay/records/room_planted/deep.py": "import json",
    },
    "Aggregates of the records know nothing of each other": {
        "relay/records/port/people.py": "from relay.records.port.calls import CallReads",
        "relay/records/sql/alerts.py": "import relay.records.sql.cases",
        "relay/records/sql/tables/leases.py": "def f():\n    from relay.records.sql.tables import calls\n",
        "relay/records/sql/aggregate_planted/deep.py": "import json",
    },
    "Rooms of the ECG core: imports go down only": {
        "signal/ecg/hot.py": "import ecg.kernels.jit",
        "signal/ecg/leads.py": "from ecg import hot",
        "signal/ecg/units.py": "from ecg.values import EcgSegment",
        "signal/ecg/values.py": "def f():\n    from ecg.robust import middle\n",
        "signal/ecg/robust.py": "from ecg.conditioning import filters",
        "signal/ecg/files/deep/planted.py": "from ecg.synthetic.patient import SyntheticPatient",
        "signal/ecg/synthetic/planted.py": "import ecg.conditioning.mains as mains",
        "signal/ecg/conditioning/planted.py": "from ecg.detecting import beats",
        "signal/ecg/detecting/planted.py": "def f():\n    import ecg.beat.fiducials\n",
        "signal/ecg/beat/deep/planted.py": "from ecg.measure import measure",
        "signal/ecg/measure.py": "import ecg.screen.tiers",
        "signal/ecg/screen/deep/planted.py": "from ecg.course import tracing",
        "signal/ecg/sheet.py": "from ecg.course.comparison import compare",
        "signal/ecg/course/planted.py": "import ecg.kernels.warming",
        "signal/ecg/room_planted/deep.py": "import json",
    },
    "The ECG core is pure": {
        "signal/ecg/planted.py": "import relay.errors",
        "signal/ecg/screen/planted.py": "from asyncio import Queue",
    },
    "The tablet knows only the ECG, the link's language and the errors": {
        "ambulance_client/planted.py": "from relay.services.ground.late import Late",
        "ambulance_client/panel/planted.py": "import relay.alerts.sms_hook",
    },
    "The relay knows nothing of the tablet": {
        "relay/services/planted.py": "from ambulance_client import case",
    },
    "The protocol has no network in it": {
        "relay/protocol/planted.py": "import asyncio.events",
        "relay/protocol/deep/planted.py": "from time import monotonic",
    },
}
"""By contract: file and what is planted in it, in place of what it holds. A room that no floor names (``errors_planted``, ``wing_planted``) breaks it too."""


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
    for files in BREACHES.values():
        for name in files:
            # a room that no floor names is named by itself, anything else by what its module imports
            unnamed = re.search(r"\w+_planted", name)
            module = name.removeprefix("signal/").removesuffix(".py").replace("/", ".")
            breach = rf"\b{unnamed[0]}\b" if unnamed else rf"\b{re.escape(module)} -> "
            assert re.search(breach, said), module
