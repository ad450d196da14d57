"""How often the same patient's beats, drawn again, would give the same answer.

Source: clinical brief §1.7 (bootstrap over beats, 200 draws). The draws are fixed in advance, so
the same bytes always give the same report. Each lead's beats are first pulled in to 1.5 times their
interquartile range, so that one moved electrode does not decide.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ecg.measurements import Measurements
from ecg.robust import quartiles
from ecg.values import Float

DRAWS = 200
_SEED = 119


@lru_cache(maxsize=64)
def _weights(n_beats: int) -> Float:
    """Share of each beat in each draw, shape ``(DRAWS, n_beats)``."""
    rng = np.random.default_rng([_SEED, n_beats])
    return np.asarray(rng.multinomial(n_beats, np.full(n_beats, 1 / n_beats), DRAWS) / n_beats)


def drawn_j_uv(measurements: Measurements) -> dict[str, Float]:
    """J of each readable lead in each draw, shape ``(DRAWS,)`` each, ``"-aVR"`` included."""
    out: dict[str, Float] = {}
    for name, lead in measurements.leads.items():
        if not measurements.readable(name):
            continue
        beats = measurements.beat_j_uv.get(name)
        if beats is None or beats.size < 2:
            out[name] = np.full(DRAWS, lead.j_uv)
            continue
        low, high = quartiles(beats)
        reach = 1.5 * (high - low)
        calm = np.clip(beats, low - reach, high + reach)
        out[name] = lead.j_uv + _weights(beats.size) @ (calm - calm.mean())
    if "aVR" in out:
        out["-aVR"] = -out["aVR"]
    return out


def share(met: npt.NDArray[np.bool_]) -> float:
    """Share of the draws in which a rule is met."""
    return float(met.mean())
