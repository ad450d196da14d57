"""From findings to one tier, and the sentence that goes with it.

Source: clinical brief §1.7. A mimic lowers A to B and never erases elevation; what cannot be read
is Q; and nothing here ever says "normal".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from ecg.beat.measurements import Measurements
from ecg.leads import PRECORDIAL, STANDARD_12
from ecg.screen.criterion import CriterionRole, Finding, Status, named
from ecg.units import mm_of_uv


class Tier(StrEnum):
    """Answer of the screen.

    A criteria met; B met, but a mimic or doubt; C equivalent pattern; D borderline, repeat;
    E not met on this recording; Q cannot be read.
    """

    A = "A"
    B = "B"
    C = "C"
    D = "D"
    E = "E"
    Q = "Q"


SURE, LIKELY, POSSIBLE = 0.9, 0.5, 0.1


@dataclass(frozen=True, slots=True)
class Answered:
    """A finding and the role in which it was asked."""

    role: CriterionRole
    finding: Finding


def met(answers: tuple[Answered, ...], role: CriterionRole) -> tuple[Finding, ...]:
    """The MET findings of a role."""
    return tuple(a.finding for a in answers if a.role is role and a.finding.status is Status.MET)


_LIMB_CHAIN = ("aVL", "I", "aVR", "II", "aVF", "III")


def blind_spot(m: Measurements) -> tuple[str, ...]:
    """Neighbouring leads of the limb or the chest chain that are both unreadable: nobody looked there."""
    out: list[str] = []
    for chain in (_LIMB_CHAIN, PRECORDIAL):
        for pair in pairwise(chain):
            if not any(m.readable(n) for n in pair):
                out += pair
    return tuple(dict.fromkeys(out))


def decide(answers: tuple[Answered, ...], probability: float, unseen: tuple[str, ...]) -> Tier:
    """The tier of a readable record.

    Args:
        answers: every criterion that was asked.
        probability: share of bootstrap draws in which the primary criterion is met.
        unseen: leads of a region that could not be read. With limb leads among them no mimic can be excluded
            by what stands opposite, so a hit is B at most.
    """
    if met(answers, CriterionRole.PRIMARY):
        if probability < LIKELY:
            return Tier.D
        blind = any(n in _LIMB_CHAIN for n in unseen)
        sure = probability >= SURE and not met(answers, CriterionRole.MIMIC) and not blind
        return Tier.A if sure else Tier.B
    if met(answers, CriterionRole.EQUIVALENT):
        return Tier.C
    if unseen:
        return Tier.Q
    if met(answers, CriterionRole.BORDERLINE) or probability >= POSSIBLE:
        return Tier.D
    return Tier.E


_UNSURE_JA, _UNSURE_EN = "拍間のばらつきが大きい", "the beats vary"


def statement(
    tier: Tier, answers: tuple[Answered, ...], m: Measurements, unseen: tuple[str, ...]
) -> tuple[str, str]:
    """One line in Japanese and in English."""
    primary = met(answers, CriterionRole.PRIMARY)
    if tier in {Tier.A, Tier.B}:
        where_ja, where_en = _elevation(primary[0], m)
        if tier is Tier.A:
            return (
                f"{where_ja}。STEMI基準を満たします(要医師判読)",
                f"{where_en}. STEMI criteria are met (a physician must read)",
            )
        reasons = met(answers, CriterionRole.MIMIC)
        limbs = tuple(n for n in unseen if n in _LIMB_CHAIN)
        other_ja, other_en = _UNSURE_JA, _UNSURE_EN
        if limbs:
            other_ja = f"{named(limbs)}が判読不能"
            other_en = f"{named(limbs, ', ')} cannot be read"
        why_ja = "、".join(f.text_ja for f in reasons) or other_ja
        why_en = "; ".join(f.text_en for f in reasons) or other_en
        return (
            f"{where_ja}。STEMI基準を満たしますが類似所見に注意:{why_ja}(要医師判読)",
            f"{where_en}. STEMI criteria are met, but beware: {why_en} (a physician must read)",
        )
    if tier is Tier.C:
        which = met(answers, CriterionRole.EQUIVALENT)
        lost_ja = f"。{named(unseen)}は判読不能" if unseen else ""
        lost_en = f"; {named(unseen, ', ')} cannot be read" if unseen else ""
        return (
            f"STEMI相当所見の可能性:{'、'.join(f.text_ja for f in which)}{lost_ja}(要医師判読)",
            f"Possible STEMI equivalent: {'; '.join(f.text_en for f in which)}{lost_en} (a physician must read)",
        )
    if tier is Tier.D:
        near = primary or met(answers, CriterionRole.BORDERLINE)
        ja = near[0].text_ja if near else _UNSURE_JA
        en = near[0].text_en if near else _UNSURE_EN
        return (
            f"境界域:{ja}。5~10分後に再記録してください(要医師判読)",
            f"Borderline: {en}. Repeat the ECG in 5–10 minutes (a physician must read)",
        )
    if tier is Tier.Q:
        leads = named(unseen)
        return (
            f"{leads}が判読できず判定できません。電極を直して再記録してください(要医師判読)",
            f"{named(unseen, ', ')} cannot be read, so no answer is given. Fix the electrodes and record again (a physician must read)",
        )
    return _not_met(m, answers)


def _not_met(m: Measurements, answers: tuple[Answered, ...]) -> tuple[str, str]:
    lost = tuple(n for n in STANDARD_12 if not m.readable(n))
    but_ja = f"({named(lost)}は判読不能)" if lost else ""
    but_en = f" ({named(lost, ', ')} could not be read)" if lost else ""
    old = next((a.finding for a in answers if _is_old_infarction(a.finding)), None)
    if old is not None:
        return (
            f"この記録ではSTEMI基準を満たしません{but_ja}。{old.text_ja}(要医師判読)",
            f"STEMI criteria are not met on this recording{but_en}, but {old.text_en} (a physician must read)",
        )
    return (
        f"この記録ではSTEMI基準を満たしません{but_ja}。心筋梗塞を否定するものではありません(要医師判読)",
        f"STEMI criteria are not met on this recording{but_en}; this does not exclude infarction (a physician must read)",
    )


def _is_old_infarction(finding: Finding) -> bool:
    return finding.code == "Q_WAVES" and finding.status is Status.NOTE


def _elevation(finding: Finding, m: Measurements) -> tuple[str, str]:
    """「V2–V4でST上昇(V3 4.1 mm)」 and its English."""
    leads = finding.leads
    if finding.code != "STEMI_UDMI4":
        return finding.text_ja, finding.text_en
    top = max(leads, key=lambda n: _level(m, n))
    size = f"{top.replace('-', '−')} {mm_of_uv(_level(m, top)):.1f} mm"
    return f"{named(leads)}でST上昇({size})", f"ST elevation in {named(leads, ', ')} ({size})"


def _level(m: Measurements, lead: str) -> float:
    value = m.leads[lead.removeprefix("-")].j_uv
    return -value if lead.startswith("-") else value
