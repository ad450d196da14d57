"""What the timeline says of a screened ECG and of an alarm."""

from __future__ import annotations

from uuid import UUID

from relay.model.alert import Alert
from relay.model.report import Report
from relay.model.timeline import Stage
from relay.services.alarm.unstored import Untold
from relay.services.ground.journal import CaseChange


async def record_report(change: CaseChange, report: Report) -> None:
    """Keep a snapshot's report, with its line on the timeline."""
    await change.tx.recordings.add_report(report)
    if report.snapshot is not None:
        line = screened_line(report, report.snapshot, change.now_us)
        await change.entry(line.stage, line.who, line.data)


def screened_line(report: Report, snapshot: UUID, at_us: int) -> Untold:
    """That an ECG was screened, and what came out."""
    data = {
        "snapshot": str(snapshot),
        "tier": report.tier,
        "statement_ja": report.statement_ja,
        "statement_en": report.statement_en,
    }
    return Untold(Stage.SCREENED, "", at_us, data)


def raised_line(alert: Alert) -> Untold:
    """That an alarm rings."""
    data = {
        "alert": str(alert.id),
        "tier": alert.tier,
        "snapshot": str(alert.snapshot),
        "statement_ja": alert.statement_ja,
        "statement_en": alert.statement_en,
    }
    return Untold(Stage.ALERT_RAISED, "", alert.raised_at_us, data)
