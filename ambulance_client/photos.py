"""Photos the crew takes of the scene: on the tablet's disk first, at the relay when the ECG leaves room."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal
from uuid import UUID, uuid4

import structlog

from ambulance_client.budget import Step
from ambulance_client.relay_http import Question, RelayHttp
from ambulance_client.spool import HeldPhoto, Spool
from relay.errors import BadInput, Unavailable

log = structlog.get_logger()

MAX_BYTES = 204_800
LOOK_EVERY_S = 0.5
RETRY_S = 3.0
JPEG_MAGIC = b"\xff\xd8\xff"


@dataclass(slots=True)
class PhotoLine:
    """One photo as the crew sees it: still waiting, with the hospital, or refused and why."""

    id: str
    taken_at_us: int
    state: Literal["waiting", "sent", "refused"] = "waiting"
    text: str = ""


class Photos:
    """The photos of one tablet.

    Args:
        spool: keeps them until the relay has them.
        http: asks the relay.
        step: what the radio can spare; photos go while it is ``full`` or ``reduced``.
        is_connected: whether the link stands.
        notify: called when ``lines`` has changed.
    """

    def __init__(
        self,
        spool: Spool,
        http: RelayHttp,
        step: Callable[[], Step],
        is_connected: Callable[[], bool],
        notify: Callable[[], None],
    ) -> None:
        self._spool, self._http = spool, http
        self._step, self._is_connected, self._notify = step, is_connected, notify
        self._lines: dict[UUID, dict[str, PhotoLine]] = {}

    async def restore(self) -> None:
        """Take up what the last life left unsent."""
        for photo in await self._spool.photos():
            self._line(photo)

    async def take(self, incident: UUID, jpeg: bytes) -> str:
        """Keep a photo; return once it would survive a power cut.

        Raises:
            BadInput: not a JPEG, or larger than 200 kB.
            Unavailable: the disk is full or failing.
        """
        if not jpeg.startswith(JPEG_MAGIC) or len(jpeg) > MAX_BYTES:
            raise BadInput("A photo is a JPEG of at most 200 kB; take it again.")
        photo = HeldPhoto(uuid4(), incident, time.time_ns() // 1000, jpeg)
        await self._spool.add_photo(photo)
        self._line(photo)
        self._notify()
        return str(photo.id)

    def lines(self, incident: UUID) -> list[dict[str, Any]]:
        """``photos`` of ``PanelState``, oldest first."""
        return [asdict(line) for line in self._lines.get(incident, {}).values()]

    async def run(self) -> None:
        """Send what waits, oldest first, for ever; what is not taken now goes behind the others."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            if not self._is_connected() or self._step() not in {Step.FULL, Step.REDUCED}:
                continue
            try:
                photo = await self._spool.oldest_photo()
                if photo is not None:
                    await self._send(photo)
            except Unavailable as error:
                log.info("photo_waits", why=str(error))
                await asyncio.sleep(RETRY_S)

    async def _send(self, photo: HeldPhoto) -> None:
        age_us = max(0, time.time_ns() // 1000 - photo.taken_at_us)
        path = f"/api/incidents/{photo.incident}/photos/{photo.id}?age_us={min(age_us, 86_400_000_000)}"
        reply = await self._http.ask(Question("PUT", path, photo.jpeg, "image/jpeg", 20.0))
        line = self._line(photo)
        if reply.status in {401, 403, 404, 429} or reply.status >= 500:
            # the case may come yet; until then no photo of another case waits behind this one
            await self._spool.photo_to_the_end(photo.id)
            raise Unavailable("The relay does not take the photo now.")
        line.state = "sent" if reply.ok else "refused"
        line.text = "" if reply.ok else reply.problem
        await self._spool.drop_photo(photo.id)
        self._notify()

    def _line(self, photo: HeldPhoto) -> PhotoLine:
        of_case = self._lines.setdefault(photo.incident, {})
        return of_case.setdefault(str(photo.id), PhotoLine(str(photo.id), photo.taken_at_us))
