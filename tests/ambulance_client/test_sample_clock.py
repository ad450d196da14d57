"""The device's rate against the tablet's clock, and the counter of stamped samples."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ambulance_client.sample_clock import SampleClock
from ambulance_client.sources.stamps import HOLE_S, Chunk, HoleFinder, StampedCounter

FS = 500.0


def _watched(ppm: float, minutes: float, jitter_s: float, seed: int = 1) -> SampleClock:
    clock, rng = SampleClock(FS), np.random.default_rng(seed)
    for at_s in np.arange(0.05, minutes * 60, 0.05):
        end = int(at_s * FS * (1 + ppm * 1e-6))
        clock.saw(end, 1000.0 + at_s + rng.exponential(jitter_s))
    return clock


@pytest.mark.parametrize("ppm", [-100.0, 0.0, 100.0])
def test_a_hundred_ppm_are_seen_through_jitter_of_a_radio(ppm: float) -> None:
    found = _watched(ppm, minutes=10, jitter_s=0.02).rate_error()

    assert found is not None
    assert found.ppm == pytest.approx(ppm, abs=15)
    assert not found.wrong


def test_nothing_is_said_before_a_minute_and_a_false_rate_is_said_after() -> None:
    assert _watched(10_000.0, minutes=0.9, jitter_s=0.02).rate_error() is None
    found = _watched(10_000.0, minutes=1.5, jitter_s=0.02).rate_error()
    assert found is not None and found.wrong


def test_one_long_stall_is_no_false_rate() -> None:
    clock = SampleClock(FS)
    for at_s in np.arange(0.05, 300, 0.05):
        stalled = 120 <= at_s < 128
        clock.saw(int(at_s * FS), (128.0 if stalled else float(at_s)) + 0.01)
    found = clock.rate_error()
    assert found is not None and abs(found.ppm) < 50 and not found.wrong


def test_a_pulled_cable_is_a_hole_of_its_length() -> None:
    counter = StampedCounter(FS)
    first = [100 + i / FS for i in range(50)]
    after = [100 + 50 / FS + 7.0 + i / FS for i in range(50)]

    assert [(r.first_sample, r.start, r.end) for r in counter.place(first, 10.0)] == [(0, 0, 50)]
    runs = counter.place(after, 17.1)
    assert [(r.first_sample, r.start, r.end) for r in runs] == [(50 + 3500, 0, 50)]


def test_a_restarted_device_counts_by_arrival() -> None:
    counter = StampedCounter(FS)
    counter.place([9_000.0], 10.0)

    (run,) = counter.place([3.0], 15.0)

    assert run.first_sample == pytest.approx(1 + 5 * FS, abs=2)


@given(
    chunks=st.lists(st.integers(1, 60), min_size=1, max_size=30),
    jitter=st.lists(st.floats(-0.4, 0.4), min_size=30, max_size=30),
)
def test_jitter_below_a_hole_never_moves_the_counter(
    chunks: list[int], jitter: list[float]
) -> None:
    counter, made = StampedCounter(FS), 0
    for n, shake in zip(chunks, jitter, strict=False):
        stamps = [(made + i) / FS + shake for i in range(n)]
        runs = counter.place(stamps, (made + n) / FS)
        assert [r.first_sample for r in runs] == [made]
        made += n
    assert counter.next_sample == made


@given(
    steps=st.lists(st.floats(0.0, 30.0), min_size=1, max_size=60),
    cuts=st.lists(st.integers(1, 20), min_size=1, max_size=60),
)
def test_any_cutting_places_the_same_samples(steps: list[float], cuts: list[int]) -> None:
    stamps = np.cumsum([1 / FS + (s if s > HOLE_S else 0.0) for s in steps]).tolist()

    def placed(sizes: list[int]) -> list[int]:
        counter, at, out = StampedCounter(FS), 0, []
        for size in [*sizes, len(stamps)]:
            part = stamps[at : at + size]
            for run in counter.place(part, part[-1]) if part else []:
                out += range(run.first_sample, run.first_sample + run.end - run.start)
            at += size
        return out

    whole = placed([len(stamps)])
    assert placed(cuts) == whole
    assert whole == sorted(set(whole))


def _placed(chunks: list[tuple[list[int], list[float], float]]) -> dict[int, int]:
    """Where each sample (known by its number at the device) was placed; those that wait are left out."""
    finder = HoleFinder(FS)
    out: dict[int, int] = {}
    for samples, stamps, arrived_s in chunks:
        for placed in finder.take(Chunk(np.array(samples), stamps, arrived_s)):
            at = range(placed.first_sample, placed.first_sample + len(placed.values))
            out |= dict(zip(placed.values.tolist(), at, strict=True))
    return out


def _radio(seconds: float, lost_s: float, every_s: float, latency_s: float = 0.02):
    """A device that loses ``lost_s`` of every ``every_s``, in chunks of 50 ms, stamps right."""
    n = round(0.05 * FS)
    for first in range(0, round(seconds * FS), n):
        kept = [k for k in range(first, first + n) if (k / FS) % every_s >= lost_s]
        if kept:
            yield kept, [k / FS for k in kept], (first + n) / FS + latency_s


@pytest.mark.parametrize(("lost_s", "every_s"), [(0.6, 5.0), (0.3, 2.0), (0.95, 4.0), (0.15, 3.0)])
def test_a_short_hole_stays_a_hole_of_its_length(lost_s: float, every_s: float) -> None:
    placed = _placed(list(_radio(40, lost_s, every_s)))

    start = min(placed) - placed[min(placed)]
    assert max(placed) > 38 * FS
    wrong = {k: at - (k - start) for k, at in placed.items() if abs(at - (k - start)) > 0.03 * FS}
    assert wrong == {}


def test_losses_too_short_to_be_seen_one_by_one_add_up() -> None:
    placed = _placed(list(_radio(60, 0.05, 1.0)))

    start = min(placed) - placed[min(placed)]
    assert abs(placed[max(placed)] - (max(placed) - start)) <= 0.15 * FS


@given(st.lists(st.tuples(st.floats(0.0, 0.8), st.integers(5, 40)), min_size=1, max_size=20))
def test_a_sender_that_is_held_up_and_catches_up_makes_no_hole(
    stalls: list[tuple[float, int]],
) -> None:
    """Nothing is missing: the samples of a stall come in one burst, stamped when they were pushed."""
    chunks, made, now_s = [], 0, 0.0
    for stall_s, ticks in stalls:
        for _ in range(ticks):
            now_s += 0.05
            due = round(now_s * FS)
            chunks.append((list(range(made, due)), [now_s] * (due - made), now_s))
            made = due
        now_s += stall_s
    chunks = [c for c in chunks if c[0]]
    pieces = [
        (c[0][at : at + 50], c[1][at : at + 50], c[2])
        for c in chunks
        for at in range(0, len(c[0]), 50)
    ]
    placed = _placed(pieces)
    assert all(k == at for k, at in placed.items())


def test_a_network_that_was_held_up_makes_no_hole() -> None:
    n = round(0.05 * FS)
    chunks = []
    for i in range(400):
        arrived_s = max((i + 1) * 0.05, 10.7 if 200 <= i < 214 else 0.0)  # 0.7 s late, then a burst
        samples = list(range(i * n, (i + 1) * n))
        chunks.append((samples, [k / FS for k in samples], arrived_s))
    assert all(k == at for k, at in _placed(chunks).items())


@pytest.mark.parametrize("ppm", [-1_500, -100, 100, 1_500])
def test_a_clock_that_runs_fast_or_slow_makes_no_hole(ppm: int) -> None:
    n = round(0.05 * FS)
    stretch = 1 + ppm * 1e-6
    chunks = []
    for i in range(20 * 600):
        samples = list(range(i * n, (i + 1) * n))
        chunks.append((samples, [k / FS * stretch for k in samples], (i + 1) * 0.05 * stretch))
    assert all(k == at for k, at in _placed(chunks).items())
