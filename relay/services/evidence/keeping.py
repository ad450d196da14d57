"""What a running relay does for its evidence. It writes heads outside the database, adds closed ECG files to the chain, and looks for damage."""

from __future__ import annotations

import asyncio
import time

import structlog

from relay.ecglog.port import EcgLog
from relay.errors import RelayError
from relay.model.evidence import SEALED
from relay.services.evidence.anchors import AuditAnchors
from relay.services.evidence.verifying import (
    SHOWN,
    EvidenceVerdict,
    Seal,
    acknowledged_in,
    seals_of,
    verify_file,
    verify_files,
    verify_recordings,
)
from relay.services.ground.journal import Journal

log = structlog.get_logger(__name__)
EVERY_S = 60.0
SEAL_AFTER_S = 3_600.0
READ_FOR_S = 0.5
"""Of every minute, at most so long for reading closed files again (and one file in any case)."""
ASK = "Run kyumei verify on this machine, and see docs/ops/keeping.md."


class Evidence:
    """Keeps the chain's heads outside, adds closed files to the chain, and finds what is missing.

    Attributes:
        damage: one sentence for each part that is missing or altered. It stays until the next start, or until
            somebody has acknowledged it.
    """

    def __init__(self, journal: Journal, ecg_log: EcgLog, anchors: AuditAnchors) -> None:
        self._journal = journal
        self._log = ecg_log
        self._anchors = anchors
        self._seals: dict[str, Seal] = {}
        self._unread: list[str] = []
        self.damage: dict[str, str] = {}
        self._altered: list[str] = []
        self._known: dict[str, int] = {}

    async def run(self) -> None:
        """Look once at what is cheap to look at, then go on in turns until cancelled."""
        await self.look()
        while True:
            try:
                await self.turn()
            except RelayError as error:
                log.warning("evidence-waits", reason=str(error))
            await asyncio.sleep(EVERY_S)

    async def look(self) -> None:
        """Compare the chain with what is on disk, as far as that needs no reading of it."""
        self._known = await acknowledged_in(self._journal.records)
        self.damage.clear()
        _, faults = await self._anchors.heads()
        self._found(EvidenceVerdict("audit heads", faults=faults))
        self._seals = await seals_of(self._journal.records)
        self._found(verify_files(self._seals, self._log.sealed()))
        self._found(await verify_recordings(self._journal.records, self._log))

    def _found(self, verdict: EvidenceVerdict) -> None:
        verdict = verdict.without(self._known)
        if verdict.fault is not None:
            log.error("kept-data-damaged", part=verdict.part, faults=verdict.faults[:SHOWN])
            self.damage[verdict.part] = f"{verdict.fault} {ASK}"

    async def turn(self) -> None:
        """Do once what ``run`` does."""
        await self._log.seal(SEAL_AFTER_S)
        await self.tell_of_files()
        await self._keep_head()
        if self.damage and len(await acknowledged_in(self._journal.records)) > len(self._known):
            await self.look()
            self._found(EvidenceVerdict("ecg content", faults=self._altered))
        await self._read_again()

    async def _keep_head(self) -> None:
        """Outside the database, and in the log, which is a place too."""
        head = await self._anchors.write(self._journal.records)
        if head is not None:
            log.info("audit-head", number=head.number, hash=head.hash)

    async def tell_of_files(self) -> None:
        """Let the chain tell of every closed file it does not tell of yet."""
        for name, n_bytes in self._log.sealed().items():
            if name in self._seals:
                continue
            sha256 = await self._log.sha256_of(name)
            async with self._journal.records.begin() as tx:
                data = {"bytes": n_bytes, "sha256": sha256}
                row = await tx.evidence.audit(
                    self._journal.clock.now_us(), "relay", SEALED, name, data
                )
            self._seals[name] = Seal(name, n_bytes, sha256, row.number)

    async def _read_again(self) -> None:
        """Read some closed files, the newest first, and all of them in the course of days."""
        began_s = time.monotonic()
        there = self._log.sealed()
        while True:
            if not self._unread:
                self._unread = sorted(name for name in self._seals if name in there)
            if not self._unread:
                return
            name = self._unread.pop()
            fault = await verify_file(self._seals[name], self._log)
            if fault is not None and fault not in self._altered:
                self._altered.append(fault)
                self._found(EvidenceVerdict("ecg content", faults=self._altered))
            if not self._unread or time.monotonic() - began_s > READ_FOR_S:
                return

    async def close(self) -> None:
        """Close the file of ECG, tell of it and keep the newest head outside, before the relay ends."""
        try:
            await self._log.seal(0.0)
            await self.tell_of_files()
            await self._keep_head()
        except RelayError as error:
            log.error("evidence-not-closed", reason=str(error))
