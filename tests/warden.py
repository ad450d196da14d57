"""Outlives a test process, however that ends, and leaves neither processes nor folders of it behind.

The test process names a mark in its environment: whatever it starts inherits it, and so does whatever
those start. The warden reads a pipe that only the test process holds; once the pipe has ended, so has
the test process, and every process that bears the mark is asked to end, then killed. What is mounted
below the folder is unmounted, and the folder goes.

``stand_by`` runs it as ``python warden.py MARK [FOLDER]``: the standard library alone, so that it starts at once.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

VARIABLE = "TESTS_MARK"
POLITELY_S = 3.0
UNDONE_WITHIN_S = 240.0
UNDOING = b"cat >/dev/null; "
"""How ``relay.faults.guard`` begins: it takes namespaces and disks away by itself once its pipe has ended."""


def stand_by(folder: Path | None = None) -> Callable[[], None]:
    """Marks whatever this process starts from now on; gives what clears up at an orderly end, and waits for it."""
    mark = uuid4().hex
    os.environ[VARIABLE] = f"{os.environ.get(VARIABLE, '')},{mark}"
    names = [mark] if folder is None else [mark, str(folder)]
    unmarked = {name: value for name, value in os.environ.items() if name != VARIABLE}
    warden = subprocess.Popen(
        [sys.executable, "-I", __file__, *names],
        stdin=subprocess.PIPE, start_new_session=True, env=unmarked, cwd="/",
    )  # fmt: skip
    return warden.communicate


def marked(mark: str) -> list[int]:
    """Every process that the mark was handed to and that still runs."""
    found = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal()]
    return [pid for pid in found if pid != os.getpid() and _bears(pid, mark)]


def _bears(pid: int, mark: str) -> bool:
    try:
        words = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:  # gone, a zombie, or somebody else's
        return False
    marks = next((it for it in words if it.startswith(f"{VARIABLE}=".encode())), b"")
    return mark.encode() in marks


def _undoes(pid: int) -> bool:
    try:
        return UNDOING in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def end_marked(mark: str) -> list[int]:
    """End them all; returns whom that concerned."""
    began_s = time.monotonic()
    told: set[int] = set()
    while pids := marked(mark):
        age_s = time.monotonic() - began_s
        for pid in pids:
            if _undoes(pid) and age_s < UNDONE_WITHIN_S:
                continue
            if age_s > POLITELY_S:
                _signal(pid, signal.SIGKILL)
            elif pid not in told:
                _signal(pid, signal.SIGTERM)
            told.add(pid)
        time.sleep(0.05)
    return sorted(told)


def _signal(pid: int, which: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, which)


def remove(folder: Path) -> None:
    """Unmount whatever is mounted below, and take the folder away."""
    below = f"{folder.resolve()}/"
    mounts = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
    for mount in sorted((it for it in mounts if it.startswith(below)), reverse=True):
        subprocess.run(["umount", "-l", mount], check=False)
    shutil.rmtree(folder, ignore_errors=True)


def main(mark: str, folder: str = "") -> None:
    """Wait for the end of the pipe, then clear up."""
    for which in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(which, signal.SIG_IGN)
    sys.stdin.read()
    end_marked(mark)
    if folder:
        remove(Path(folder))


if __name__ == "__main__":
    main(*sys.argv[1:])
