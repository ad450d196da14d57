"""What the relay kept, who may read it, and whether it is copied."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass

from relay.causes import words
from relay.data_folder import contents_of
from relay.doctor.finding import CheckResult, bad, note, ok
from relay.office import open_people, open_records
from relay.settings import Settings
from relay.vault.verify import verify_folder

BACKUP_EVERY_D = 2.0


@dataclass(frozen=True, slots=True)
class AuditTimes:
    """What the audit tells of the relay's life."""

    newest_row_us: int | None
    newest_backup_us: int | None


def told(settings: Settings) -> AuditTimes:
    """What the audit tells.

    Raises:
        RelayError: it cannot be read.
    """

    async def read() -> AuditTimes:
        async with open_records(settings) as (records, _), records.read() as reads:
            head, backups = (
                await reads.evidence.audit_head(),
                await reads.evidence.audit_rows_of("backup-made"),
            )
            return AuditTimes(head.at_us if head else None, backups[-1].at_us if backups else None)

    return asyncio.run(read())


def verdicts(settings: Settings, *, deep: bool) -> Iterator[CheckResult]:
    """The whole of ``kyumei verify``."""
    contents_of(settings.data_dir).check_database()
    found = asyncio.run(verify_folder(settings, deep=deep))
    if not any(verdict.part == "database" for verdict in found):
        yield ok("database", "It is there, of this version, and can be read.")
    for verdict in found:
        if verdict.fault is not None:
            yield bad(verdict.part, verdict.fault)
        else:
            yield ok(verdict.part, verdict.said)
        for text in verdict.notes:
            yield note(verdict.part, text)


def backups(known: AuditTimes | None) -> Iterator[CheckResult]:
    """How old the newest backup is."""
    if known is None:
        return
    if known.newest_backup_us is None:
        yield note("backup", "None was ever made; kyumei backup, every day (docs/ops/keeping.md).")
        return
    age_d = (time.time() - known.newest_backup_us / 1e6) / 86_400
    text = f"The newest is {age_d:.1f} days old."
    yield ok("backup", text) if age_d <= BACKUP_EVERY_D else bad("backup", text)


def readers(settings: Settings) -> Iterator[CheckResult]:
    """A finding for each tablet whose cases reach nobody who may read them, one where there is none."""

    async def lonely() -> list[str]:
        found = []
        async with open_people(settings, writes=False) as people:
            for entry in await people.devices():
                hospitals = entry.device.hospitals
                if entry.revoked_at_us is None and await people.readers(hospitals) == 0:
                    said = words("nobody-can-read", hospitals=", ".join(sorted(hospitals)))
                    found.append(f"{entry.device.unit}: {said['words_en']}")
            if not found and not await people.devices():
                found.append("There is no tablet yet: kyumei devices add.")
        return found

    texts = asyncio.run(lonely())
    for text in texts:
        yield bad("readers", text)
    if not texts:
        yield ok("readers", "every tablet sends to somebody who may read an ECG.")
