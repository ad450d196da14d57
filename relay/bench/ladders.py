"""What the screen answers as ST rises and as noise rises, on synthetic hearts with exact truth."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from ecg.screen import screen_segment
from ecg.synthetic.noise import NoiseLevel
from ecg.synthetic.pathology import Heart, injured
from ecg.synthetic.patient import SyntheticPatient
from ecg.values import PatientFacts

MAN_60 = PatientFacts(60, "M")
CURVES = ("lad-proximal", "lad-mid", "lad-distal", "high-lateral", "rca-proximal", "rca-mid", "lcx")
LEVELS: tuple[NoiseLevel, ...] = ("none", "light", "moderate", "ambulance", "severe")
_HEARTS = ("normal", "anterior-stemi", "inferior-stemi", "lvh")
_FIRST, _N = 20_000, 5_000


@dataclass(frozen=True, slots=True)
class Curve:
    """Share of records in tier A or B over the size of the injury vector.

    Attributes:
        territory: of the injury. magnitude_mv: sizes. hit: share in A or B, truly_met: share whose
            exact truth meets the criteria, both one a size.
    """

    territory: str
    magnitude_mv: tuple[float, ...]
    hit: tuple[float, ...]
    truly_met: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Rung:
    """ST errors at one noise level: µV per readable lead, and the share of records refused."""

    level: str
    errors_uv: tuple[float, ...]
    refused: float


def decision_curves(
    seeds: int, truly: Callable[[dict[str, float]], bool], told: Callable[[str], None]
) -> Iterator[Curve]:
    """Curves over 0 to 0.3 mV in steps of 20 µV, light noise, a man of 60.

    Args:
        seeds: individuals a step.
        truly: whether true J levels by lead meet the criteria.
        told: called after each territory.
    """
    sizes = tuple(round(0.02 * k, 2) for k in range(16))
    for territory in CURVES:
        hit, met = [], []
        for size in sizes:
            heart = injured(Heart(), territory, size) if size else Heart()
            answers = [_one(heart, seed) for seed in range(seeds)]
            hit.append(float(np.mean([a for a, _t in answers])))
            met.append(float(np.mean([truly(t) for _a, t in answers])))
        told(territory)
        yield Curve(territory, sizes, tuple(hit), tuple(met))


def _one(heart: Heart, seed: int) -> tuple[bool, dict[str, float]]:
    patient = SyntheticPatient("normal", 700 + seed, heart=heart, noise="light")
    tier = screen_segment(patient.segment(_FIRST, _N), MAN_60).tier.value
    beats = patient.truth(_FIRST, _N)
    return tier in "AB", {n: float(np.mean([b.st_uv[n][0] for b in beats])) for n in beats[0].st_uv}


def noise_ladder(seeds: int, told: Callable[[str], None]) -> Iterator[Rung]:
    """Errors of J at each noise level over four hearts."""
    for level in LEVELS:
        errors: list[float] = []
        refused = 0
        for scenario in _HEARTS:
            for seed in range(seeds):
                patient = SyntheticPatient(scenario, 800 + seed, noise=level)
                m = screen_segment(patient.segment(_FIRST, _N), MAN_60).measurements
                refused += m.rejected
                if m.rejected:
                    continue
                truth = patient.truth(_FIRST, _N)
                errors += [
                    lead.j_uv - float(np.mean([b.st_uv[name][0] for b in truth]))
                    for name, lead in m.leads.items()
                    if m.readable(name)
                ]
        told(level)
        yield Rung(level, tuple(errors), refused / (len(_HEARTS) * seeds))
