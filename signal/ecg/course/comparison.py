"""What changed between two recordings of one patient: ST by lead with the doubt of both, QRS, T, Q waves.

Source: clinical brief §5 (serial comparison): ΔST of 100 µV in two neighbouring leads is a change; first it is
asked whether the electrodes still sit where they sat; a fall of all ST elevation by half suggests reperfusion.

Deviations:
    * The level at J+60, as in the trend (``ecg.course.st_trend``), not at J.
    * ST elevation is summed over the leads that had 100 µV or more before, and asked for only from 300 µV on:
      half of little is noise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from ecg.course.tracing import Tracing, axis_turn_deg, qrs_moved
from ecg.leads import STANDARD_12
from ecg.screen.criterion import named
from ecg.screen.thresholds import load_profile
from ecg.units import mm_of_uv

CHANGE_UV = 100.0
LEAST_SUM_UV = 300.0
REPERFUSED_PCT, RESOLVED_PCT = 50.0, 70.0
WIDER_MS = 20.0


class StChange(Enum):
    """Whether ST has changed; ``UNREADABLE`` where no neighbouring leads can be read in both."""

    CHANGED = "CHANGED"
    NOT_CHANGED = "NOT_CHANGED"
    UNREADABLE = "UNREADABLE"


@dataclass(frozen=True, slots=True)
class LeadChange:
    """Difference of one lead, later minus earlier, in microvolts.

    Attributes:
        j_uv, j60_uv: change of the level at J and J+60. se_uv: standard error of either.
        t_uv: change of the peak of T, None where it is not known of both.
    """

    j_uv: float
    j60_uv: float
    se_uv: float
    t_uv: float | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Difference between two recordings.

    Attributes:
        answer: whether ST has changed.
        leads: by lead, only where both can be read.
        risen, fallen: leads of neighbouring pairs whose J+60 moved by 100 µV or more, the same way.
        rms_j60_uv: root mean square of the change at J+60 over the compared leads, None without any.
        st_sum_fall_pct: by how much the sum of ST elevation has fallen, None where there was little.
        axis_turn_deg, qrs_wider_ms: None where not known of both.
        new_q_leads: leads with pathological Q waves only in the later one.
        electrodes_doubtful: the QRS itself changed so much (axis > 30° or size > 20 % in most chest
            leads) that electrodes or body position may have moved; say so beside every change.
    """

    answer: StChange
    leads: dict[str, LeadChange]
    risen: tuple[str, ...]
    fallen: tuple[str, ...]
    rms_j60_uv: float | None
    st_sum_fall_pct: float | None
    axis_turn_deg: float | None
    qrs_wider_ms: float | None
    new_q_leads: tuple[str, ...]
    electrodes_doubtful: bool


def compare(earlier: Tracing, later: Tracing) -> Comparison:
    """The change from an earlier to a later recording; no lead where either cannot be read."""
    leads = {
        name: LeadChange(
            j_uv=later.j_uv[name] - earlier.j_uv[name],
            j60_uv=later.j60_uv[name] - earlier.j60_uv[name],
            se_uv=float(np.hypot(earlier.st_se_uv.get(name, 0.0), later.st_se_uv.get(name, 0.0))),
            t_uv=_difference(earlier.t_uv.get(name), later.t_uv.get(name)),
        )
        for name in earlier.j60_uv
        if name in later.j60_uv and name in earlier.j_uv and name in later.j_uv
    }
    delta_uv = {name: change.j60_uv for name, change in leads.items()}
    if "aVR" in delta_uv:
        delta_uv["-aVR"] = -delta_uv["aVR"]
    pairs = [p for p in load_profile().contiguity if all(n in delta_uv for n in p)]
    risen = _moved_leads(pairs, delta_uv, 1.0)
    fallen = _moved_leads(pairs, delta_uv, -1.0)
    changed = StChange.CHANGED if risen or fallen else StChange.NOT_CHANGED
    moves = [change.j60_uv for change in leads.values()]
    return Comparison(
        answer=changed if pairs else StChange.UNREADABLE,
        leads=leads,
        risen=risen,
        fallen=fallen,
        rms_j60_uv=float(np.sqrt(np.mean(np.square(moves)))) if moves else None,
        st_sum_fall_pct=_sum_fall_pct(earlier, later),
        axis_turn_deg=axis_turn_deg(earlier, later),
        qrs_wider_ms=_difference(earlier.qrs_ms, later.qrs_ms),
        new_q_leads=tuple(n for n in later.q_leads if n not in earlier.q_leads),
        electrodes_doubtful=qrs_moved(earlier, later),
    )


Words = tuple[str, str]


def sentence(change: Comparison) -> Words:
    """One line in Japanese and in English; what the electrodes may explain stands first."""
    parts = [*_doubts(change), *_st_words(change), *_sum_words(change), *_qrs_words(change)]
    english = "; ".join(en for _, en in parts)
    return "、".join(ja for ja, _ in parts), english[:1].upper() + english[1:]


