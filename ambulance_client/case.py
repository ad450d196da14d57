"""The case as the crew sees it: patient, marks, snapshots, and the receipt chain. No I/O.

Everything the crew enters is an event that goes to the relay; everything that comes back is a notice
of the incident's timeline. This object folds both into what the page shows.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID

from relay.protocol import messages as m

KEPT_NOTICES = 50


@dataclass(slots=True)
class Receipts:
    """Who has the trace, and what they decided. Empty until it happened."""

    stored_at_us: int | None = None
    delivered_at_us: int | None = None
    delivered_to: str | None = None
    opened_at_us: int | None = None
    opened_by: str | None = None
    decided_at_us: int | None = None
    decided_by: str | None = None
    decision: str | None = None
    decision_text: str | None = None


@dataclass(slots=True)
class SnapshotLine:
    """One snapshot, from the button to the screen's verdict."""

    id: str
    taken_at_us: int
    first_sample: int
    reason: str
    stored_at_us: int | None = None
    tier: str | None = None
    statement_ja: str | None = None
    statement_en: str | None = None


@dataclass(slots=True)
class Case:
    """One incident on the tablet."""

    incident: UUID
    patient: m.PatientCard = field(default_factory=lambda: m.PatientCard(rev=0))
    marks: dict[str, int | None] = field(
        default_factory=lambda: {"fmc": None, "depart": None, "door": None}
    )
    snapshots: dict[str, SnapshotLine] = field(default_factory=dict)
    receipts: Receipts = field(default_factory=Receipts)
    notices: list[m.Notice] = field(default_factory=list)
    last_entry: int = 0

    def apply_event(self, event: m.Event) -> None:
        """Fold in something the crew entered."""
        body = event.body
        if isinstance(body, m.PatientCard) and body.rev > self.patient.rev:
            self.patient = body
        elif isinstance(body, m.Mark):
            self.marks[body.mark] = event.at_us
        elif isinstance(body, m.SnapshotRequest):
            key = str(body.snapshot)
            line = SnapshotLine(key, event.at_us, body.first_sample, body.reason)
            self.snapshots.setdefault(key, line)

    def apply_notice(self, notice: m.Notice) -> None:
        """Fold in something that happened at the relay or the hospital."""
        self.last_entry = max(self.last_entry, notice.entry)
        self.notices.append(notice)
        del self.notices[:-KEPT_NOTICES]
        fold = {
            "snapshot-stored": self._snapshot_stored,
            "screened": self._screened,
            "delivered": self._delivered,
            "trace-opened": self._opened,
            "decided": self._decided,
        }.get(notice.stage)
        if fold is not None:
            fold(notice)

    def _line(self, notice: m.Notice) -> SnapshotLine:
        key = str(notice.data.get("snapshot"))
        reason = str(notice.data.get("reason", "st-change"))
        return self.snapshots.setdefault(key, SnapshotLine(key, notice.at_us, 0, reason))

    def _snapshot_stored(self, notice: m.Notice) -> None:
        self._line(notice).stored_at_us = notice.at_us
        self.receipts.stored_at_us = notice.at_us

    def _screened(self, notice: m.Notice) -> None:
        line = self._line(notice)
        line.tier = _text(notice, "tier")
        line.statement_ja = _text(notice, "statement_ja")
        line.statement_en = _text(notice, "statement_en")

    def _delivered(self, notice: m.Notice) -> None:
        self.receipts.delivered_at_us = notice.at_us
        self.receipts.delivered_to = notice.who

    def _opened(self, notice: m.Notice) -> None:
        self.receipts.opened_at_us = notice.at_us
        self.receipts.opened_by = notice.who

    def _decided(self, notice: m.Notice) -> None:
        self.receipts.decided_at_us = notice.at_us
        self.receipts.decided_by = notice.who
        self.receipts.decision = _text(notice, "decision")
        self.receipts.decision_text = _text(notice, "text")

    def as_json(self) -> dict[str, Any]:
        """The case's part of ``PanelState`` (``docs/http.md``)."""
        return {
            "incident": str(self.incident),
            "patient": asdict(self.patient),
            "marks": dict(self.marks),
            "snapshots": [asdict(line) for line in self.snapshots.values()],
            "receipts": asdict(self.receipts),
            "notices": [
                {
                    "incident": str(n.incident),
                    "entry": n.entry,
                    "at_us": n.at_us,
                    "stage": n.stage,
                    "who": n.who,
                    "data": n.data,
                }
                for n in self.notices
            ],
        }


def _text(notice: m.Notice, key: str) -> str | None:
    value = notice.data.get(key)
    return value if isinstance(value, str) else None
