"""Recorded files on their way into a case: whose they may be, and which samples were taken before."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from uuid import UUID

import structlog

from ambulance_client.remarks import Remarks
from ambulance_client.sources import SourceInfo
from ambulance_client.spool import Spool
from relay.errors import BadInput, Unavailable
from relay.protocol import messages as m
from relay.protocol.origin import doubt_words, doubts, is_old, joined

log = structlog.get_logger()

KEY = "taken-files"
REMEMBERED = 1_000


@dataclass(frozen=True, slots=True)
class _Taken:
    fingerprint: str
    incident: str
    at_us: int


class Files:
    """What this tablet knows of the files it took."""

    def __init__(self, spool: Spool, remarks: Remarks) -> None:
        self._spool, self._remarks = spool, remarks
        self._taken: list[_Taken] = []

    async def restore(self) -> None:
        """Take up which files earlier lives took."""
        kept = await self._spool.get(KEY)
        self._taken = [_Taken(*row) for row in kept] if isinstance(kept, list) else []

    def origin(self, info: SourceInfo, incident: UUID) -> m.FileOrigin | None:
        """What the file says, and whether its samples were taken for another case."""
        if info.origin is None:
            return None
        before = [
            taken.at_us
            for taken in self._taken
            if taken.fingerprint == info.origin.fingerprint and taken.incident != str(incident)
        ]
        return replace(info.origin, other_case_at_us=min(before, default=None))

    def first_card(self, info: SourceInfo, incident: UUID) -> dict[str, object] | None:
        """What of a recording goes onto a card nobody has filled in; None where it says nothing.

        Nothing of an old file, or of one that was taken for another case: that may be another patient,
        and the card then says that age and sex are not known.
        """
        if not info.age_years and not info.sex:
            return None
        origin = self.origin(info, incident)
        if origin is not None and (is_old(origin) or origin.other_case_at_us is not None):
            return {"age_years": None, "sex": None}
        return {"age_years": info.age_years, "sex": info.sex}

    async def taken(self, info: SourceInfo, incident: UUID, card: m.PatientCard) -> None:
        """It has been sent: remember its samples, tell the crew of every doubt and what was left out."""
        origin = self.origin(info, incident)
        if origin is None:
            return
        if info.left_out:
            await self._remarks.add("file-left-out", file=info.file, what=", ".join(info.left_out))
        if doubts(origin, card.age_years, card.sex):
            said = joined(doubt_words(origin, card.age_years, card.sex))
            await self._remarks.add(
                "file-of-somebody-else", file=info.file, doubts=said["ja"], doubts_en=said["en"]
            )
        if origin.fingerprint is not None:
            self._taken.append(_Taken(origin.fingerprint, str(incident), time.time_ns() // 1000))
            del self._taken[:-REMEMBERED]
            await self._keep()

    async def refused(self, error: BadInput) -> None:
        """A file was not taken: that stays on the crew's page until somebody has read it."""
        await self._remarks.add(error.cause, **error.filled)

    async def _keep(self) -> None:
        rows = [(t.fingerprint, t.incident, t.at_us) for t in self._taken]
        try:
            await self._spool.put(KEY, rows)
        except Unavailable as error:
            log.warning("file_not_remembered", why=str(error))
