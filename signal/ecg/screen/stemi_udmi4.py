"""ST elevation by the Fourth Universal Definition: two neighbouring leads, each at its own threshold.

Source: Fourth Universal Definition of Myocardial Infarction (2018); table and contiguity graph in
``thresholds/udmi4.json`` (clinical brief §1.1-1.2). aVR enters inverted; no reciprocal pairs.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from ecg.screen.criterion import Criterion, CriterionInput, CriterionRole, Finding, Status, named
from ecg.units import mm_of_uv
from ecg.values import Float

CODE = "STEMI_UDMI4"
BORDERLINE_UV = 50.0
RECIPROCAL_UV = -50.0
Bool = npt.NDArray[np.bool_]
Pair = tuple[str, str]

_INFERIOR = {"II", "III", "aVF"}
_RECIPROCAL: tuple[tuple[frozenset[str], tuple[str, ...]], ...] = (
    (frozenset(_INFERIOR), ("aVL", "I")),
    (frozenset({"V1", "V2", "V3", "V4"}), ("II", "III", "aVF")),
    (frozenset({"I", "aVL"}), ("III", "aVF", "II")),
    (frozenset({"V7", "V8", "V9"}), ("V1", "V2", "V3")),
    (frozenset({"V3R", "V4R"}), ("I", "aVL")),
)


def pairs_at(
    case: CriterionInput, leads_uv: Mapping[str, float], slack_uv: float = 0.0
) -> tuple[Pair, ...]:
    """Neighbouring readable leads that both reach their threshold less a slack."""
    out = []
    for a, b in case.thresholds.contiguity:
        ja, jb = case.j_uv(a), case.j_uv(b)
        if ja is None or jb is None:
            continue
        if ja >= leads_uv[a] - slack_uv and jb >= leads_uv[b] - slack_uv:
            out.append((a, b))
    return tuple(out)


def met_in_draws(case: CriterionInput, drawn_uv: Mapping[str, Float]) -> Bool:
    """In which draws of the bootstrap some pair is met, shape ``(n_draws,)``."""
    limit = case.thresholds.leads_uv
    met: Bool = np.zeros(next(iter(drawn_uv.values())).size if drawn_uv else 1, dtype=np.bool_)
    for a, b in case.thresholds.contiguity:
        if a in drawn_uv and b in drawn_uv:
            met |= (drawn_uv[a] >= limit[a]) & (drawn_uv[b] >= limit[b])
    return met


def leads_of_pairs(pairs: tuple[Pair, ...]) -> tuple[str, ...]:
    """The leads of the pairs, each once, in first-seen order."""
    return tuple(dict.fromkeys(lead for pair in pairs for lead in pair))


def reciprocal_leads(case: CriterionInput, hit: tuple[str, ...]) -> tuple[str, ...]:
    """Leads opposite to the elevation that are depressed by 50 µV or more (brief §1.3)."""
    out = []
    for group, opposite in _RECIPROCAL:
        if group & set(hit):
            out += [n for n in opposite if (case.j_uv(n) or 0.0) <= RECIPROCAL_UV and n not in hit]
    return tuple(dict.fromkeys(out))


def highest(case: CriterionInput, leads: tuple[str, ...]) -> tuple[str, float]:
    """The lead with the largest J among some, and its level in µV."""
    return max(((n, case.j_uv(n) or 0.0) for n in leads), key=lambda item: item[1])


def evaluate(case: CriterionInput) -> Finding:
    """MET with the leads of every pair that reaches its thresholds."""
    pairs = pairs_at(case, case.thresholds.leads_uv)
    unreadable = sorted(
        {a.removeprefix("-") for pair in case.thresholds.contiguity for a in pair}
        & {n for n in case.measurements.leads if not case.measurements.readable(n)}
    )
    if not pairs:
        note_ja = f"({'・'.join(unreadable)}は判読不能)" if unreadable else ""
        note_en = f" ({', '.join(unreadable)} unreadable)" if unreadable else ""
        return Finding(
            CODE,
            Status.NOT_MET,
            (),
            f"隣接2誘導のST上昇基準を満たしません{note_ja}",
            f"no two contiguous leads reach the ST-elevation thresholds{note_en}",
            {"unreadable": list(unreadable)},
        )
    leads = leads_of_pairs(pairs)
    opposite = reciprocal_leads(case, leads)
    lead, level = highest(case, leads)
    margin = max(min(_margin(case, a), _margin(case, b)) for a, b in pairs)
    text_ja = f"{named(leads)}でST上昇(最大 {lead.replace('-', '−')} {mm_of_uv(level):.1f} mm)"
    text_en = f"ST elevation in {named(leads, ', ')} (highest {lead} {mm_of_uv(level):.1f} mm)"
    if opposite:
        text_ja += f"、{named(opposite)}に対側性ST低下"
        text_en += f", reciprocal depression in {named(opposite, ', ')}"
    return Finding(
        CODE,
        Status.MET,
        leads,
        text_ja,
        text_en,
        {
            "pairs": [f"{a}/{b}" for a, b in pairs],
            "highest_lead": lead,
            "highest_uv": round(level),
            "margin_uv": round(margin),
            "reciprocal": list(opposite),
            "unreadable": list(unreadable),
        },
    )


def _margin(case: CriterionInput, lead: str) -> float:
    return (case.j_uv(lead) or 0.0) - case.thresholds.leads_uv[lead]


def _borderline(case: CriterionInput) -> Finding:
    """MET when a pair lies within 50 µV below, a lateral split stands, or only women's limits are met."""
    near = pairs_at(case, case.thresholds.leads_uv, BORDERLINE_UV)
    if near:
        leads = leads_of_pairs(near)
        return Finding(
            "BORDERLINE", Status.MET, leads,
            f"{named(leads)}のST上昇は閾値まで0.5 mm以内",
            f"ST elevation in {named(leads, ', ')} is within 0.5 mm of the thresholds",
        )  # fmt: skip
    if case.thresholds.source != "entered":
        low = pairs_at(case, case.thresholds.lowest_uv)
        if low:
            leads = leads_of_pairs(low)
            return Finding(
                "BORDERLINE", Status.MET, leads,
                f"{named(leads)}は年齢・性別不明のため最も低い閾値でのみ基準到達",
                f"{named(leads, ', ')} reach the lowest thresholds only (age or sex unknown)",
            )  # fmt: skip
    split = _lateral_split(case)
    if split:
        return Finding(
            "LATERAL_SPLIT", Status.MET, split,
            f"側壁誘導 {named(split)} が隣接せずに閾値に到達",
            f"lateral leads {named(split, ', ')} reach their thresholds without being neighbours",
        )  # fmt: skip
    return Finding(
        "BORDERLINE", Status.NOT_MET, (), "境界域のST上昇なし", "no borderline elevation"
    )


def _lateral_split(case: CriterionInput) -> tuple[str, ...]:
    limit = case.thresholds.leads_uv
    at = [n for n in ("I", "aVL", "V5", "V6") if (case.j_uv(n) or 0.0) >= limit[n]]
    both = any(n in at for n in ("I", "aVL")) and any(n in at for n in ("V5", "V6"))
    return tuple(at) if both else ()


def _standard(case: CriterionInput) -> bool:
    return not case.wide_left


CRITERION = Criterion(CODE, CriterionRole.PRIMARY, _standard, evaluate)
BORDERLINE = Criterion(
    "BORDERLINE",
    CriterionRole.BORDERLINE,
    lambda case: _standard(case) and not case.hit_leads,
    _borderline,
)
