"""Stored frames as one block of integers, with a list of what is really there. Runs in threads."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from relay.ecglog.port import LoggedFrame
from relay.protocol.codec import decode_samples
from relay.protocol.ranges import RangeSet
from relay.protocol.wire import unpack

Ranges = tuple[tuple[int, int], ...]


def assemble(
    frames: Sequence[LoggedFrame], n_leads: int, first_sample: int, n_samples: int
) -> tuple[npt.NDArray[np.int16], Ranges]:
    """Samples ``[first_sample, first_sample + n_samples)`` and the ranges of them that exist.

    Shape ``(n_leads, n_samples)``. Where nothing exists the block holds zeros that mean nothing;
    only the ranges say what may be read.

    Raises:
        RemoteProtocolError: a frame is damaged.
        ValueError: a frame has other leads than its stream.
    """
    block = np.zeros((n_leads, n_samples), dtype=np.int16)
    present = RangeSet()
    end_sample = first_sample + n_samples
    for logged in frames:
        first = max(first_sample, logged.first_sample)
        end = min(end_sample, logged.end_sample)
        if end <= first:
            continue
        frame = unpack(logged.data)
        if frame.n_leads != n_leads:
            raise ValueError("a stored frame has other leads than its stream")
        samples = decode_samples(frame.payload, frame.codec, n_leads, frame.n_samples)
        inside = slice(first - frame.first_sample, end - frame.first_sample)
        block[:, first - first_sample : end - first_sample] = samples[:, inside]
        present.add(first, end)
    return block, tuple(present)


def longest(present: Ranges) -> tuple[int, int]:
    """The longest range, the last of equals; ``(0, 0)`` where there is none."""
    return max(present, key=lambda r: (r[1] - r[0], r[0]), default=(0, 0))
