"""The case as the crew sees it: patient, marks, snapshots, and the receipt chain. No I/O.

Everything the crew enters is an event that goes to the relay; everything that comes back is a notice
of the incident's timeline. This object folds both into what the page shows.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID

from ambulance_client.receipts import Decided, Receipts, SnapshotLine, Step, receipts
from relay.protocol import messages as m

KEPT_NOTICES = 50


@dataclass(slots=True)
class Case:
    """One incident on the tablet."""

    incident: UUID
    patient: m.PatientCard = field(default_factory=lambda: m.PatientCard(rev=0))
    marks: dict[str, int | None] = field(
        default_factory=lambda: {"fmc": None, "depart": None, "door": None}
    )
    snapshots: dict[str, SnapshotLine] = field(default_factory=dict)
    looked_live: Step | None = None
    decided: Decided | None = None
    rang: dict[str, str] = field(default_factory=dict)
    """Which snapshot each alert is about."""
    notices: list[m.Notice] = field(default_factory=list)
    last_entry: int = 0

    @property
    def receipts(self) -> Receipts:
        """The receipt chain as it stands."""
        return receipts(self.snapshots.values(), self.looked_live, self.decided)

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
            "alert-raised": self._raised,
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
        line = self._line(notice)
        line.stored = line.stored or _step(notice)

    def _screened(self, notice: m.Notice) -> None:
        line = self._line(notice)
        line.tier = _text(notice, "tier")
        line.statement_ja = _text(notice, "statement_ja")
        line.statement_en = _text(notice, "statement_en")

    def _raised(self, notice: m.Notice) -> None:
        line = self._line(notice)
        line.rang = True
        self.rang[str(notice.data.get("alert"))] = line.id

    def _delivered(self, notice: m.Notice) -> None:
        """An alert, or a snapshot that rang nowhere, is drawn at a hospital; the first screen counts."""
        named = _text(notice, "snapshot") or self.rang.get(str(notice.data.get("alert")))
        line = self.snapshots.get(named) if named else None
        if line is not None and line.delivered is None:
            line.delivered = _step(notice)

    def _opened(self, notice: m.Notice) -> None:
        named = _text(notice, "snapshot")
        if named is None:
            self.looked_live = _step(notice)
            return
        line = self._line(notice)
        line.opened = line.opened or _step(notice)

    def _decided(self, notice: m.Notice) -> None:
        named, decision, text = (_text(notice, key) for key in ("snapshot", "decision", "text"))
        self.decided = Decided(_step(notice), named, decision, text)

    def as_json(self) -> dict[str, Any]:
        """The case's part of ``PanelState`` (``docs/http.md``)."""
        return {
            "incident": str(self.incident),
            "patient": asdict(self.patient),
            "marks": dict(self.marks),
            "snapshots": [line.as_json() for line in self.snapshots.values()],
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


def _step(notice: m.Notice) -> Step:
    return Step(notice.entry, notice.at_us, notice.who)
