"""How the samples of a frame are written as bytes, without loss.

Codec 0 is plain little-endian int16, lead after lead. Further codecs get further numbers; a number
never changes its meaning.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from relay.errors import LocalProtocolError, RemoteProtocolError

RAW_INT16 = 0


def encode_samples(adc: npt.NDArray[np.int16], codec: int = RAW_INT16) -> bytes:
    """The payload of int16 samples of shape ``(n_leads, n_samples)``.

    Raises:
        LocalProtocolError: an unknown codec, or samples that are not int16 in two dimensions.
    """
    if codec != RAW_INT16:
        raise LocalProtocolError(f"There is no codec {codec}.")
    if adc.dtype != np.int16 or adc.ndim != 2:
        raise LocalProtocolError("Samples are int16 of shape (n_leads, n_samples).")
    return adc.astype("<i2", copy=False).tobytes(order="C")


def decode_samples(
    payload: bytes, codec: int, n_leads: int, n_samples: int
) -> npt.NDArray[np.int16]:
    """The samples of a payload, shape ``(n_leads, n_samples)``, read-only.

    Raises:
        RemoteProtocolError: an unknown codec, or a payload of another length than the header says.
    """
    if codec != RAW_INT16:
        raise RemoteProtocolError(f"The frame uses codec {codec}, which this version cannot read.")
    if len(payload) != 2 * n_leads * n_samples:
        raise RemoteProtocolError("The frame's payload has another length than its header says.")
    flat = np.frombuffer(payload, dtype="<i2")
    return flat.reshape(n_leads, n_samples).astype(np.int16, copy=False)
