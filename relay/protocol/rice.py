"""Codec 1: each lead's differences in Rice code, without loss. About a third of the raw size.

Layout, in this order (``docs/protocol.md`` §1.1): one head byte a lead (predictor order in the upper
three bits, Rice parameter ``k`` in the lower five); each lead's first ``order`` samples as little-endian
int16; the lower ``k`` bits of every zigzagged difference, lead after lead, most significant bit first,
padded to a byte; then every quotient in unary (that many 0 bits, then a 1), padded to a byte. The two
bit strings stand apart so that both ends can read them without walking bit by bit.

Source: Rice, *Some practical universal noiseless coding techniques* (JPL 79-22, 1979); fixed
polynomial predictors as in Shorten (Robinson 1994), order 0 to 2.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from relay.errors import RemoteProtocolError

MAX_ORDER = 2
MAX_K = 18
Int = npt.NDArray[np.int64]
_DAMAGED = "The frame's compressed samples do not add up; send the frame again."


def encode_rice(adc: npt.NDArray[np.int16]) -> bytes:
    """The payload of int16 samples of shape ``(n_leads, n_samples)``.

    It can be longer than the raw samples where they are noise or spikes: compare and choose.
    """
    levels = [adc.astype(np.int64)]
    for _ in range(min(MAX_ORDER, adc.shape[1] - 1)):
        levels.append(np.diff(levels[-1], axis=1))
    cost = np.stack([np.abs(level).sum(axis=1) for level in levels])
    orders = np.argmin(cost, axis=0)
    heads, firsts, remainders, quotients = bytearray(), [], [], []
    for row, order in enumerate(orders.tolist()):
        difference = levels[order][row]
        folded = (difference << 1) ^ (difference >> 63)
        k = _best_k(folded)
        heads.append(order << 5 | k)
        firsts.append(adc[row, :order])
        remainders.append(((folded[:, None] >> np.arange(k - 1, -1, -1)) & 1).ravel())
        quotients.append(folded >> k)
    ends = np.cumsum(np.concatenate(quotients) + 1)
    unary = np.zeros(int(ends[-1]), dtype=np.uint8)
    unary[ends - 1] = 1
    low_bits = np.concatenate(remainders).astype(np.uint8)
    return b"".join(
        (
            bytes(heads),
            np.concatenate(firsts).astype("<i2").tobytes(),
            np.packbits(low_bits).tobytes(),
            np.packbits(unary).tobytes(),
        )
    )


def _best_k(folded: Int) -> int:
    """The Rice parameter that costs the fewest bits, near the one the mean suggests."""
    guess = int(max(float(folded.mean()), 1.0)).bit_length() - 1
    around = range(max(0, guess - 1), min(MAX_K, guess + 1) + 1)
    return min(around, key=lambda k: folded.size * (k + 1) + int((folded >> k).sum()))


def decode_rice(payload: bytes, n_leads: int, n_samples: int) -> npt.NDArray[np.int16]:
    """The samples of a payload, shape ``(n_leads, n_samples)``.

    Raises:
        RemoteProtocolError: the payload is not one that ``encode_rice`` makes for this shape.
    """
    heads = payload[:n_leads]
    orders, ks = [head >> 5 for head in heads], [head & 31 for head in heads]
    if len(heads) < n_leads or max(orders) > min(MAX_ORDER, n_samples - 1) or max(ks) > MAX_K:
        raise RemoteProtocolError(_DAMAGED)
    sizes = [n_samples - order for order in orders]
    firsts_end = n_leads + 2 * sum(orders)
    n_low = sum(size * k for size, k in zip(sizes, ks, strict=True))
    low_end = firsts_end + (n_low + 7) // 8
    if len(payload) <= low_end:
        raise RemoteProtocolError(_DAMAGED)
    firsts = np.frombuffer(payload[n_leads:firsts_end], "<i2").astype(np.int64)
    low_bits = np.unpackbits(np.frombuffer(payload[firsts_end:low_end], np.uint8))
    quotients = _quotients(payload[low_end:], sum(sizes))
    rows = np.empty((n_leads, n_samples), dtype=np.int64)
    at_first = at_low = at_quotient = 0
    for row, (order, k, size) in enumerate(zip(orders, ks, sizes, strict=True)):
        low = low_bits[at_low : at_low + size * k].reshape(size, k).astype(np.int64)
        folded = (quotients[at_quotient : at_quotient + size] << k) | (
            low @ (1 << np.arange(k - 1, -1, -1, dtype=np.int64))
        )
        difference = (folded >> 1) ^ -(folded & 1)
        rows[row] = _summed(difference, firsts[at_first : at_first + order])
        at_first, at_low, at_quotient = at_first + order, at_low + size * k, at_quotient + size
    if rows.min() < -32768 or rows.max() > 32767:
        raise RemoteProtocolError(_DAMAGED)
    return rows.astype(np.int16)


def _quotients(unary_bytes: bytes, count: int) -> Int:
    """The unary numbers; nothing but padding zeros may follow the last."""
    unary = np.unpackbits(np.frombuffer(unary_bytes, np.uint8))
    ends = np.flatnonzero(unary)
    if ends.size != count or unary.size - 1 - int(ends[-1]) > 7:
        raise RemoteProtocolError(_DAMAGED)
    return np.asarray(np.diff(ends, prepend=-1) - 1)


def _summed(difference: Int, firsts: Int) -> Int:
    """Undo ``order`` differences, whose first values are the lead's first samples."""
    if firsts.size == 0:
        return difference
    if firsts.size == 1:
        return np.asarray(np.cumsum(np.concatenate((firsts, difference))))
    slope = np.cumsum(np.concatenate(([firsts[1] - firsts[0]], difference)))
    return np.asarray(np.cumsum(np.concatenate((firsts[:1], slope))))
