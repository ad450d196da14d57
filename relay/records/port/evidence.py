"""The part of ``Records`` that proves the rest: the audit's chain, fingerprints of kept rows, witnesses of samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol
from uuid import UUID

from relay.model.audit import AuditRow
from relay.model.evidence import Fingerprint, Witness


class EvidenceReads(Protocol):
    """What can be asked of the audit and of what it bears witness to."""

    async def audit_rows(self, after: int = 0, limit: int = 1_000) -> list[AuditRow]:
        """Audit rows numbered above ``after``, ascending."""

    async def audit_rows_of(self, action: str) -> list[AuditRow]:
        """Every audit row of one action, ascending."""

    async def audit_head(self) -> AuditRow | None:
        """The newest audit row."""

    async def ids_of_case(self, incident: UUID) -> list[str]:
        """Everything a row of the audit may call a case by: itself, its recordings, ECGs, alerts, calls."""

    async def find_audit(
        self,
        *,
        case: UUID | None = None,
        subjects: Sequence[str] = (),
        person: str = "",
        since_us: int = 0,
        limit: int = 1_000,
    ) -> tuple[list[AuditRow], int]:
        """The newest rows of what people did and saw that fit, ascending, and how many older ones were left out.

        Rows that only carry evidence of what is kept are not among them.

        Args:
            case: rows that name it in what they say, or are about one of ``subjects``.
            subjects: its names, as ``ids_of_case`` gives them.
            person: rows by this account or unit, or about its account.
            since_us: rows of that moment or later.
            limit: the newest so many.
        """

    async def fingerprints(
        self, kind: str, after: tuple[Any, ...] | None = None
    ) -> tuple[list[Fingerprint], tuple[Any, ...]]:
        """The next fingerprints of a kind of ``FORMS`` after a key, and the key to go on after; none: the end."""

    async def witnessed_samples(self) -> list[Witness]:
        """Samples that were on disk once, because kept snapshots and screenings were made of them."""


class EvidenceWrites(EvidenceReads, Protocol):
    """New rows of the audit, inside one transaction of ``Records``."""

    async def audit(
        self,
        at_us: int,
        who: str,
        action: str,
        subject: str,
        data: Mapping[str, object] | None = None,
    ) -> AuditRow:
        """Append one row to the audit, chained to the row before it; it also says from where (``model.asker``)."""
