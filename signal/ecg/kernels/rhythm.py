"""The compiled twin of ``ecg.detecting.doubtful_beats``: which candidates the rhythm does not allow."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ecg.detecting.doubtful_beats import _BETTER, _LONGEST, _ON_TIME, NOT_READY
from ecg.kernels.jit import jit
from ecg.values import Float

Int = npt.NDArray[np.intp]
Bool = npt.NDArray[np.bool_]


@jit
def _ready(position: int, before: int, after: int, steps: int, tall: Int, slack: float) -> bool:
    """Whether a candidate that is not due stands far enough from its neighbours and what is tall and on time."""
    nearest = min(position - before, after - position)
    step = (after - before) / steps
    for i in range(tall.size):
        for k in range(steps + 1):
            if abs(tall[i] - (before + step * k)) <= slack:
                nearest = min(nearest, abs(tall[i] - position))
                break
    return nearest >= NOT_READY


@jit
def _stays(i: int, positions: Int, fit: Float, keep: Bool, tall: Int, usual: float) -> bool:
    """Whether one candidate may stay among those kept so far."""
    before, after = -1, -1
    for k in range(positions.size):
        if keep[k] and fit[k] > fit[i] + _BETTER:
            if positions[k] < positions[i]:
                before = k
            elif after < 0:
                after = k
    if before < 0 or after < 0:
        return True
    low, high, slack = positions[before], positions[after], _ON_TIME * usual
    steps = int(np.rint((high - low) / usual))
    if steps < 1 or steps > _LONGEST or abs(high - low - steps * usual) > slack * steps:
        return True
    for k in range(steps + 1):
        if abs(low + (high - low) / steps * k - positions[i]) <= slack:
            return True
    return _ready(positions[i], low, high, steps, tall, slack)


@jit
def _keep_due(order: Int, positions: Int, fit: Float, tall: Int, usual: float, keep: Bool) -> None:
    for at in range(order.size):
        i = order[at]
        keep[i] = _stays(i, positions, fit, keep, tall, usual)


def keep_due(positions: Int, fit: Float, tall: Int, usual: float) -> Bool:
    """As ``ecg.detecting.doubtful_beats.keep_due``."""
    keep = np.ones(positions.size, dtype=np.bool_)
    _keep_due(np.argsort(fit, kind="stable"), positions, fit, tall, usual, keep)
    return keep
