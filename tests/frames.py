"""ECG frames for tests: real bytes, seeded samples."""

from __future__ import annotations

from uuid import UUID, uuid4

import numpy as np

from ecg.leads import INDEPENDENT_LEADS, mask_of_leads
from relay.ecglog.port import LoggedFrame
from relay.protocol.codec import RAW_INT16, encode_samples
from relay.protocol.wire import EcgFrame, pack

MASK_8 = mask_of_leads(INDEPENDENT_LEADS)


def samples(seq: int, n_samples: int = 125, n_leads: int = 8) -> np.ndarray:
    """Seeded int16 noise: the same numbers for the same ``seq``."""
    rng = np.random.default_rng(seq)
    return rng.integers(-2000, 2000, size=(n_leads, n_samples), dtype=np.int16)


def frame_bytes(stream: UUID, seq: int, *, epoch: int = 0, n_samples: int = 125) -> bytes:
    """A whole frame whose samples are ``samples(seq)``."""
    return pack(
        EcgFrame(
            stream=stream,
            epoch=epoch,
            seq=seq,
            first_sample=seq * n_samples,
            n_samples=n_samples,
            lead_mask=MASK_8,
            codec=RAW_INT16,
            payload=encode_samples(samples(seq, n_samples)),
        )
    )


def logged(stream: UUID, seq: int, n_samples: int = 125) -> LoggedFrame:
    """The same frame as the log takes it."""
    return LoggedFrame(
        seq, seq * n_samples, n_samples, frame_bytes(stream, seq, n_samples=n_samples)
    )


def new_stream() -> UUID:
    """A fresh stream id."""
    return uuid4()
