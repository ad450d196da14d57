"""Reading the audit: who has seen or done what, of one case or call, by one person, since some moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from relay.model.audit import AuditRow
from relay.records.port.records import Records

MOST_ROWS = 10_000
Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class AuditQuestion:
    """What is asked of the audit; everything that is named must be so.

    Attributes:
        case: a case or a 119 call; rows about its recordings, ECGs, alerts and calls count, and lists it was on.
        person: an account or a unit; what was done by it or to its account.
        since_us: nothing older.
        limit: the newest so many; how many more there are is said.
    """

    case: UUID | None = None
    person: str = ""
    since_us: int = 0
    limit: int = 1_000


@dataclass(frozen=True, slots=True)
class Found:
    """Rows, oldest first, and how many older ones were left out."""

    rows: tuple[AuditRow, ...]
    left_out: int

    def as_json(self) -> Json:
        """For pages and ``--json``."""
        return {"rows": [row_json(row) for row in self.rows], "left_out": self.left_out}


async def asked(records: Records, question: AuditQuestion) -> Found:
    """The rows that answer the question."""
    limit = max(1, min(question.limit, MOST_ROWS))
    async with records.read() as reads:
        subjects = await reads.evidence.ids_of_case(question.case) if question.case else []
        rows, left_out = await reads.evidence.find_audit(
            case=question.case,
            subjects=subjects,
            person=question.person,
            since_us=question.since_us,
            limit=limit,
        )
    return Found(tuple(rows), left_out)


def row_json(row: AuditRow) -> Json:
    """One row, with its moment as people write it (ISO 8601, UTC)."""
    at = datetime.fromtimestamp(row.at_us / 1e6, UTC)
    return {
        "number": row.number,
        "at": at.isoformat(timespec="milliseconds"),
        "at_us": row.at_us,
        "who": row.who,
        "action": row.action,
        "subject": row.subject,
        "data": dict(row.data),
    }
