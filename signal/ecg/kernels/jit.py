"""How a kernel is compiled, and where the result is kept.

``nogil`` for the screening threads; kept on disk so that only the first process compiles; no ``fastmath`` and no
``parallel``: sums run in the order in which they are written, so the same bytes give the same report.

numba notices a changed kernel file but not a changed file that it calls or takes a constant from. So the cache
has one folder for each state of the sources, named by their digest. Its files are unpickled when they are read:
they lie beside the package or in the user's own cache folder, never where others may write.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from llvmlite.binding import get_host_cpu_name
from numba.core import config
from numba.core.caching import CompileResultCacheImpl, FunctionCache, UserProvidedCacheLocator

F = TypeVar("F", bound=Callable[..., Any])
_ECG = Path(__file__).resolve().parents[1]
_BESIDE = _ECG / "kernels" / "__pycache__"
_PREFIX = "compiled-"
if config.DISABLE_JIT:
    raise ImportError("NUMBA_DISABLE_JIT is set")


def _digest() -> str:
    """Changes with any source that a kernel is made of, and with numba."""
    found = hashlib.sha256(numba.__version__.encode())
    for path in sorted([*_ECG.glob("*.py"), *_ECG.glob("kernels/*.py")]):
        found.update(path.name.encode() + b"\0" + path.read_bytes())
    return found.hexdigest()[:16]


def _roots() -> Iterator[Path]:
    """Where a cache may lie, the best first."""
    if os.environ.get("NUMBA_CACHE_DIR"):
        yield Path(os.environ["NUMBA_CACHE_DIR"])
        return
    yield _BESIDE
    with suppress(RuntimeError):  # a user without a home
        base = os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()
        yield Path(base) / "kyumei-relay"


def _whole(folder: Path) -> Path:
    """The file that says that every kernel is there, for this Python and this processor."""
    return folder / f"whole-{sys.implementation.cache_tag}-{get_host_cpu_name()}"


def _folder() -> Path | None:
    """The first folder that is whole or can be written; None where every process has to compile for itself."""
    name = _PREFIX + _digest()
    for root in _roots():
        folder = root / name
        if _whole(folder).is_file():
            return folder
        with suppress(OSError):
            folder.mkdir(mode=0o755, parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                return folder
    return None


CACHE = _folder()
"""Where this process keeps and finds compiled kernels."""


MADE: list[Any] = []
"""Every kernel, for the test that all are warm."""


class _Locator(UserProvidedCacheLocator):  # type: ignore[misc]  # numba has no types
    """Our folder, whether it can be written or only read."""

    def __init__(self, py_func: Any, py_file: str) -> None:
        self._py_file, self._lineno = py_file, py_func.__code__.co_firstlineno
        self._cache_path = str(CACHE)

    def ensure_cache_path(self) -> None:
        """Nothing to do: ``_folder`` has looked."""

    @classmethod
    def from_function(cls, py_func: Any, py_file: str) -> _Locator:
        """The place for one function."""
        return cls(py_func, py_file)


class _Layout(CompileResultCacheImpl):  # type: ignore[misc]
    _locator_classes = (_Locator,)


class _Cache(FunctionCache):  # type: ignore[misc]
    """numba's cache, except that a full or read-only disk costs a compilation and nothing else."""

    _impl_class = _Layout

    def save_overload(self, sig: Any, data: Any) -> None:
        with suppress(OSError):
            super().save_overload(sig, data)


def jit(function: F) -> F:
    """The function compiled at its first call, or loaded from the cache."""
    made = numba.njit(nogil=True, error_model="numpy")(function)
    MADE.append(made)
    if CACHE is not None:
        made._cache = _Cache(function)  # noqa: SLF001 - what ``cache=True`` does, with our own place
    return cast(F, made)


def keep() -> None:
    """Says that the folder is whole, once every kernel ran; beside the package, folders of earlier sources go."""
    if CACHE is None:
        return
    with suppress(OSError):
        _whole(CACHE).touch()
        for old in _BESIDE.glob(f"{_PREFIX}*"):
            if old != CACHE:
                shutil.rmtree(old, ignore_errors=True)
