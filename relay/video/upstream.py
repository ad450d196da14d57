"""The publisher's side: what arrived, what is missing and asked for again, what the phone is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from relay.video import rtcp
from relay.video.answer import TWCC_URI, Track
from relay.video.keyframes import begins_keyframe, picture_size
from relay.video.rtp import Packet, extension_value, unwrap_rtx, unwrapped
from relay.video.sdp import Codec
from relay.video.twcc import ArrivalLog

KEYFRAME_EVERY_S = 0.5
FEEDBACK_EVERY_S = 0.05
REPORT_EVERY_S = 1.0
RING = 4_096
LONGEST_GAP = 1_000
NACK_TRIES = 10
NACK_FOR_S = 1.0
NEW_SSRC_AFTER_S = 1.0
FLOOR_KBPS = 50


@dataclass(slots=True)
class Missing:
    """A packet that did not come: since when, when it was last asked for and how often."""

    since_s: float
    asked_s: float
    tries: int


class Rate:
    """Bytes and frames over about the last second."""

    def __init__(self) -> None:
        self.kbps, self.fps = 0, 0.0
        self._bytes = self._frames = 0
        self._since_s = 0.0

    def add(self, size: int, frame_ends: bool) -> None:
        """A packet passed."""
        self._bytes += size
        self._frames += frame_ends

    def tick(self, now_s: float) -> None:
        """Close the second where it is over."""
        passed_s = now_s - self._since_s
        if passed_s >= 1.0:
            self.kbps = round(self._bytes * 8 / passed_s / 1000)
            self.fps = round(self._frames / passed_s, 1)
            self._bytes = self._frames = 0
            self._since_s = now_s


class IncomingStream:
    """One stream of a publisher: put in order of numbers, repaired, counted."""

    def __init__(self, track: Track, our_ssrc: int, send: Callable[[bytes], None]) -> None:
        self.kind, self.clock_hz = track.kind, track.taken[0].codec.clock_hz
        self.rate = Rate()
        self.codec, self.width, self.height = "", 0, 0
        self.packets = self.lost = self.recovered = 0
        self.rtt_s: float | None = None
        self.newest_s: float | None = None
        self.epoch: object = object()
        self._ours, self._send = our_ssrc, send
        self._types: dict[int, tuple[Codec, bool]] = {}
        for one in track.taken:
            self._types[one.codec.payload_type] = (one.codec, False)
            if one.rtx is not None:
                self._types[one.rtx] = (one.codec, True)
        self._repairs = any("nack" in one.codec.feedback for one in track.taken)
        self._ssrc = track.remote_ssrc
        self._newest: int | None = None
        self._ring = [-1] * RING
        self._missing: dict[int, Missing] = {}
        self._base = self._expected_before = self._packets_before = 0
        self._jitter, self._transit = 0.0, 0.0
        self._last_sr, self._last_sr_s = 0, 0.0

    @property
    def ssrc(self) -> int:
        """The stream's source number, 0 before it is known."""
        return self._ssrc or 0

    def knows(self, payload_type: int) -> bool:
        """Whether packets of this type belong to this stream."""
        return payload_type in self._types

    def take(self, packet: Packet, now_s: float) -> Packet | None:
        """A packet arrived. What is to be forwarded of it, None for probes, copies and strangers."""
        codec, is_rtx = self._types[packet.payload_type]
        if is_rtx:
            if self._newest is None or not unwrap_rtx(packet, codec.payload_type, self.ssrc):
                return None
        elif packet.ssrc != self._ssrc and not self._adopt(packet.ssrc, now_s):
            return None
        if not self._place(packet, now_s, is_rtx):
            return None
        packet.codec = codec.name
        packet.keyframe = begins_keyframe(codec.name, packet.payload)
        self._count(packet, now_s, is_rtx)
        return packet

    def _adopt(self, ssrc: int, now_s: float) -> bool:
        """Whether a new source number takes over: the first, or after a second of silence."""
        if self._newest is not None and now_s - (self.newest_s or 0.0) < NEW_SSRC_AFTER_S:
            return False
        self._ssrc, self._newest = ssrc, None
        self._missing.clear()
        self.epoch = object()
        return True

    def _place(self, packet: Packet, now_s: float, is_rtx: bool) -> bool:
        if self._newest is None:
            self._newest = self._base = packet.sequence + 65_536
            self._newest -= 1
            self._expected_before = self._packets_before = 0
            self.packets = 0
            self._ring = [-1] * RING
        position = unwrapped(packet.sequence, self._newest)
        packet.position = position
        if position <= self._newest - RING or self._ring[position % RING] == position:
            return False
        self._ring[position % RING] = position
        if position > self._newest:
            if is_rtx and position > self._newest + LONGEST_GAP:
                return False
            self._note_gap(self._newest + 1, position, now_s)
            self._newest = position
            return True
        missed = self._missing.pop(position, None)
        if missed is not None:
            self.recovered += 1
            if is_rtx and missed.tries == 1:
                sample_s = now_s - missed.asked_s
                self.rtt_s = sample_s if self.rtt_s is None else 0.8 * self.rtt_s + 0.2 * sample_s
        return True

    def _note_gap(self, first: int, end: int, now_s: float) -> None:
        if end - first > LONGEST_GAP:
            self._missing.clear()
            self.epoch = object()
            return
        if first == end or not self._repairs:
            return
        for position in range(first, end):
            self._missing[position] = Missing(now_s, now_s, 1)
        self._send(rtcp.nack(self._ours, self.ssrc, range(first, end)))

    def _count(self, packet: Packet, now_s: float, is_rtx: bool) -> None:
        self.packets += 1
        self.newest_s = now_s
        self.codec = packet.codec
        self.rate.add(len(packet.payload), packet.marker)
        if packet.keyframe:
            self.width, self.height = picture_size(packet.codec, packet.payload) or (
                self.width, self.height,
            )  # fmt: skip
        if not is_rtx:
            transit = now_s * self.clock_hz - packet.timestamp
            self._jitter += (min(abs(transit - self._transit), self.clock_hz) - self._jitter) / 16
            self._transit = transit

    def heard_sender_report(self, report: rtcp.SenderReport, now_s: float) -> None:
        """The publisher's clock, quoted back in our reports."""
        self._last_sr, self._last_sr_s = report.ntp >> 16 & 0xFFFFFFFF, now_s

    def ask_again(self, now_s: float) -> bool:
        """Repeat requests that are due. True where a packet was given up."""
        if not self._missing:
            return False
        wait_s = min(max(1.2 * (self.rtt_s or 0.05), 0.03), 0.3)
        gone = [
            position
            for position, missed in self._missing.items()
            if now_s - missed.since_s > NACK_FOR_S
            or (missed.tries >= NACK_TRIES and now_s - missed.asked_s > wait_s)
        ]
        for position in gone:
            del self._missing[position]
        self.lost += len(gone)
        due = [p for p, missed in self._missing.items() if now_s - missed.asked_s >= wait_s]
        for position in due:
            missed = self._missing[position]
            missed.asked_s, missed.tries = now_s, missed.tries + 1
        if due:
            self._send(rtcp.nack(self._ours, self.ssrc, sorted(due)[:250]))
        return bool(gone)

    def seen(self, now_s: float) -> rtcp.SentReport | None:
        """What the next report says; None before the first packet."""
        if self._newest is None:
            return None
        expected = self._newest - self._base + 1
        expected_now = expected - self._expected_before
        lost_now = expected_now - (self.packets - self._packets_before)
        self._expected_before, self._packets_before = expected, self.packets
        fraction = max(0, min(255, 256 * lost_now // expected_now)) if expected_now > 0 else 0
        delay = int((now_s - self._last_sr_s) * 65_536) if self._last_sr else 0
        return rtcp.SentReport(
            self.ssrc, fraction, expected - self.packets, self._newest - 65_536,
            int(self._jitter), self._last_sr, delay,
        )  # fmt: skip


class Publisher:
    """Everything that is said to the phone beside the answer: repair, reports, congestion, keyframes."""

    def __init__(
        self, tracks: tuple[Track, ...], our_ssrc: int, send: Callable[[bytes], None]
    ) -> None:
        self.sources = tuple(IncomingStream(track, our_ssrc, send) for track in tracks)
        self.video = self.sources[0]
        self.keyframe_requests = 0
        self.limit_kbps: int | None = None
        self._ours, self._send = our_ssrc, send
        self._twcc_id = tracks[0].extensions.get(TWCC_URI)
        self._arrivals = ArrivalLog()
        self._by_type = {
            pt: source for source in self.sources for pt in range(128) if source.knows(pt)
        }
        self._wants_keyframe = False
        self._asked_s = self._fed_back_s = self._reported_s = float("-inf")

    def take(
        self, packet: Packet, now_s: float, arrived_s: float
    ) -> tuple[IncomingStream, Packet] | None:
        """A packet that came to this machine at ``arrived_s``; what of it is to be forwarded, of which stream."""
        if self._twcc_id is not None:
            value = extension_value(packet, self._twcc_id)
            if value is not None and len(value) == 2:
                self._arrivals.add(int.from_bytes(value), int(arrived_s * 1e6))
        source = self._by_type.get(packet.payload_type)
        if source is None:
            return None
        taken = source.take(packet, now_s)
        if taken is None:
            return None
        if taken.keyframe and source is self.video:
            self._wants_keyframe = False
        return source, taken

    def ask_keyframe(self, now_s: float) -> None:
        """A whole picture is needed; asked until one begins, at most once per half second."""
        self._wants_keyframe = True
        if now_s - self._asked_s >= KEYFRAME_EVERY_S and self.video.ssrc:
            self._asked_s = now_s
            self.keyframe_requests += 1
            self._send(rtcp.picture_loss(self._ours, self.video.ssrc))

    def heard(self, message: rtcp.Message, now_s: float) -> IncomingStream | None:
        """A message of the phone; the stream whose clock it told, if it did."""
        if isinstance(message, rtcp.SenderReport):
            for source in self.sources:
                if source.ssrc == message.ssrc:
                    source.heard_sender_report(message, now_s)
                    return source
        return None

    def limit(self, kbps: int | None) -> None:
        """Cap what the phone sends from now on."""
        self.limit_kbps = None if kbps is None else max(kbps, FLOOR_KBPS)
        self._reported_s = float("-inf")

    def tick(self, now_s: float) -> None:
        """Say what is due; called every few tens of milliseconds."""
        for source in self.sources:
            source.rate.tick(now_s)
            if source.ask_again(now_s) and source is self.video:
                self._wants_keyframe = True
        if self._wants_keyframe:
            self.ask_keyframe(now_s)
        if now_s - self._fed_back_s >= FEEDBACK_EVERY_S:
            self._fed_back_s = now_s
            feedback = self._arrivals.feedback(self._ours, self.video.ssrc)
            if feedback is not None:
                self._send(feedback)
        if now_s - self._reported_s >= REPORT_EVERY_S:
            self._reported_s = now_s
            self._report(now_s)

    def _report(self, now_s: float) -> None:
        seen = [one for source in self.sources if (one := source.seen(now_s)) is not None]
        message = rtcp.receiver_report(self._ours, seen)
        if self.video.ssrc:
            bps = self.limit_kbps * 1000 if self.limit_kbps is not None else UNLIMITED_BPS
            message += rtcp.remb(self._ours, self.video.ssrc, bps)
        self._send(message)


UNLIMITED_BPS = 20_000_000
