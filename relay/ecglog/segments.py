"""``EcgLog`` on one disk: append-only segment files with group commit. See DESIGN §5.

All frames that arrive within one commit interval go out in one write and one ``fdatasync``; only then
do their ``append`` calls return. After a crash the torn tail of the last segment is set aside and
reported. The files themselves are ``segment_store``'s; here is what does not block.
"""

from __future__ import annotations

import asyncio
import errno
import os
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import structlog

from relay.ecglog.port import LoggedFrame
from relay.ecglog.segment_index import Holding, IndexEntry, Summary
from relay.ecglog.segment_store import SegmentStore
from relay.errors import Unavailable
from relay.protocol.ranges import RangeSet

log = structlog.get_logger()

SEGMENT_BYTES = 64 * 2**20
COMMIT_EVERY_S = 0.1
STALLED_AFTER_S = 2.0


@dataclass(slots=True)
class _Batch:
    """Frames that will be committed together."""

    frames: list[tuple[UUID, LoggedFrame]] = field(default_factory=list)
    done: asyncio.Future[None] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class SegmentLog:
    """The segment log of one folder. Build it with ``open_log``; close it with ``close``."""

    def __init__(self, folder: Path, *, segment_bytes: int, commit_every_s: float) -> None:
        self._files = SegmentStore(folder, segment_bytes)
        self.has_room: Callable[[], bool] = lambda: True
        """Whether new frames may take room on the disk."""
        self.on_full: Callable[[], None] = lambda: None
        self._commit_every_s = commit_every_s
        self._held: Summary = {}
        self._in_flight: dict[tuple[UUID, int], asyncio.Future[None]] = {}
        self._batch: _Batch | None = None
        self._wake = asyncio.Event()
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="ecg-log")
        self._readers = ThreadPoolExecutor(2, thread_name_prefix="ecg-read")
        self._closing = False
        self._failure: str | None = None
        self._writing_since_s: float | None = None
        self._task: asyncio.Task[None] | None = None

    # ── opening ─────────────────────────────────────────────────────────────────────────────────

    def recover(self) -> None:
        """Read what the folder holds; set a torn tail aside. Blocks; call before serving."""
        self._held = self._files.recover()

    def start(self) -> None:
        """Begin committing; needs a running loop."""
        self._task = asyncio.create_task(self._commit_loop(), name="ecg-log-commit")

    # ── writing ─────────────────────────────────────────────────────────────────────────────────

    async def append(self, stream: UUID, frames: Sequence[LoggedFrame]) -> None:
        """See ``EcgLog.append``."""
        if self._closing:
            raise Unavailable(
                "The relay is closing its ECG log; send again after it has restarted."
            )
        held = self._held.get(stream)
        waits: set[asyncio.Future[None]] = set()
        for frame in frames:
            if held is not None and frame.seq in held.seqs:
                continue
            flying = self._in_flight.get((stream, frame.seq))
            if flying is None:
                flying = self._enqueue(stream, frame)
            waits.add(flying)
        for wait in waits:
            await asyncio.shield(wait)

    def _enqueue(self, stream: UUID, frame: LoggedFrame) -> asyncio.Future[None]:
        if self._batch is None:
            self._batch = _Batch()
            self._batch.done.add_done_callback(_retrieved)
            self._wake.set()
        self._batch.frames.append((stream, frame))
        self._in_flight[stream, frame.seq] = self._batch.done
        return self._batch.done

    async def _commit_loop(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._wake.wait()
            if not self._closing:
                await asyncio.sleep(self._commit_every_s)
            batch, self._batch = self._batch, None
            self._wake.clear()
            if batch is not None:
                await self._commit(loop, batch)
            if self._closing and self._batch is None:
                return

    async def _commit(self, loop: asyncio.AbstractEventLoop, batch: _Batch) -> None:
        self._writing_since_s = time.monotonic()
        try:
            written = await loop.run_in_executor(self._writer, self._write, batch.frames)
        except OSError as error:
            self._failure = f"The ECG log cannot write ({error.strerror}); free space on its disk."
            if error.errno == errno.ENOSPC:
                self.on_full()
            log.error("ecg_log_write_failed", errno=error.errno, frames=len(batch.frames))
            batch.done.set_exception(Unavailable(self._failure))
        else:
            self._failure = None
            for entry in written:
                held = self._held.setdefault(entry.stream, Holding(RangeSet(), RangeSet()))
                held.seqs.add(entry.seq)
                held.samples.add(entry.first_sample, entry.end_sample)
            batch.done.set_result(None)
        finally:
            self._writing_since_s = None
        for stream, frame in batch.frames:
            self._in_flight.pop((stream, frame.seq), None)

    def _write(self, frames: list[tuple[UUID, LoggedFrame]]) -> list[IndexEntry]:
        """In the writer thread. Raises OSError with nothing kept."""
        self._check_room()
        return self._files.write(frames)

    def _check_room(self) -> None:
        if not self.has_room():
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    # ── reading ─────────────────────────────────────────────────────────────────────────────────

    def stored(self, stream: UUID) -> RangeSet:
        """See ``EcgLog.stored``."""
        held = self._held.get(stream)
        return held.seqs.copy() if held else RangeSet()

    def covered(self, stream: UUID) -> RangeSet:
        """See ``EcgLog.covered``."""
        held = self._held.get(stream)
        return held.samples.copy() if held else RangeSet()

    def newest_sample(self, stream: UUID) -> int:
        """See ``EcgLog.newest_sample``."""
        held = self._held.get(stream)
        return held.samples.end if held else 0

    def streams(self) -> list[UUID]:
        """See ``EcgLog.streams``."""
        return list(self._held)

    async def read(self, stream: UUID, from_sample: int, to_sample: int) -> list[LoggedFrame]:
        """See ``EcgLog.read``."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._readers, self._files.read, stream, from_sample, to_sample
        )

    # ── what is closed ──────────────────────────────────────────────────────────────────────────

    def sealed(self) -> dict[str, int]:
        """See ``EcgLog.sealed``."""
        return self._files.sealed()

    def never_again(self, names: Iterable[str]) -> None:
        """See ``EcgLog.never_again``."""
        self._files.never_again(names)

    async def seal(self, older_than_s: float) -> None:
        """See ``EcgLog.seal``."""
        if self._closing:
            return
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._writer, self._files.seal_older, older_than_s)
        except OSError as error:
            raise Unavailable(f"The ECG log cannot be closed ({error.strerror}).") from error

    async def sha256_of(self, name: str) -> str:
        """See ``EcgLog.sha256_of``."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, self._files.sha256_of, name)

    # ── health and end ──────────────────────────────────────────────────────────────────────────

    @property
    def failing(self) -> str | None:
        """See ``EcgLog.failing``."""
        return self._failure

    async def ping(self) -> None:
        """See ``EcgLog.ping``."""
        if self._closing:
            raise Unavailable("The ECG log is closed.")
        if self._failure:
            await self._try_again()
        if self._writing_since_s is not None:
            waited_s = time.monotonic() - self._writing_since_s
            if waited_s > STALLED_AFTER_S:
                raise Unavailable(
                    f"The ECG log's disk has not answered for {waited_s:.0f} s; look at the disk."
                )

    async def _try_again(self) -> None:
        """Whether the disk takes something now: nobody may come to find out."""
        loop = asyncio.get_running_loop()
        try:
            self._check_room()
            await loop.run_in_executor(self._writer, self._files.try_to_write)
        except OSError:
            raise Unavailable(self._failure or "The ECG log cannot write.") from None
        self._failure = None

    async def close(self) -> None:
        """See ``EcgLog.close``."""
        if self._closing:
            return
        self._closing = True
        self._wake.set()
        if self._task is not None:
            await self._task
        await asyncio.get_running_loop().run_in_executor(self._writer, self._files.seal_last)
        self._writer.shutdown()
        self._readers.shutdown()


async def open_log(
    folder: Path, *, segment_bytes: int = SEGMENT_BYTES, commit_every_s: float = COMMIT_EVERY_S
) -> SegmentLog:
    """A recovered, running log of a folder.

    Raises:
        Unavailable: the folder cannot be read or made.
    """
    segments = SegmentLog(folder, segment_bytes=segment_bytes, commit_every_s=commit_every_s)
    try:
        await asyncio.to_thread(segments.recover)
    except OSError as error:
        raise Unavailable(
            f"The ECG log in {folder.name} cannot be opened: {error.strerror}."
        ) from error
    segments.start()
    return segments


def _retrieved(future: asyncio.Future[None]) -> None:
    """Mark a failed commit as seen, also where every waiter was cancelled."""
    if not future.cancelled():
        future.exception()
