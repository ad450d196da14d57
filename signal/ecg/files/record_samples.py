"""The integers in a WFDB signal file, bit by bit. Bytes in, integers out; what is missing says so.

Source: WFDB signal(5). The lowest value of a format means "no sample here"; it comes out as ``NO_SAMPLE``
whatever the format was, so that nobody takes it for a voltage.

Deviations: the compressed formats 508, 516 and 524 are not read; they are refused with a sentence.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from ecg.files.digital import NO_SAMPLE, NotAnEcgError

Int = npt.NDArray[np.int64]
_Decoder = Callable[[bytes, int], Int]


def decode(data: bytes, fmt: int, n: int | None) -> Int:
    """Samples of one signal file in the order in which they stand, shape ``(n,)``.

    Args:
        data: the file without what stands before its first sample.
        fmt: storage format.
        n: how many samples to read; all that are there where None.

    Raises:
        NotAnEcgError: the format is unknown, or the file holds fewer.
    """
    if fmt not in _FORMATS:
        raise NotAnEcgError(
            f"its signal format {fmt} is not one I read ({', '.join(map(str, _FORMATS))}); "
            "convert the record to format 16."
        )
    read, bytes_each, lowest = _FORMATS[fmt]
    held = int(len(data) / bytes_each + 1e-9)
    if n is not None and held < n:
        raise NotAnEcgError(
            "its signal file is shorter than its header says; copy it again.", "incomplete"
        )
    samples = read(data, held if n is None else n)
    if lowest is not None:
        samples[samples == lowest] = NO_SAMPLE
    return samples


def _whole(kind: str, less: int = 0) -> _Decoder:
    size = np.dtype(kind).itemsize

    def read(data: bytes, n: int) -> Int:
        return np.frombuffer(data[: n * size], kind).astype(np.int64) - less

    return read


def _three_bytes(data: bytes, n: int) -> Int:
    part = np.frombuffer(data[: 3 * n], np.uint8).reshape(-1, 3).astype(np.int64)
    return _signed(part[:, 0] | part[:, 1] << 8 | part[:, 2] << 16, 24)


def _pairs_of_12(data: bytes, n: int) -> Int:
    """Format 212: two samples of 12 bits in three bytes."""
    part = _padded(data, -(-n // 2) * 3).reshape(-1, 3).astype(np.int64)
    out = np.empty((part.shape[0], 2), np.int64)
    out[:, 0] = part[:, 0] | (part[:, 1] & 0x0F) << 8
    out[:, 1] = part[:, 2] | (part[:, 1] & 0xF0) << 4
    return _signed(out.reshape(-1)[:n], 12)


def _threes_of_10(data: bytes, n: int) -> Int:
    """Format 310: three samples of 10 bits in two words, each word's lowest bit unused."""
    words = _padded(data, -(-n // 3) * 4).view("<u2").reshape(-1, 2).astype(np.int64)
    out = np.empty((words.shape[0], 3), np.int64)
    out[:, 0], out[:, 1] = words[:, 0] >> 1 & 0x3FF, words[:, 1] >> 1 & 0x3FF
    out[:, 2] = words[:, 0] >> 11 | words[:, 1] >> 11 << 5
    return _signed(out.reshape(-1)[:n], 10)


def _threes_in_32(data: bytes, n: int) -> Int:
    """Format 311: three samples of 10 bits in one double word."""
    words = _padded(data, -(-n // 3) * 4).view("<u4").astype(np.int64)
    out = np.stack([words & 0x3FF, words >> 10 & 0x3FF, words >> 20 & 0x3FF], axis=1)
    return _signed(out.reshape(-1)[:n], 10)


def _padded(data: bytes, size: int) -> npt.NDArray[np.uint8]:
    """So many bytes; zeros where the last group of a file is not whole."""
    out = np.zeros(size, np.uint8)
    there = np.frombuffer(data[:size], np.uint8)
    out[: there.size] = there
    return out


def _signed(values: Int, bits: int) -> Int:
    return np.asarray((values ^ (1 << (bits - 1))) - (1 << (bits - 1)))


_FORMATS: dict[int, tuple[_Decoder, float, int | None]] = {
    8: (_whole("i1"), 1, None),
    16: (_whole("<i2"), 2, -32768),
    24: (_three_bytes, 3, -(1 << 23)),
    32: (_whole("<i4"), 4, -(1 << 31)),
    61: (_whole(">i2"), 2, -32768),
    80: (_whole("u1", 128), 1, -128),
    160: (_whole("<u2", 32768), 2, -32768),
    212: (_pairs_of_12, 1.5, -2048),
    310: (_threes_of_10, 4 / 3, -512),
    311: (_threes_in_32, 4 / 3, -512),
}
"""How a format is read, bytes of one sample, and the value that means no sample."""
