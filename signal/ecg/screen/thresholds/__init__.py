"""Threshold profiles as data: which lead needs how many microvolts, for whom, beside which lead."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from ecg.leads import ALL_LEADS
from ecg.values import PatientFacts

GROUPS = ("male_from_40", "male_under_40", "female")
YOUNG_YEARS, YOUNGEST_YEARS = 40, 30
"""Men below these ages have columns of their own (Fourth Universal Definition)."""
HIGHEST_UV = 2000
"""A threshold above this is a slip of the unit: no table asks for 20 mm."""
_KNOWN = {*ALL_LEADS, "-aVR"}


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """One published table.

    Attributes:
        name, version: as printed in every report.
        leads_uv: group to threshold by lead; ``"-aVR"`` is aVR inverted.
        contiguity: pairs of neighbouring leads; no other pair counts.
    """

    name: str
    version: str
    leads_uv: dict[str, dict[str, float]]
    contiguity: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The row of a profile that applies to one patient.

    Attributes:
        profile, version: where it comes from.
        patient: the facts used.
        source: ``entered``, ``partly unknown`` or ``unknown``.
        leads_uv: threshold by lead, ``"-aVR"`` for aVR inverted.
        lowest_uv: the lowest threshold any age and sex would have, by lead; used only to call a
            trace *borderline* when age or sex is unknown.
        contiguity: pairs of neighbouring leads.
    """

    profile: str
    version: str
    patient: PatientFacts
    source: str
    leads_uv: dict[str, float]
    lowest_uv: dict[str, float]
    contiguity: tuple[tuple[str, str], ...]


@lru_cache(maxsize=8)
def load_profile(name: str = "udmi4") -> Profile:
    """A profile that ships with the package.

    Raises:
        FileNotFoundError: no such profile.
    """
    return profile_of_json(resources.files(__package__).joinpath(f"{name}.json").read_text("utf-8"))


def profile_of_json(text: str) -> Profile:
    """A hospital's own table, of the shape of ``udmi4.json``.

    Raises:
        ValueError: not of that shape; the message says what is wrong.
    """
    try:
        raw = json.loads(text)
        leads = {k: {g: float(v) for g, v in row.items()} for k, row in raw["leads"].items()}
        pairs = tuple((str(a), str(b)) for a, b in raw["contiguity"])
        name, version = str(raw["profile"]), str(raw["profile_version"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(f"the profile lacks or misspells a part: {error}") from error
    extra = sorted(
        set(raw) - {"profile", "profile_version", "source", "unit", "leads", "contiguity"}
    )
    if extra:
        raise ValueError(f"the profile has a part that means nothing: {extra[0]}")
    if raw.get("unit", "uV") != "uV":
        raise ValueError("the profile's unit is uV")
    for lead, row in leads.items():
        if other := sorted(set(row) - {*GROUPS, "male_under_30"}):
            raise ValueError(
                f"lead {lead} of the profile has a column that does not exist: {other[0]}"
            )
        if lead not in _KNOWN:
            raise ValueError(f"the profile names a lead that does not exist: {lead}")
        missing = [g for g in GROUPS if g not in row]
        if missing:
            raise ValueError(f"lead {lead} of the profile lacks {', '.join(missing)}")
        if not all(0 < value <= HIGHEST_UV for value in row.values()):
            raise ValueError(f"a threshold of lead {lead} is not between 0 and {HIGHEST_UV} µV")
    lost = sorted({n for pair in pairs for n in pair} - set(leads))
    if lost or not pairs:
        raise ValueError(f"the profile has pairs of leads without thresholds: {', '.join(lost)}")
    return Profile(name, version, leads, pairs)


def _group(patient: PatientFacts) -> str:
    """Column of the table; an unknown sex or age takes the male column from 40 years."""
    if patient.sex == "F":
        return "female"
    if patient.sex == "M" and patient.age_years is not None and patient.age_years < YOUNG_YEARS:
        return "male_under_30" if patient.age_years < YOUNGEST_YEARS else "male_under_40"
    return "male_from_40"


@lru_cache(maxsize=512)
def thresholds_for(patient: PatientFacts, profile: str | Profile = "udmi4") -> Thresholds:
    """Thresholds for a patient. Never assumes silently: ``source`` says what was unknown.

    Args:
        patient: as entered.
        profile: the name of one that ships with the package, or one of ``profile_of_json``.
    """
    if isinstance(profile, str):
        profile = load_profile(profile)
    group = _group(patient)
    known = (patient.age_years is not None) + (patient.sex is not None)
    leads_uv = {
        lead: row.get(group, row["male_under_40"] if group == "male_under_30" else row["female"])
        for lead, row in profile.leads_uv.items()
    }
    return Thresholds(
        profile=profile.name,
        version=profile.version,
        patient=patient,
        source=("unknown", "partly unknown", "entered")[known],
        leads_uv=leads_uv,
        lowest_uv={lead: min(row.values()) for lead, row in profile.leads_uv.items()},
        contiguity=profile.contiguity,
    )
