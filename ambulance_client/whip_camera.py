"""``kyumei-ambulance camera``: any camera to any WHIP address, until stopped. No case, no ECG."""

from __future__ import annotations

import asyncio
import signal
import ssl
import sys
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import structlog

from ambulance_client.budget import VideoStep
from ambulance_client.cabin_camera import post_offer
from ambulance_client.relay_http import RelayHttp, RelayRequest
from relay.errors import Unavailable

if TYPE_CHECKING:
    from ambulance_client.camera import WhipPublisher

log = structlog.get_logger()

RETRY_S = 2.0


async def publish_until_stopped(
    spec: str, url: str, token: str, tls: ssl.SSLContext | None
) -> None:
    """Publish, and again whenever the line breaks.

    Raises:
        BadInput: the camera cannot be used.
        Gone: the address takes no picture from this token.
        Unavailable: the camera stopped.
    """
    from ambulance_client.camera import Camera, WhipPublisher
    from ambulance_client.camera_frames import open_camera

    stop, failed = asyncio.Event(), asyncio.get_running_loop().create_future()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    http = RelayHttp(url, token, tls)
    source = await asyncio.to_thread(open_camera, spec)

    def end(sentence: str) -> None:
        if not failed.done():
            failed.set_exception(Unavailable(sentence))
        stop.set()

    camera = Camera(source, lambda: VideoStep.FULL, lambda _: None, end)
    try:
        while not stop.is_set():
            try:
                await _publish_once(WhipPublisher(camera), http, urlsplit(url).path, stop)
            except Unavailable as error:
                log.warning("camera_line", why=str(error))
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), RETRY_S)
    finally:
        await camera.close()
        http.close()
    if failed.done():
        failed.result()


async def _publish_once(
    publisher: WhipPublisher, http: RelayHttp, path: str, stop: asyncio.Event
) -> None:
    """Publish until the line breaks or ``stop``."""
    await publisher.open(lambda sdp: post_offer(http, path, sdp))
    sys.stdout.write("publishing\n")
    sys.stdout.flush()
    try:
        while publisher.alive and not stop.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), 0.25)
        if stop.is_set():
            await http.ask(RelayRequest("DELETE", publisher.location, timeout_s=2.0))
    finally:
        await publisher.close()
