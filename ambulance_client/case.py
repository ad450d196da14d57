"""The case as the crew sees it: patient, marks, snapshots, and the receipt chain. No I/O.

Everything the crew enters is an event that goes to the relay; everything that comes back is a notice
of the case's timeline. This object folds both into what the page shows.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any
from uuid import UUID

from relay.errors import BadInput
from relay.protocol import messages as m
from relay.protocol.origin import told_json
from relay.protocol.receipts import ReceiptFold, Receipts

KEPT_NOTICES = 50


@dataclass(slots=True)
class SnapshotRow:
    """What the crew's page says of one snapshot beside its receipts."""

    taken_at_us: int
    first_sample: int
    origin: m.FileOrigin | None = None
    by_tablet: bool = False
    """Whether ``taken_at_us`` is of the tablet's clock."""
    statement_ja: str | None = None
    statement_en: str | None = None


@dataclass(slots=True)
class TabletCase:
    """One case on the tablet."""

    incident: UUID
    patient: m.PatientCard = field(default_factory=lambda: m.PatientCard(rev=0))
    marks: dict[str, int | None] = field(
        default_factory=lambda: {"fmc": None, "depart": None, "door": None}
    )
    snapshots: dict[str, SnapshotRow] = field(default_factory=dict)
    fold: ReceiptFold = field(default_factory=ReceiptFold)
    notices: list[m.Notice] = field(default_factory=list)
    last_entry: int = 0
    attention: m.Attention | None = None
    """How the hospitals stand; only true while the link is up."""

    @property
    def receipts(self) -> Receipts:
        """The receipt chain as it stands."""
        return self.fold.receipts()

    def edited(self, fields: dict[str, Any]) -> m.PatientCard:
        """The next revision of the card, with these fields changed.

        Raises:
            BadInput: the card has no such field.
        """
        extra = sorted(set(fields) - (set(asdict(self.patient)) - {"rev", "type"}))
        if extra:
            raise BadInput(f"The patient card has no field {extra[0]!r}.")
        return replace(self.patient, **fields, rev=self.patient.rev + 1)

    def understood(self, entry: int) -> m.DecisionUnderstood | None:
        """That the crew has read the decision at this entry; None where that is told already.

        Raises:
            BadInput: that is no decision of this case.
        """
        if entry not in {decided.step.entry for decided in self.fold.decisions}:
            raise BadInput("That decision is not of this case; look at the newest one.")
        return None if entry in self.fold.understood else m.DecisionUnderstood(entry)

    def apply_event(self, event: m.Event) -> None:
        """Fold in something the crew entered."""
        body = event.body
        if isinstance(body, m.PatientCard) and body.rev > self.patient.rev:
            self.patient = body
        elif isinstance(body, m.Mark):
            self.marks[body.mark] = event.at_us
        elif isinstance(body, m.SnapshotRequest):
            key = str(body.snapshot)
            self.snapshots.setdefault(
                key, SnapshotRow(event.at_us, body.first_sample, body.origin, by_tablet=True)
            )
            self.fold.expect(key, body.reason)

    def apply_attention(self, attention: m.Attention) -> None:
        """Keep how the hospitals stand now."""
        self.attention = attention

    def apply_notice(self, notice: m.Notice) -> None:
        """Fold in something that happened at the relay or the hospital."""
        self.last_entry = max(self.last_entry, notice.entry)
        self.notices.append(notice)
        del self.notices[:-KEPT_NOTICES]
        self.fold.take(notice)
        if notice.stage in ("snapshot-stored", "screened", "alert-raised"):
            self._snapshot(notice)

    def _snapshot(self, notice: m.Notice) -> None:
        key = str(notice.data.get("snapshot"))
        row = self.snapshots.setdefault(key, SnapshotRow(notice.at_us, 0))
        if notice.stage == "screened":
            row.statement_ja = _text(notice, "statement_ja")
            row.statement_en = _text(notice, "statement_en")

    def _row(self, key: str, row: SnapshotRow, shift_us: int) -> dict[str, object]:
        line = self.fold.lines[key]
        card, told = self.patient, None
        if row.origin is not None:
            told = told_json(row.origin, card.age_years, card.sex)
        return {
            "origin": told,
            "id": key,
            "taken_at_us": _taken(row, shift_us),
            "first_sample": row.first_sample,
            "reason": line.reason,
            "stored_at_us": line.stored.at_us if line.stored else None,
            "tier": line.tier,
            "statement_ja": row.statement_ja,
            "statement_en": row.statement_en,
        }

    def _receipts_json(self, shift_us: int) -> dict[str, object]:
        chain = self.receipts
        about = self.snapshots.get(chain.snapshot or "")
        return {**asdict(chain), "taken_at_us": _taken(about, shift_us) if about else None}

    def as_json(self, shift_us: int = 0) -> dict[str, Any]:
        """The case's part of ``PanelState`` (``docs/http.md``), its own moments moved to the relay's clock."""
        return {
            "incident": str(self.incident),
            "patient": asdict(self.patient),
            "marks": {k: at and at + shift_us for k, at in self.marks.items()},
            "snapshots": [self._row(key, row, shift_us) for key, row in self.snapshots.items()],
            "receipts": self._receipts_json(shift_us),
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


def _taken(row: SnapshotRow, shift_us: int) -> int:
    return row.taken_at_us + shift_us if row.by_tablet else row.taken_at_us


def _text(notice: m.Notice, key: str) -> str | None:
    value = notice.data.get(key)
    return value if isinstance(value, str) else None
