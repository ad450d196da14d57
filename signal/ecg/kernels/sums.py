"""Sums that the compiler can run in vectors, in an order that is written down and the same on every machine.

Inner loops of the kernels count from zero over slices: with an offset in the index numba must allow for negative
ones, and nothing is vectorised.
"""

from __future__ import annotations

from ecg.kernels.jit import jit
from ecg.values import Float


@jit
def dot(one: Float, other: Float) -> float:
    """Scalar product in eight running sums."""
    a = b = c = d = e = f = g = h = 0.0
    whole = one.size // 8
    for k in range(whole):
        i = 8 * k
        a += one[i] * other[i]
        b += one[i + 1] * other[i + 1]
        c += one[i + 2] * other[i + 2]
        d += one[i + 3] * other[i + 3]
        e += one[i + 4] * other[i + 4]
        f += one[i + 5] * other[i + 5]
        g += one[i + 6] * other[i + 6]
        h += one[i + 7] * other[i + 7]
    for i in range(8 * whole, one.size):
        a += one[i] * other[i]
    return ((a + b) + (c + d)) + ((e + f) + (g + h))


@jit
def add_pairs(values: Float, ahead: Float, out: Float) -> None:
    """Sums of a row and the same row further on."""
    for i in range(out.size):
        out[i] = values[i] + ahead[i]
