"""How a kernel is compiled, and where the result is kept.

``nogil`` for the screening threads; kept on disk so that only the first process compiles; no ``fastmath`` and no
``parallel``: sums run in the order in which they are written, so the same bytes give the same report.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar, cast

from ecg.kernels.cache import BESIDE, PREFIX, folder_name, roots, whole


def _load_numba_alone() -> None:
    """Load numba without the whole of scipy's linear algebra, whose BLAS no kernel calls.

    Wherever scipy is installed numba loads it: a tenth of a second and sixteen megabytes of every relay with ECG.
    """
    if "scipy" in sys.modules or "numba" in sys.modules:
        return
    sys.modules["scipy"] = None  # type: ignore[assignment]  # the import system's own "there is none"
    try:
        import numba.np.arraymath  # noqa: F401
    finally:
        del sys.modules["scipy"]


_load_numba_alone()

import numba  # noqa: E402
from llvmlite.binding import get_host_cpu_name  # noqa: E402
from numba.core import config  # noqa: E402
from numba.core.caching import (  # noqa: E402
    CompileResultCacheImpl,
    FunctionCache,
    UserProvidedCacheLocator,
)

F = TypeVar("F", bound=Callable[..., Any])
if config.DISABLE_JIT:
    raise ImportError("NUMBA_DISABLE_JIT is set")


def _folder() -> Path | None:
    """The first folder that is whole or can be written; None where every process has to compile for itself."""
    name = folder_name()
    for root in roots():
        folder = root / name
        if whole(folder, get_host_cpu_name()).is_file():
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
        whole(CACHE, get_host_cpu_name()).touch()
        for old in BESIDE.glob(f"{PREFIX}*"):
            if old != CACHE:
                shutil.rmtree(old, ignore_errors=True)
