"""Decodes a picture and makes a new one, so that nothing hidden in the file is kept. Pictures that cost too much are refused first.

A JPEG of 200 kB can claim thousands of scans, and a decoder passes over all pixels once for each. A camera's
picture has one scan; a progressive one has about ten. This code runs in threads.
"""

from __future__ import annotations

import io
import struct
import time

from relay.errors import BadInput

MAX_BYTES = 204_800
MAX_PIXELS = 25_000_000
MAX_SIDE = 1_600
MAX_SCANS = 64
MAX_WORK = 400_000_000
"""Pixels times scans: sixteen scans of the largest picture, a seventh of a second of a slow core."""
MAX_CPU_S = 2.0
"""Of one picture, whatever it says of itself."""
READ_AT_ONCE = 4_096
UNREADABLE = "This is not a picture the relay can read; send a JPEG."
TOO_COSTLY = "The picture is coded in a way that takes too long to read; send a plain JPEG."
BROKEN = (
    OSError, ValueError, TypeError, KeyError, IndexError, SyntaxError, ArithmeticError,
    EOFError, MemoryError, struct.error,
)  # fmt: skip
"""What a broken picture can raise in the decoder."""
START_OF_SCAN = b"\xff\xda"
"""ITU-T T.81 B.1.1.3; inside coded data FF is always followed by 00 or a restart, so that counting is enough."""


class _Metered(io.BytesIO):
    """The file as the decoder reads it, little by little, as long as it has not cost too much."""

    def __init__(self, data: bytes, most_cpu_s: float) -> None:
        super().__init__(data)
        self._until_s = time.thread_time() + most_cpu_s

    def read(self, size: int | None = -1, /) -> bytes:
        if time.thread_time() > self._until_s:
            raise BadInput(TOO_COSTLY)
        return super().read(size)


def made_anew(data: bytes, most_cpu_s: float = MAX_CPU_S) -> bytes:
    """The same picture as a plain JPEG: upright, at most 1600 pixels a side, without any metadata.

    Raises:
        BadInput: not a JPEG, too large, too costly, or broken.
    """
    from PIL import Image, ImageOps

    try:
        with Image.open(_Metered(data, most_cpu_s), formats=("JPEG",)) as found:
            _check_cost(found.width * found.height, data.count(START_OF_SCAN))
            found.decodermaxblock = READ_AT_ONCE
            found.draft("RGB", (MAX_SIDE, MAX_SIDE))
            upright = ImageOps.exif_transpose(found).convert("RGB")
            upright.thumbnail((MAX_SIDE, MAX_SIDE))
            plain = Image.frombytes("RGB", upright.size, upright.tobytes())
            out = io.BytesIO()
            plain.save(out, "JPEG", quality=82, optimize=True)
    except BROKEN:
        raise BadInput(UNREADABLE) from None
    return out.getvalue()


def _check_cost(n_pixels: int, n_scans: int) -> None:
    if n_pixels > MAX_PIXELS:
        raise BadInput("The picture has too many pixels; send a smaller one.")
    if n_scans > MAX_SCANS or n_pixels * n_scans > MAX_WORK:
        raise BadInput(TOO_COSTLY)
