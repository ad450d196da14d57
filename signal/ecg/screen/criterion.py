"""What a criterion is: measurements in, one finding out, MET, NOT_MET or UNREADABLE with reasons."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from ecg.beat.measurements import Measurements
from ecg.screen.thresholds import Thresholds
from ecg.values import PatientFacts

Value = float | int | str | bool | None


class Status(StrEnum):
    """Answer of a criterion."""

    MET = "MET"
    NOT_MET = "NOT_MET"
    UNREADABLE = "UNREADABLE"
    NOTE = "NOTE"


class CriterionRole(StrEnum):
    """What a MET does to the tier.

    PRIMARY makes a hit; EQUIVALENT makes tier C without a hit; MIMIC lowers a hit from A to B and
    never erases it; BORDERLINE makes tier D without a hit; REMARK changes nothing.
    """

    PRIMARY = "primary"
    EQUIVALENT = "equivalent"
    MIMIC = "mimic"
    BORDERLINE = "borderline"
    REMARK = "remark"


@dataclass(frozen=True, slots=True)
class Finding:
    """One criterion's answer.

    Attributes:
        code: stable, e.g. ``"STEMI_UDMI4"``.
        status: the answer.
        leads: the leads it rests on.
        text_ja, text_en: one line each, for people.
        values: the numbers behind it, JSON-safe.
    """

    code: str
    status: Status
    leads: tuple[str, ...]
    text_ja: str
    text_en: str
    values: Mapping[str, Value | list[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CriterionInput:
    """What every criterion may look at.

    Attributes:
        measurements: not rejected.
        patient: as entered.
        thresholds: the table row in force.
        wide_left: whether LBBB, paced or unspecific wide QRS rules replace the standard ones.
        hit_leads: leads of the primary criterion's hits; filled before mimics are asked.
    """

    measurements: Measurements
    patient: PatientFacts
    thresholds: Thresholds
    wide_left: bool
    hit_leads: tuple[str, ...] = ()

    def j_uv(self, lead: str) -> float | None:
        """J level of a readable lead, ``"-aVR"`` inverted; None where it cannot be read."""
        name = lead.removeprefix("-")
        if not self.measurements.readable(name):
            return None
        value = self.measurements.leads[name].j_uv
        return -value if lead.startswith("-") else value

    def all_readable(self, *leads: str) -> bool:
        """Whether every one of the leads can be read."""
        return all(self.measurements.readable(n) for n in leads)


@dataclass(frozen=True, slots=True)
class Criterion:
    """An entry of the registry.

    Attributes:
        code: of the finding it gives.
        role: what a MET does.
        applies: whether it is asked at all in this case.
        evaluate: the criterion itself.
    """

    code: str
    role: CriterionRole
    applies: Callable[[CriterionInput], bool]
    evaluate: Callable[[CriterionInput], Finding]


_RUNS = (("V1", "V2", "V3", "V4", "V5", "V6", "V7", "V8", "V9"),)
_ORDER = ("I", "aVL", "-aVR", "aVR", "II", "aVF", "III", "V4R", "V3R", *_RUNS[0])


def named(leads: tuple[str, ...], joint: str = "・") -> str:
    """Leads for people: neighbouring chest leads as a range, e.g. ``V2–V4``."""
    chest = sorted((n for n in set(leads) if n in _RUNS[0]), key=_RUNS[0].index)
    parts = [n for n in _ORDER if n in leads and n not in chest]
    parts = [n.replace("-", "−") for n in parts]
    run: list[str] = []
    for name in [*chest, ""]:
        if run and (not name or _RUNS[0].index(name) != _RUNS[0].index(run[-1]) + 1):
            parts.append(run[0] if len(run) == 1 else f"{run[0]}–{run[-1]}")
            run = []
        run.append(name)
    return joint.join(parts)
