"""Takes one recording from source to spool: numbers it, frames it, keeps it, remembers the newest.

If the tablet's disk fails, frames stay in memory and are still sent: the relay's acknowledgement
then is their only durability, and the crew is told.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Literal
from uuid import UUID, uuid4

import numpy as np
import structlog

from ambulance_client.sample_clock import SampleClock
from ambulance_client.segmenter import NewFrame, Segmenter
from ambulance_client.sources import Source
from ambulance_client.spool import Spool
from ecg.leads import leads_of_mask, mask_of_leads
from ecg.values import EcgSegment
from relay.errors import BadInput, Unavailable
from relay.protocol import messages as m
from relay.protocol.codec import decode_samples
from relay.protocol.sender import SenderLink
from relay.protocol.wire import CRC, unpack

log = structlog.get_logger()

RECENT_S = 60.0
MEMORY_FRAMES = 2_400
"""Ten minutes of frames held in memory while the disk cannot take them."""
CATCH_UP_FRAMES = 8
"""So many of them go to the disk with each new frame once it takes frames again."""
SNAPSHOT_S = 10.0
Reason = Literal["manual", "clean", "interval", "file"]


class Recorder:
    """One stream being recorded.

    Attributes:
        spec: how the stream is announced.
        newest_sample: one past the newest sample framed.
        disk_text: empty, or one sentence about a failing disk.
        frames_dropped: frames lost because disk and memory were both full (shown to the crew).
        memory: frames that only memory holds, while the disk cannot take them.
        heard_s: when the device was last heard, monotonic. clock: how fast it really samples.
        bytes_made: of all frames, as the spool keeps them.
        is_unread: a record that was made before came to its end, and nobody asked for any of it to be read.
    """

    def __init__(
        self,
        *,
        spool: Spool,
        link: SenderLink,
        source: Source,
        incident: UUID,
        journal: Path | None,
        on_frame: Callable[[NewFrame], None],
    ) -> None:
        info = source.info
        stream = uuid4()
        self.source = source
        self.spec = m.OpenStream(
            stream=stream,
            incident=incident,
            lead_mask=mask_of_leads(info.leads),
            fs_hz=info.fs_hz,
            uv_per_lsb=info.uv_per_lsb,
            started_at_us=time.time_ns() // 1000,
            source=info.name[:200],
        )
        self.newest_sample = 0
        self.disk_text = ""
        self.frames_dropped = 0
        self.heard_s = time.monotonic()
        self.clock = SampleClock(info.fs_hz)
        self.bytes_made = 0
        self.is_unread = not source.info.live
        self.memory: dict[int, bytes] = {}
        self._recent: deque[NewFrame] = deque(maxlen=round(RECENT_S / 0.25))
        self._spool, self._link, self._on_frame = spool, link, on_frame
        self._segmenter = Segmenter(stream, info.leads, info.fs_hz)
        self._announced = self._asked = False
        self._journal = journal / f"{stream}.frames" if journal else None

    async def run(self) -> None:
        """Record until the source ends, then say so to the relay.

        Raises:
            BadInput: the source failed; what was recorded is safe.
        """
        await self._announce()
        try:
            async for segment in self.source.segments():
                self.heard_s = time.monotonic()
                self.clock.saw(segment.first_sample + segment.n_samples, self.heard_s)
                for frame in self._segmenter.push(segment):
                    await self._keep(frame)
            self.is_unread = self.source.info.recorded and not self._asked
        except ValueError as error:
            raise BadInput(f"The ECG source failed: {error}.") from error
        finally:
            for frame in self._segmenter.flush():
                await self._keep(frame)

    async def _announce(self) -> None:
        try:
            await self._keep_spec()
        except Unavailable as error:
            self.disk_text = str(error)
        self._link.register(self.spec)

    async def _keep_spec(self) -> None:
        """Without it the spool could not say after a restart whose frames it holds."""
        if not self._announced:
            await self._spool.add_stream(self.spec)
            self._announced = True

    async def _keep(self, frame: NewFrame) -> None:
        """Keep a frame whole: also where the recording is stopped in the middle of it."""
        keeping = asyncio.create_task(self._keep_whole(frame))
        try:
            await asyncio.shield(keeping)
        except asyncio.CancelledError:
            await keeping
            raise

    async def _keep_whole(self, frame: NewFrame) -> None:
        if self._journal is not None:
            with self._journal.open("ab") as file:
                file.write(CRC.pack(len(frame.data)) + frame.data)
        try:
            await self._keep_spec()
            await self._spool.add_frame(self.spec.stream, frame.seq, frame.data)
        except Unavailable as error:
            self.disk_text = str(error)
            self._to_memory(frame)
        else:
            await self.memory_to_disk(CATCH_UP_FRAMES)
        self.newest_sample = frame.end_sample
        self.bytes_made += len(frame.data)
        self._recent.append(frame)
        self._link.spooled(self.spec.stream, frame.seq)
        self._on_frame(frame)

    def _to_memory(self, frame: NewFrame) -> None:
        """Hold what the disk does not take; where memory is full too, the oldest goes, and is counted."""
        self.memory[frame.seq] = frame.data
        if len(self.memory) > MEMORY_FRAMES:
            oldest = min(self.memory)
            self.memory.pop(oldest)
            if self._link.gone(self.spec.stream, oldest):
                self.frames_dropped += 1
                log.error("frame_dropped", stream=str(self.spec.stream), seq=oldest)

    async def memory_to_disk(self, at_most: int) -> None:
        """The disk takes frames again: what only memory held goes there, oldest first."""
        stream = self.spec.stream
        try:
            for seq in sorted(self.memory)[:at_most]:
                await self._spool.add_frame(stream, seq, self.memory.get(seq, b""))
                if self.memory.pop(seq, None) is None:  # acknowledged in this moment
                    await self._spool.drop_frames(stream, [(seq, seq + 1)])
        except Unavailable as error:
            self.disk_text = str(error)
        else:
            self.disk_text = ""

    @property
    def made_s(self) -> float:
        """Seconds of ECG framed, holes included."""
        return self.newest_sample / self.spec.fs_hz

    def recent_frames(self, window_s: float) -> list[bytes]:
        """The newest frames that cover ``window_s``, oldest first."""
        from_sample = self.newest_sample - window_s * self.spec.fs_hz
        return [f.data for f in self._recent if f.end_sample > from_sample]

    def recent_segment(self, window_s: float) -> EcgSegment | None:
        """The newest ``window_s`` as one segment; None where that is not one piece yet."""
        frames = [unpack(data) for data in self.recent_frames(window_s)]
        if not frames or frames[-1].end_sample - frames[0].first_sample != sum(
            f.n_samples for f in frames
        ):
            return None
        adc = np.concatenate(
            [decode_samples(f.payload, f.codec, f.n_leads, f.n_samples) for f in frames], axis=1
        )
        leads = leads_of_mask(self.spec.lead_mask)
        return EcgSegment(adc, leads, self.spec.fs_hz, self.spec.uv_per_lsb, frames[0].first_sample)

    def snapshot(self, reason: Reason = "manual") -> m.SnapshotRequest:
        """Ask for the newest ten seconds, and put their frames before other backlog.

        A file that is shorter is asked for whole.

        Raises:
            BadInput: fewer than ten seconds were recorded.
        """
        n_samples = round(SNAPSHOT_S * self.spec.fs_hz)
        if reason == "file":
            n_samples = min(n_samples, self.newest_sample)
        first = self.newest_sample - n_samples
        if first < 0:
            left_s = -first / self.spec.fs_hz
            raise BadInput(f"Ten seconds of ECG are needed; wait {left_s:.0f} s more.")
        seqs = [f.seq for f in self._recent if f.end_sample > first]
        self._link.hurry(self.spec.stream, min(seqs), max(seqs) + 1)
        self._asked = True
        return m.SnapshotRequest(uuid4(), self.spec.stream, first, n_samples, reason)
