"""One stream toward one viewer: renumbered, repeated where lost, cut to what its line carries."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable

from relay.video import rtcp
from relay.video.answer import ABS_SEND_TIME_URI, Track
from relay.video.budget import Budget, Pacer
from relay.video.rtp import Packet, SentPacket, pack, wrap_rtx
from relay.video.upstream import Rate

HISTORY = 1_024
RESEND_KBPS = 2_000
REPORT_WINDOW_S = 0.9
FRAME_S = 1 / 30
KEYFRAME_PATIENCE_S = 2.0
LONGEST_WAIT_S, BEGIN_BELOW_S = 1.2, 0.1


class Leg:
    """A viewer's copy of one stream.

    Numbers and timestamps go on without a jump when the publisher comes back or packets were left out:
    the viewer's decoder sees one stream. Retransmissions come from here, the phone is not asked twice.
    """

    def __init__(
        self,
        track: Track,
        send_rtp: Callable[[bytes], None],
        send_rtcp: Callable[[bytes], None],
    ) -> None:
        self.kind, self.ssrc = track.kind, track.ssrc
        self.rate, self.budget, self._pacer = Rate(), Budget(), Pacer()
        self.packets = self.retransmitted = self.dropped = 0
        self.lost_fraction = 0.0
        self.rtt_s: float | None = None
        self.playable = True
        self.waiting = True
        self._send_rtp, self._send_rtcp = send_rtp, send_rtcp
        self._types = {one.codec.name: (one.codec.payload_type, one.rtx) for one in track.taken}
        self._clock_hz = track.taken[0].codec.clock_hz
        self._rtx_ssrc, self._rtx_sequence = track.rtx_ssrc, secrets.randbelow(1 << 15)
        self._rtx_type: int | None = None
        self._send_time_id = track.extensions.get(ABS_SEND_TIME_URI)
        self._epoch: object = None
        self._first, self._shift = 0, 0
        self._newest = secrets.randbelow(1 << 15)
        self._newest_at = (secrets.randbits(31), 0.0)
        self._time_shift: int | None = None
        self._octets = 0
        self._reported = (0, 0, 0.0)
        self._keyframe_at = -1
        self._history: list[SentPacket | None] = [None] * HISTORY
        self._reports: deque[tuple[int, float]] = deque(maxlen=4)
        self._resend_bytes = 0.0
        self._asked_s = float("-inf")
        self._again: bytes | None = None

    @property
    def slow(self) -> bool:
        """Whether the viewer gets only part of the pictures because of its line."""
        return self.budget.kbps is not None

    def forward(self, packet: Packet, epoch: object, now_s: float) -> None:
        """Send the viewer its copy, or leave it out until a whole picture begins."""
        if epoch is not self._epoch:
            self._epoch, self.waiting, self._time_shift = epoch, True, None
        if self.waiting and not self._begin(packet, now_s):
            self.dropped += 1
            return
        types = self._types.get(packet.codec)
        if types is None or packet.position < self._first or self._time_shift is None:
            self.dropped += 1
            return
        kbps = self.budget.kbps
        if kbps is not None and self.kind == "video" and self._is_behind(packet, kbps):
            self.waiting = True
            self.dropped += 1
            return
        out = SentPacket(
            packet.marker << 7 | types[0],
            (packet.position + self._shift) & 0xFFFF,
            (packet.timestamp + self._time_shift) & 0xFFFFFFFF,
            packet.payload,
        )
        self._note(out, packet.position + self._shift, types[1], now_s)
        data = pack(out, self.ssrc, self._send_time_id, now_s)
        if self.packets == 1:
            self._again = data  # no number before it shows the viewer that it is missing
        if kbps is None and not self._pacer:
            self._send_rtp(data)
        else:
            self._pacer.put(data)

    def _is_behind(self, packet: Packet, kbps: int) -> bool:
        """Whether this packet would come too late; a keyframe that has begun is always finished."""
        if packet.timestamp == self._keyframe_at:
            return len(self._pacer) >= HISTORY
        return self._pacer.wait_s(kbps) > LONGEST_WAIT_S

    def _begin(self, packet: Packet, now_s: float) -> bool:
        self.playable = packet.codec in self._types
        if not packet.keyframe or not self.playable or not self._may_begin():
            return False
        self._keyframe_at = packet.timestamp
        self.waiting = False
        self._first = packet.position
        self._shift = self._newest + 1 - packet.position
        if self._time_shift is None:
            timestamp, at_s = self._newest_at
            passed = max(int((now_s - at_s) * self._clock_hz), int(FRAME_S * self._clock_hz))
            self._time_shift = timestamp + (passed if at_s else 0) - packet.timestamp
        return True

    def _note(self, out: SentPacket, sequence: int, rtx: int | None, now_s: float) -> None:
        if sequence > self._newest:
            self._newest = sequence
            self._newest_at = (out.timestamp, now_s)
        self._history[sequence % HISTORY] = out
        self._rtx_type = rtx
        self.packets += 1
        self._octets += len(out.payload)
        self.rate.add(len(out.payload), out.marker_and_type > 127)

    def _may_begin(self) -> bool:
        kbps = self.budget.kbps
        return kbps is None or self._pacer.wait_s(kbps) < BEGIN_BELOW_S

    def wants_keyframe(self, now_s: float) -> bool:
        """Whether a whole picture should be asked for this viewer now; a slow one waits between two."""
        if not self.waiting or self.kind != "video" or not self.playable:
            return False
        if not self._may_begin():
            return False
        if self.slow and now_s - self._asked_s < KEYFRAME_PATIENCE_S:
            return False
        self._asked_s = now_s
        return True

    def heard(self, message: rtcp.Message, now_s: float) -> bool:
        """A message of the viewer. True where it asks for a whole picture."""
        if isinstance(message, rtcp.Nack):
            if message.ssrc == self.ssrc:
                self._resend(message.sequences, now_s)
        elif isinstance(message, rtcp.ReceivedReport):
            if message.ssrc == self.ssrc:
                self._heard_report(message, now_s)
        elif isinstance(message, rtcp.KeyframeRequest):
            return self.kind == "video" and not self.slow
        return False

    def _heard_report(self, report: rtcp.ReceivedReport, now_s: float) -> None:
        for middle, sent_s in self._reports:
            if middle == report.last_sr:
                self.rtt_s = max(0.0, now_s - sent_s - report.delay_s)
        lost, highest, at_s = self._reported
        if now_s - at_s < REPORT_WINDOW_S:
            return
        self._reported = (report.lost, report.highest, now_s)
        expected = (report.highest - highest) & 0xFFFFFFFF
        if highest and 0 < expected < 65_536:
            self.lost_fraction = max(0.0, min(1.0, (report.lost - lost) / expected))
            self.budget.heard_report(self.lost_fraction, self.rtt_s, self.rate.kbps)

    def _resend(self, sequences: tuple[int, ...], now_s: float) -> None:
        pause_s = max(0.02, 0.5 * (self.rtt_s or 0.0))
        for sequence in sequences:
            out = self._history[sequence % HISTORY]
            if out is None or out.sequence != sequence or now_s - out.resent_s < pause_s:
                continue
            if self._resend_bytes <= 0:
                return
            self._resend_bytes -= len(out.payload) + 40
            out.resent_s = now_s
            self.retransmitted += 1
            ssrc = self.ssrc
            if self._rtx_type is not None:
                out, ssrc = wrap_rtx(out, self._rtx_type, self._rtx_sequence), self._rtx_ssrc
                self._rtx_sequence = (self._rtx_sequence + 1) & 0xFFFF
            self._send_rtp(pack(out, ssrc, self._send_time_id, now_s))

    def tell_clock(self, report: rtcp.SenderReport, epoch: object, now_s: float) -> None:
        """Pass the publisher's clock on, in the viewer's numbers."""
        if epoch is not self._epoch or self._time_shift is None:
            return
        self._reports.append((report.ntp >> 16 & 0xFFFFFFFF, now_s))
        timestamp = (report.timestamp + self._time_shift) & 0xFFFFFFFF
        self._send_rtcp(
            rtcp.sender_report(self.ssrc, report.ntp, timestamp, self.packets, self._octets)
        )

    def tick(self, source_kbps: int, passed_s: float, now_s: float) -> None:
        """Close seconds, fill buckets."""
        self.rate.tick(now_s)
        if self._again is not None:
            self._send_rtp(self._again)
            self._again = None
        self.budget.tick(source_kbps)
        if self._pacer:
            for packet in self._pacer.due(self.budget.kbps, passed_s):
                self._send_rtp(packet)
        most = 125 * (RESEND_KBPS if self.budget.kbps is None else self.budget.kbps // 4)
        self._resend_bytes = min(most, self._resend_bytes + passed_s * most)
