"""Sources: real records replayed bit-exact, synthetic patients, and every wrong input."""

from __future__ import annotations

import csv
import itertools
from pathlib import Path

import numpy as np
import pytest

from ambulance_client.sources import open_source
from ambulance_client.sources.wfdb_replay import WfdbReplay, read_record
from ecg.files.digital import NotAnEcgError, leads_to_send, segment_of_digital
from ecg.leads import INDEPENDENT_LEADS
from ecg.values import EcgSegment
from relay.errors import BadInput


def _twelve_lead(records: Path, dataset: str) -> list[Path]:
    with (records / "MANIFEST.csv").open() as file:
        rows = list(csv.DictReader(file))
    return [
        records / row["path"]
        for row in rows
        if row["dataset"] == dataset and int(row["n_leads"]) >= 12
    ]


@pytest.mark.records
@pytest.mark.parametrize("dataset", ["ludb", "ptbdb"])
def test_real_records_are_taken_without_changing_a_step(records: Path, dataset: str) -> None:
    import wfdb

    for path in _twelve_lead(records, dataset)[:12]:
        segment, _ = read_record(path)
        truth = wfdb.rdrecord(str(path), physical=False)
        column = {name.lower(): i for i, name in enumerate(truth.sig_name)}
        assert segment.fs_hz == truth.fs
        for row, lead in enumerate(segment.leads):
            i = column[lead.lower()]
            physical_uv = (truth.d_signal[:, i] - truth.baseline[i]) / truth.adc_gain[i] * 1000
            assert np.allclose(segment.adc[row] * segment.uv_per_lsb, physical_uv, atol=1e-6)


def _digital(n: int = 4) -> np.ndarray:
    return np.arange(n * 10, dtype=np.int64).reshape(n, 10)


def test_gains_that_are_multiples_are_scaled_exactly() -> None:
    segment = segment_of_digital(_digital(2), ["I", "v2"], [5.0, 2.5], [0, 3], 500)

    assert segment.leads == ("I", "V2")
    assert segment.uv_per_lsb == 2.5
    assert segment.adc[0].tolist() == [2 * v for v in range(10)]
    assert segment.adc[1].tolist() == [v - 3 for v in range(10, 20)]


@pytest.mark.parametrize(
    ("names", "gains", "why"),
    [
        (["a", "b"], [1, 1], "no ECG lead"),
        (["I", "i"], [1, 1], "twice"),
        (["I", "II"], [1, 1.7], "gain of lead II"),
    ],
)
def test_what_cannot_be_taken_exactly_is_refused(names, gains, why) -> None:
    with pytest.raises(NotAnEcgError, match=why):
        segment_of_digital(_digital(2), names, gains, [0, 0], 500)


def test_values_beyond_16_bits_are_refused() -> None:
    with pytest.raises(NotAnEcgError, match="16 bits"):
        segment_of_digital(_digital(1) + 40_000, ["I"], [1], [0], 500)


def _twelve(rounding: int = 0, broken: bool = False) -> EcgSegment:
    rng = np.random.default_rng(1)
    lead_i, lead_ii = rng.integers(-500, 500, (2, 200))
    iii = lead_ii - lead_i + (rounding if not broken else 400)
    rows = {"I": lead_i, "II": lead_ii, "III": iii, "V1": lead_i}
    return EcgSegment(np.array(list(rows.values()), np.int16), tuple(rows), 500.0, 2.5)


def test_derivable_leads_stay_home_rounded_ones_travel_wrong_ones_are_refused() -> None:
    assert leads_to_send(_twelve()).leads == ("I", "II", "V1")
    assert leads_to_send(_twelve(rounding=1)).leads == ("I", "II", "III", "V1")
    with pytest.raises(NotAnEcgError, match="contradict"):
        leads_to_send(_twelve(broken=True))


def test_a_spike_in_one_lead_is_no_wrong_mapping() -> None:
    segment = _twelve()
    segment.adc[2, 17] += 900

    assert leads_to_send(segment).leads == ("I", "II", "III", "V1")


