"""Files that only their owner may read: patients' data, whoever else has an account on this machine."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

OTHERS = stat.S_IRWXG | stat.S_IRWXO


def make_new_files_private() -> None:
    """From now on no file or folder this process makes can be read by others."""
    os.umask(OTHERS)


def make_private(folder: Path) -> int:
    """Take others' rights away from a folder and all in it; how many files had given some.

    A file that is not ours to change, or that has gone meanwhile, is left; no link is followed.
    """
    changed = 0
    for path in (folder, *folder.rglob("*")):
        with suppress(OSError):
            mode = path.lstat().st_mode
            if mode & OTHERS and not stat.S_ISLNK(mode):
                path.chmod(stat.S_IMODE(mode) & ~OTHERS)
                changed += 1
    return changed


def others_may_read(path: Path) -> bool:
    """Whether anybody but the owner may read this file."""
    try:
        return bool(path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH))
    except OSError:
        return False
