"""Beside the screening of a live stream: whether its ventricles stand still (``ecg.detecting.standstill``)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from ecg.detecting.standstill import StandstillVerdict, StandstillWatch
from ecg.values import EcgSegment
from relay.model.report import Report

if TYPE_CHECKING:
    from relay.services.screening.screener import Screened

log = structlog.get_logger(__name__)


def stands(report: Report) -> bool:
    """Whether this live report says that no QRS is seen."""
    return "standstill_s" in report.body


def with_standstill(said: Screened, watch: StandstillWatch, segment: EcgSegment) -> Screened:
    """The screening, with ``standstill_s`` in its body where no QRS is seen; a watch that fails says nothing."""
    try:
        rhythm = watch.look(segment)
    except Exception:  # the screening counts for itself
        log.exception("standstill-watch-failed")
        return said
    if rhythm.verdict is not StandstillVerdict.STANDSTILL:
        return said
    return replace(said, body={**said.body, "standstill_s": int(rhythm.quiet_s)})
