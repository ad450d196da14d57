"""Hot functions: which of two equal ways each of them runs, NumPy as written or compiled by numba.

Every hot function stands in its own module in NumPy, where it is read, and carries ``@kernel("file")``. The
function of the same name in ``ecg.kernels.file`` is its twin: a compiled loop that gives the same answer
(``tests/ecg/test_ecg_kernels.py`` compares whole reports). NumPy is the oracle.

This module knows no twin and no compiler. It keeps a place for each twin, and ``ecg.kernels.warming``, far above,
brings them. Until then, and wherever numba is absent, refused or not warm yet, NumPy answers.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any, TypeVar, cast

F = TypeVar("F", bound=Callable[..., Any])
FindTwin = Callable[[str, str], Callable[..., Any]]
"""File of ``ecg.kernels`` and name of the function in, its compiled twin out."""


class _Slot:
    """One hot function: as written, where its twin is, and which of both answers now."""

    __slots__ = ("module", "now", "reference", "twin")

    def __init__(self, reference: Callable[..., Any], module: str) -> None:
        self.reference, self.module = reference, module
        self.twin: Callable[..., Any] | None = None
        self.now = reference


_SLOTS: list[_Slot] = []


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
    return "numba" if _SLOTS and all(s.now is s.twin for s in _SLOTS) else "numpy"


def use_numpy() -> None:
    """Every function as written, from the next call on."""
    for slot in _SLOTS:
        slot.now = slot.reference


def use_twins(find: FindTwin, *, only_here: bool = False) -> None:
    """Every function by its twin, from the next call on; by none where one of them is not found.

    Args:
        find: asked once for each function; what it raises goes to the caller.
        only_here: in this thread; the others go on with NumPy.
    """
    for slot in _SLOTS:
        if slot.twin is None:
            slot.twin = find(slot.module, slot.reference.__name__)
    for slot in _SLOTS:
        slot.now = _in_thread(slot) if only_here else cast(Callable[..., Any], slot.twin)


def _in_thread(slot: _Slot) -> Callable[..., Any]:
    here, compiled, reference = threading.get_ident(), cast(Callable[..., Any], slot.twin), slot.reference  # fmt: skip

    def call(*args: Any) -> Any:
        return (compiled if threading.get_ident() == here else reference)(*args)

    return call
