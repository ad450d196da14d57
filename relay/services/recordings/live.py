"""The live hub: gives each stored frame to every page that watches. It waits for no page.

Each page has a queue of limited length for each stream. If a page is too slow, its oldest frames are dropped, and the
page is told which samples those were. It can fetch them by HTTP.
"""

from __future__ import annotations

import asyncio
from bisect import insort
from collections import deque
from collections.abc import Iterable, Sequence
from uuid import UUID

from relay.ecglog.port import EcgLog, LoggedFrame
from relay.model.clock import Clock
from relay.model.stream import EcgStream, RecordingState
from relay.protocol import feed
from relay.protocol.ranges import RangeSet

RING_S = 20.0
IDLE_CHANNEL_S = 600.0
MAX_QUEUED_FRAMES = 64
MAX_QUEUED_TEXTS = 512


class Cursor:
    """One page's place in one stream."""

    def __init__(self, stream: UUID, look_back: Iterable[LoggedFrame]) -> None:
        self.stream = stream
        self._first = deque(look_back)
        self._queue: deque[LoggedFrame] = deque()
        self._sent = {frame.seq for frame in self._first}
        self._skipped = RangeSet()

    def offer(self, frame: LoggedFrame) -> None:
        """Queue a live frame; the oldest queued one makes room."""
        if frame.seq in self._sent:
            return
        if len(self._queue) >= MAX_QUEUED_FRAMES:
            lost = self._queue.popleft()
            self._skipped.add(lost.first_sample, lost.end_sample)
        self._queue.append(frame)

    def take(self) -> str | bytes | None:
        """The next message: the look-back, then what was skipped, then what is live."""
        if self._first:
            return self._first.popleft().data
        if self._skipped:
            (first, end), *rest = self._skipped
            self._skipped = RangeSet(rest)
            return feed.to_text(feed.Skipped(self.stream, first, end))
        return self._queue.popleft().data if self._queue else None


class Viewer:
    """One page: its texts, its cursors, and whether it has fallen behind."""

    def __init__(self) -> None:
        self.wake = asyncio.Event()
        self.lost_texts = False
        self._texts: deque[str] = deque()
        self._most_texts = MAX_QUEUED_TEXTS
        self._cursors: dict[UUID, Cursor] = {}

    def offer_text(self, text: str) -> None:
        """Queue a text; when there are too many, all are dropped and ``lost_texts`` is set."""
        if len(self._texts) >= self._most_texts:
            self._texts.clear()
            self.lost_texts = True
        self._texts.append(text)
        self.wake.set()

    def texts_were_lost(self) -> None:
        """Wake the sender: every row is to be sent anew."""
        self.lost_texts = True
        self.wake.set()

    def offer_all(self, texts: Sequence[str]) -> None:
        """Queue a whole listing; it fits however long it is, and what comes after it has its usual room."""
        self._texts.extend(texts)
        self._most_texts = len(self._texts) + MAX_QUEUED_TEXTS
        self.wake.set()

    def offer_frame(self, frame: LoggedFrame, stream: UUID) -> None:
        """Queue a live frame of a watched stream."""
        self._cursors[stream].offer(frame)
        self.wake.set()

    def take(self) -> str | bytes | None:
        """The next message to send: texts first, then the streams in turn; None where idle."""
        if self._texts:
            return self._texts.popleft()
        self._most_texts = MAX_QUEUED_TEXTS
        for stream, cursor in list(self._cursors.items()):
            message = cursor.take()
            if message is not None:
                self._cursors[stream] = self._cursors.pop(stream)
                return message
        return None

    def attach(self, cursor: Cursor) -> None:
        """Begin with a stream, anew where it is already watched."""
        self._cursors[cursor.stream] = cursor
        self.wake.set()

    def detach(self, stream: UUID) -> None:
        """Leave a stream with what is queued of it."""
        self._cursors.pop(stream, None)

    @property
    def watched(self) -> tuple[UUID, ...]:
        """The streams on this page."""
        return tuple(self._cursors)


class Channel:
    """One stream in the hub: its newest frames, its age, its viewers."""

    def __init__(self, stream: EcgStream, newest_sample: int, newest_at_s: float) -> None:
        self.stream = stream
        self.newest_sample = newest_sample
        self.newest_at_s = newest_at_s
        self.backlog_ms = 0
        self.ended = stream.state is RecordingState.ENDED
        self.viewers: set[Viewer] = set()
        self._ring: list[LoggedFrame] = []

    def add(self, frames: Sequence[LoggedFrame], now_s: float) -> None:
        """Keep newly stored frames of the last seconds and hand all of them to the viewers."""
        for frame in frames:
            if frame.end_sample > self.newest_sample:
                self.newest_sample = frame.end_sample
                self.newest_at_s = now_s
            if frame.end_sample > self._oldest_kept:
                insort(self._ring, frame, key=_position)
        while self._ring and self._ring[0].end_sample <= self._oldest_kept:
            del self._ring[0]
        for viewer in self.viewers:
            for frame in frames:
                viewer.offer_frame(frame, self.stream.id)

    @property
    def _oldest_kept(self) -> int:
        return self.newest_sample - self.stream.samples(RING_S)

    def recent(self, from_sample: int, to_sample: int) -> list[LoggedFrame]:
        """Frames in the ring that touch the range, ascending."""
        return [f for f in self._ring if f.end_sample > from_sample and f.first_sample < to_sample]

    def holds(self, from_sample: int, to_sample: int) -> bool:
        """Whether the ring has every sample of the range, so that no disk need be asked."""
        held = RangeSet()
        for frame in self.recent(from_sample, to_sample):
            held.add(frame.first_sample, frame.end_sample)
        return not held.missing(from_sample, to_sample)

    def state(self, now_s: float) -> feed.StreamState:
        """How old the newest sample is, in the words of the feed."""
        age_s = max(0.0, now_s - self.newest_at_s)
        if self.ended and age_s >= feed.STALE_AFTER_S:
            word = "ended"
        elif age_s >= feed.LOST_AFTER_S:
            word = "lost"
        else:
            word = "stale" if age_s >= feed.STALE_AFTER_S else "live"
        return feed.StreamState(
            self.stream.id,
            word,  # type: ignore[arg-type]  # one of the four literals above
            self.newest_sample,
            round(age_s * 1e3),
            self.backlog_ms,
        )


