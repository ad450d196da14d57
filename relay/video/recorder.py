"""Clips: what a publisher sends, muxed into a file as it came. Nothing is decoded or encoded.

VP8 goes into WebM, H.264 into fragmented MP4; both can be played up to their last second or so when
the relay is killed while writing. One thread writes for all calls, so that a slow disk never holds
up a packet; when it cannot follow, pictures are left out of the file, not out of the call.
"""

from __future__ import annotations

import io
import logging
import queue
import threading
import time
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from relay.video.frames import Frame, FrameAssembler
from relay.video.rtp import Packet

if TYPE_CHECKING:
    from collections.abc import Callable

CLOCK = Fraction(1, 90_000)
QUEUED = 2_000
"""Pictures that may wait for the disk, of all calls together."""
RETRY_S = 5.0
OPTIONS = {
    "webm": {"live": "1", "cluster_time_limit": "500", "flush_packets": "1"},
    "mp4": {
        "movflags": "empty_moov+default_base_moof+skip_trailer", "frag_duration": "500000",
        "flush_packets": "1",
    },
}  # fmt: skip
log = logging.getLogger(__name__)


class ClipFile:
    """One file, begun with a keyframe."""

    def __init__(self, folder: Path, first: Frame) -> None:
        import av

        self.codec = first.codec
        suffix = "webm" if first.codec == "VP8" else "mp4"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / f"{time.time_ns() // 1000}.{suffix}"
        path.touch(mode=0o600, exist_ok=False)
        self._from = first.clock
        self._template: Any = None
        self._out: Any = av.open(str(path), "w", format=suffix, options=OPTIONS[suffix])
        try:
            self._stream = self._video(first)
        except BaseException:
            self._out.close()
            path.unlink(missing_ok=True)
            raise

    def _video(self, first: Frame) -> Any:
        import av

        if first.codec == "VP8":
            size = first.data
            width = int.from_bytes(size[6:8], "little") & 0x3FFF
            height = int.from_bytes(size[8:10], "little") & 0x3FFF
            stream = self._out.add_mux_stream("vp8", width=width, height=height)
        else:  # the file's head needs the picture's parameters, which stand in the first picture
            self._template = av.open(io.BytesIO(first.data), format="h264")
            stream = self._out.add_stream_from_template(self._template.streams.video[0])
        stream.time_base = CLOCK
        return stream

    def write(self, frame: Frame) -> None:
        """Add a picture."""
        import av

        packet = av.Packet(frame.data)
        packet.pts = packet.dts = frame.clock - self._from
        packet.time_base, packet.stream, packet.is_keyframe = CLOCK, self._stream, frame.keyframe
        self._out.mux(packet)

    def close(self) -> None:
        """End the file."""
        self._out.close()
        if self._template is not None:
            self._template.close()


@dataclass(slots=True)
class Taping:
    """One call that is kept."""

    folder: Path
    epoch: object = None
    assembler: FrameAssembler = field(default_factory=FrameAssembler)
    file: ClipFile | None = None
    again_s: float = 0.0


class ClipRecorder:
    """Writes the clips of every call that is to be kept."""

    def __init__(self) -> None:
        self._work: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def tape(self, folder: Path) -> Taping:
        """A call is to be kept, from its next keyframe on."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="clips", daemon=True)
            self._thread.start()
        return Taping(folder)

    def take(self, taping: Taping, packet: Packet, epoch: object) -> bool:
        """A video packet was forwarded. Whether a whole picture is wanted of the publisher."""
        if epoch is not taping.epoch:
            self.pause(taping)
            taping.epoch, taping.assembler = epoch, FrameAssembler()
        for frame in taping.assembler.take(packet):
            if (
                self._work.qsize() > QUEUED
            ):  # the disk is too slow: a gap in the file, none in the call
                taping.assembler = FrameAssembler()
                break
            self._work.put(partial(_write, taping, frame))
        return taping.assembler.wants_keyframe

    def pause(self, taping: Taping) -> None:
        """The publisher has gone; what it sends when it is back becomes another file."""
        taping.epoch = None
        if self._thread is not None:
            self._work.put(partial(_close, taping))

    def close(self) -> None:
        """Write what is waiting and end; files still open are ended by ``pause`` before."""
        if self._thread is not None:
            self._work.put(_stop)
            self._thread.join(5.0)
            self._thread = None

    def _run(self) -> None:
        while True:
            work = self._work.get()
            if work is _stop:
                return
            try:
                work()
            except Exception:
                log.exception("a clip could not be written; the call goes on")


def _stop() -> None:
    """Ends the thread."""


def _write(taping: Taping, frame: Frame) -> None:
    if taping.file is None and frame.keyframe and time.monotonic() >= taping.again_s:
        taping.again_s = time.monotonic() + RETRY_S
        taping.file = ClipFile(taping.folder, frame)
    if taping.file is None:
        return
    if taping.file.codec != frame.codec:
        _close(taping)
        return
    try:
        taping.file.write(frame)
    except Exception:
        _close(taping)
        raise


def _close(taping: Taping) -> None:
    file, taping.file = taping.file, None
    taping.again_s = 0.0
    if file is not None:
        file.close()
