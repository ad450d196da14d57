"""The ST-elevation screen: measurements and patient in, one report out.

A new criterion is one file, one line in ``CRITERIA``, one test and one page in ``docs/clinical``.
"""

from __future__ import annotations

from ecg.beat.measurements import Measurements
from ecg.beat.reversal import corrected
from ecg.measure import measure
from ecg.screen import (
    brugada,
    de_winter,
    diffuse_depression,
    early_repolarisation,
    hyperacute_t,
    hyperkalaemia,
    lbbb,
    lv_aneurysm,
    lvh,
    pericarditis,
    posterior,
    q_waves,
    rbbb_secondary,
    sgarbossa_smith,
    source_filter,
    stemi_udmi4,
    subtle_lad,
    takotsubo,
)
from ecg.screen.criterion import Criterion, Finding, Status
from ecg.screen.engine import run, with_corrected_view
from ecg.screen.report import VERSION, ScreenReport
from ecg.screen.thresholds import Profile
from ecg.screen.tiers import Tier
from ecg.values import EcgSegment, PatientFacts, window_of_segment

CRITERIA: tuple[Criterion, ...] = (
    stemi_udmi4.CRITERION,
    sgarbossa_smith.CRITERION,
    stemi_udmi4.BORDERLINE,
    subtle_lad.CRITERION,
    source_filter.BORDERLINE,
    posterior.CRITERION,
    de_winter.CRITERION,
    diffuse_depression.CRITERION,
    lvh.CRITERION,
    early_repolarisation.CRITERION,
    pericarditis.CRITERION,
    lv_aneurysm.CRITERION,
    brugada.CRITERION,
    rbbb_secondary.CRITERION,
    source_filter.CRITERION,
    lbbb.END_UNSURE,
    takotsubo.CRITERION,
    hyperacute_t.CRITERION,
    hyperkalaemia.CRITERION,
    q_waves.CRITERION,
    lbbb.CRITERION,
)
"""Every criterion, in the order in which it is asked and listed."""


def screen(
    measurements: Measurements, patient: PatientFacts, profile: str | Profile = "udmi4"
) -> ScreenReport:
    """The report on measurements. Always answers; tier Q with reasons where nothing may be said.

    Args:
        measurements: from ``ecg.measure.measure``.
        patient: as entered.
        profile: ``udmi4``, ``accf2013``, or a table of ``ecg.screen.thresholds.profile_of_json``.
    """
    return run(measurements, patient, CRITERIA, profile)


def screen_segment(
    segment: EcgSegment, patient: PatientFacts, profile: str | Profile = "udmi4"
) -> ScreenReport:
    """The report on a stretch of ECG, 10 s intended; of more than 12 s the newest 10 s count."""
    report = screen(measure(window_of_segment(segment)), patient, profile)
    reversal = report.measurements.reversal
    if report.withheld is None or reversal is None:
        return report
    undone = corrected(segment, reversal.code)
    if undone is None:
        return report
    return with_corrected_view(report, screen(measure(window_of_segment(undone)), patient, profile))


__all__ = [
    "CRITERIA",
    "VERSION",
    "Criterion",
    "Finding",
    "Profile",
    "ScreenReport",
    "Status",
    "Tier",
    "screen",
    "screen_segment",
]
