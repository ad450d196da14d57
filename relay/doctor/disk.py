"""The data folder and its disk: whose it is, whether it takes writes, how much fits."""

from __future__ import annotations

import os
import shutil
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from relay.data_folder import running_relay
from relay.doctor.finding import CheckResult, bad, ok

MIN_FREE_GB = 2.0
WANTED = 65_536
MIN_FILES = 4_096
SLOW_COMMIT_MS = 50.0
PROBE = ".doctor"
PROBE_BYTES = 65_536


def folder(path: Path) -> Iterator[CheckResult]:
    """Whether it is there, a folder, this user's, closed to others; and whether its disk takes writes."""
    name = "data folder"
    if path.exists() and not path.is_dir():
        yield bad(name, f"{path} is a file, not a folder; choose another with --data.")
        return
    if not path.exists():
        yield bad(name, f"{path} is not there; kyumei migrate begins a relay in it.")
        return
    found = path.stat()
    mode = stat.S_IMODE(found.st_mode)
    if mode & 0o077:
        said = f"{path} may be entered by others (mode {mode:03o}): chmod 700 {path}."
        yield bad(name, said)
    elif not os.access(path, os.W_OK):
        yield bad(name, f"{path} cannot be written by this user; check its owner.")
    else:
        yield ok(name, f"{path} is this user's alone to write and read.")
    if found.st_uid not in {os.geteuid(), 0} or (
        (database := path / "records.sqlite").exists() and database.stat().st_uid != found.st_uid
    ):
        yield bad(
            "owner", f"Files in {path} belong to different users; chown -R them to the relay's."
        )
    yield from _writes(path)


def _writes(path: Path) -> Iterator[CheckResult]:
    """Ten commits of a frame's worth: whether they succeed, and how long the middle one takes."""
    probe, times = path / PROBE, []
    try:
        with probe.open("wb", buffering=0) as file:
            for _ in range(10):
                began_s = time.perf_counter()
                if file.write(bytes(PROBE_BYTES)) != PROBE_BYTES:
                    yield bad("disk commit", f"The disk of {path} is full; free some space.")
                    return
                os.fdatasync(file.fileno())
                times.append((time.perf_counter() - began_s) * 1e3)
    except OSError as error:
        yield bad("disk commit", f"The disk of {path} takes no writes ({error.strerror}).")
        return
    finally:
        _gone(probe)
    middle_ms = sorted(times)[len(times) // 2]
    text = f"{middle_ms:.1f} ms for one commit."
    if middle_ms < SLOW_COMMIT_MS:
        yield ok("disk commit", text)
    else:
        yield bad("disk commit", f"{text} Tablets wait for it; {SLOW_COMMIT_MS:.0f} ms are wanted.")


def _gone(probe: Path) -> None:
    try:
        probe.unlink(missing_ok=True)
    except OSError:
        return  # the disk takes no writes, which was said


def space(path: Path) -> Iterator[CheckResult]:
    """How much ECG fits, and whether new files can be made."""
    if not path.is_dir():
        return
    free_gb = shutil.disk_usage(path).free / 1e9
    # 8 leads x 500 Hz x 2 bytes: 29 MB an hour of one ambulance
    text = f"{free_gb:.1f} GB free, about {free_gb / 0.029:.0f} hours of one ambulance."
    if free_gb >= MIN_FREE_GB:
        yield ok("disk space", text)
    else:
        yield bad("disk space", f"{text} {MIN_FREE_GB:.0f} GB are wanted.")
    inodes = os.statvfs(path)
    if inodes.f_files and inodes.f_favail < 1_000:
        yield bad("disk space", f"Only {inodes.f_favail} more files can be made on this disk.")


def files(path: Path) -> Iterator[CheckResult]:
    """How many files and connections the relay that runs may open, or one that this user starts."""
    relay = running_relay(path) if path.is_dir() else None
    whose, soft = "a relay started here", 0
    if relay:
        limits = Path(f"/proc/{relay}/limits")
        lines = limits.read_text().splitlines() if limits.exists() else []
        soft = next(
            (int(line.split()[3]) for line in lines if line.startswith("Max open files")), 0
        )
        whose = "the running relay"
    if soft == 0:
        import resource

        _, soft = resource.getrlimit(
            resource.RLIMIT_NOFILE
        )  # serve asks for as many as are allowed
        soft = WANTED if soft == resource.RLIM_INFINITY else soft
    text = f"{soft} for {whose}, {MIN_FILES} wanted (ulimit -n)."
    yield ok("open files", text) if soft >= MIN_FILES else bad("open files", text)
