"""The ST-elevation screen of a site, and how it is made fast."""

from __future__ import annotations

from ecg.kernels.cache import is_whole_for_some_cpu
from relay.services.screening.screener import Screener
from relay.services.screening.warm_up import WarmUp
from relay.settings import Settings
from relay.wiring.adapters import Adapters


def screener_of(settings: Settings, chosen: Adapters) -> Screener | None:
    """The screen, None where this site does not screen."""
    return (chosen.screener or load_screener()) if settings.screen_enabled else None


def warm_up_of(chosen: Adapters) -> WarmUp:
    """What makes the screen fast; a screener of the caller's own is as it is."""
    if chosen.screener:
        return WarmUp()
    return WarmUp(make_screener_fast, is_quick=is_whole_for_some_cpu())


def load_screener() -> Screener:
    """The ST-elevation screen of ``ecg``, loaded now so that the first patient does not wait."""
    from ecg.screen import screen_segment
    from ecg.values import EcgSegment, PatientFacts
    from relay.services.screening.screener import Screened

    def screener(segment: EcgSegment, age_years: int | None, sex: str | None) -> Screened:
        known_sex = sex if sex in {"M", "F"} else None
        facts = PatientFacts(age_years=age_years, sex=known_sex)  # type: ignore[arg-type]  # M, F
        report = screen_segment(segment, facts)
        return Screened(
            report.tier.value, report.statement_ja, report.statement_en, report.as_json()
        )

    return screener


def make_screener_fast() -> str | None:
    """Load or compile the screen's kernels; why it stays slow, or None. Takes a second, without a cache half a minute."""
    from ecg.kernels.warming import warm

    return warm()
