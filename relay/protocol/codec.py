"""How the samples of a frame are written as bytes, without loss.

Codec 0 is plain little-endian int16, lead after lead. Codec 1 is ``relay.protocol.rice``. Further
codecs get further numbers; a number never changes its meaning.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from relay.errors import LocalProtocolError, RemoteProtocolError
from relay.protocol.rice import decode_rice, encode_rice

RAW_INT16 = 0
RICE = 1


def encode_samples(adc: npt.NDArray[np.int16], codec: int = RAW_INT16) -> bytes:
    """The payload of int16 samples of shape ``(n_leads, n_samples)``.

    Raises:
        LocalProtocolError: an unknown codec, or samples that are not int16 in two dimensions.
    """
    if adc.dtype != np.int16 or adc.ndim != 2 or not adc.size:
        raise LocalProtocolError("Samples are int16 of shape (n_leads, n_samples), at least one.")
    if codec == RAW_INT16:
        return adc.astype("<i2", copy=False).tobytes(order="C")
    if codec == RICE:
        return encode_rice(adc)
    raise LocalProtocolError(f"There is no codec {codec}.")


def encode_smallest(adc: npt.NDArray[np.int16]) -> tuple[int, bytes]:
    """The codec and payload that take the fewest bytes: raw where compression does not pay.

    What is compressed is read back before it is kept: no frame is born that cannot be read.
    """
    raw, rice = encode_samples(adc, RAW_INT16), encode_samples(adc, RICE)
    if len(rice) < len(raw) and np.array_equal(decode_samples(rice, RICE, *adc.shape), adc):
        return RICE, rice
    return RAW_INT16, raw


def decode_samples(
    payload: bytes, codec: int, n_leads: int, n_samples: int
) -> npt.NDArray[np.int16]:
    """The samples of a payload, shape ``(n_leads, n_samples)``.

    Raises:
        RemoteProtocolError: an unknown codec, or a payload that does not fit the header.
    """
    if codec == RICE:
        return decode_rice(payload, n_leads, n_samples)
    if codec != RAW_INT16:
        raise RemoteProtocolError(f"The frame uses codec {codec}, which this version cannot read.")
    if len(payload) != 2 * n_leads * n_samples:
        raise RemoteProtocolError("The frame's payload has another length than its header says.")
    flat = np.frombuffer(payload, dtype="<i2")
    return flat.reshape(n_leads, n_samples).astype(np.int16, copy=False)
