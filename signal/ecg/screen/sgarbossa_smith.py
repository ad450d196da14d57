"""Infarction in left bundle branch block or pacing: the Smith-modified Sgarbossa rule.

Source: Meyers et al., Am Heart J 2015;170:1255 (80 % / 99 % for acute occlusion), as given in the
clinical brief §1.5 E2. Any one lead is enough: concordant ST elevation >= 100 µV, concordant
depression >= 100 µV in V1-V3, or elevation >= 100 µV with ST/S <= -0.25.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from ecg.leads import STANDARD_12
from ecg.screen.criterion import Criterion, CriterionInput, CriterionRole, Finding, Status, named
from ecg.values import Float

CODE = "SGARBOSSA_SMITH"
ST_UV = 100.0
RATIO = 0.25
Bool = npt.NDArray[np.bool_]


def _rules(case: CriterionInput, lead: str, j_uv: Float) -> dict[str, Bool]:
    """The three rules in one lead for one or many J levels."""
    m = case.measurements.leads[lead]
    none = np.zeros(j_uv.shape, dtype=np.bool_)
    positive = m.qrs_positive
    return {
        "concordant elevation": (j_uv >= ST_UV) if positive else none,
        "concordant depression": (j_uv <= -ST_UV)
        if not positive and lead in {"V1", "V2", "V3"}
        else none,
        "excessive discordance": (j_uv >= ST_UV) & (j_uv >= RATIO * m.s_uv)
        if not positive
        else none,
    }


def met_in_draws(case: CriterionInput, drawn_uv: Mapping[str, Float]) -> Bool:
    """In which draws of the bootstrap any lead is met, shape ``(n_draws,)``."""
    met: Bool = np.zeros(next(iter(drawn_uv.values())).size if drawn_uv else 1, dtype=np.bool_)
    for lead in _asked(case):
        if lead in drawn_uv:
            for rule in _rules(case, lead, drawn_uv[lead]).values():
                met |= rule
    return met


def _asked(case: CriterionInput) -> list[str]:
    """Readable standard leads; aVR is left out, its elevation is no sign of occlusion."""
    return [n for n in STANDARD_12 if n != "aVR" and case.measurements.readable(n)]


def evaluate(case: CriterionInput) -> Finding:
    """MET with the leads and rules that fire."""
    fired = []
    for lead in _asked(case):
        j_uv = np.array([case.measurements.leads[lead].j_uv])
        fired += [(lead, name) for name, met in _rules(case, lead, j_uv).items() if met[0]]
    if not fired:
        return Finding(
            CODE,
            Status.NOT_MET,
            (),
            "Smith修正Sgarbossa基準を満たしません",
            "the Smith-modified Sgarbossa rule is not met",
        )
    leads = tuple(dict.fromkeys(lead for lead, _rule in fired))
    return Finding(
        CODE,
        Status.MET,
        leads,
        f"{named(leads)}でSmith修正Sgarbossa基準を満たします",
        f"the Smith-modified Sgarbossa rule is met in {named(leads, ', ')}",
        {"rules": [f"{lead}: {rule}" for lead, rule in fired]},
    )


CRITERION = Criterion(CODE, CriterionRole.PRIMARY, lambda case: case.wide_left, evaluate)
