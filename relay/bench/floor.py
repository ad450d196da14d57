"""The C floor beside which the screen's time is shown; built on the spot where there is a compiler."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ecg.leads import INDEPENDENT_LEADS
from ecg.values import EcgSegment

_SOURCE = Path(__file__).with_name("floor.c")
_COMPILERS = ("gcc", "cc", "clang")


def build_floor() -> Callable[[EcgSegment], Callable[[], int]] | None:
    """A function that prepares a segment and returns its timed pass; None without a C compiler.

    The pass returns the number of beats found, or -1.
    """
    compiler = next((c for c in _COMPILERS if shutil.which(c)), None)
    if compiler is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "floor.so"
        done = subprocess.run(  # noqa: S603  # a compiler of this machine on our own file
            [compiler, "-O3", "-march=native", "-shared", "-fPIC", "-o", str(library), str(_SOURCE), "-lm"],
            capture_output=True,
            check=False,
        )  # fmt: skip
        if done.returncode != 0:
            return None
        function = ctypes.CDLL(str(library)).floor_screen
    function.restype = ctypes.c_int

    def prepared(segment: EcgSegment) -> Callable[[], int]:
        rows = [segment.leads.index(n) for n in INDEPENDENT_LEADS]
        adc = np.ascontiguousarray(segment.adc[rows].T[:6000])
        levels = np.zeros(12, np.float32)
        pairs = ctypes.c_int(0)
        arguments = (
            adc.ctypes.data_as(ctypes.c_void_p),
            ctypes.c_int(adc.shape[0]),
            ctypes.c_float(segment.uv_per_lsb),
            levels.ctypes.data_as(ctypes.c_void_p),
            ctypes.byref(pairs),
        )

        def once() -> int:
            found = int(function(*arguments))
            # naming them here keeps the memory behind the pointers alive
            return found if adc.size and levels.size else -1

        return once

    return prepared
