"""Pictures for tests."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image


def a_jpeg(
    size: tuple[int, int] = (64, 36), *, exif: bool = False, orientation: int = 1, noise: int = 0
) -> bytes:
    """A JPEG, left half red; with EXIF that names a place and a camera where asked."""
    pixels = np.zeros((size[1], size[0], 3), np.uint8)
    pixels[:, : size[0] // 2, 0] = 255
    if noise:
        rng = np.random.default_rng(noise)
        pixels = rng.integers(0, 255, pixels.shape, np.uint8)
    image = Image.fromarray(pixels)
    out = io.BytesIO()
    tags = Image.Exif()
    if exif:
        tags[0x010F] = "SecretCamera"
        tags[0x0112] = orientation
        tags.get_ifd(0x8825)[2] = (35.0, 41.0, 22.0)
    image.save(out, "JPEG", quality=90, exif=tags, comment=b"SecretComment" if exif else b"")
    return out.getvalue()


def a_costly_jpeg(scans: int, size: tuple[int, int] = (600, 400)) -> bytes:
    """A progressive JPEG whose last scan is said again and again: each costs a few bytes and a pass over all pixels."""
    out = io.BytesIO()
    Image.new("RGB", size, (120, 100, 90)).save(out, "JPEG", progressive=True, quality=30)
    whole = out.getvalue()[:-2]
    last = whole[whole.rindex(b"\xff\xda") :]
    return whole + last * (scans - whole.count(b"\xff\xda")) + b"\xff\xd9"
