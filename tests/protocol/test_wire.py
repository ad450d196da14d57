"""ECG frames: what goes in comes out, and nothing damaged ever does."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.errors import LocalProtocolError, RemoteProtocolError
from relay.protocol.codec import decode_samples, encode_samples
from relay.protocol.wire import EcgFrame, pack, restamp, seq_of, unpack
from tests.frames import MASK_8, frame_bytes, new_stream, samples

frames = st.builds(
    lambda stream, epoch, seq, first, n, mask, payload, backlog: EcgFrame(
        stream, epoch, seq, first, n, mask, 0, payload, backlog
    ),
    st.uuids(),
    st.integers(0, 2**32 - 1),
    st.integers(0, 2**64 - 1),
    st.integers(0, 2**64 - 1),
    st.integers(1, 4000),
    st.integers(1, 2**17 - 1),
    st.binary(min_size=1, max_size=300),
    st.booleans(),
)


@given(frames)
def test_round_trip(frame: EcgFrame) -> None:
    assert unpack(pack(frame)) == frame
    assert seq_of(pack(frame)) == frame.seq


@given(frames, st.integers(0, 2**32 - 1), st.booleans())
def test_restamping_changes_epoch_and_lane_only(frame: EcgFrame, epoch: int, backlog: bool) -> None:
    stamped = unpack(restamp(pack(frame), epoch, backlog=backlog))

    assert (stamped.epoch, stamped.backlog) == (epoch, backlog)
    assert (stamped.seq, stamped.payload, stamped.stream) == (
        frame.seq,
        frame.payload,
        frame.stream,
    )


@given(st.binary(max_size=4000))
def test_arbitrary_bytes_are_refused_not_crashed_on(data: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        unpack(data)


@given(st.data())
def test_any_flipped_bit_is_noticed(data: st.DataObject) -> None:
    whole = bytearray(frame_bytes(new_stream(), 3, n_samples=10))
    bit = data.draw(st.integers(0, 8 * len(whole) - 1))
    whole[bit // 8] ^= 1 << bit % 8

    with pytest.raises(RemoteProtocolError):
        unpack(bytes(whole))


def test_oversized_frames_are_refused_on_both_sides() -> None:
    with pytest.raises(RemoteProtocolError, match="limit"):
        unpack(bytes(70_000))
    with pytest.raises(LocalProtocolError, match="at most"):
        pack(EcgFrame(new_stream(), 0, 0, 0, 4000, MASK_8, 0, bytes(70_000)))


def test_samples_survive_exactly() -> None:
    adc = samples(5)
    back = decode_samples(encode_samples(adc), 0, 8, 125)

    assert back.dtype == np.int16
    assert np.array_equal(back, adc)


def test_a_payload_of_another_length_is_refused() -> None:
    with pytest.raises(RemoteProtocolError, match="length"):
        decode_samples(b"\0" * 10, 0, 8, 125)
    with pytest.raises(RemoteProtocolError, match="codec 9"):
        decode_samples(b"\0" * 2000, 9, 8, 125)


def test_the_documented_offsets_are_the_real_ones() -> None:
    """docs/protocol.md §1, byte by byte."""
    stream = UUID("00112233-4455-6677-8899-aabbccddeeff")
    data = pack(EcgFrame(stream, 7, 2**33, 2**34, 1, 1, 0, b"\x01\x02", True))

    assert data[:4] == bytes([1, 1, 0, 1])
    assert data[4:20] == stream.bytes
    assert int.from_bytes(data[20:24], "little") == 7
    assert int.from_bytes(data[24:32], "little") == 2**33
    assert int.from_bytes(data[32:40], "little") == 2**34
    assert int.from_bytes(data[40:42], "little") == 1
    assert data[42:44] == b"\0\0"
    assert int.from_bytes(data[44:48], "little") == 1
    assert data[48:50] == b"\x01\x02"
    assert len(data) == 54


def test_crc_is_castagnoli() -> None:
    """RFC 3720 B.4: the CRC-32C of 32 zero bytes is 0x8A9136AA."""
    import google_crc32c

    assert google_crc32c.value(bytes(32)) == 0x8A9136AA


def test_messages_file_is_json(tmp_path: Path) -> None:
    from uuid import uuid4

    from relay.protocol import messages as m

    text = m.to_text(m.OpenStream(uuid4(), uuid4(), MASK_8, 500.0, 2.5, 1, "test"))
    assert json.loads(text)["kind"] == "open-stream"
