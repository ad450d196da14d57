"""Frames hold exactly the source's samples, whatever the chunking, and never bridge a hole."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ambulance_client.segmenter import Segmenter
from ecg.leads import INDEPENDENT_LEADS
from ecg.values import EcgSegment
from relay.protocol.codec import decode_samples
from relay.protocol.wire import unpack
from tests.frames import new_stream


def _segment(adc: np.ndarray, first: int, leads=INDEPENDENT_LEADS) -> EcgSegment:
    return EcgSegment(adc, leads, 500.0, 2.5, first)


def _samples(frames) -> dict[int, np.ndarray]:
    out = {}
    for new in frames:
        frame = unpack(new.data)
        adc = decode_samples(frame.payload, frame.codec, frame.n_leads, frame.n_samples)
        for i in range(frame.n_samples):
            out[frame.first_sample + i] = adc[:, i]
    return out


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 400)), min_size=1, max_size=15),
    st.integers(0, 2**31),
)
def test_every_sample_once_in_its_place(pieces, seed: int) -> None:
    rng = np.random.default_rng(seed)
    segmenter = Segmenter(new_stream(), INDEPENDENT_LEADS, 500.0)
    at, born, frames = 0, {}, []
    for hole, size in pieces:
        at += hole
        adc = rng.integers(-32768, 32767, (8, size), dtype=np.int16)
        born.update({at + i: adc[:, i] for i in range(size)})
        frames += segmenter.push(_segment(adc, at))
        at += size
    frames += segmenter.flush()

    sent = _samples(frames)
    assert sent.keys() == born.keys()
    assert all(np.array_equal(sent[k], born[k]) for k in born)
    assert [f.seq for f in frames] == list(range(len(frames)))
    assert all(f.end_sample - f.first_sample <= 125 for f in frames)


def test_rows_are_put_in_wire_order() -> None:
    adc = np.arange(4, dtype=np.int16).reshape(2, 2)
    segmenter = Segmenter(new_stream(), ("V1", "I"), 500.0)
    segmenter.push(_segment(adc, 0, ("V1", "I")))

    (frame,) = segmenter.flush()

    assert _samples([frame])[0].tolist() == [2, 0]


def test_a_source_that_changes_or_runs_backwards_is_an_error() -> None:
    segmenter = Segmenter(new_stream(), INDEPENDENT_LEADS, 500.0)
    segmenter.push(_segment(np.zeros((8, 10), np.int16), 0))
    with pytest.raises(ValueError, match="backwards"):
        segmenter.push(_segment(np.zeros((8, 10), np.int16), 5))
    with pytest.raises(ValueError, match="leads"):
        segmenter.push(_segment(np.zeros((2, 10), np.int16), 10, ("I", "II")))
