"""What the audit's chain carries of rows that are never changed: a SHA-256 of each, so that an altered one is found.

A transaction that adds such rows ends with one audit row ``kept``: its data name the kind, the key and the
hash of every row it added. The hash is taken of the row as the database gives it back.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from uuid import UUID

from relay.model.audit import AuditRow

KEPT = "kept"
ADOPTED = "adopted"
BEGUN = "evidence-begun"
SEALED = "segment-sealed"
RESTORED = "restored"
ACKNOWLEDGED = "loss-acknowledged"
CARRIES = frozenset({KEPT, ADOPTED})
"""Actions whose data are hashes of rows; ``adopted`` of rows that were there before the chain carried any."""


@dataclass(frozen=True, slots=True)
class Form:
    """What is hashed of a kind of row.

    Attributes:
        name: as people call it.
        key: columns that tell one row from another.
        columns: everything that never changes, the key included. A column added later is not part of it.
    """

    name: str
    key: tuple[str, ...]
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Witness:
    """Samples ``[first_sample, end_sample)`` of a recording that something kept was made of."""

    stream: UUID
    first_sample: int
    end_sample: int


FORMS: Mapping[str, Form] = MappingProxyType(
    {
        "incidents": Form("case", ("id",), ("id", "unit", "opened_at_us")),
        "streams": Form(
            "recording", ("id",),
            ("id", "incident", "unit", "lead_mask", "fs_hz", "uv_per_lsb", "started_at_us", "source"),
        ),
        "timeline": Form(
            "timeline entry", ("incident", "entry"),
            ("incident", "entry", "at_us", "stage", "who", "data"),
        ),
        "patient_cards": Form(
            "patient card", ("incident", "rev"), ("incident", "rev", "at_us", "body")
        ),
        "snapshots": Form(
            "snapshot", ("id",),
            ("id", "incident", "stream", "first_sample", "n_samples", "reason", "taken_at_us",
             "lead_mask", "fs_hz", "uv_per_lsb"),
        ),
        "snapshot_samples": Form(
            "snapshot's samples", ("snapshot",),
            ("snapshot", "state", "stored_at_us", "present", "sha256", "samples"),
        ),
        "snapshot_origins": Form(
            "snapshot's origin", ("snapshot",),
            ("snapshot", "incident", "fingerprint", "at_us", "body"),
        ),
        "reports": Form(
            "screening", ("number",),
            ("number", "incident", "stream", "snapshot", "first_sample", "n_samples", "tier",
             "statement_ja", "statement_en", "body", "at_us"),
        ),
        "decisions": Form(
            "decision", ("number",),
            ("number", "incident", "decision", "text", "snapshot", "who", "user", "at_us"),
        ),
        "openings": Form(
            "opening", ("number",), ("number", "incident", "snapshot", "who", "user", "at_us")
        ),
        "notes": Form("note", ("number",), ("number", "incident", "text", "who", "user", "at_us")),
        "scene_photos": Form(
            "photo", ("id",), ("id", "incident", "taken_at_us", "by", "jpeg")
        ),
        "call_entries": Form(
            "entry of a 119 call", ("number",), ("number", "call", "at_us", "stage", "who", "data")
        ),
    }
)  # fmt: skip
"""By table. These words are part of the chain: a kind may be added, none may be altered."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """One kept row: its kind (table), its key as text, and its SHA-256 in hex."""

    kind: str
    key: str
    sha256: str


def fingerprint(kind: str, row: Mapping[str, object]) -> Fingerprint:
    """The fingerprint of a row that holds at least the columns of its form."""
    form = FORMS[kind]
    body = json.dumps(
        [kind, {name: _plain(row[name]) for name in form.columns}],
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=True,
    )
    key = "/".join(str(row[name]) for name in form.key)
    return Fingerprint(kind, key, hashlib.sha256(body.encode()).hexdigest())


def _plain(value: object) -> object:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return {"sha256": hashlib.sha256(value).hexdigest()}
    return value


def carried(prints: Iterable[Fingerprint]) -> dict[str, dict[str, str]]:
    """Fingerprints as the data of an audit row: hash by key by kind."""
    data: dict[str, dict[str, str]] = {}
    for one in prints:
        data.setdefault(one.kind, {})[one.key] = one.sha256
    return data


class EvidenceCheck:
    """Compares the rows that are there with the rows the chain tells of, and remembers what differs.

    Give it every audit row in order, then every fingerprint of what is there, then ask ``faults``.
    """

    def __init__(self) -> None:
        self.rows = 0
        self._told: dict[tuple[str, str], tuple[str, int]] = {}
        self._faults: list[tuple[int, str]] = []

    def tell(self, row: AuditRow) -> None:
        """An audit row, whatever its action."""
        if row.action not in CARRIES:
            return
        for kind, hashes in row.data.items():
            if isinstance(hashes, Mapping):
                for key, sha256 in hashes.items():
                    self._told[kind, key] = (str(sha256), row.number)

    def see(self, seen: Fingerprint) -> None:
        """A row that is there."""
        self.rows += 1
        told = self._told.pop((seen.kind, seen.key), None)
        if told is None:
            self._fault(1 << 62, seen.kind, seen.key, "is not in the audit's chain")
        elif told[0] != seen.sha256:
            said = f"is not as it was written (row {told[1]} of the audit)"
            self._fault(told[1], seen.kind, seen.key, said)

    def faults(self) -> list[str]:
        """Sentences, the earliest row first; empty where everything is as it was written."""
        for (kind, key), (_, number) in self._told.items():
            self._fault(number, kind, key, f"is gone (row {number} of the audit tells of it)")
        self._told.clear()
        return [text for _, text in sorted(self._faults)]

    def _fault(self, number: int, kind: str, key: str, said: str) -> None:
        name = FORMS[kind].name if kind in FORMS else kind
        self._faults.append((number, f"The {name} {key} {said}."))