def _doubts(change: Comparison) -> list[Words]:
    said = []
    if change.electrodes_doubtful:
        said.append(
            (
                "電極位置か体位が変わった可能性(QRSの形が違う)",
                "electrodes or posture may have changed (QRS differs)",
            )
        )
    if change.answer is StChange.UNREADABLE:
        said.append(
            (
                "STを比較できません(読める誘導が足りない)",
                "ST cannot be compared (too few readable leads)",
            )
        )
    return said


def _st_words(change: Comparison) -> list[Words]:
    said = []
    for leads, sign, ja, en in (
        (change.risen, 1.0, "上昇", "risen"),
        (change.fallen, -1.0, "低下", "fallen"),
    ):
        if leads:
            most = f"{mm_of_uv(max(sign * _signed(change, n) for n in leads)):.1f} mm"
            said.append(
                (
                    f"{named(leads)}のSTが最大{most}{ja}",
                    f"ST has {en} by up to {most} in {named(leads, ', ')}",
                )
            )
    if change.answer is StChange.NOT_CHANGED:
        said.append(
            (
                "隣り合う2誘導で1 mm以上のST変化なし",
                "no ST change of 1 mm in two neighbouring leads",
            )
        )
    missing = tuple(n for n in STANDARD_12 if n not in change.leads)
    if missing and change.answer is not StChange.UNREADABLE:
        said.append((f"比較できない誘導{named(missing)}", f"not compared: {named(missing, ', ')}"))
    return said


def _sum_words(change: Comparison) -> list[Words]:
    fall_pct = change.st_sum_fall_pct
    if fall_pct is None or fall_pct < REPERFUSED_PCT or change.electrodes_doubtful:
        return []
    ja, en = "再灌流の可能性", "reperfusion?"
    if fall_pct >= RESOLVED_PCT:
        ja, en = f"ほぼ消失、{ja}", f"nearly gone, {en}"
    return [
        (
            f"ST上昇の合計が{fall_pct:.0f} %減({ja})",
            f"the sum of ST elevation is {fall_pct:.0f} % lower ({en})",
        )
    ]


def _qrs_words(change: Comparison) -> list[Words]:
    said = []
    if change.qrs_wider_ms is not None and change.qrs_wider_ms >= WIDER_MS:
        wider = f"{change.qrs_wider_ms:.0f} ms"
        said.append((f"QRSが{wider}拡大", f"QRS is {wider} wider"))
    if change.new_q_leads:
        leads = change.new_q_leads
        said.append((f"新たな異常Q波({named(leads)})", f"new Q waves in {named(leads, ', ')}"))
    return said


def _signed(change: Comparison, lead: str) -> float:
    """Change at J+60, µV; of ``-aVR`` that of aVR inverted."""
    uv = change.leads[lead.removeprefix("-")].j60_uv
    return -uv if lead.startswith("-") else uv


def _moved_leads(
    pairs: Sequence[tuple[str, str]], delta_uv: Mapping[str, float], sign: float
) -> tuple[str, ...]:
    moved = [p for p in pairs if min(sign * delta_uv[n] for n in p) >= CHANGE_UV]
    return tuple(dict.fromkeys(n for pair in moved for n in pair))


def _sum_fall_pct(earlier: Tracing, later: Tracing) -> float | None:
    raised = [n for n, uv in earlier.j60_uv.items() if uv >= CHANGE_UV and n != "aVR"]
    before_uv = sum(earlier.j60_uv[n] for n in raised)
    if before_uv < LEAST_SUM_UV or any(n not in later.j60_uv for n in raised):
        return None
    after_uv = sum(max(0.0, later.j60_uv[n]) for n in raised)
    return 100.0 * (before_uv - after_uv) / before_uv


def _difference(before: float | None, after: float | None) -> float | None:
    return None if before is None or after is None else after - before


def as_json(change: Comparison) -> dict[str, object]:
    """The documented shape (``docs/clinical/comparison.md``); no NaN."""

    def rounded(value: float | None) -> float | None:
        return None if value is None else round(value, 1) + 0.0

    ja, en = sentence(change)
    return {
        "answer": change.answer.value,
        "statement_ja": ja,
        "statement_en": en,
        "risen": list(change.risen),
        "fallen": list(change.fallen),
        "leads": {
            name: {
                "j_uv": rounded(lead.j_uv),
                "j60_uv": rounded(lead.j60_uv),
                "se_uv": rounded(lead.se_uv),
                "t_uv": rounded(lead.t_uv),
            }
            for name, lead in change.leads.items()
        },
        "rms_j60_uv": rounded(change.rms_j60_uv),
        "st_sum_fall_pct": rounded(change.st_sum_fall_pct),
        "axis_turn_deg": rounded(change.axis_turn_deg),
        "qrs_wider_ms": rounded(change.qrs_wider_ms),
        "new_q_leads": list(change.new_q_leads),
        "electrodes_doubtful": change.electrodes_doubtful,
    }
