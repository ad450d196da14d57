"""What every export must fulfil, whatever its format: nothing altered, nothing missing drawn as ECG.

A new export stands in ``relay.wiring.ways_out`` and gets one line in ``READERS``.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from uuid import UUID

import numpy as np
import numpy.typing as npt
import pytest

from ecg.leads import INDEPENDENT_LEADS, mask_of_leads
from ecg.values import MISSING
from relay.exports.port import Export, KeptEcg
from relay.model.report import Report
from relay.model.snapshot import Ranges, Snapshot, SnapshotState
from relay.wiring.ways_out import EXPORTS

FIRST, N, FS_HZ, UV_PER_LSB = 500, 5000, 500.0, 2.5


@dataclass(frozen=True)
class Read:
    """What a reader of the format finds in a file.

    Attributes:
        samples_lsb: shape ``(n_leads, n_samples)``.
        received: the same shape; False where the file says that there is no sample.
    """

    leads: tuple[str, ...]
    fs_hz: float
    uv_per_lsb: float
    samples_lsb: npt.NDArray[np.int64]
    received: npt.NDArray[np.bool_]


def read_json(file: bytes) -> Read:
    """By the shape in ``docs/ways-out.md``."""
    whole = json.loads(file)
    rows = whole["samples_lsb"]
    received = np.array([[value is not None for value in row] for row in rows])
    samples = np.array([[value or 0 for value in row] for row in rows], dtype=np.int64)
    return Read(tuple(whole["leads"]), whole["fs_hz"], whole["uv_per_lsb"], samples, received)


READERS: dict[str, Callable[[bytes], Read]] = {
    "json": read_json,
}
"""By the export's name: an independent reader of its files."""


def ecg(present: Ranges = ((FIRST, FIRST + N),), report: Report | None = None) -> KeptEcg:
    """Ten seconds with both ends of what the integers can hold."""
    whole = present == ((FIRST, FIRST + N),)
    snapshot = Snapshot(
        UUID(int=1), UUID(int=2), UUID(int=3), FIRST, N, "manual", 1_764_500_000_000_000, mask_of_leads(INDEPENDENT_LEADS), FS_HZ, UV_PER_LSB,
        SnapshotState.COMPLETE if whole else SnapshotState.PARTIAL, 1, present, "ab" * 32,
    )  # fmt: skip
    samples = np.random.default_rng(1).integers(-2000, 2000, (8, N)).astype(np.int16)
    samples[0, :2], samples[7, -2:] = (-32767, 32767), (32767, -32767)
    patient = {"age_years": 61, "sex": "M"}
    return KeptEcg(
        "中央消防", "1.0", "救急1", "synthetic", snapshot, INDEPENDENT_LEADS, samples,
        1_764_499_990_000_000, -12_000, report, patient,
    )  # fmt: skip


@pytest.fixture(params=EXPORTS, ids=lambda export: export.name)
def export(request: pytest.FixtureRequest) -> Export:
    found: Export = request.param
    return found


def test_every_export_has_a_reader_and_a_name_of_its_own() -> None:
    assert sorted(READERS) == sorted(export.name for export in EXPORTS)


def test_the_integers_come_back_as_they_were(export: Export) -> None:
    sent = ecg()
    read = READERS[export.name](export.write(sent))
    assert (read.leads, read.fs_hz, read.uv_per_lsb) == (INDEPENDENT_LEADS, FS_HZ, UV_PER_LSB)
    assert read.received.all()
    np.testing.assert_array_equal(read.samples_lsb, sent.samples_lsb)


def test_what_was_never_received_is_missing_and_the_rest_stands_where_it_was(
    export: Export,
) -> None:
    there = ((FIRST + 100, FIRST + 900), (FIRST + 1000, FIRST + N - 1))
    sent = ecg(there)
    read = READERS[export.name](export.write(sent))
    received = np.zeros((8, N), dtype=bool)
    received[:, 100:900] = received[:, 1000 : N - 1] = True
    np.testing.assert_array_equal(read.received, received)
    np.testing.assert_array_equal(read.samples_lsb[received], sent.samples_lsb[received])


def test_what_the_device_marked_as_missing_is_missing_in_its_lead_alone(export: Export) -> None:
    sent = ecg()
    sent.samples_lsb[3, 700:800] = MISSING
    read = READERS[export.name](export.write(sent))
    expected = np.ones((8, N), dtype=bool)
    expected[3, 700:800] = False
    np.testing.assert_array_equal(read.received, expected)


def test_the_same_ecg_gives_the_same_bytes_and_what_is_unknown_stops_nothing(
    export: Export,
) -> None:
    bare = replace(ecg(), patient={}, clock_offset_us=None, report=None)
    assert export.write(bare) == export.write(bare)


def test_names_suit_an_address_and_a_file(export: Export) -> None:
    assert export.name == export.name.lower()
    assert all(c.isalnum() or c == "-" for c in export.name)
    assert export.suffix.startswith(".")
    assert "/" in export.media_type
    assert export.about.endswith(".")
