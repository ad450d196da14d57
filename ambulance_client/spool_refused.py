"""What the relay would not take, on the tablet's disk: moved aside in one commit, back again, or removed by a person."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from ambulance_client.spool_thread import SpoolThread
from relay.protocol import messages as m


@dataclass(frozen=True, slots=True)
class RefusedThing:
    """One of them.

    Attributes:
        id: of the event or the photo.
        kind: ``photo``, or the type of the event.
        at_us: when it was made, by the tablet's clock.
        text: the event as JSON, "" for a photo.
        why: the relay's sentence.
    """

    id: UUID
    kind: str
    at_us: int
    text: str
    why: str


class SpoolRefused(SpoolThread):
    """The part of the spool that keeps them."""

    async def refuse_event(self, event: m.Event, why: str) -> None:
        """From now on it waits for a person and not for the relay. Raises like ``add_frame``."""
        row = (event.event.bytes, event.body.type, event.incident.bytes, event.at_us)
        await self._run(self._refuse_event, (*row, m.to_text(event), why))

    async def refuse_photo(self, photo: UUID, why: str) -> None:
        """The same of a photo."""
        await self._run(self._refuse_photo, photo, why)

    async def refused_things(self) -> list[RefusedThing]:
        """All of them, oldest first."""
        rows = await self._run(self._refused_rows)
        return [RefusedThing(UUID(bytes=r[0]), *r[1:]) for r in rows]

    async def refused_picture(self, photo: UUID) -> bytes | None:
        """A refused photo's JPEG, None where there is none."""
        return await self._run(self._refused_picture, photo)

    async def take_back(self, thing: RefusedThing) -> None:
        """It waits for the relay again. Raises like ``add_frame``."""
        await self._run(self._take_back, thing)

    async def remove_refused(self, thing: UUID) -> None:
        """A person has seen it and wants it gone."""
        await self._drop("DELETE FROM refused WHERE id = ?", (thing.bytes,))

    # on the thread

    def _refuse_event(self, row: tuple[object, ...]) -> None:
        with self._db:
            self._db.execute(
                "INSERT OR IGNORE INTO refused (id, kind, incident, at_us, text, why)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                row,
            )
            self._db.execute("DELETE FROM events WHERE id = ?", (row[0],))

    def _refuse_photo(self, photo: UUID, why: str) -> None:
        with self._db:
            self._db.execute(
                "INSERT OR IGNORE INTO refused (id, kind, incident, at_us, why, jpeg)"
                " SELECT id, 'photo', incident, taken_at_us, ?, jpeg FROM photos WHERE id = ?",
                (why, photo.bytes),
            )
            self._db.execute("DELETE FROM photos WHERE id = ?", (photo.bytes,))

    def _refused_rows(self) -> list[tuple[bytes, str, int, str, str]]:
        sql = "SELECT id, kind, at_us, text, why FROM refused ORDER BY no"
        return self._db.execute(sql).fetchall()

    def _refused_picture(self, photo: UUID) -> bytes | None:
        row = self._db.execute(
            "SELECT jpeg FROM refused WHERE id = ? AND kind = 'photo'", (photo.bytes,)
        ).fetchone()
        return bytes(row[0]) if row else None

    def _take_back(self, thing: RefusedThing) -> None:
        with self._db:
            if thing.kind == "photo":
                self._db.execute(
                    "INSERT OR IGNORE INTO photos (id, incident, taken_at_us, jpeg)"
                    " SELECT id, incident, at_us, jpeg FROM refused WHERE id = ?",
                    (thing.id.bytes,),
                )
            else:
                self._db.execute(
                    "INSERT OR IGNORE INTO events (id, text) VALUES (?, ?)",
                    (thing.id.bytes, thing.text),
                )
            self._db.execute("DELETE FROM refused WHERE id = ?", (thing.id.bytes,))
