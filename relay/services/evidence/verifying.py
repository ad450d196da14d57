"""Whether what was kept is still as it was kept: the audit's chain, every row it tells of, every file of ECG.

The same functions serve a running relay and a command that reads a folder nobody uses.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from relay.errors import RelayError
from relay.model.audit import AuditRow, ChainCheck, Head
from relay.model.evidence import ACKNOWLEDGED, FORMS, RESTORED, SEALED, EvidenceCheck
from relay.protocol.ranges import RangeSet
from relay.records.port.records import RecordReads, Records
from relay.services.evidence.anchors import AuditAnchors

PAGE = 1_000
SHOWN = 5
"""Faults of one kind that are named one by one; the rest is counted."""


class LogFiles(Protocol):
    """What verification asks of the ECG log: the files it consists of and the samples they hold."""

    def sealed(self) -> Mapping[str, int]:
        """Closed files and their sizes in bytes."""

    async def sha256_of(self, name: str) -> str:
        """The SHA-256 of a closed file, hex.

        Raises:
            Unavailable: it cannot be read.
        """

    def covered(self, stream: UUID) -> RangeSet:
        """Sample positions on disk."""


@dataclass(frozen=True, slots=True)
class Seal:
    """What the chain tells of a file of ECG that was closed."""

    name: str
    n_bytes: int
    sha256: str
    row: int


@dataclass(slots=True)
class EvidenceVerdict:
    """What was looked at and what is wrong with it, the earliest first.

    Attributes:
        part: what was looked at.
        said: one sentence for the case that nothing is wrong.
        faults: sentences.
        notes: what is not wrong and should be known.
    """

    part: str
    said: str = ""
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def without(self, acknowledged: Mapping[str, int]) -> EvidenceVerdict:
        """The same, with faults that a person has acknowledged as a note: sentence by audit row."""
        known = [fault for fault in self.faults if fault in acknowledged]
        if not known:
            return self
        rest = [fault for fault in self.faults if fault not in acknowledged]
        row = acknowledged[known[0]]
        told = f"{len(known)} known faults were acknowledged (row {row} of the audit): {known[0]}"
        return EvidenceVerdict(self.part, self.said, rest, [*self.notes, told])

    @property
    def fault(self) -> str | None:
        """The first fault with the number of the others, None where there is none."""
        if not self.faults:
            return None
        more = len(self.faults) - SHOWN
        shown = " ".join(self.faults[:SHOWN])
        return f"{shown} And {more} more." if more > 0 else shown


async def verify_audit(
    records: Records, anchors: AuditAnchors, brought: Iterable[Head] = ()
) -> tuple[EvidenceVerdict, EvidenceVerdict]:
    """Walk the whole audit, and every row it tells of: the verdict on the chain and the one on the rows.

    Args:
        records: the relay's.
        anchors: its places of heads.
        brought: heads that a person brought from elsewhere.
    """
    held, place_faults = await anchors.heads()
    check = AnchorCheck([*held, *(("what was brought", head) for head in brought)])
    chain, rows = ChainCheck(), EvidenceCheck()
    async with records.read() as reads:
        last = 0
        while page := await reads.evidence.audit_rows(last, PAGE):
            last = page[-1].number
            for row in page:
                chain.take([row])
                rows.tell(row)
                check.take(row)
        await _see_rows(reads, rows)
    faults = [*([chain.fault] if chain.fault else []), *check.faults(), *place_faults]
    if chain.rows == 0:
        faults.append("The audit is empty; a relay's audit never is.")
    audit = EvidenceVerdict("audit", f"The audit holds: {chain.rows} rows.", faults, check.notes())
    kept = EvidenceVerdict("rows", f"{rows.rows} rows are as they were written.", rows.faults())
    return audit, kept


class AnchorCheck:
    """Compares the chain's rows with heads that were kept outside, each with the place it stands in.

    After a restore the places hold heads of rows that were written after the backup and are lost: from the row
    on that tells of the restore, a head that does not fit is a note, not a fault.
    """

    def __init__(self, held: Iterable[tuple[str, Head]]) -> None:
        self._expected: dict[int, list[tuple[str, str]]] = {}
        for where, head in held:
            self._expected.setdefault(head.number, []).append((where, head.hash))
        self._faults: list[str] = []
        self._restored: int | None = None
        self._lost: list[int] = []

    def take(self, row: AuditRow) -> None:
        """The next row of the chain."""
        if row.action == RESTORED and self._restored is None:
            self._restored = row.number
        anchored = self._expected.pop(row.number, [])
        if any(hashed == row.hash for _, hashed in anchored) and self._restored is not None:
            return
        for where, hashed in anchored:
            if hashed != row.hash:
                said = f"is not the one anchored before (in {where})"
                self._differs(row.number, said)

    def _differs(self, number: int, said: str) -> None:
        if self._restored is not None and number >= self._restored:
            self._lost.append(number)
        else:
            self._faults.append(f"Row {number} of the audit {said}.")

    def faults(self) -> list[str]:
        """Sentences, the earliest row first; ask once, after the last row."""
        for number in sorted(self._expected):
            where = self._expected[number][0][0]
            self._differs(number, f"was anchored before (in {where}) and is missing now")
        self._expected.clear()
        return self._faults

    def notes(self) -> list[str]:
        """What a restore explains, where there was one."""
        if not self._lost:
            return []
        return [
            f"Row {self._restored} says that the relay was restored from a backup. Heads of "
            f"{len(self._lost)} rows written after that backup are known (from row {min(self._lost)}); "
            "these rows are lost. Ask who restored it."
        ]


async def _see_rows(reads: RecordReads, rows: EvidenceCheck) -> None:
    for kind in FORMS:
        prints, after = await reads.evidence.fingerprints(kind)
        while prints:
            for one in prints:
                rows.see(one)
            prints, after = await reads.evidence.fingerprints(kind, after)


async def acknowledged_in(records: Records) -> dict[str, int]:
    """Faults that a person has acknowledged, with the row of the audit that says so."""
    async with records.read() as reads:
        rows = await reads.evidence.audit_rows_of(ACKNOWLEDGED)
    faults = ((row.data.get("faults"), row.number) for row in rows)
    return {str(f): number for told, number in faults if isinstance(told, list) for f in told}


async def seals_of(records: Records) -> dict[str, Seal]:
    """Every file of ECG the chain tells of, by name."""
    async with records.read() as reads:
        told = await reads.evidence.audit_rows_of(SEALED)
    return {
        row.subject: Seal(
            row.subject, int(str(row.data["bytes"])), str(row.data["sha256"]), row.number
        )
        for row in told
    }


def verify_files(seals: Mapping[str, Seal], files: Mapping[str, int]) -> EvidenceVerdict:
    """Whether every file of ECG that the chain tells of is there with its size."""
    faults = []
    for seal in seals.values():
        size = files.get(seal.name)
        told = f"(row {seal.row} of the audit)"
        if size is None:
            faults.append(f"The ECG file {seal.name} of {seal.n_bytes} bytes is gone {told}.")
        elif size != seal.n_bytes:
            faults.append(
                f"The ECG file {seal.name} has {size} bytes and had {seal.n_bytes} {told}."
            )
    waiting = len(set(files) - set(seals))
    said = f"{len(seals)} ECG files are there"
    said += f", {waiting} more are not in the chain yet." if waiting else "."
    return EvidenceVerdict("ecg files", said, faults)


async def verify_file(seal: Seal, log: LogFiles) -> str | None:
    """What is wrong with the content of an ECG file of the right size, None where nothing is."""
    try:
        found = await log.sha256_of(seal.name)
    except RelayError as error:
        return str(error)
    if found == seal.sha256:
        return None
    return f"The ECG file {seal.name} is not as it was closed (row {seal.row} of the audit)."


async def verify_recordings(records: Records, log: LogFiles) -> EvidenceVerdict:
    """Whether the log still holds the samples that snapshots and screenings were made of."""
    async with records.read() as reads:
        witnesses = await reads.evidence.witnessed_samples()
    lost: dict[UUID, int] = {}
    for witness in witnesses:
        gone = log.covered(witness.stream).missing(witness.first_sample, witness.end_sample)
        n_gone = sum(end - first for first, end in gone)
        if n_gone:
            lost[witness.stream] = lost.get(witness.stream, 0) + n_gone
    faults = [
        f"{n} samples of recording {stream} were stored and are gone." for stream, n in lost.items()
    ]
    streams = len({witness.stream for witness in witnesses})
    return EvidenceVerdict(
        "recordings", f"{streams} recordings have what was read of them.", faults
    )
