"""Answering offers: which sections, codecs and extensions are taken, and the answer's text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from relay.errors import BadInput
from relay.video.sdp import Codec, Offer, Section

TWCC_URI = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
ABS_SEND_TIME_URI = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
START_KBPS = 700
"""What a phone begins with: enough for a clear 360p picture; its estimator goes on from there within seconds.

Browsers begin at 300 unless told, and stay near it under loss where their first probe fails (docs/adr/0056)."""
VIDEO_FEEDBACK = ("nack", "nack pli", "ccm fir", "goog-remb")


@dataclass(frozen=True, slots=True)
class AgreedCodec:
    """A codec both ends speak, and the payload type of its retransmissions (None: none)."""

    codec: Codec
    rtx: int | None


@dataclass(frozen=True, slots=True)
class Track:
    """A section that carries media.

    Attributes:
        kind: ``video`` or ``audio``.
        mid: names the section.
        taken: the codecs, the offer's favourite first.
        extensions: ids of the header extensions agreed, by URI.
        remote_ssrc: what a publisher announced, None where it did not.
        ssrc / rtx_ssrc: ours, toward a viewer; 0 toward a publisher.
    """

    kind: str
    mid: str
    taken: tuple[AgreedCodec, ...]
    extensions: dict[str, int]
    remote_ssrc: int | None
    ssrc: int = 0
    rtx_ssrc: int = 0


@dataclass(frozen=True, slots=True)
class LocalEnd:
    """Our end: ICE text, certificate hash (SHA-256), candidate lines without ``a=candidate:``."""

    ufrag: str
    password: str
    fingerprint: str
    candidates: Sequence[str]


def choose_tracks(
    offer: Offer, *, we_send: bool, sound: bool, ssrcs: Sequence[int]
) -> tuple[Track, ...]:
    """The sections we take: the first of video and, where wanted, the first of sound.

    Args:
        offer: what the peer offers.
        we_send: whether the peer is a viewer.
        sound: whether sound is wanted here.
        ssrcs: four numbers to name our own streams with.

    Raises:
        BadInput: there is no video that we can carry.
    """
    want = {"recvonly", "sendrecv"} if we_send else {"sendonly", "sendrecv"}
    kinds = ("video", "audio") if sound else ("video",)
    tracks: list[Track] = []
    for kind in kinds:
        section = next(
            (
                s
                for s in offer.sections
                if s.kind == kind and s.direction in want and not s.rejected
            ),
            None,
        )
        if section is None or (tracks and not {section.mid, tracks[0].mid} <= set(offer.bundle)):
            continue
        track = _track(section, we_send, tuple(ssrcs[2 * len(tracks) :][:2]))
        if track.taken:
            tracks.append(track)
    if not tracks or tracks[0].kind != "video":
        direction = "receive" if we_send else "send"
        raise BadInput(f"The offer must {direction} video as VP8 or H.264 (constrained baseline).")
    return tuple(tracks)


def write_answer(offer: Offer, tracks: Sequence[Track], local: LocalEnd, *, we_send: bool) -> str:
    """The answer, RFC 9725 §4.2 and RFC 9429: one bundled transport, we wait for the DTLS hello."""
    by_mid = {track.mid: track for track in tracks}
    lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0"]
    if offer.bundle:
        lines.append("a=group:BUNDLE " + " ".join(by_mid))
    lines.append("a=msid-semantic: WMS *")
    first = True
    for section in offer.sections:
        track = by_mid.get(section.mid)
        if track is None:
            lines += [f"m={section.kind} 0 {section.protocol} {' '.join(section.formats)}"]
            lines += ["c=IN IP4 0.0.0.0", "a=inactive", f"a=mid:{section.mid}"]
            continue
        lines += _section_lines(section, track, we_send)
        lines += _transport_lines(local, first)
        first = False
    return "\r\n".join(lines) + "\r\n"


def write_fragment(local: LocalEnd, mid: str) -> str:
    """What answers an ICE restart: new credentials and candidates (RFC 9725 §4.3.3, RFC 8840)."""
    lines = [f"a=ice-ufrag:{local.ufrag}", f"a=ice-pwd:{local.password}"]
    lines += [f"m=video 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:{mid}"]
    lines += [f"a=candidate:{candidate}" for candidate in local.candidates]
    return "\r\n".join([*lines, "a=end-of-candidates"]) + "\r\n"


def _track(section: Section, we_send: bool, ssrcs: tuple[int, ...]) -> Track:
    wanted = (ABS_SEND_TIME_URI,) if we_send else (TWCC_URI, ABS_SEND_TIME_URI)
    taken = [
        AgreedCodec(
            codec, next((c.payload_type for c in section.codecs.values() if c.apt == pt), None)
        )
        for pt, codec in section.codecs.items()
        if _is_ours(codec, section.kind)
    ]
    names: dict[str, AgreedCodec] = {}
    for one in taken:
        names.setdefault(one.codec.name, one)
    return Track(
        section.kind,
        section.mid,
        tuple(names.values()),
        {uri: section.extensions[uri] for uri in wanted if uri in section.extensions},
        section.ssrc,
        *(ssrcs if we_send else (0, 0)),
    )


def _is_ours(codec: Codec, kind: str) -> bool:
    if kind == "audio":
        return codec.name == "OPUS" and codec.clock_hz == 48_000
    if codec.clock_hz != 90_000:
        return False
    if codec.name == "H264":
        profile = codec.parameters.get("profile-level-id", "42e01f").lower()
        return codec.parameters.get("packetization-mode") == "1" and profile.startswith("42")
    return codec.name == "VP8"


def _section_lines(section: Section, track: Track, we_send: bool) -> list[str]:
    numbers = [n for t in track.taken for n in (t.codec.payload_type, t.rtx) if n is not None]
    lines = [
        f"m={section.kind} 9 {section.protocol} {' '.join(map(str, numbers))}",
        "c=IN IP4 0.0.0.0",
        "a=rtcp:9 IN IP4 0.0.0.0",
        f"a=mid:{track.mid}",
        "a=sendonly" if we_send else "a=recvonly",
        "a=rtcp-mux",
        "a=rtcp-rsize",
    ]
    lines += [f"a=extmap:{number} {uri}" for uri, number in track.extensions.items()]
    for one in track.taken:
        lines += _codec_lines(one, track, we_send)
    if we_send:
        lines.append(f"a=msid:kyumei {track.kind}")
        if any(one.rtx is not None for one in track.taken):
            lines.append(f"a=ssrc-group:FID {track.ssrc} {track.rtx_ssrc}")
        lines.append(
            f"a=ssrc:{track.ssrc} cname:kyumei"
        )  # browsers take the first for the main one
        if any(one.rtx is not None for one in track.taken):
            lines.append(f"a=ssrc:{track.rtx_ssrc} cname:kyumei")
    return lines


def _codec_lines(one: AgreedCodec, track: Track, we_send: bool) -> list[str]:
    codec, number = one.codec, one.codec.payload_type
    channels = f"/{codec.channels}" if codec.channels > 1 else ""
    lines = [f"a=rtpmap:{number} {codec.name.lower() if codec.name == 'OPUS' else codec.name}"]
    lines[0] += f"/{codec.clock_hz}{channels}"
    parameters = [f"{k}={v}" if v else k for k, v in codec.parameters.items()]
    if track.kind == "video" and not we_send:
        parameters.append(f"x-google-start-bitrate={START_KBPS}")
    if parameters:
        lines.append(f"a=fmtp:{number} {';'.join(parameters)}")
    wanted = list(VIDEO_FEEDBACK) if track.kind == "video" else []
    if not we_send and TWCC_URI in track.extensions:
        wanted.append("transport-cc")
    lines += [f"a=rtcp-fb:{number} {what}" for what in wanted if what in codec.feedback]
    if one.rtx is not None:
        lines += [f"a=rtpmap:{one.rtx} rtx/{codec.clock_hz}", f"a=fmtp:{one.rtx} apt={number}"]
    return lines


def _transport_lines(local: LocalEnd, with_candidates: bool) -> list[str]:
    lines = [
        f"a=ice-ufrag:{local.ufrag}",
        f"a=ice-pwd:{local.password}",
        f"a=fingerprint:sha-256 {local.fingerprint}",
        "a=setup:passive",
    ]
    if with_candidates:
        lines += [f"a=candidate:{candidate}" for candidate in local.candidates]
        lines.append("a=end-of-candidates")
    return lines
