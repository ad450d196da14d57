"""How long the screen takes for a 10-s 12-lead record, beside NeuroKit2 and a C floor, in one run."""

from __future__ import annotations

import contextlib
import importlib
import statistics
import time
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from relay.errors import BadInput

if TYPE_CHECKING:
    from ecg.values import EcgSegment

NO_NEUROKIT = "NeuroKit2 is not installed; `uv pip install neurokit2` beside the product adds it."
NO_COMPILER = "There is no C compiler; install gcc to see the floor."
HOP_S, WINDOW_S, HOPS = 5, 10, 20
_NEUROKIT_RECORDS = 4


def bench(rounds: int) -> dict[str, Any]:
    """Milliseconds per record over ``rounds`` passes, of a live hop, and of what stands beside it.

    Every comparison is made record by record in turn, so that a busy machine slows all sides alike; judge
    ratios. The tenth percentile is the nearest to an idle machine. NeuroKit2's figure is its ``ecg_process`` on
    the eight independent leads of a record.

    Raises:
        BadInput: the sample records are not installed.
    """
    import sample_records
    from ecg.kernels.warming import warm
    from ecg.screen import screen_segment
    from relay.bench.floor import build_floor
    from relay.imports.wfdb_record import read_wfdb
    from relay.services.ground.heap import keep_few_arenas

    folder = Path(sample_records.__file__).parent
    paths = sorted(folder.glob("*.hea"))
    if not paths:
        raise BadInput("The sample records are missing; run scripts/make_samples.")
    keep_few_arenas()  # as a relay does
    refused = warm()
    records = [read_wfdb(path) for path in paths]
    own = [partial(screen_segment, r.segment, r.patient) for r in records]
    result: dict[str, Any] = {
        "kernels": refused or "in use",
        "records": len(records),
        **_both_ways(own, rounds),
        "live_hop": _both_ways(_hops(), max(1, rounds // 10)),
        "standstill": _both_ways(_looks(), max(1, rounds // 10)),
    }
    floor = build_floor()
    result["floor"] = (
        {"unavailable": NO_COMPILER}
        if floor is None
        else _beside(own, [floor(r.segment) for r in records], 50)
    )
    result["neurokit2"] = _neurokit(own, records)
    return result


def _hops() -> list[Callable[[], object]]:
    """What the relay does every five seconds of a live stream: screen the newest ten, make the JSON."""
    from ecg.screen import screen_segment
    from ecg.values import PatientFacts

    facts = PatientFacts(60, "M")

    def hop(segment: EcgSegment) -> object:
        return screen_segment(segment, facts).as_json()

    return [partial(hop, segment) for segment in _newest_tens()]


def _looks() -> list[Callable[[], object]]:
    """And beside it: does the heart stand still?"""
    from ecg.detecting.standstill import StandstillWatch

    watch = StandstillWatch()
    return [partial(watch.look, segment) for segment in _newest_tens()]


def _newest_tens() -> list[EcgSegment]:
    from ecg.synthetic.patient import SyntheticPatient

    patient = SyntheticPatient("normal", 7, noise="moderate")
    return [patient.segment(500 * HOP_S * k, 500 * WINDOW_S) for k in range(HOPS)]


def _both_ways(work: Sequence[Callable[[], object]], rounds: int) -> dict[str, Any]:
    """Times with the kernels, where there are any, and on NumPy, in turn; the first answer of each is not counted."""
    from ecg import hot
    from ecg.kernels.warming import use_compiled

    has_kernels = hot.in_use() == "numba"
    wall_ms, cpu_ms, numpy_ms = list[float](), list[float](), list[float]()
    for k in range(rounds + 1):
        for way in (True, False) if has_kernels else (False,):
            use_compiled() if way else hot.use_numpy()
            work[0]()
            for once in work if k else ():
                start, cpu_start = time.perf_counter(), time.thread_time()
                once()
                cpu = (time.thread_time() - cpu_start) * 1000
                if not way:
                    numpy_ms.append(cpu)
                if way or not has_kernels:
                    cpu_ms.append(cpu)
                    wall_ms.append((time.perf_counter() - start) * 1000)
    if has_kernels:
        use_compiled()
    return {
        "median_ms": _share(wall_ms, 0.5),
        "p99_ms": _share(wall_ms, 0.99),
        "cpu_median_ms": _share(cpu_ms, 0.5),
        "cpu_p10_ms": _share(cpu_ms, 0.1),
        "n": len(cpu_ms),
        "numpy_cpu_median_ms": _share(numpy_ms, 0.5),
        "numpy_cpu_p10_ms": _share(numpy_ms, 0.1),
    }


def _share(values_ms: list[float], share: float) -> float:
    ordered = sorted(values_ms)
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 3)


def _beside(
    own: Sequence[Callable[[], object]], other: Sequence[Callable[[], object]], times: int
) -> dict[str, float]:
    """CPU milliseconds of another way to read the same records, in turn with ours."""
    ours_ms, theirs_ms = [], []
    for mine, theirs in zip(own, other, strict=True):
        start = time.thread_time()
        mine()
        middle = time.thread_time()
        for _ in range(times):
            theirs()
        end = time.thread_time()
        ours_ms.append((middle - start) * 1000)
        theirs_ms.append((end - middle) * 1000 / times)
    ours, their = statistics.median(ours_ms), statistics.median(theirs_ms)
    return {"cpu_median_ms": round(their, 4), "ours_ms": round(ours, 3), "ratio": round(their / ours, 4)}  # fmt: skip


def _neurokit(own: Sequence[Callable[[], object]], records: list[Any]) -> dict[str, Any]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            neurokit2 = importlib.import_module("neurokit2")
    except ImportError:
        return {"unavailable": NO_NEUROKIT}

    from ecg.leads import INDEPENDENT_LEADS

    def of(record: Any) -> Callable[[], object]:
        rows = [record.segment.leads.index(n) for n in INDEPENDENT_LEADS]
        uv = np.asarray(record.segment.adc[rows] * record.segment.uv_per_lsb / 1000.0)

        def once() -> int:
            done = 0
            for row in uv:
                with warnings.catch_warnings(), contextlib.suppress(Exception):
                    warnings.simplefilter("ignore")
                    neurokit2.ecg_process(row, sampling_rate=int(record.segment.fs_hz))
                    done += 1
            return done

        return once

    theirs = [of(record) for record in records[:_NEUROKIT_RECORDS]]
    theirs[0]()  # its imports and caches are not counted
    found = _beside(own[: len(theirs)], theirs, 1)
    return {**found, "version": str(neurokit2.__version__), "leads": 8, "records": len(theirs)}
