"""How long the screen takes for a 10-s 12-lead record, on the records that ship with the product."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

from relay.errors import BadInput


def bench(rounds: int) -> dict[str, float | int]:
    """Milliseconds per record over ``rounds`` passes: median, p99, CPU median of the thread, n.

    Raises:
        BadInput: the sample records are not installed.
    """
    import sample_records
    from ecg.screen import screen_segment
    from relay.imports.wfdb_record import read_wfdb

    folder = Path(sample_records.__file__).parent
    paths = sorted(folder.glob("*.hea"))
    if not paths:
        raise BadInput("The sample records are missing; run scripts/make_samples.")
    records = [read_wfdb(path) for path in paths]
    for record in records:
        screen_segment(record.segment, record.patient)
    times_ms, cpu_ms = [], []
    for _ in range(rounds):
        for record in records:
            start, cpu_start = time.perf_counter(), time.thread_time()
            screen_segment(record.segment, record.patient)
            times_ms.append((time.perf_counter() - start) * 1000)
            cpu_ms.append((time.thread_time() - cpu_start) * 1000)
    times_ms.sort()
    return {
        "median_ms": round(statistics.median(times_ms), 3),
        "p99_ms": round(times_ms[min(len(times_ms) - 1, int(0.99 * len(times_ms)))], 3),
        "cpu_median_ms": round(statistics.median(cpu_ms), 3),
        "n": len(times_ms),
        "records": len(records),
    }