def _position(frame: LoggedFrame) -> int:
    return frame.first_sample


class LiveHub:
    """Every channel of this relay."""

    def __init__(self, log: EcgLog, clock: Clock) -> None:
        self._log = log
        self._clock = clock
        self._channels: dict[UUID, Channel] = {}

    def channel(self, stream: EcgStream) -> Channel:
        """The stream's channel; a new one where it is not live here.

        A stream that is not live has no arrival time; its age is reckoned from its sample counter.
        """
        known = self._channels.get(stream.id)
        if known is not None:
            known.ended = known.ended or stream.state is RecordingState.ENDED
            return known
        newest = self._log.newest_sample(stream.id)
        made_at_us = stream.started_at_us + round(newest / stream.fs_hz * 1e6)
        age_s = max(0.0, (self._clock.now_us() - made_at_us) / 1e6)
        channel = Channel(stream, newest, self._clock.monotonic_s() - age_s)
        self._channels[stream.id] = channel
        return channel

    def publish(self, stream: EcgStream, frames: Sequence[LoggedFrame]) -> None:
        """These frames are on disk; show them."""
        self.channel(stream).add(frames, self._clock.monotonic_s())

    def set_backlog(self, streams: Iterable[UUID], backlog_ms: int) -> None:
        """What the tablet says it still holds."""
        for stream in streams:
            if stream in self._channels:
                self._channels[stream].backlog_ms = backlog_ms

    def ended(self, stream: UUID) -> None:
        """The tablet said that this recording has ended."""
        if stream in self._channels:
            self._channels[stream].ended = True

    def live(self) -> list[Channel]:
        """Channels whose newest sample is younger than ``lost``."""
        now_s = self._clock.monotonic_s()
        return [
            channel
            for channel in self._channels.values()
            if now_s - channel.newest_at_s < feed.LOST_AFTER_S and channel.newest_sample
        ]

    def ages_ms(self) -> dict[UUID, int]:
        """How long ago the newest sample of each channel came, of those that have not ended."""
        now_s = self._clock.monotonic_s()
        return {
            stream: round(max(0.0, now_s - channel.newest_at_s) * 1e3)
            for stream, channel in self._channels.items()
            if not channel.ended
        }

    def state(self, stream: EcgStream) -> feed.StreamState:
        """The stream's state now, without opening a channel for it."""
        known = self._channels.get(stream.id)
        if known is None:
            known = self.channel(stream)
            del self._channels[stream.id]
        return known.state(self._clock.monotonic_s())

    async def watch(self, viewer: Viewer, stream: EcgStream, look_back_s: float) -> None:
        """Send the page what is stored of the last seconds, then what comes.

        Raises:
            Unavailable: the disk cannot be read; the page watches nothing.
        """
        channel = self.channel(stream)
        to_sample = channel.newest_sample
        from_sample = max(0, to_sample - stream.samples(look_back_s))
        stored: list[LoggedFrame] = []
        if to_sample and not channel.holds(from_sample, to_sample):
            stored = await self._log.read(stream.id, from_sample, to_sample)
        # No await from here on: whatever is published later reaches the cursor.
        have = {frame.seq for frame in stored}
        channel = self.channel(stream)
        newer = channel.recent(from_sample, channel.newest_sample)
        look_back = stored + [frame for frame in newer if frame.seq not in have]
        viewer.attach(Cursor(stream.id, sorted(look_back, key=_position)))
        viewer.offer_text(feed.to_text(channel.state(self._clock.monotonic_s())))
        channel.viewers.add(viewer)

    def unwatch(self, viewer: Viewer, stream: UUID) -> None:
        """Send the page nothing more of this stream."""
        viewer.detach(stream)
        if stream in self._channels:
            self._channels[stream].viewers.discard(viewer)

    def gone(self, viewer: Viewer) -> None:
        """The page has closed."""
        for stream in viewer.watched:
            self.unwatch(viewer, stream)

    def tell_watchers(self, stream: UUID, text: str) -> None:
        """Send one text to every page that watches the stream."""
        channel = self._channels.get(stream)
        for viewer in channel.viewers if channel else ():
            viewer.offer_text(text)

    def tick(self) -> None:
        """Say every watched stream's state; forget channels idle for long. Once a second."""
        now_s = self._clock.monotonic_s()
        for stream, channel in list(self._channels.items()):
            if channel.viewers:
                text = feed.to_text(channel.state(now_s))
                for viewer in channel.viewers:
                    viewer.offer_text(text)
            elif now_s - channel.newest_at_s > IDLE_CHANNEL_S:
                del self._channels[stream]

    async def run(self) -> None:
        """Tick until cancelled."""
        while True:
            await asyncio.sleep(1.0)
            self.tick()