async def test_a_synthetic_patient_comes_in_real_time() -> None:
    source = await open_source("synthetic:normal?seed=7&noise=moderate").next()
    assert source.info.leads == INDEPENDENT_LEADS

    first, second = [s async for s, _ in _take(source.segments(), 2)]
    assert (first.first_sample, second.first_sample) == (0, first.n_samples)


async def _take(segments, count: int):
    numbers = itertools.count(1)
    async for segment in segments:
        number = next(numbers)
        yield segment, number
        if number == count:
            return


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ("synthetic:unicorn", "no scenario 'unicorn'"),
        ("synthetic:normal?noise=deafening", "no noise level"),
        ("synthetic:normal?seed=many", "whole number"),
        ("synthetic:normal?colour=red", "option 'colour'"),
        ("synthetic:normal?sed=5", "did you mean seed"),
        ("synthetic:normal?seed", "has no value"),
        ("synthetic:normal?seed=", "has no value"),
        ("synthetic:normal?seed=1&seed=2", "stands twice"),
        ("synthetic:normal?seed=1&", "option ''"),
        ("lsl:ECG?uv_per_lbs=1", "did you mean uv_per_lsb"),
        ("wfdb:x?lop=1", "did you mean loop"),
        ("wfdb:x?loop=maybe", "loop is 1 or 0"),
        ("folders:/srv", "did you mean folder"),
        ("synthetic:normal?sex=X", "sex is M or F"),
        ("synthetic:normal?age=old", "age must be a whole number"),
        ("synthetic:normal?rate_ppm=fast", "rate_ppm must be a number"),
        ("folder:/nowhere/at/all", "There is no folder"),
        ("folder:.?loop=1", "option 'loop'; it knows none"),
        ("lsl:ECG?uv_per_lsb=0", "uv_per_lsb must be a number"),
        ("carrier-pigeon:coo", "source kind|no WFDB record"),
        ("wfdb:/nowhere/at/all", "no WFDB record"),
        ("/nowhere/at/all.hea", "no WFDB record"),
    ],
)
def test_wrong_sources_are_one_sentence(spec: str, why: str) -> None:
    with pytest.raises(BadInput, match=why) as caught:
        open_source(spec)
    assert "\n" not in str(caught.value)


def _record(folder: Path, header: str, data: bytes = b"") -> Path:
    (folder / "r.hea").write_text(header)
    (folder / "r.dat").write_bytes(data)
    return folder / "r"


@pytest.mark.parametrize(
    ("header", "size"),
    [
        ("", 0),
        ("rubbish in the header\n", 10),
        ("r 2 500 1000\nr.dat 16 1000/mV 16 0 0 0 0 I\nr.dat 16 1000/mV 16 0 0 0 0 II\n", 400),
        ("r 1 500 100\nr.dat 16 1000/mV 16 0 0 0 0 PLETH\n", 200),
        ("r 1 500 100\nr.dat 16 1000/mmHg 16 0 0 0 0 I\n", 200),
        ("r 1 3 100\nr.dat 16 1000/mV 16 0 0 0 0 I\n", 200),
        ("r 1 500 100\nmissing.dat 16 1000/mV 16 0 0 0 0 I\n", 0),
    ],
    ids=["empty", "rubbish", "truncated", "no-ecg", "not-mv", "wrong-rate", "no-data"],
)
def test_broken_records_are_one_sentence(tmp_path: Path, header: str, size: int) -> None:
    with pytest.raises(BadInput) as caught:
        read_record(_record(tmp_path, header, bytes(size)))
    assert str(caught.value).count("\n") == 0


async def test_a_loop_goes_on_without_a_hole(tmp_path: Path) -> None:
    header = "r 1 500 60\nr.dat 16 1000/mV 16 0 0 0 0 I\n"
    data = np.arange(60, dtype="<i2").tobytes()
    replay = WfdbReplay(_record(tmp_path, header, data), loop=True)

    chunks = list(itertools.islice(replay._chunks(), 7))

    assert [c.first_sample for c in chunks] == [0, 25, 50, 60, 85, 110, 120]
    assert np.concatenate([c.adc[0] for c in chunks]).tolist()[:120] == [*range(60)] * 2
