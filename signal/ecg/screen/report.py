"""The screen's answer as one value, and as JSON of one documented shape."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from ecg.beat.measurements import Measurements
from ecg.leads import EXTRA_LEADS, STANDARD_12
from ecg.screen.criterion import Finding
from ecg.screen.thresholds import Thresholds
from ecg.screen.tiers import Tier

VERSION = "0.3.1"
"""Version of the screen: changes whenever the same samples could get another answer."""


def _number(value: float | None, digits: int = 1) -> float | None:
    """A JSON-safe number, None for what was not measured."""
    if value is None or not math.isfinite(value):
        return None
    return round(float(value), digits) + 0.0


@dataclass(frozen=True, slots=True, eq=False)
class ScreenReport:
    """What the screen says about one stretch of ECG.

    Attributes:
        tier: the answer.
        first_sample, n_samples: the stretch that was measured, in the stream's own samples.
        measurements: everything it rests on.
        findings: the overall statement first (``SCREEN``), then every criterion that was asked.
        statement_ja, statement_en: one line each.
        thresholds: the table row in force.
        probability: share of bootstrap draws in which the primary criterion is met.
        withheld: why no ST value is given, None where they are given.
    """

    tier: Tier
    first_sample: int
    n_samples: int
    measurements: Measurements
    findings: tuple[Finding, ...]
    statement_ja: str
    statement_en: str
    thresholds: Thresholds
    probability: float
    withheld: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The documented shape (``docs/clinical/screen-json.md``); no NaN, no numpy type."""
        m = self.measurements
        return {
            "tier": self.tier.value,
            "st_j_uv": self._levels(0),
            "st_j60_uv": self._levels(3),
            "hr_bpm": _number(m.hr_bpm),
            "qrs_ms": _number(m.qrs_ms),
            "qtc_ms": _number(m.qtcf_ms),
            "axis_deg": _number(m.axis_deg, 0),
            "qrs_uv": {
                name: _number(m.leads[name].qrs_pp_uv, 0) if m.readable(name) else None
                for name in STANDARD_12
            },
            "t_uv": {
                name: _number(m.leads[name].t_uv, 0)
                if self.withheld is None and m.readable(name)
                else None
                for name in STANDARD_12
            },
            "quality": self._quality(),
            "findings": [
                {
                    "code": f.code,
                    "status": f.status.value,
                    "leads": list(f.leads),
                    "text_ja": f.text_ja,
                    "text_en": f.text_en,
                    "values": dict(f.values),
                }
                for f in self.findings
            ],
            "thresholds": {
                "profile": self.thresholds.profile,
                "profile_version": self.thresholds.version,
                "age_years": self.thresholds.patient.age_years,
                "sex": self.thresholds.patient.sex,
                "source": self.thresholds.source,
                "leads_uv": dict(self.thresholds.leads_uv),
            },
            "version": VERSION,
        }

    def _quality(self) -> dict[str, Any]:
        quality = self.measurements.quality
        return {
            "record": quality.label.value,
            "reasons": list(quality.reasons),
            "leads": {
                name: {
                    "grade": lead.grade.value,
                    "flags": list(lead.flags),
                    "st_se_uv": _number(lead.st_se_uv),
                    "seconds": {flag: list(at) for flag, at in lead.seconds.items()},
                    "bsqi": _number(lead.agreement, 2),
                }
                for name, lead in quality.leads.items()
            },
        }

    def _levels(self, instant: int) -> dict[str, float | None]:
        """ST by lead: the standard twelve, then those of V3R, V4R, V7 to V9 that were recorded.

        None where withheld or unreadable.
        """
        m = self.measurements
        return {
            name: _number(m.leads[name].st_uv[instant])
            if self.withheld is None and m.readable(name)
            else None
            for name in (*STANDARD_12, *EXTRA_LEADS)
            if name in STANDARD_12 or name in m.quality.leads
        }
