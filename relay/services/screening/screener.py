"""What a screener is: ten seconds of ECG in, a tier and a sentence out; and what is said where it cannot answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from ecg.values import EcgSegment
from relay.ecglog.port import LoggedFrame
from relay.model.report import UNREADABLE_TIER, Report
from relay.model.stream import EcgStream
from relay.protocol import feed

UNAVAILABLE_JA = "解析を利用できません。波形をご確認ください。"
UNAVAILABLE_EN = "Analysis unavailable; read the waveform."


@dataclass(frozen=True, slots=True)
class Screened:
    """What a screener says of one stretch."""

    tier: str
    statement_ja: str
    statement_en: str
    body: Mapping[str, object]


class Screener(Protocol):
    """Reads ten seconds of ECG. Pure and blocking; called in a thread."""

    def __call__(self, segment: EcgSegment, age_years: int | None, sex: str | None) -> Screened:
        """The screening of this segment for a patient of this age and sex, as far as known."""


UNAVAILABLE = Screened(
    UNREADABLE_TIER,
    UNAVAILABLE_JA,
    UNAVAILABLE_EN,
    {
        "tier": UNREADABLE_TIER,
        "unavailable": True,
        "statement_ja": UNAVAILABLE_JA,
        "statement_en": UNAVAILABLE_EN,
    },
)


@dataclass(frozen=True, slots=True)
class Stretch:
    """What to screen: a range of a stream, with the frames that hold it."""

    frames: tuple[LoggedFrame, ...]
    stream: EcgStream
    first_sample: int
    n_samples: int


def live_message(report: Report) -> feed.LiveReport:
    """A live screening as pages get it."""
    return feed.LiveReport(
        stream=report.stream,
        incident=report.incident,
        first_sample=report.first_sample,
        n_samples=report.n_samples,
        statement_ja=report.statement_ja,
        statement_en=report.statement_en,
        report=dict(report.body),
    )
