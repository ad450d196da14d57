"""Disks that fill up and disks that stall, below real processes. Root needed."""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from relay.faults.guard import told, undone_afterwards

BALLAST = "ballast"
SLOW_DISK_BYTES = 256 * 2**20


def why_not_small() -> str:
    """Empty where a small disk can be mounted here."""
    return "" if os.geteuid() == 0 else "Mounting a small disk needs root."


def why_not_stalling() -> str:
    """Empty where a disk that can be frozen can be made here."""
    if os.geteuid() != 0:
        return "Freezing a disk needs root."
    if not Path("/dev/loop-control").exists():
        return "Freezing a disk needs a loop device."
    missing = [name for name in ("mkfs.ext4", "fsfreeze") if shutil.which(name) is None]
    return f"{missing[0]} is not installed (scripts/fault_tools)." if missing else ""


class SmallDisk:
    """A disk of some megabytes in memory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def fill(self) -> None:
        """Leave not a byte."""
        await asyncio.to_thread(self._fill)

    def _fill(self) -> None:
        with (self.folder / BALLAST).open("wb", buffering=0) as file:
            for size in (2**20, 2**12, 1):
                try:
                    while True:
                        file.write(b"\0" * size)
                except OSError:
                    continue

    async def empty(self) -> None:
        """Give the room back."""
        await asyncio.to_thread((self.folder / BALLAST).unlink)


@asynccontextmanager
async def small_disk(folder: Path, megabytes: int) -> AsyncIterator[SmallDisk]:
    """A tmpfs on ``folder``, unmounted afterwards."""
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    async with undone_afterwards(f"umount -l {shlex.quote(str(folder))}"):
        await told("mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "kyumei", str(folder))
        yield SmallDisk(folder)


class StallingDisk:
    """A disk whose writes can be held up: every ``write`` and ``fsync`` waits, nothing fails."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def stall(self) -> None:
        """Hold up every write from now on."""
        await told("fsfreeze", "--freeze", str(self.folder))

    async def go_on(self) -> None:
        """Let the writes through."""
        await told("fsfreeze", "--unfreeze", str(self.folder))


@asynccontextmanager
async def stalling_disk(image: Path, folder: Path) -> AsyncIterator[StallingDisk]:
    """An ext4 file system in ``image``, mounted on ``folder``; thawed and unmounted afterwards."""
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    with image.open("wb") as file:
        file.truncate(SLOW_DISK_BYTES)
    await told("mkfs.ext4", "-q", "-F", str(image))
    quoted = shlex.quote(str(folder))
    async with undone_afterwards(f"fsfreeze -u {quoted}", f"umount -l {quoted}"):
        await told("mount", "-o", "loop", str(image), str(folder))
        yield StallingDisk(folder)
