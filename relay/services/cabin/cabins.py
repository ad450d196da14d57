"""The cabin camera: an ambulance shows its patient to the hospitals its case is addressed to.

The tablet sends, by its device token; it decides what its radio can spare (ECG first) and says so
here. Nothing of it is kept: no recording, and of the pictures sent instead of video only the newest.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from uuid import UUID

import structlog

from relay.bus.port import Bus
from relay.errors import Conflict, NotFound
from relay.model.incident import Incident, IncidentState
from relay.model.news import EVERY_CASE, CaseChanged
from relay.model.people import Device, Permission, Person, owns
from relay.protocol.answers import CabinRow
from relay.services.cabin.cabin_board import CabinBoard, CabinStep, room_of
from relay.services.cabin.telling import Telling
from relay.services.ground.access import Claim, Lost, Moment, Proof, Relation, stands
from relay.services.ground.remaking import Remaking
from relay.services.ground.rights import Rights
from relay.services.ground.watcher import Watcher
from relay.services.people.viewer_sessions import ViewerSessions, checked_sdp
from relay.turns.places import Places
from relay.video.port import Answer, MediaPlane, PublisherChange

log = structlog.get_logger(__name__)
FULL_KBPS = 600
REDUCED_KBPS = 120
MOST_CABINS, MOST_OF_A_TABLET = 100, 2
"""Half of what the plane carries is left for 119 calls; a tablet has one patient, and for a moment the next."""
FULL = "The relay shows as many cabins as it may; try again soon."
NO_CASE = "There is no such case."
CAPS = {CabinStep.FULL: FULL_KBPS, CabinStep.REDUCED: REDUCED_KBPS}


class Cabins:
    """Cabin cameras as tablets send them and people look at them."""

    def __init__(
        self,
        telling: Telling,
        board: CabinBoard,
        bus: Bus,
        sessions: ViewerSessions,
        plane: MediaPlane,
        remaking: Remaking,
        rights: Rights,
    ) -> None:
        self._telling, self._journal = telling, telling.journal
        self._board, self._bus = board, bus
        self._sessions, self._plane, self._remaking = sessions, plane, remaking
        self._rights = rights
        self._rooms: dict[UUID, UUID] = {}
        self._publishers: dict[UUID, UUID] = {}
        self._places: Places[UUID] = Places(MOST_CABINS, MOST_OF_A_TABLET, FULL)
        self._changes: asyncio.Queue[tuple[UUID, PublisherChange]] = asyncio.Queue()
        plane.on_change(self._heard)

    # the tablet

    async def check_own(self, device: Device, incident: UUID) -> Incident:
        """The case, where it is this ambulance's own.

        Raises:
            NotFound: it is not, or there is none yet.
        """
        async with self._journal.records.read() as records:
            case = await records.cases.incident(incident)
        if case is None or not owns(device, case):
            raise NotFound(NO_CASE)
        return case

    async def publish(self, device: Device, incident: UUID, offer: bytes) -> Answer:
        """Begin to send; an earlier connection of this cabin is replaced.

        Raises:
            Conflict: the case is closed.
            TooMany: the relay shows as many cabins as it may.
        """
        case = await self.check_own(device, incident)
        if case.state is not IncidentState.OPEN:
            raise Conflict("This case is closed; its camera stays off.")
        room, sdp = room_of(incident), checked_sdp(offer)
        self._places.leave(incident)
        older = self._places.enter(incident, device.unit)
        if older is not None:
            log.info("cabin-replaced", unit=device.unit, incident=str(older))
            await self._end(older)
        self._rooms[room] = incident
        self._plane.limit_bitrate(room, FULL_KBPS)
        try:
            answer = await self._plane.publish(room, sdp)
        except BaseException:
            self._places.leave(incident)
            raise
        self._publishers[incident] = answer.session
        self._hold(device, incident)
        async with self._journal.records.begin() as tx:
            now_us = self._journal.clock.now_us()
            await tx.evidence.audit(
                now_us, f"unit:{device.unit}"[:64], "cabin-published", str(incident)
            )
        return answer

    def _hold(self, device: Device, incident: UUID) -> None:
        async def cut(_why: Lost) -> None:
            self._places.leave(incident)
            if (session := self._publishers.pop(incident, None)) is not None:
                with suppress(NotFound):
                    await self._plane.remove(session)

        send, own = Permission.STREAM_SEND, Relation.OWN_CASE
        claim = Claim(Proof.DEVICE, device.key, device.unit, send, own, incident)
        self._rights.hold(("cabin", incident), claim, cut)

    async def patch(self, incident: UUID, session: UUID, body: bytes) -> str:
        """ICE for the tablet's own connection."""
        self._check_session(incident, session)
        return await self._plane.patch(session, checked_sdp(body))

    async def unpublish(self, incident: UUID, session: UUID) -> None:
        """Stop sending; viewers stay for the next time."""
        self._check_session(incident, session)
        del self._publishers[incident]
        self._rights.release(("cabin", incident))
        self._places.leave(incident)
        with suppress(NotFound):
            await self._plane.remove(session)

    def _check_session(self, incident: UUID, session: UUID) -> None:
        if self._publishers.get(incident) != session:
            raise NotFound("This video connection has ended; connect again.")

    async def report(self, incident: UUID, step: CabinStep) -> None:
        """What the tablet lets its camera do now; viewers are told why they see what they see."""
        self._plane.limit_bitrate(room_of(incident), CAPS.get(step, REDUCED_KBPS))
        await self._set(incident, step=step)

    async def keep_still(self, device: Device, incident: UUID, data: bytes) -> None:
        """A picture instead of video; only the newest is held, in memory.

        Raises:
            BadInput: it cannot be used.
        """
        jpeg = await self._remaking.clean(data, f"unit:{device.unit}")
        await self._set(incident, still=jpeg, still_at_us=self._journal.clock.now_us())

    # who looks

    async def check(self, person: Person, incident: UUID) -> None:
        """Do nothing where this person may look.

        A hospital the case is addressed to may; a dispatcher where a 119 call has become this case.

        Raises:
            NotFound: neither, or there is no such case.
        """
        async with self._journal.records.read() as records:
            if not await stands(Moment(records), person, Relation.CABIN, incident):
                raise NotFound(NO_CASE)

    async def show(self, incident: UUID) -> CabinRow:
        """How the camera stands, also before its camera said anything."""
        nothing: CabinRow = {"state": "off", "step": "off", "since_us": None, "still_at_us": None}
        return self._board.json(incident) or nothing

    def still(self, incident: UUID) -> bytes:
        """The newest picture sent instead of video.

        Raises:
            NotFound: there is none.
        """
        cabin = self._board.get(incident)
        if cabin is None or not cabin.still:
            raise NotFound("There is no picture of this cabin.")
        return cabin.still

    async def watch(self, watcher: Watcher, incident: UUID, offer: bytes) -> Answer:
        """Begin to watch. Pictures start when the camera does."""
        room = room_of(incident)
        return await self._sessions.watch(room, watcher, offer, Relation.CABIN, incident)

    # what happens by itself

    def _heard(self, room: UUID, change: PublisherChange) -> None:
        if room in self._rooms:
            self._changes.put_nowait((self._rooms[room], change))

    async def run(self) -> None:
        """Follow the cameras and the cases, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow_cameras())
            group.create_task(self._follow_cases())

    async def _follow_cameras(self) -> None:
        while True:
            incident, change = await self._changes.get()
            await self._set(incident, live=change is PublisherChange.LIVE)

    async def _follow_cases(self) -> None:
        async for news in self._bus.subscribe(EVERY_CASE, limit=10_000):
            if isinstance(news, CaseChanged):
                await self._follow(news.incident)
            else:  # news was lost: ask about every case whose camera is on
                async with self._journal.records.read() as records:
                    known = [await records.cases.incident(case) for case in list(self._publishers)]
                for case in known:
                    if case is not None:
                        await self._follow(case)

    async def _follow(self, case: Incident) -> None:
        known = self._board.get(case.id) is not None or case.id in self._publishers
        if known and case.state is not IncidentState.OPEN:
            await self._end(case.id)

    async def _end(self, incident: UUID) -> None:
        room = room_of(incident)
        self._publishers.pop(incident, None)
        self._rights.release(("cabin", incident))
        self._places.leave(incident)
        self._rooms.pop(room, None)
        await self._sessions.end(room)
        if self._board.forget(incident):
            await self._telling.tell(incident)

    async def _set(self, incident: UUID, **changes: object) -> None:
        if self._board.change(incident, self._journal.clock.now_us(), **changes):
            await self._telling.tell(incident)
