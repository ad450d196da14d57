"""Photos the crew takes of the scene: on the tablet's disk first, at the relay when the ECG leaves room."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any, Literal
from uuid import UUID, uuid4

import structlog

from ambulance_client.budget import VideoStep
from ambulance_client.relay_http import RelayHttp, RelayRequest
from ambulance_client.spool import HeldPhoto, Spool
from relay.errors import BadInput, Unavailable

log = structlog.get_logger()

MAX_BYTES = 204_800
LOOK_EVERY_S = 0.5
RETRY_S = 3.0
RETRY_AT_MOST_S = 600.0
"""A photo that the relay does not take is tried ever more seldom: each try costs the radio its whole size."""
JPEG_MAGIC = b"\xff\xd8\xff"


@dataclass(slots=True)
class PhotoLine:
    """One photo as the crew sees it: still waiting, with the hospital, or refused and why."""

    id: str
    taken_at_us: int
    state: Literal["waiting", "sent", "refused"] = "waiting"
    text: str = ""


class PhotoOutbox:
    """The photos of one tablet.

    Args:
        spool: keeps them until the relay has them.
        http: asks the relay.
        step: what the radio can spare; photos go while it is ``full`` or ``reduced``.
        is_connected: whether the link stands.
        refused: takes a photo's id and the relay's sentence where the relay will not have it.
        notify: called when ``lines`` has changed.
    """

    def __init__(
        self,
        spool: Spool,
        http: RelayHttp,
        step: Callable[[], VideoStep],
        is_connected: Callable[[], bool],
        refused: Callable[[UUID, str], Awaitable[None]],
        notify: Callable[[], None],
    ) -> None:
        self._spool, self._http, self._refused = spool, http, refused
        self.most_bytes = MAX_BYTES
        """How large a photo may be, as the relay last said."""
        self._asked = False
        self._step, self._is_connected, self._notify = step, is_connected, notify
        self._lines: dict[UUID, dict[str, PhotoLine]] = {}
        self._tries: dict[UUID, int] = {}
        self._not_before_s: dict[UUID, float] = {}

    async def restore(self) -> None:
        """Take up what the last life left unsent, or what is to be sent again."""
        for photo in await self._spool.photos():
            self._line(photo).state = "waiting"
            self._not_before_s.pop(photo.id, None)

    async def take(self, incident: UUID, jpeg: bytes) -> str:
        """Keep a photo; return once it would survive a power cut.

        Raises:
            BadInput: not a JPEG, or larger than the relay takes.
            Unavailable: the disk is full or failing.
        """
        if not jpeg.startswith(JPEG_MAGIC) or len(jpeg) > self.most_bytes:
            most_kb = self.most_bytes // 1024
            raise BadInput(f"A photo is a JPEG of at most {most_kb} kB; take it again.")
        photo = HeldPhoto(uuid4(), incident, time.time_ns() // 1000, jpeg)
        await self._spool.add_photo(photo)
        self._line(photo)
        self._notify()
        return str(photo.id)

    def lines(self, incident: UUID) -> list[dict[str, Any]]:
        """``photos`` of ``PanelState``, oldest first."""
        return [asdict(line) for line in self._lines.get(incident, {}).values()]

    def begin_case(self, incident: UUID) -> None:
        """From now on this is the case: what is settled of others is not shown any more."""
        for other, lines in list(self._lines.items()):
            waiting = {key: line for key, line in lines.items() if line.state == "waiting"}
            if other != incident:
                self._lines[other] = waiting
            if not self._lines[other]:
                del self._lines[other]

    async def run(self) -> None:
        """Send what waits, oldest first, for ever; what is not taken now does not hold up the others."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            if not self._is_connected() or self._step() not in {VideoStep.FULL, VideoStep.REDUCED}:
                continue
            try:
                await self._learn()
                photo = await self._next()
                if photo is not None:
                    await self._send(photo)
            except Unavailable as error:
                log.info("photo_waits", why=str(error))
                await asyncio.sleep(RETRY_S)

    async def _learn(self) -> None:
        """What the relay takes, asked once a life; one that does not say takes what was always taken."""
        if self._asked:
            return
        reply = await self._http.ask(RelayRequest("GET", "/api/site"))
        with suppress(ValueError, KeyError, TypeError):
            self.most_bytes = int(json.loads(reply.body)["limits"]["picture_bytes"])
        self._asked = True

    async def _next(self) -> HeldPhoto | None:
        """The photo that has waited longest and is due."""
        now_s = time.monotonic()
        for held in await self._spool.photos():
            if self._not_before_s.get(held.id, 0.0) <= now_s:
                return await self._spool.photo(held.id)
        return None

    async def _send(self, photo: HeldPhoto) -> None:
        age_us = max(0, time.time_ns() // 1000 - photo.taken_at_us)
        path = f"/api/incidents/{photo.incident}/photos/{photo.id}?age_us={min(age_us, 86_400_000_000)}"
        reply = await self._http.ask(RelayRequest("PUT", path, photo.jpeg, "image/jpeg", 20.0))
        line = self._line(photo)
        if reply.status in {401, 403, 404, 429} or reply.status >= 500:
            # the case may come yet; until then no photo of another case waits behind this one
            self._later(photo.id)
            raise Unavailable("The relay does not take the photo now.")
        self._later(photo.id)  # a disk that does not even let go of it must not cost the radio
        if reply.ok:
            await self._spool.drop_photo(photo.id)
        else:  # this is the only copy
            await self._refused(photo.id, reply.problem)
        self._tries.pop(photo.id, None)
        self._not_before_s.pop(photo.id, None)
        line.state = "sent" if reply.ok else "refused"
        line.text = "" if reply.ok else reply.problem
        self._notify()

    def _later(self, photo: UUID) -> None:
        tries = self._tries[photo] = self._tries.get(photo, 0) + 1
        wait_s = min(RETRY_AT_MOST_S, RETRY_S * 2 ** min(tries, 10))
        self._not_before_s[photo] = time.monotonic() + wait_s

    def _line(self, photo: HeldPhoto) -> PhotoLine:
        of_case = self._lines.setdefault(photo.incident, {})
        return of_case.setdefault(str(photo.id), PhotoLine(str(photo.id), photo.taken_at_us))
