"""The compiled twin of ``ecg.robust``: order statistics of short rows, and of many short columns at once."""

from __future__ import annotations

import numpy as np

from ecg.kernels.jit import jit
from ecg.values import Float

_TOGETHER = 64


@jit
def select(values: Float, k: int) -> float:
    """The k-th smallest; afterwards nothing before ``k`` is larger and nothing after it smaller. Reorders in place."""
    low, high = 0, values.size - 1
    while low < high:
        pivot = values[(low + high) // 2]
        i, j = low, high
        while i <= j:
            while values[i] < pivot:
                i += 1
            while values[j] > pivot:
                j -= 1
            if i <= j:
                values[i], values[j] = values[j], values[i]
                i += 1
                j -= 1
        if k <= j:
            high = j
        elif k >= i:
            low = i
        else:
            break
    return float(values[k])


@jit
def share_of(row: Float, share: float) -> float:
    """The value below which a share of a row lies, linear between neighbours; reorders the row."""
    at = share * (row.size - 1)
    low = int(at)
    below = select(row, low)
    above = below
    if low + 1 < row.size:
        above = row[low + 1]
        for i in range(low + 2, row.size):
            above = min(above, row[i])
    return below + (at - low) * (above - below)


@jit
def median_of(row: Float) -> float:
    """The mean of the two middle values; reorders the row."""
    n = row.size
    upper = select(row, n // 2)
    if n % 2:
        return float(upper)
    lower = row[0]
    for i in range(1, n // 2):
        lower = max(lower, row[i])
    return float((lower + upper) / 2)


@jit
def at_share(values: Float, share: float) -> float:
    """As ``ecg.robust.at_share``."""
    row = np.empty(values.size)
    for i in range(row.size):
        row[i] = values[i]
    return share_of(row, share)


@jit
def _exchange(rows: Float, i: int, k: int, width: int) -> None:
    """The smaller of each column's two values into row ``i``, the larger into row ``k``."""
    low, high = rows[i], rows[k]
    for c in range(width):
        a, b = low[c], high[c]
        swap = b < a
        low[c] = b if swap else a
        high[c] = a if swap else b


@jit
def sort_columns(rows: Float, width: int) -> None:
    """Sorts the first columns of ``rows`` in place by Batcher's odd-even merge, all of them step by step together."""
    n = rows.shape[0]
    p = 1
    while p < n:
        k = p
        while k >= 1:
            for j in range(k % p, n - k, 2 * k):
                for i in range(j, min(j + k, n - k)):
                    if i // (2 * p) == (i + k) // (2 * p):
                        _exchange(rows, i, i + k, width)
            k //= 2
        p *= 2


@jit
def _means_of_rows(stack: Float, first: int, last: int, out: Float) -> None:
    """Mean of the sorted rows ``first`` to ``last`` of each column of ``(n, width)`` into ``out``."""
    n, total = stack.shape
    rows = np.empty((n, _TOGETHER))
    for start in range(0, total, _TOGETHER):
        width = min(_TOGETHER, total - start)
        for k in range(n):
            for c in range(width):
                rows[k, c] = stack[k, start + c]
        sort_columns(rows, width)
        for c in range(width):
            out[start + c] = rows[first, c]
        for k in range(first + 1, last + 1):
            for c in range(width):
                out[start + c] += rows[k, c]
        for c in range(width):
            out[start + c] /= last - first + 1


def _mean_of_rows(stack: Float, first: int, last: int) -> Float:
    flat = np.ascontiguousarray(stack).reshape(stack.shape[0], -1)
    out = np.empty(flat.shape[1])
    _means_of_rows(flat, first, last, out)
    return out.reshape(stack.shape[1:])


def middle(stack: Float) -> Float:
    """As ``ecg.robust.middle``."""
    n = stack.shape[0]
    return _mean_of_rows(stack, (n - 1) // 2, n // 2)


def midmean(stack: Float) -> Float:
    """As ``ecg.robust.midmean``."""
    n = stack.shape[0]
    return _mean_of_rows(stack, n // 4, n - n // 4 - 1)
