"""One recording as a later one is compared with: what its report's JSON says, and whether its QRS looks the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from ecg.leads import PRECORDIAL

AXIS_DEG, QRS_SHARE, QRS_FLOOR_UV = 30.0, 0.20, 200.0


class Qrs(Protocol):
    """What tells whether electrodes or the body have moved: axis in degrees, R + S by lead in µV."""

    @property
    def axis_deg(self) -> float | None:
        """Frontal QRS axis, None where not measured."""

    @property
    def qrs_uv(self) -> Mapping[str, float]:
        """R + S by readable lead."""


@dataclass(frozen=True, slots=True)
class Tracing:
    """What a comparison needs to know of one recording; leads that cannot be read are left out.

    Attributes:
        j_uv, j60_uv: levels above PQ by lead. st_se_uv: standard error of either.
        qrs_uv: R + S by lead. t_uv: signed peak of T by lead.
        axis_deg, qrs_ms, hr_bpm: None where not measured.
        q_leads: leads with pathological Q waves.
    """

    j_uv: Mapping[str, float]
    j60_uv: Mapping[str, float]
    st_se_uv: Mapping[str, float]
    qrs_uv: Mapping[str, float]
    t_uv: Mapping[str, float]
    axis_deg: float | None
    qrs_ms: float | None
    hr_bpm: float | None
    q_leads: tuple[str, ...] = ()


def tracing_of_report(body: Mapping[str, object]) -> Tracing:
    """What a screen report's JSON (``ScreenReport.as_json``) says, as far as it can be read."""
    quality = body.get("quality")
    by_lead = quality.get("leads") if isinstance(quality, Mapping) else None
    errors = {
        str(name): lead.get("st_se_uv")
        for name, lead in (by_lead.items() if isinstance(by_lead, Mapping) else ())
        if isinstance(lead, Mapping)
    }
    return Tracing(
        j_uv=_numbers(body.get("st_j_uv")),
        j60_uv=_numbers(body.get("st_j60_uv")),
        st_se_uv=_numbers(errors),
        qrs_uv=_numbers(body.get("qrs_uv")),
        t_uv=_numbers(body.get("t_uv")),
        axis_deg=_number(body.get("axis_deg")),
        qrs_ms=_number(body.get("qrs_ms")),
        hr_bpm=_number(body.get("hr_bpm")),
        q_leads=_q_leads(body.get("findings")),
    )


def axis_turn_deg(before: Qrs, after: Qrs) -> float | None:
    """How far the frontal axis has turned, −180 to 180; None where it is not known of both."""
    if before.axis_deg is None or after.axis_deg is None:
        return None
    return (after.axis_deg - before.axis_deg + 180.0) % 360.0 - 180.0


def qrs_moved(before: Qrs, after: Qrs) -> bool:
    """Whether the QRS itself looks different: axis by > 30°, or size by > 20 % in most chest leads."""
    turn_deg = axis_turn_deg(before, after)
    if turn_deg is not None and abs(turn_deg) > AXIS_DEG:
        return True
    chest = [n for n in PRECORDIAL if n in before.qrs_uv and n in after.qrs_uv]
    moved = sum(
        abs(after.qrs_uv[n] - before.qrs_uv[n]) > QRS_SHARE * max(before.qrs_uv[n], QRS_FLOOR_UV)
        for n in chest
    )
    return len(chest) > 0 and moved * 2 > len(chest)


def _q_leads(findings: object) -> tuple[str, ...]:
    for finding in findings if isinstance(findings, Sequence) else ():
        if isinstance(finding, Mapping) and finding.get("code") == "Q_WAVES":
            leads = finding.get("leads")
            return tuple(str(n) for n in leads) if isinstance(leads, Sequence) else ()
    return ()


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _numbers(value: object) -> dict[str, float]:
    """The numbers of a JSON object, ``null`` left out; empty where it is none."""
    if not isinstance(value, Mapping):
        return {}
    found = {str(name): _number(level) for name, level in value.items()}
    return {name: level for name, level in found.items() if level is not None}
