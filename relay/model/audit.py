"""Rows that say who did what. Each holds the hash of the one before, so no change stays hidden."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One row of the audit.

    Attributes:
        number: from 1, without holes.
        who: the account, unit or ``relay``.
        action / subject: what was done to what, as stable words and ids; never a patient's data.
    """

    number: int
    at_us: int
    who: str
    action: str
    subject: str
    data: Mapping[str, object]
    prev_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain at some moment: the newest row's number and hash."""

    number: int
    hash: str


def hash_row(row: AuditRow) -> str:
    """The hash this row must carry: SHA-256 over the previous hash and every other field."""
    body = json.dumps(
        [row.number, row.at_us, row.who, row.action, row.subject, dict(row.data)],
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=True,
    )
    return hashlib.sha256(f"{row.prev_hash}\n{body}".encode()).hexdigest()


class ChainCheck:
    """Walks the rows in order and remembers the first fault.

    Attributes:
        rows: how many were read.
        head: hash of the last one.
        fault: one sentence, None while the chain holds.
    """

    def __init__(self) -> None:
        self.rows = 0
        self.head = GENESIS
        self.fault: str | None = None

    def take(self, rows: Iterable[AuditRow]) -> None:
        """Check the next rows."""
        for row in rows:
            if self.fault is None:
                self.fault = self._fault_of(row)
            self.rows += 1
            self.head = row.hash

    def _fault_of(self, row: AuditRow) -> str | None:
        if row.number != self.rows + 1:
            return f"Row {self.rows + 1} of the audit is missing."
        if row.prev_hash != self.head:
            return f"Row {row.number} of the audit does not follow the row before it."
        if row.hash != hash_row(row):
            return f"Row {row.number} of the audit was changed after it was written."
        return None
