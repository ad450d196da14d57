"""``EcgLog`` on one disk: append-only segment files with group commit. See DESIGN §5.

All frames that arrive within one commit interval go out in one write and one ``fdatasync``; only then
do their ``append`` calls return. After a crash the torn tail of the last segment is set aside and
reported. A segment that saw any write error is sealed at its last good byte and a new one begun, so
that a page cache the kernel gave up on is never trusted.
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
from relay.ecglog.sealed_segments import SealedSegments
from relay.ecglog.segment_file import (
    LENGTH,
    load,
    read_summary,
    scan,
    sha256_of,
    sync_folder,
    try_to_write,
    write_all,
    write_index,
)
from relay.ecglog.segment_index import Entry, Holding, SegmentIndex, Summary
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


@dataclass(slots=True)
class _Active:
    """The segment being written."""

    path: Path
    fd: int
    end: int
    index: SegmentIndex = field(default_factory=SegmentIndex)
    began_s: float = field(default_factory=time.monotonic)


class SegmentLog:
    """The segment log of one folder. Build it with ``open_log``; close it with ``close``."""

    def __init__(self, folder: Path, *, segment_bytes: int, commit_every_s: float) -> None:
        self._folder = folder
        self.has_room: Callable[[], bool] = lambda: True
        """Whether new frames may take room on the disk."""
        self.on_full: Callable[[], None] = lambda: None
        self._segment_bytes = segment_bytes
        self._commit_every_s = commit_every_s
        self._sealed = SealedSegments()
        self._held: dict[UUID, Holding] = {}
        self._in_flight: dict[tuple[UUID, int], asyncio.Future[None]] = {}
        self._batch: _Batch | None = None
        self._wake = asyncio.Event()
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="ecg-log")
        self._readers = ThreadPoolExecutor(2, thread_name_prefix="ecg-read")
        self._active: _Active | None = None
        self._next_number = 1
        self._closing = False
        self._failure: str | None = None
        self._writing_since_s: float | None = None
        self._task: asyncio.Task[None] | None = None

    # ── opening ─────────────────────────────────────────────────────────────────────────────────

    def recover(self) -> None:
        """Read what the folder holds; set a torn tail aside. Blocks; call before serving."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for path in sorted(self._folder.glob("[0-9]*.seg")):
            known = read_summary(path)
            summary, end = known or self._rescan(path)
            self._sealed.add(path, summary)
            self._next_number = max(self._next_number, int(path.stem) + 1)
            for stream, holding in summary.items():
                held = self._held.setdefault(stream, Holding(RangeSet(), RangeSet()))
                held.seqs.update(holding.seqs)
                held.samples.update(holding.samples)
            if path.stat().st_size > end:
                self._set_tail_aside(path, end)
            self._sealed.closed_for_good(path, end)

    def start(self) -> None:
        """Begin committing; needs a running loop."""
        self._task = asyncio.create_task(self._commit_loop(), name="ecg-log-commit")

    def _rescan(self, path: Path) -> tuple[Summary, int]:
        found = scan(path)
        for first, end in found.damaged:
            log.error("ecg_log_damaged", segment=path.name, first_byte=first, end_byte=end)
        index = SegmentIndex(found.entries)
        write_index(path, index, found.end)
        return index.summary, found.end

    def _set_tail_aside(self, path: Path, end: int) -> None:
        data = path.read_bytes()
        aside = path.with_suffix(f".torn-{end}")
        aside.write_bytes(data[end:])
        with path.open("r+b") as file:
            file.truncate(end)
            os.fsync(file.fileno())
        log.warning("ecg_log_torn_tail", segment=path.name, offset=end, size=len(data) - end)

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

    def _write(self, frames: list[tuple[UUID, LoggedFrame]]) -> list[Entry]:
        """In the writer thread: one write, one fdatasync. Raises OSError with nothing kept."""
        if not self.has_room():
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        active = self._active or self._begin_segment()
        parts: list[bytes] = []
        entries: list[Entry] = []
        offset = active.end
        for stream, frame in frames:
            parts += [LENGTH.pack(len(frame.data)), frame.data]
            offset += LENGTH.size
            entries.append(
                Entry(
                    stream, frame.seq, frame.first_sample, frame.n_samples, len(frame.data), offset
                )
            )
            offset += len(frame.data)
        try:
            write_all(active.fd, b"".join(parts))
            os.fdatasync(active.fd)
        except OSError:
            self._abandon(active)
            raise
        active.end = offset
        active.index.add(entries)
        if active.end >= self._segment_bytes:
            self._seal(active)
        return entries

    def _begin_segment(self) -> _Active:
        path = self._folder / f"{self._next_number:010d}.seg"
        fd = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND, 0o640)
        self._next_number += 1
        sync_folder(self._folder)
        self._active = _Active(path, fd, 0)
        return self._active

    def _seal(self, active: _Active) -> None:
        self._sealed.add(
            active.path, active.index.summary
        )  # first: a reader must find it somewhere
        self._active = None
        os.close(active.fd)
        try:
            write_index(active.path, active.index, active.end)
        except OSError as error:  # the index is a copy: a scan at the next start rebuilds it
            log.error("ecg_log_index_failed", segment=active.path.name, errno=error.errno)
        self._sealed.closed_for_good(active.path, active.end)

    def _abandon(self, active: _Active) -> None:
        """After a write error: keep what was good, never write to this file again."""
        self._sealed.add(active.path, active.index.summary)
        self._active = None
        try:
            os.ftruncate(active.fd, active.end)
            os.fsync(active.fd)
            self._sealed.closed_for_good(active.path, active.end)
        except OSError as error:  # not closed for good: the next start sets the tail aside
            log.error("ecg_log_truncate_failed", segment=active.path.name, errno=error.errno)
        os.close(active.fd)

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
        return await loop.run_in_executor(self._readers, self._read, stream, from_sample, to_sample)

    def _read(self, stream: UUID, from_sample: int, to_sample: int) -> list[LoggedFrame]:
        active = self._active  # first: what is closed meanwhile is found among the closed
        found = self._sealed.touching(stream, from_sample, to_sample)
        if active is not None:
            now = active.index.touching(stream, from_sample, to_sample)
            found |= {e.seq: (e, active.path) for e in now}
        try:
            loaded = [load(e, path) for e, path in found.values()]
        except OSError as error:
            raise Unavailable(f"The ECG log cannot be read ({error.strerror}).") from error
        frames = [frame for frame in loaded if frame is not None]
        return sorted(frames, key=lambda f: (f.first_sample, f.seq))

    # ── what is closed ──────────────────────────────────────────────────────────────────────────

    def sealed(self) -> dict[str, int]:
        """See ``EcgLog.sealed``."""
        return self._sealed.sizes()

    def never_again(self, names: Iterable[str]) -> None:
        """See ``EcgLog.never_again``."""
        taken = [int(number) for name in names if (number := Path(name).stem).isdigit()]
        self._next_number = max([self._next_number, *(number + 1 for number in taken)])

    async def seal(self, older_than_s: float) -> None:
        """See ``EcgLog.seal``."""
        if self._closing:
            return
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._writer, self._seal_older, older_than_s)
        except OSError as error:
            raise Unavailable(f"The ECG log cannot be closed ({error.strerror}).") from error

    def _seal_older(self, than_s: float) -> None:
        active = self._active
        if active is not None and time.monotonic() - active.began_s >= than_s:
            self._seal(active)

    async def sha256_of(self, name: str) -> str:
        """See ``EcgLog.sha256_of``."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, sha256_of, self._folder / name)

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
            if not self.has_room():
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            await loop.run_in_executor(self._writer, try_to_write, self._folder)
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
        await asyncio.get_running_loop().run_in_executor(self._writer, self._seal_last)
        self._writer.shutdown()
        self._readers.shutdown()

    def _seal_last(self) -> None:
        if self._active is not None:
            self._seal(self._active)


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
