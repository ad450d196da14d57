"""One binary message: an ECG frame, its header, its checksum. Normative text: ``docs/protocol.md``.

The same bytes travel, are stored and are forwarded to browsers; nothing is re-encoded on the way.
Golden examples stand in ``tests/vectors/`` and are read by Python and by the browser.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from uuid import UUID

import google_crc32c

from relay.errors import LocalProtocolError, RemoteProtocolError

VERSION = 1
KIND_ECG = 1
HEADER = struct.Struct("<BBBB16sIQQHHI")
CRC = struct.Struct("<I")
OVERHEAD_BYTES = HEADER.size + CRC.size
MAX_FRAME_BYTES = 65_536
MAX_SAMPLES = 4_000
LEAD_BITS = 17
_EPOCH_OFFSET = 20


@dataclass(frozen=True, slots=True)
class EcgFrame:
    """One frame as it travels.

    Attributes:
        stream: which recording this is part of.
        epoch: the connection's fencing number; 0 in a spool.
        seq: position of the frame in its stream, from 0, without holes.
        first_sample: the stream's sample counter at the first column.
        n_samples: samples per lead, 1 to 4000.
        lead_mask: bit ``i`` set: ``ecg.leads.ALL_LEADS[i]`` is a row, in that order.
        codec: see ``relay.protocol.codec``.
        payload: the samples, as ``codec`` wrote them.
        backlog: sent to fill a hole, not as the newest second.
    """

    stream: UUID
    epoch: int
    seq: int
    first_sample: int
    n_samples: int
    lead_mask: int
    codec: int
    payload: bytes
    backlog: bool = False

    @property
    def n_leads(self) -> int:
        """Rows of the frame."""
        return self.lead_mask.bit_count()

    @property
    def end_sample(self) -> int:
        """One past the last sample."""
        return self.first_sample + self.n_samples


def pack(frame: EcgFrame) -> bytes:
    """The frame's bytes, checksum last.

    Raises:
        LocalProtocolError: a field is outside what the header can hold.
    """
    if not 1 <= frame.n_samples <= MAX_SAMPLES:
        raise LocalProtocolError(f"A frame carries 1 to {MAX_SAMPLES} samples per lead.")
    try:
        head = HEADER.pack(
            VERSION, KIND_ECG, frame.codec, int(frame.backlog), frame.stream.bytes, frame.epoch,
            frame.seq, frame.first_sample, frame.n_samples, 0, frame.lead_mask,
        )  # fmt: skip
    except struct.error as error:
        raise LocalProtocolError(f"A frame field is out of range: {error}.") from error
    body = head + frame.payload
    if len(body) + CRC.size > MAX_FRAME_BYTES:
        raise LocalProtocolError(f"A frame is at most {MAX_FRAME_BYTES} bytes; send fewer samples.")
    return body + CRC.pack(google_crc32c.value(body))


def unpack(data: bytes) -> EcgFrame:
    """The frame in these bytes, after its checksum and every field were checked.

    Raises:
        RemoteProtocolError: too short, too long, another version or kind, a wrong checksum, or a
            field outside its range.
    """
    if len(data) > MAX_FRAME_BYTES:
        raise RemoteProtocolError(
            f"The frame has {len(data)} bytes and the limit is {MAX_FRAME_BYTES}; send fewer samples."
        )
    if len(data) <= OVERHEAD_BYTES:
        raise RemoteProtocolError("The frame is too short to be one; send it again whole.")
    (version, kind, codec, flags, stream, epoch, seq, first_sample, n_samples, reserved, mask) = (
        HEADER.unpack_from(data)
    )
    if version != VERSION or kind != KIND_ECG:
        raise RemoteProtocolError(
            f"The frame says version {version}, kind {kind}; this relay speaks version {VERSION}, "
            f"kind {KIND_ECG}: update the older side."
        )
    (crc,) = CRC.unpack_from(data, len(data) - CRC.size)
    if google_crc32c.value(data[: -CRC.size]) != crc:
        raise RemoteProtocolError("The frame was damaged on its way (checksum); send it again.")
    if not 1 <= n_samples <= MAX_SAMPLES or mask == 0 or mask >> LEAD_BITS or reserved or flags > 1:
        raise RemoteProtocolError(
            "The frame's header has a value outside its range; see protocol.md."
        )
    return EcgFrame(
        stream=UUID(bytes=stream),
        epoch=epoch,
        seq=seq,
        first_sample=first_sample,
        n_samples=n_samples,
        lead_mask=mask,
        codec=codec,
        payload=data[HEADER.size : -CRC.size],
        backlog=bool(flags & 1),
    )


def restamp(data: bytes, epoch: int, *, backlog: bool) -> bytes:
    """A spooled frame's bytes with this connection's epoch and lane, and a fresh checksum."""
    body = bytearray(data[: -CRC.size])
    body[3] = int(backlog)
    struct.pack_into("<I", body, _EPOCH_OFFSET, epoch)
    return bytes(body) + CRC.pack(google_crc32c.value(bytes(body)))


def seq_of(data: bytes) -> int:
    """The sequence number in a frame's header, without checking the rest."""
    return int.from_bytes(data[24:32], "little")
