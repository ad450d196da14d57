"""Where compiled kernels lie on disk, and whether they are all there. Knows no compiler.

numba notices a changed kernel file but not a changed file that it calls or takes a constant from. So the cache
has one folder for each state of the sources, named by their digest. Its files are unpickled when they are read:
they lie beside the package or in the user's own cache folder, never where others may write.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_ECG = Path(__file__).resolve().parents[1]
BESIDE = _ECG / "kernels" / "__pycache__"
PREFIX = "compiled-"
_MADE_OF = ("", "conditioning", "detecting", "beat", "kernels")
"""Folders of the sources that a kernel is made of: the rooms of the hot functions, below them the ground."""
_WHOLE = f"whole-{sys.implementation.cache_tag}-"


def folder_name() -> str:
    """Changes with any source that a kernel is made of, and with numba.

    Raises:
        ImportError: numba is not installed.
    """
    try:
        found = hashlib.sha256(version("numba").encode())
    except PackageNotFoundError as error:
        raise ImportError("numba is not installed") from error
    for path in sorted(path for room in _MADE_OF for path in (_ECG / room).glob("*.py")):
        found.update(path.relative_to(_ECG).as_posix().encode() + b"\0" + path.read_bytes())
    return PREFIX + found.hexdigest()[:16]


def roots() -> Iterator[Path]:
    """Where a cache may lie, the best first."""
    if os.environ.get("NUMBA_CACHE_DIR"):
        yield Path(os.environ["NUMBA_CACHE_DIR"])
        return
    yield BESIDE
    with suppress(RuntimeError):  # a user without a home
        base = os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()
        yield Path(base) / "kyumei-relay"


def whole(folder: Path, cpu: str) -> Path:
    """The file that says that every kernel is there, for this Python and this processor."""
    return folder / f"{_WHOLE}{cpu}"


def is_whole_for_some_cpu() -> bool:
    """Whether every kernel lies ready for this Python, as far as can be told without loading the compiler."""
    try:
        name = folder_name()
        return any(any((root / name).glob(f"{_WHOLE}*")) for root in roots())
    except (ImportError, OSError):
        return False
