"""Which of two equal ways the hot functions run: NumPy as written, or compiled by numba.

Every hot function stands in its own module in NumPy, where it is read, and carries ``@kernel("file")``. The
function of the same name in ``ecg.kernels.file`` gives the same answer from a compiled loop
(``tests/ecg/test_ecg_kernels.py`` compares whole reports). NumPy is the oracle, and it answers wherever numba is
absent, refused or not warm yet.

Nothing is compiled unless a process asks for it: ``warm()`` loads the kernels from the cache on disk, or makes
them, runs each once and only then puts them in use. The relay does so before it says that it is ready; a
command that screens one record, and the tablet, stay on NumPy and pay no compiler at their start.
"""

from __future__ import annotations

import functools
import importlib
import os
import threading
from collections.abc import Callable
from typing import Any, TypeVar, cast

SWITCH = "KYUMEI_KERNELS"
"""Environment: ``numpy`` keeps NumPy in every process; anything else leaves the choice to ``warm``."""

F = TypeVar("F", bound=Callable[..., Any])


class _Slot:
    """One hot function: as written, where its kernel is, and which of both answers now."""

    __slots__ = ("kernel", "module", "now", "reference")

    def __init__(self, reference: Callable[..., Any], module: str) -> None:
        self.reference, self.module = reference, module
        self.kernel: Callable[..., Any] | None = None
        self.now = reference


_SLOTS: list[_Slot] = []
_LOCK = threading.Lock()


def kernel(module: str) -> Callable[[F], F]:
    """Marks a function whose compiled twin of the same name is in ``ecg.kernels.<module>``."""

    def marked(reference: F) -> F:
        slot = _Slot(reference, module)
        _SLOTS.append(slot)

        @functools.wraps(reference)
        def call(*args: Any) -> Any:
            return slot.now(*args)

        return cast(F, call)

    return marked


def in_use() -> str:
    """``"numba"`` or ``"numpy"``."""
    return "numba" if _SLOTS and all(s.now is s.kernel for s in _SLOTS) else "numpy"


def use_numpy() -> None:
    """Every function as written, from the next call on."""
    for slot in _SLOTS:
        slot.now = slot.reference


def use_compiled(*, only_here: bool = False) -> None:
    """Every function by its kernel, from the next call on; ``warm`` does this and more.

    Args:
        only_here: in this thread; the others go on with NumPy.

    Raises:
        ImportError: numba is absent or switched off.
    """
    for slot in _SLOTS:
        if slot.kernel is None:
            twin = importlib.import_module(f"ecg.kernels.{slot.module}")
            slot.kernel = getattr(twin, slot.reference.__name__)
    for slot in _SLOTS:
        slot.now = _in_thread(slot) if only_here else cast(Callable[..., Any], slot.kernel)


def _in_thread(slot: _Slot) -> Callable[..., Any]:
    here, compiled, reference = threading.get_ident(), cast(Callable[..., Any], slot.kernel), slot.reference  # fmt: skip

    def call(*args: Any) -> Any:
        return (compiled if threading.get_ident() == here else reference)(*args)

    return call


def warm() -> str | None:
    """Loads or compiles the kernels, runs each once, and puts them in use. May take long; call it in a thread.

    Returns:
        None where the kernels are in use; else one sentence why NumPy stays.
    """
    with _LOCK:
        if in_use() == "numba":
            return None
        if os.environ.get(SWITCH) == "numpy":
            return f"{SWITCH}=numpy keeps the kernels out"
        try:
            importlib.import_module("ecg.kernels.warming").run()
        except ImportError as error:
            use_numpy()
            return f"numba cannot be loaded ({error})"
        except Exception as error:  # noqa: BLE001 - whatever a compiler does, the screen answers
            use_numpy()
            return f"the kernels could not be made ({type(error).__name__}: {error})"
        return None
