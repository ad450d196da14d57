"""Codecs: every sample comes back, whatever it is; nothing damaged is ever taken for samples."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ambulance_client.sources.wfdb_replay import read_record
from relay.errors import LocalProtocolError, RemoteProtocolError
from relay.protocol.codec import RAW_INT16, RICE, decode_samples, encode_samples, encode_smallest
from tests.doses import examples

shapes = st.tuples(st.integers(1, 13), st.integers(1, 60))
anything = hnp.arrays(np.int16, shapes)
smooth = hnp.arrays(np.int16, shapes, elements=st.integers(-40, 40)).map(
    lambda steps: np.cumsum(steps, axis=1).astype(np.int16)
)


@given(st.one_of(anything, smooth))
def test_rice_round_trip(adc: np.ndarray) -> None:
    back = decode_samples(encode_samples(adc, RICE), RICE, *adc.shape)

    assert back.dtype == np.int16
    assert np.array_equal(back, adc)


@given(st.one_of(anything, smooth))
def test_the_smallest_is_never_larger_than_raw_and_comes_back(adc: np.ndarray) -> None:
    codec, payload = encode_smallest(adc)

    assert len(payload) <= 2 * adc.size
    assert np.array_equal(decode_samples(payload, codec, *adc.shape), adc)


@pytest.mark.parametrize("value", [-32768, 32767, 0])
def test_extremes(value: int) -> None:
    adc = np.full((3, 50), value, np.int16)
    adc[1, ::2] = -32768
    adc[1, 1::2] = 32767

    assert np.array_equal(decode_samples(encode_samples(adc, RICE), RICE, 3, 50), adc)


@settings(max_examples=examples(300))
@given(st.binary(max_size=400), st.integers(1, 9), st.integers(1, 80))
def test_arbitrary_payloads_are_refused_or_fit_the_header(data: bytes, n_leads, n_samples) -> None:
    try:
        adc = decode_samples(data, RICE, n_leads, n_samples)
    except RemoteProtocolError:
        return
    assert adc.shape == (n_leads, n_samples)


@given(smooth.filter(lambda adc: adc.shape[1] > 2), st.data())
def test_a_cut_or_lengthened_payload_is_refused(adc: np.ndarray, data: st.DataObject) -> None:
    payload = encode_samples(adc, RICE)
    cut = data.draw(st.integers(0, len(payload) - 1))

    for wrong in (payload[:cut], payload + b"\0", payload + b"\xff"):
        with pytest.raises(RemoteProtocolError):
            decode_samples(wrong, RICE, *adc.shape)


def test_what_is_no_ecg_block_is_our_own_fault() -> None:
    for wrong in (np.zeros((2, 3)), np.zeros(4, np.int16), np.zeros((2, 0), np.int16)):
        with pytest.raises(LocalProtocolError):
            encode_samples(wrong, RAW_INT16)
    with pytest.raises(LocalProtocolError, match="no codec 7"):
        encode_samples(np.zeros((1, 1), np.int16), 7)


@pytest.mark.records
def test_real_records_shrink_to_less_than_45_percent(records: Path) -> None:
    """The wire cost goal; the figure by data set stands in docs/performance.md."""
    with (records / "MANIFEST.csv").open() as file:
        rows = [r for r in csv.DictReader(file) if r["dataset"] in {"ludb", "ptbdb", "ptbxl"}]
    raw = small = 0
    for row in rows[::6]:
        segment, _ = read_record(records / row["path"])
        step = round(segment.fs_hz / 4)
        for at in range(0, 8 * step, step):
            adc = np.ascontiguousarray(segment.adc[:, at : at + step])
            codec, payload = encode_smallest(adc)
            assert np.array_equal(decode_samples(payload, codec, *adc.shape), adc)
            raw, small = raw + adc.nbytes, small + len(payload)
    assert small / raw < 0.45
