"""A run that is cut off, however rudely, leaves no process and no folder behind.

A small run of pytest, with a worker as ``make test`` has them, starts one of each: a relay, a tablet, a
Chromium, a screen, a child that left its parents' group, a folder, a mounted disk, a network namespace.
Then it is cut off.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import pytest

from relay.faults.namespaces import why_not
from tests.city import until
from tests.conftest import ROOT

pytestmark = [pytest.mark.process, pytest.mark.slow]

NAME = "test_stays.py"
KINDS = ("tests.nursery relay", "tests.nursery ambulance_client", "sleep 1000", "--type=renderer")
STAYS = '''
"""Starts one of each, says so, and stays until it is cut off."""
import asyncio
import os
import shutil
import subprocess
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

from relay.faults import disks, namespaces
from tests.browser_page import chromium
from tests.city import City

async def test_stays(tmp_path):
    tempfile.mkdtemp(prefix="forgotten-")
    subprocess.Popen("setsid sh -c 'trap : TERM; sleep 1000; sleep 1000' &", shell=True)
    async with AsyncExitStack() as stack:
        city = City(tmp_path, ["救急1"])
        city.start_relay()
        city.start_tablet("救急1", "synthetic:normal?seed=1")
        browser = await stack.enter_async_context(chromium())
        await browser.new_page()
        if shutil.which("Xvfb"):
            await asyncio.create_subprocess_exec("Xvfb", "-displayfd", "2")
        if not namespaces.why_not():
            await stack.enter_async_context(disks.small_disk(tmp_path / "disk", 1))
            await stack.enter_async_context(namespaces.open_wire())
        Path(os.environ["STAYS_SAYS"]).write_text(str(os.getpid()))
        await asyncio.sleep(1000)
'''


def _cut(run: subprocess.Popen[bytes], _: int, which: signal.Signals) -> None:
    run.send_signal(which)


def _ctrl_c(run: subprocess.Popen[bytes], _: int, which: signal.Signals) -> None:
    os.killpg(run.pid, which)


def _worker(_: subprocess.Popen[bytes], worker: int, which: signal.Signals) -> None:
    os.kill(worker, which)


def _all_of(run: str) -> list[psutil.Process]:
    """Whatever was started with this in its environment, and what that started (a browser rubs its own out)."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if run.encode() in Path(f"/proc/{process.pid}/environ").read_bytes():
                found += [process, *process.children(recursive=True)]
    return found


def _living(processes: list[psutil.Process]) -> list[str]:
    found = []
    for process in processes:
        with suppress(psutil.Error):
            if process.status() != psutil.STATUS_ZOMBIE:
                found.append(" ".join(process.cmdline()))
    return found


def _namespaces(of: int) -> list[str]:
    """Those whose names say that this process made them."""
    return [it.name for it in Path("/run/netns").glob(f"kyumei-*-{of}-*")]


@pytest.fixture
def temporary() -> Iterator[Path]:
    """Short, for a browser's socket must have room in it."""
    with TemporaryDirectory() as folder:
        yield Path(folder)


@asynccontextmanager
async def _small_run(
    folder: Path, temporary: Path
) -> AsyncIterator[tuple[subprocess.Popen[bytes], int]]:
    """A run that stays, and its worker."""
    (folder / NAME).write_text(STAYS)
    says, log = folder / "says", folder / "log"
    marks = {"TMPDIR": str(temporary), "STAYS_SAYS": str(says)}
    command = [
        # a suite begun in the background hands down that Ctrl-C means nothing
        "env",
        "--default-signal=INT",
        sys.executable,
        "-m",
        "pytest",
        "-c",
        ROOT / "pyproject.toml",
        "-p",
        "tests.conftest",
    ]
    with log.open("wb") as output:
        run = subprocess.Popen(
            [*command, "-q", "-n", "1", "--max-worker-restart=0", folder / NAME],
            cwd=ROOT, env={**os.environ, **marks}, stdout=output, stderr=output, process_group=0,
        )  # fmt: skip
    await until(lambda: says.is_file() or run.poll() is not None)
    assert run.poll() is None, log.read_text()
    yield run, int(says.read_text())
    assert await until(lambda: run.poll() is not None)


@pytest.mark.parametrize(
    ("cut", "which"),
    [
        (_ctrl_c, signal.SIGINT),
        (_cut, signal.SIGTERM),
        (_cut, signal.SIGKILL),
        (_worker, signal.SIGKILL),
    ],
)
async def test_a_run_that_is_cut_off_leaves_nothing(
    cut, which, tmp_path: Path, temporary: Path
) -> None:
    async with _small_run(tmp_path, temporary) as (run, worker):
        there = _all_of(str(tmp_path))
        said = _living(there)
        for kind in KINDS:
            assert any(kind in line for line in said), said
        assert why_not() or _namespaces(worker)
        cut(run, worker, which)

    def left() -> list[object]:
        return [*_living(there), *_living(_all_of(str(tmp_path))), *temporary.iterdir()]

    try:
        await until(lambda: not left())
    except AssertionError:
        raise AssertionError(f"left behind: {left()}") from None
    assert _namespaces(worker) == []
    assert str(temporary) not in Path("/proc/self/mounts").read_text()
