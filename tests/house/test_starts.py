"""What a start may load: nothing that only another command, a bench, a demo or a rare hour needs.

Real processes say what they imported (``-X importtime``); the figures are ``kyumei bench start``.
"""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from relay.cli import COMMANDS, GROUPS
from tests.city import Process, answers, free_port, until

pytestmark = pytest.mark.process

NEVER = {
    "IPython": "a person's shell",
    "aiosmtplib": "mail comes with the first letter that goes by it",
    "aiortc": "the media stack comes with the first picture (relay/video/late.py)",
    "av": "the media stack comes with the first picture (relay/video/late.py)",
    "llvmlite": "kernels come with the first ECG (relay/services/screening/warm_up.py)",
    "matplotlib": "a sheet is drawn by the command that was asked for one",
    "mypy": "of development",
    "numba": "kernels come with the first ECG (relay/services/screening/warm_up.py)",
    "numpy.f2py": "Fortran is nobody's; scipy's linear algebra would bring it",
    "pandas": "wfdb would bring it",
    "pydantic.v1.main": "FastAPI would ask it about every route (relay/fastapi_alone.py)",
    "pygments": "coloured tracebacks",
    "pylsl": "a source of the tablet, if it is named",
    "pytest": "of development",
    "rich.console": "structlog would bring it (relay/__init__.py)",
    "scipy._lib": "NumPy and our kernels do what is needed (ecg/kernels/jit.py)",
    "trustme": "certificates of a drill",
    "wfdb": "records are read by the commands that are given some",
}
"""Of no start, and why not. What a name that is hidden would load is named by a module within it: the attempt is told too."""
RELAYS = {
    "relay.bench",
    "relay.demo",
    "relay.faults",
    "relay.imports",
    "relay.vault",
    "ambulance_client",
}
"""What commands, benches and drills run."""
MAPPER = {"alembic", "sqlalchemy.orm", "sqlalchemy.dialects.postgresql"}
"""Tables are known without objects; steps are loaded where one is missing; SQLite is the database."""
OTHER_COMMANDS = {
    f"relay.cli.{place.partition(':')[0]}" for place in (*COMMANDS.values(), *GROUPS.values())
}
"""A command that is named is read in alone."""
SERVER = {"fastapi", "numpy", "ecg", "uvicorn", "websockets", "relay.web", "relay.video", "relay.wiring"}  # fmt: skip
FOREIGN = {
    "sqlalchemy",
    "aiosqlite",
    "relay.services",
    "relay.ecglog",
    "relay.records",
    "relay.wiring",
    "argon2",
}
_LINE = re.compile(r"^import time: +\d+ \| +\d+ \| +(\S+)$", re.MULTILINE)


def _loaded(said: str) -> set[str]:
    """Every module that was loaded, with the packages it lies in."""
    found = set()
    for name in _LINE.findall(said):
        parts = name.split(".")
        found |= {".".join(parts[: n + 1]) for n in range(len(parts))}
    return found


def _is_clean(said: str, forbidden: Iterable[str]) -> None:
    loaded = _loaded(said)
    assert "relay.errors" in loaded, f"nothing was heard of its imports: {said[-500:]}"
    assert not (found := loaded & {*forbidden}), f"it loaded {sorted(found)}"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder whose database is of this version."""
    folder = tmp_path / "data"
    subprocess.run([sys.executable, "-m", "relay", "migrate", "--data", str(folder)], check=True)
    return folder


async def _until_answers(process: Process, url: str) -> None:
    await until(lambda: answers(url) or process.child.poll() is not None)
    assert process.child.poll() is None, process.said()


async def test_a_starting_and_idle_relay_loads_what_it_serves_with_and_no_more(data: Path) -> None:
    port, log = free_port(), data.parent / "relay.log"
    args = ["-X", "importtime", "-m", "relay", "serve", "--port", str(port), "--data", str(data)]
    relay = Process(args, log)
    try:
        await _until_answers(relay, f"http://localhost:{port}/readyz")
    finally:
        relay.stop()
    _is_clean(
        relay.said(),
        {*NEVER, *RELAYS, *MAPPER, "PIL"}
        | OTHER_COMMANDS - {"relay.cli.serve", "relay.cli.migrate"},
    )


def test_a_command_composes_only_what_it_needs(data: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "relay", "users", "list", "--data", str(data)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    _is_clean(
        done.stderr, {*NEVER, *RELAYS, *MAPPER, *SERVER} | OTHER_COMMANDS - {"relay.cli.users"}
    )


async def test_the_tablet_loads_no_database_of_the_relay_and_no_science_library(
    tmp_path: Path,
) -> None:
    port, log = free_port(), tmp_path / "tablet.log"
    tablet = Process(
        [
            "-X", "importtime", "-m", "ambulance_client", "run", "--unit", "救急1", "--token", "x",
            "--source", "synthetic:normal?seed=1", "--relay", f"ws://localhost:{free_port()}",
            "--spool", str(tmp_path / "spool"), "--panel-port", str(port),
        ],
        log,
    )  # fmt: skip
    try:
        await _until_answers(tablet, f"http://localhost:{port}/api/state")
    finally:
        tablet.child.send_signal(signal.SIGTERM)
        tablet.stop()
    _is_clean(tablet.said(), {*NEVER, *MAPPER, *FOREIGN})


def test_kernels_are_loaded_without_what_their_compiler_would_like_to_have() -> None:
    code = "import relay.errors; from ecg.kernels.warming import warm; assert warm() is None"
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", code], capture_output=True, text=True, check=True
    )
    assert "numba" in _loaded(done.stderr)
    _is_clean(done.stderr, {*NEVER} - {"numba", "llvmlite"})


@pytest.mark.parametrize(
    "planted", ["scipy._lib", "relay.demo", "pydantic.v1.main", "relay.cli.bench"]
)
def test_a_planted_import_is_seen(planted: str, data: Path) -> None:
    """The guard itself: a command that also loads what it does not need is told apart."""
    code = f"import {planted}; from relay.__main__ import main; main()"
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", code, "users", "list", "--data", str(data)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    with pytest.raises(AssertionError, match=f"it loaded .*'{planted}'"):
        _is_clean(done.stderr, {*NEVER, *RELAYS} | OTHER_COMMANDS - {"relay.cli.users"})
