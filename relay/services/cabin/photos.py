"""Photos of the scene: from the crew's tablet into the case, and to whoever may see the case."""

from __future__ import annotations

from uuid import UUID

from relay.errors import BadInput, NotFound
from relay.model.people import Device
from relay.model.photo import ScenePhoto
from relay.model.timeline import Stage
from relay.services.ground.disk_shares import ENTRY_BYTES, DiskShares
from relay.services.ground.journal import Journal
from relay.services.ground.remaking import Remaking
from relay.services.ground.reopening import reopen

MOST_PER_CASE = 40


class Photos:
    """Takes photos in and hands them out."""

    def __init__(self, journal: Journal, remaking: Remaking, disk: DiskShares) -> None:
        self._journal, self._remaking, self._disk = journal, remaking, disk

    async def keep(
        self, device: Device, incident: UUID, photo: UUID, age_us: int, data: bytes
    ) -> None:
        """Keep a photo once, however often it arrives.

        Args:
            device: the tablet; the case is its own.
            incident: the case.
            photo: chosen by the tablet.
            age_us: how long ago it was taken, by the tablet's own clock.
            data: a JPEG of at most 200 kB; it is made anew, without metadata.

        Raises:
            BadInput: it cannot be used, or the case has its fill.
            TooMany: the ambulance has used up its share of the disk, or too many pictures wait.
        """
        jpeg = await self._remaking.clean(data, f"unit:{device.unit}")
        async with self._journal.change(incident) as change:
            if await change.tx.cases.photo_count(incident) >= MOST_PER_CASE:
                raise BadInput(f"A case keeps {MOST_PER_CASE} photos; this one was not kept.")
            taken_at_us = change.now_us - max(0, age_us)
            kept = ScenePhoto(photo, incident, taken_at_us, device.unit)
            if await change.tx.cases.add_photo(kept, jpeg):
                self._disk.take(device.unit, len(jpeg) + ENTRY_BYTES)
                await reopen(change, await change.case(), "photo")
                about = {"photo": str(photo)}
                await change.entry(Stage.PHOTO, device.unit, about, taken_at_us)
                await change.audit(device.unit, "photo-kept", incident, about)

    async def fetch(self, incident: UUID, photo: UUID) -> bytes:
        """A photo's JPEG, for one who may see the case.

        Raises:
            NotFound: there is none in this case.
        """
        async with self._journal.records.read() as records:
            found = await records.cases.photo_image(photo)
        if found is None or found[0].incident != incident:
            raise NotFound("There is no such photo.")
        return found[1]
