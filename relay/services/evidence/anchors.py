"""The audit's chain, held from outside: its heads are appended to a file beside it and to second places."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

import structlog

from relay.anchors.port import HeadPlace
from relay.errors import RelayError, Unavailable
from relay.model.audit import Head
from relay.records.port.records import Records

log = structlog.get_logger(__name__)
ALONE = (
    "The heads of the audit are kept in one place only; somebody who may write to it could cut both. "
    "Set KYUMEI_AUDIT_HEADS_TO."
)


class AuditAnchors:
    """Writes heads of the audit's chain outside the database. So a chain whose end was cut off is found too.

    Args:
        beside: the place in the data folder.
        seconds: places elsewhere.
    """

    def __init__(self, beside: HeadPlace, seconds: Sequence[HeadPlace] = ()) -> None:
        self._beside, self._seconds = beside, tuple(seconds)
        self._last: dict[str, Head] = {}

    async def write(self, records: Records) -> Head | None:
        """Append the present head to every place that has not got it; the head, where it was new to any.

        A place that fails is said in the log and tried again the next time.
        """
        async with records.read() as reads:
            row = await reads.evidence.audit_head()
        if row is None:
            return None
        new = False
        head = Head(row.number, row.hash)
        for place in (self._beside, *self._seconds):
            if self._last.get(place.where) == head:
                continue
            try:
                await place.append(head)
            except RelayError as error:
                log.error("audit-head-not-kept", place=place.where, reason=str(error))
            else:
                self._last[place.where] = head
                new = True
        return head if new else None

    async def heads(self) -> tuple[list[tuple[str, Head]], list[str]]:
        """Every head that can be read with the place it stands in, and what is wrong with places."""
        found: list[tuple[str, Head]] = []
        faults = []
        for place in (self._beside, *self._seconds):
            try:
                found += [(place.where, head) for head in await place.heads() or ()]
            except Unavailable as error:
                faults.append(str(error))
        return found, faults

    @property
    def alone(self) -> bool:
        """Whether there is no second place."""
        return not self._seconds


_HASH = re.compile(r"\b([0-9a-f]{64})\b")
_NUMBER = re.compile(r"\"?number\"?\s*[:=]\s*(\d{1,18})|\b(\d{1,18})\s+[0-9a-f]{64}\b")


def heads_in(lines: Iterable[str]) -> Iterator[Head]:
    """Heads in lines of a log or of a copied file: ``12 <hash>``, or JSON with ``number`` and ``hash``."""
    for line in lines:
        hashed, number = _HASH.search(line), _NUMBER.search(line)
        if hashed and number:
            yield Head(int(number[1] or number[2]), hashed[1])
