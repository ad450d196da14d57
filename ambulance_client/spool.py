"""The tablet's durable memory: frames and events not yet on the relay's disk, and the case itself.

One SQLite file, WAL, ``synchronous=FULL``: a commit survives a power cut. A frame is committed here
before it is sent and deleted only when the relay has acknowledged it. All calls run on one thread of
their own, so that a slow disk never stops the link.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import structlog

from ambulance_client.spool_file import Recovery, open_file
from ambulance_client.spool_refused import SpoolRefused
from ambulance_client.spool_reserve import SpoolReserve
from relay.errors import RemoteProtocolError, Unavailable
from relay.protocol import messages as m
from relay.protocol.ranges import RangeSet
from relay.protocol.wire import unpack

log = structlog.get_logger()
DROPPED_AT_ONCE = 128


@dataclass(frozen=True, slots=True)
class SpooledStream:
    """A recording the spool still knows.

    Attributes:
        spec: how it is announced to the relay.
        unstored: sequence ranges still held.
        next_seq: one past the last frame ever made.
        ended: no frame will be added.
    """

    spec: m.OpenStream
    unstored: tuple[tuple[int, int], ...]
    next_seq: int
    ended: bool


@dataclass(frozen=True, slots=True)
class HeldPhoto:
    """A photo of the scene that the relay does not have yet."""

    id: UUID
    incident: UUID
    taken_at_us: int
    jpeg: bytes


class Spool(SpoolRefused):
    """The open spool of one folder. Build it with ``Spool.open``."""

    def __init__(
        self,
        db: sqlite3.Connection,
        thread: ThreadPoolExecutor,
        recovery: Recovery | None,
        reserve: SpoolReserve,
    ) -> None:
        super().__init__(db, thread, reserve)
        self._numbers: dict[UUID, int] = {}
        self._acknowledged: dict[UUID, RangeSet] = {}
        self.recovery = recovery

    @classmethod
    async def open(cls, folder: Path) -> Spool:
        """The spool in a folder; a damaged file is set aside and said so in ``recovery``.

        Raises:
            Unavailable: the folder cannot be written.
            BadInput: a newer version of this program wrote it.
        """
        thread = ThreadPoolExecutor(1, thread_name_prefix="spool")
        loop = asyncio.get_running_loop()
        try:
            db, recovery = await loop.run_in_executor(thread, open_file, folder)
            reserve = SpoolReserve(folder)
            await loop.run_in_executor(thread, reserve.take)
        except OSError as error:
            thread.shutdown()
            raise Unavailable(
                f"The spool folder cannot be used ({error.strerror}); choose another with --spool."
            ) from error
        except sqlite3.Error as error:
            thread.shutdown()
            raise Unavailable(
                f"The spool cannot be opened ({error}); free disk space, or choose another folder "
                "with --spool."
            ) from error
        return cls(db, thread, recovery, reserve)

    # ── frames ──────────────────────────────────────────────────────────────────────────────────

    async def add_stream(self, spec: m.OpenStream) -> None:
        """Remember a new recording."""
        await self._run(self._add_stream, spec)

    async def add_frame(self, stream: UUID, seq: int, data: bytes) -> None:
        """Return once the frame would survive a power cut.

        Raises:
            Unavailable: the disk is full or failing; the frame is not kept.
        """
        await self._run(self._add_frame, stream, seq, data)

    async def frame(self, stream: UUID, seq: int) -> bytes | None:
        """A held frame's bytes; None where it was dropped, or has rotted.

        A rotten one is put aside, so that it is missed once and not at every start.
        """
        return await self._run(self._frame, stream, seq)

    async def drop_frames(self, stream: UUID, ranges: Iterable[tuple[int, int]]) -> None:
        """Forget acknowledged frames; where the disk does not even allow that, at the next such call.

        Raises:
            Unavailable: not now.
        """
        await self._run(self._making_room, self._drop_frames, stream, tuple(ranges))

    async def end_stream(self, stream: UUID, said: m.Event) -> None:
        """No frame will be added to this recording, and the relay is to be told: in one commit."""
        await self._run(self._end_stream, stream, said)

    async def forget_stream(self, stream: UUID) -> None:
        """Remove an ended recording whose frames are all acknowledged."""
        await self._drop(
            "DELETE FROM streams WHERE id = ? AND ended = 1"
            " AND NOT EXISTS (SELECT 1 FROM frames WHERE stream_no = streams.no)",
            (stream.bytes,),
        )
        self._numbers.pop(stream, None)

    async def streams(self) -> list[SpooledStream]:
        """Every recording the spool knows, oldest first."""
        return await self._run(self._streams)

    # ── events and notices ──────────────────────────────────────────────────────────────────────

    async def add_event(self, event: m.Event, *, of_case: bool = False) -> None:
        """Return once the event would survive a power cut. Raises like ``add_frame``.

        Args:
            event: what the crew entered, or what the tablet says by itself.
            of_case: keep it for the crew's page too, also after the relay has it.
        """
        await self._run(self._add_event, event, of_case)

    async def case_events(self, incident: UUID) -> list[m.Event]:
        """What was entered in a case, oldest first."""
        rows = await self._run(
            self._query,
            "SELECT text FROM case_events WHERE incident = ? ORDER BY no",
            (str(incident),),
        )
        return [m.event_from_text(row[0]) for row in rows]

    async def begin_case(self, incident: UUID) -> None:
        """From now on this is the case; what was kept of others for the page is forgotten."""
        await self._run(self._making_room, self._begin_case, incident)

    async def drop_event(self, event: UUID) -> None:
        """Forget an acknowledged event."""
        await self._drop("DELETE FROM events WHERE id = ?", (event.bytes,))

    async def events(self) -> list[m.Event]:
        """Every held event, oldest first."""
        rows = await self._run(self._query, "SELECT text FROM events ORDER BY no", ())
        return [m.event_from_text(row[0]) for row in rows]

    async def add_notice(self, notice: m.Notice) -> None:
        """Keep a timeline entry, so that the crew's page survives a restart."""
        await self._run(
            self._execute,
            "INSERT OR IGNORE INTO notices (incident, entry, text) VALUES (?, ?, ?)",
            (notice.incident.bytes, notice.entry, m.to_text(notice)),
        )

    async def notices(self, incident: UUID) -> list[m.Notice]:
        """The kept timeline of a case, oldest first."""
        rows = await self._run(
            self._query,
            "SELECT text FROM notices WHERE incident = ? ORDER BY entry",
            (incident.bytes,),
        )
        parsed = [m.from_relay(row[0]) for row in rows]
        return [n for n in parsed if isinstance(n, m.Notice)]

    # ── photos ──────────────────────────────────────────────────────────────────────────────────

    async def add_photo(self, photo: HeldPhoto) -> None:
        """Return once the photo would survive a power cut. Raises like ``add_frame``."""
        row = (photo.id.bytes, photo.incident.bytes, photo.taken_at_us, photo.jpeg)
        await self._run(
            self._execute,
            "INSERT INTO photos (id, incident, taken_at_us, jpeg) VALUES (?, ?, ?, ?)",
            row,
        )

    async def photo(self, photo: UUID) -> HeldPhoto | None:
        """A waiting photo with its pixels, None where it does not wait any more."""
        return await self._run(self._photo, photo)

    async def photos(self) -> list[HeldPhoto]:
        """Every waiting photo, oldest first, without its pixels."""
        rows = await self._run(
            self._rows, "SELECT id, incident, taken_at_us FROM photos ORDER BY no"
        )
        return [HeldPhoto(UUID(bytes=r[0]), UUID(bytes=r[1]), r[2], b"") for r in rows]

    async def drop_photo(self, photo: UUID) -> None:
        """Forget a photo the relay has."""
        await self._drop("DELETE FROM photos WHERE id = ?", (photo.bytes,))

    # ── small state ─────────────────────────────────────────────────────────────────────────────

    async def put(self, key: str, value: object) -> None:
        """Keep a small JSON value under a key."""
        await self._run(
            self._execute,
            "INSERT INTO state VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            (key, json.dumps(value)),
        )

    async def get(self, key: str) -> object:
        """The value under a key, None where there is none."""
        rows = await self._run(self._query, "SELECT value FROM state WHERE key = ?", (key,))
        return json.loads(rows[0][0]) if rows else None

    # ── on the spool's thread ───────────────────────────────────────────────────────────────────

    def _add_stream(self, spec: m.OpenStream) -> None:
        with self._db:
            cursor = self._db.execute(
                "INSERT INTO streams (id, spec) VALUES (?, ?)", (spec.stream.bytes, m.to_text(spec))
            )
        self._numbers[spec.stream] = int(cursor.lastrowid or 0)

    def _end_stream(self, stream: UUID, said: m.Event) -> None:
        with self._db:
            self._db.execute("UPDATE streams SET ended = 1 WHERE id = ?", (stream.bytes,))
            self._insert_event(said)

    def _insert_event(self, event: m.Event) -> None:
        self._db.execute(
            "INSERT OR IGNORE INTO events (id, text) VALUES (?, ?)",
            (event.event.bytes, m.to_text(event)),
        )

    def _add_event(self, event: m.Event, of_case: bool) -> None:
        text = m.to_text(event)
        with self._db:
            self._insert_event(event)
            if of_case:
                self._db.execute(
                    "INSERT OR IGNORE INTO case_events (incident, id, text) VALUES (?, ?, ?)",
                    (str(event.incident), str(event.event), text),
                )

    def _begin_case(self, incident: UUID) -> None:
        with self._db:
            self._db.execute(
                "INSERT INTO state VALUES ('incident', ?)"
                " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                (json.dumps(str(incident)),),
            )
            self._db.execute("DELETE FROM case_events WHERE incident != ?", (str(incident),))
            self._db.execute("DELETE FROM notices WHERE incident != ?", (incident.bytes,))

    def _number(self, stream: UUID) -> int:
        if stream not in self._numbers:
            row = self._db.execute(
                "SELECT no FROM streams WHERE id = ?", (stream.bytes,)
            ).fetchone()
            if row is None:
                return 0
            self._numbers[stream] = row[0]
        return self._numbers[stream]

    def _add_frame(self, stream: UUID, seq: int, data: bytes) -> None:
        number = self._number(stream)
        if not number:
            raise sqlite3.IntegrityError("the recording itself is not kept yet")
        self._check_room()
        with self._db:
            self._db.execute(
                "INSERT OR IGNORE INTO frames (stream_no, seq, data) VALUES (?, ?, ?)",
                (number, seq, data),
            )
            self._db.execute(
                "UPDATE streams SET next_seq = max(next_seq, ?) WHERE no = ?", (seq + 1, number)
            )

    def _rows(self, sql: str) -> list[tuple[bytes, bytes, int]]:
        return self._db.execute(sql).fetchall()

    def _photo(self, photo: UUID) -> HeldPhoto | None:
        row = self._db.execute(
            "SELECT id, incident, taken_at_us, jpeg FROM photos WHERE id = ?", (photo.bytes,)
        ).fetchone()
        return row and HeldPhoto(UUID(bytes=row[0]), UUID(bytes=row[1]), row[2], bytes(row[3]))

    def _frame(self, stream: UUID, seq: int) -> bytes | None:
        row = self._db.execute(
            "SELECT data FROM frames WHERE stream_no = ? AND seq = ?", (self._number(stream), seq)
        ).fetchone()
        if row is None:
            return None
        try:
            unpack(row[0])
        except RemoteProtocolError:
            log.error("spool_frame_damaged", stream=str(stream), seq=seq)
            self._put_aside(stream, seq, row[0])
            return None
        return bytes(row[0])

    def _put_aside(self, stream: UUID, seq: int, data: bytes) -> None:
        with self._db:
            self._db.execute(
                "INSERT INTO rotten_frames (stream, seq, data) VALUES (?, ?, ?)",
                (stream.bytes, seq, data),
            )
            self._db.execute(
                "DELETE FROM frames WHERE stream_no = ? AND seq = ?", (self._number(stream), seq)
            )

    def _drop_frames(self, stream: UUID, ranges: tuple[tuple[int, int], ...]) -> None:
        self._acknowledged.setdefault(stream, RangeSet()).update(ranges)
        for known, acknowledged in list(self._acknowledged.items()):
            for first, end in acknowledged:
                self._delete(self._number(known), first, end)
            del self._acknowledged[known]

    def _delete(self, number: int, first: int, end: int) -> None:
        """A few frames a commit, so that the journal stays short on a full disk."""
        seqs = self._db.execute(
            "SELECT seq FROM frames WHERE stream_no = ? AND seq >= ? AND seq < ? ORDER BY seq",
            (number, first, end),
        ).fetchall()
        for at in range(0, len(seqs), DROPPED_AT_ONCE):
            with self._db:
                self._db.executemany(
                    "DELETE FROM frames WHERE stream_no = ? AND seq = ?",
                    [(number, seq) for (seq,) in seqs[at : at + DROPPED_AT_ONCE]],
                )

    def _streams(self) -> list[SpooledStream]:
        found = []
        rows = self._db.execute("SELECT no, spec, next_seq, ended FROM streams ORDER BY no")
        for number, text, next_seq, ended in rows.fetchall():
            spec = m.from_tablet(text)
            if not isinstance(spec, m.OpenStream):
                continue
            held = RangeSet()
            for (seq,) in self._db.execute(
                "SELECT seq FROM frames WHERE stream_no = ? ORDER BY seq", (number,)
            ):
                held.add(seq)
            found.append(SpooledStream(spec, tuple(held), next_seq, bool(ended)))
        return found
