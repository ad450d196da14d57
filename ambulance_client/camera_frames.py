"""Where a camera's pictures come from: a USB camera, a file, or a drawn scene. No network here.

Each source is an endless iterator of pictures at its own pace, read by one thread. PyAV and Pillow
load when a source is opened.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from relay.errors import BadInput, Unavailable

if TYPE_CHECKING:
    from av import VideoFrame
    from PIL.ImageDraw import ImageDraw

WIDTH, HEIGHT, FPS = 640, 360, 15
HOW = "A camera is v4l2:/dev/video0, file:PATH, synthetic or synthetic:caller."


class CameraSource(Protocol):
    """Pictures, until closed."""

    def frames(self) -> Iterator[VideoFrame]:
        """Pictures as they are taken; waits for the next one.

        Raises:
            Unavailable: the camera has gone.
        """

    def close(self) -> None:
        """Let go of the device or file."""


def check_camera(spec: str) -> None:
    """Do nothing where ``open_camera`` can make sense of it.

    Raises:
        BadInput: it names no kind of camera, no such scene, or a file that is not there.
    """
    kind, _, where = spec.partition(":")
    if kind == "synthetic" and where in {"", *SCENES}:
        return
    if kind == "file":
        if not Path(where).is_file():
            raise BadInput(f"There is no video file {where}; check --camera.")
        return
    if kind != "v4l2" or not where:
        raise BadInput(f"The camera {spec!r} is unknown. {HOW}")


def open_camera(spec: str) -> CameraSource:
    """A source of pictures.

    Raises:
        BadInput: as ``check_camera``.
        Unavailable: the device or file cannot be read.
    """
    check_camera(spec)
    kind, _, where = spec.partition(":")
    if kind == "synthetic":
        return DrawnCamera(where or "cabin")
    return RecordedCamera(where) if kind == "file" else UsbCamera(where)


class UsbCamera:
    """A Video4Linux device, at the nearest it can do to 640 × 360 at 15 pictures a second."""

    def __init__(self, device: str) -> None:
        import av

        size = {"video_size": f"{WIDTH}x{HEIGHT}", "framerate": str(FPS)}
        last: Exception | None = None
        for options in (size, {"framerate": str(FPS)}, {}):
            try:
                self._input = av.open(device, format="v4l2", options=options)
            except (av.FFmpegError, OSError) as error:
                last = error
                continue
            return
        raise Unavailable(f"The camera {device} cannot be opened ({last}); check its cable.")

    def frames(self) -> Iterator[VideoFrame]:
        """See ``CameraSource``."""
        import av

        try:
            yield from self._input.decode(video=0)
        except (av.FFmpegError, OSError) as error:
            raise Unavailable(f"The camera stopped ({error}); check its cable.") from error
        raise Unavailable("The camera stopped; check its cable.")

    def close(self) -> None:
        """See ``CameraSource``."""
        self._input.close()


class RecordedCamera:
    """A video file, again and again, at its own speed."""

    def __init__(self, path: str) -> None:
        import av

        try:
            with av.open(path) as found:
                if not found.streams.video:
                    raise BadInput(f"{path} holds no video; check --camera.")
        except (av.FFmpegError, OSError) as error:
            raise BadInput(f"{path} is no video file that can be read ({error}).") from error
        self._path, self._closed = path, False

    def frames(self) -> Iterator[VideoFrame]:
        """See ``CameraSource``."""
        import av

        while not self._closed:
            began_s, first_s = time.monotonic(), None
            try:
                with av.open(self._path) as found:
                    for frame in found.decode(video=0):
                        at_s = frame.time or 0.0
                        first_s = at_s if first_s is None else first_s
                        time.sleep(max(0.0, min(1.0, began_s + at_s - first_s - time.monotonic())))
                        yield frame
            except (av.FFmpegError, OSError) as error:
                raise Unavailable(f"{self._path} can no longer be read ({error}).") from error

    def close(self) -> None:
        """See ``CameraSource``."""
        self._closed = True


class DrawnCamera:
    """A scene drawn by us: moving, with the time in the picture, so that a freeze is seen."""

    def __init__(self, scene: str) -> None:
        self._draw, self._closed = SCENES[scene], False

    def frames(self) -> Iterator[VideoFrame]:
        """See ``CameraSource``."""
        import av
        from PIL import Image, ImageDraw

        began_s, count = time.monotonic(), 0
        while not self._closed:
            time.sleep(max(0.0, began_s + count / FPS - time.monotonic()))
            picture = Image.new("RGB", (WIDTH, HEIGHT))
            self._draw(ImageDraw.Draw(picture), count / FPS)
            count += 1
            yield av.VideoFrame.from_image(picture)  # type: ignore[no-untyped-call]

    def close(self) -> None:
        """See ``CameraSource``."""
        self._closed = True


SKIN, DARK = (232, 190, 160), (40, 44, 52)


def _stamp(draw: ImageDraw, text: str, at_s: float) -> None:
    now = time.strftime("%H:%M:%S", time.localtime())
    draw.rectangle((0, 0, WIDTH, 44), fill=DARK)
    with suppress(OSError):
        words = f"{text}  {now}.{int(at_s * 10) % 10}"
        draw.text((12, 8), words, fill=(255, 255, 255), font_size=26)


def _cabin(draw: ImageDraw, at_s: float) -> None:
    """A patient on a stretcher who breathes, a monitor whose trace runs."""
    draw.rectangle((0, 0, WIDTH, HEIGHT), fill=(90, 104, 116))
    draw.rectangle((0, 250, WIDTH, HEIGHT), fill=(60, 66, 72))
    draw.rounded_rectangle((70, 236, 590, 290), 14, fill=(214, 214, 206))
    chest = 6 * math.sin(2 * math.pi * at_s / 3.5)
    draw.ellipse((110, 182, 176, 248), fill=SKIN)
    draw.rounded_rectangle((176, 192 - chest, 520, 250), 26, fill=(70, 120, 170))
    for i in range(4):
        draw.ellipse((230 + 26 * i, 208 - chest, 242 + 26 * i, 220 - chest), fill=(240, 240, 240))
    draw.rectangle((430, 40, 610, 150), fill=(8, 16, 12))
    points = [(436 + x, 100 - _beat(at_s - (168 - x) / 60)) for x in range(0, 168, 3)]
    draw.line(points, fill=(90, 255, 140), width=3)
    _stamp(draw, "CABIN (DRILL)", at_s)


def _beat(at_s: float) -> float:
    phase = (at_s * 1.3) % 1.0
    return 42 * math.exp(-(((phase - 0.3) / 0.03) ** 2)) + 10 * math.exp(
        -(((phase - 0.6) / 0.08) ** 2)
    )


def _caller(draw: ImageDraw, at_s: float) -> None:
    """Somebody on the floor, another one pressing the chest 110 times a minute; a hand that shakes."""
    dx, dy = 4 * math.sin(at_s * 2.1), 3 * math.sin(at_s * 3.3)
    draw.rectangle((0, 0, WIDTH, HEIGHT), fill=(196, 182, 160))
    for i in range(-1, 9):
        draw.line((i * 90 + dx, 190 + dy, i * 110 - 60 + dx, HEIGHT), fill=(150, 132, 106), width=3)
    draw.rectangle((0, 0, WIDTH, 190 + dy), fill=(222, 220, 208))
    draw.rectangle((470 + dx, 40 + dy, 580 + dx, 190 + dy), fill=(150, 190, 214))
    push = 12 * max(0.0, math.sin(2 * math.pi * at_s * 110 / 60))
    draw.ellipse((90 + dx, 252 + dy, 150 + dx, 312 + dy), fill=SKIN)
    draw.rounded_rectangle(
        (150 + dx, 262 + dy + push / 3, 420 + dx, 318 + dy), 24, fill=(120, 70, 80)
    )
    draw.rounded_rectangle((410 + dx, 276 + dy, 600 + dx, 312 + dy), 16, fill=DARK)
    draw.ellipse((228 + dx, 66 + dy + push, 290 + dx, 128 + dy + push), fill=SKIN)
    draw.rounded_rectangle(
        (214 + dx, 124 + dy + push, 316 + dx, 214 + dy + push), 24, fill=(46, 90, 60)
    )
    draw.line((240 + dx, 150 + dy + push, 252 + dx, 262 + dy + push), fill=SKIN, width=20)
    draw.line((296 + dx, 150 + dy + push, 262 + dx, 262 + dy + push), fill=SKIN, width=20)
    draw.rounded_rectangle((200 + dx, 206 + dy, 330 + dx, 250 + dy), 18, fill=(52, 60, 92))
    _stamp(draw, "119 CALLER (DRILL)", at_s)


SCENES = {"cabin": _cabin, "caller": _caller}
