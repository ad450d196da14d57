"""Puts the compiled twins in use, once every one of them has read a few synthetic hearts.

Nothing is compiled unless a process asks for it. ``warm()`` loads the twins from the cache on disk, or makes
them, runs each once and only then puts them in use. The relay does so when the first ECG comes; a command that
screens one record, and the tablet, stay on NumPy and pay no compiler at their start.
"""

from __future__ import annotations

import importlib
import os
import threading
from collections.abc import Callable
from typing import Any, cast

from ecg import hot
from ecg.screen import screen_segment
from ecg.synthetic.noise import NoiseLevel
from ecg.synthetic.patient import SyntheticPatient
from ecg.values import PatientFacts

SWITCH = "KYUMEI_KERNELS"
"""Environment: ``numpy`` keeps NumPy in every process; anything else leaves the choice to ``warm``."""

_HEARTS: tuple[tuple[str, NoiseLevel], ...] = (
    ("anterior-stemi", "ambulance"),
    ("lbbb", "moderate"),
    ("atrial-fibrillation", "severe"),
)
_LOCK = threading.Lock()


def warm() -> str | None:
    """Loads or compiles the twins, runs each once, and puts them in use. May take long; call it in a thread.

    Returns:
        None where the twins are in use; else one sentence why NumPy stays.
    """
    with _LOCK:
        if hot.in_use() == "numba":
            return None
        if os.environ.get(SWITCH) == "numpy":
            return f"{SWITCH}=numpy keeps the kernels out"
        try:
            _try_them()
        except ImportError as error:
            hot.use_numpy()
            return f"numba cannot be loaded ({error})"
        except Exception as error:  # noqa: BLE001 - whatever a compiler does, the screen answers
            hot.use_numpy()
            return f"the kernels could not be made ({type(error).__name__}: {error})"
        return None


def use_compiled(*, only_here: bool = False) -> None:
    """Every hot function by its twin, from the next call on; ``warm`` does this and more.

    Args:
        only_here: in this thread; the others go on with NumPy.

    Raises:
        ImportError: numba is absent or switched off.
    """
    hot.use_twins(_twin, only_here=only_here)


def _twin(file: str, name: str) -> Callable[..., Any]:
    return cast(Callable[..., Any], getattr(importlib.import_module(f"ecg.kernels.{file}"), name))


def _try_them() -> None:
    """Screens a few synthetic hearts with the twins in this thread, which loads or compiles every one of them."""
    from ecg.kernels import jit  # loads numba, which may be absent

    use_compiled(only_here=True)
    for heart, noise in _HEARTS:
        segment = SyntheticPatient(heart, 1, noise=noise).segment(0, 5000)
        screen_segment(segment, PatientFacts(60, "M"))
    jit.keep()
    use_compiled()
