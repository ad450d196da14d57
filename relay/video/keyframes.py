"""Where a whole picture begins, and how large it is: VP8 (RFC 7741, 6386) and H.264 (RFC 6184). Pure."""

from __future__ import annotations

IDR, SPS, STAP_A, FU_A = 5, 7, 24, 28


def begins_keyframe(codec: str, payload: bytes) -> bool:
    """Whether a decoder can begin with this packet. Sound always can."""
    if codec == "VP8":
        start = _vp8_start(payload)
        return start is not None and not payload[start] & 1
    if codec == "H264":
        return _h264_begins(payload)
    return codec == "OPUS"


def picture_size(codec: str, payload: bytes) -> tuple[int, int] | None:
    """Width and height in pixels from the packet a keyframe begins with; None where it does not say."""
    if codec == "VP8":
        start = _vp8_start(payload)
        if (
            start is None
            or len(payload) < start + 10
            or payload[start + 3 : start + 6] != b"\x9d\x01\x2a"
        ):
            return None
        width = int.from_bytes(payload[start + 6 : start + 8], "little") & 0x3FFF
        height = int.from_bytes(payload[start + 8 : start + 10], "little") & 0x3FFF
        return width, height
    if codec == "H264" and payload:
        return _h264_size(payload)
    return None


def vp8_payload(payload: bytes) -> bytes:
    """A packet's share of the encoded picture, without its descriptor; empty where it has none."""
    at = _vp8_descriptor(payload)
    return b"" if at is None else payload[at:]


def _vp8_start(payload: bytes) -> int | None:
    """Index of the VP8 frame header where this packet begins a frame, else None."""
    if len(payload) < 2 or not payload[0] & 0x10 or payload[0] & 7:
        return None
    return _vp8_descriptor(payload)


def _vp8_descriptor(payload: bytes) -> int | None:
    """How long the payload descriptor is; None where nothing follows it."""
    if len(payload) < 2:
        return None
    at = 1
    if payload[0] & 0x80:
        flags, at = payload[1], 2
        if flags & 0x80:
            if len(payload) <= at:
                return None
            at += 2 if payload[at] & 0x80 else 1
        at += bool(flags & 0x40) + bool(flags & 0x30)
    return at if at < len(payload) else None


def _h264_begins(payload: bytes) -> bool:
    if len(payload) < 2:
        return False
    kind = payload[0] & 31
    if kind == FU_A:
        return bool(payload[1] & 0x80) and payload[1] & 31 in {IDR, SPS}
    return kind in {IDR, SPS} or any(unit[0] & 31 in {IDR, SPS} for unit in _units(payload))


def _units(payload: bytes) -> list[bytes]:
    """The units aggregated in a STAP-A packet; the packet itself for a single unit."""
    if payload[0] & 31 != STAP_A:
        return [payload]
    found, at = [], 1
    while at + 2 < len(payload):
        size = int.from_bytes(payload[at : at + 2])
        unit = payload[at + 2 : at + 2 + size]
        if not unit:
            break
        found.append(unit)
        at += 2 + size
    return found


class _Bits:
    """Reads a bit string; past its end come zeros and ``over`` is set."""

    def __init__(self, data: bytes) -> None:
        self._value, self._left = int.from_bytes(data), 8 * len(data)
        self.over = False

    def take(self, count: int) -> int:
        """The next bits as a number."""
        if count > self._left:
            self.over = True
            return 0
        self._left -= count
        return self._value >> self._left & ((1 << count) - 1)

    def golomb(self) -> int:
        """An unsigned Exp-Golomb number (H.264 §9.1)."""
        zeros = 0
        while not self.over and not self.take(1):
            zeros += 1
            if zeros > 31:
                self.over = True
        return (1 << zeros) - 1 + self.take(zeros) if not self.over else 0


def _h264_size(payload: bytes) -> tuple[int, int] | None:
    """Size from a baseline SPS (H.264 §7.3.2.1.1); other profiles carry fields not read here."""
    sps = next((unit for unit in _units(payload) if unit[0] & 31 == SPS), None)
    if sps is None or len(sps) < 5 or sps[1] != 66:
        return None
    bits = _Bits(sps[4:].replace(b"\x00\x00\x03", b"\x00\x00"))
    bits.golomb()  # seq_parameter_set_id
    bits.golomb()  # log2_max_frame_num_minus4
    order = bits.golomb()
    if order == 0:
        bits.golomb()
    elif order != 2:
        return None
    bits.golomb()  # max_num_ref_frames
    bits.take(1)
    width, height = 16 * (bits.golomb() + 1), bits.golomb() + 1
    frames_only = bits.take(1)
    height *= 16 * (2 - frames_only)
    if not frames_only:
        bits.take(1)
    bits.take(1)
    if bits.take(1):
        left, right, top, bottom = (bits.golomb() for _ in range(4))
        width -= 2 * (left + right)
        height -= 2 * (2 - frames_only) * (top + bottom)
    return (width, height) if not bits.over and 0 < width < 8192 and 0 < height < 8192 else None
