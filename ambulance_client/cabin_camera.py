"""The cabin camera's life on the tablet: on while the radio has room, and always able to say why not.

Knows the budget and the relay's words; what a picture is, only ``camera`` knows, which is loaded when
a camera is wanted.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from uuid import UUID

import structlog

from ambulance_client.budget import VideoStep
from ambulance_client.relay_http import RelayHttp, RelayRequest
from relay.errors import BadInput, Gone, RelayError, Unavailable

if TYPE_CHECKING:
    from ambulance_client.camera import Camera, WhipPublisher

log = structlog.get_logger()

LOOK_EVERY_S = 0.25
RETRY_S = 3.0
FAILED, CONNECTING = "failed", "connecting"


class CabinCamera:
    """One camera, published into the present case.

    Args:
        spec: as ``open_camera`` takes it.
        http: asks the relay.
        incident: the present case.
        step: what the budget allows now.
        is_connected: whether the link stands; the relay must know the case first.
        notify: called when ``shown`` has changed.
    """

    def __init__(
        self,
        spec: str,
        http: RelayHttp,
        incident: Callable[[], UUID],
        step: Callable[[], VideoStep],
        is_connected: Callable[[], bool],
        notify: Callable[[], None],
    ) -> None:
        self._state, self._text = CONNECTING, ""
        self._spec, self._http = spec, http
        self._incident, self._step = incident, step
        self._is_connected, self._notify = is_connected, notify
        self._camera: Camera | None = None
        self._publisher: WhipPublisher | None = None
        self._where: UUID | None = None
        self._told: tuple[UUID, str] | None = None
        self._sending: set[asyncio.Task[None]] = set()
        self._retry_s = 0.0

    async def run(self) -> None:
        """Until cancelled. A camera that fails is opened again; the ECG never waits for it."""
        try:
            while True:
                try:
                    await self._look()
                except RelayError as error:
                    self._say(FAILED if isinstance(error, BadInput) else CONNECTING, str(error))
                    await asyncio.sleep(RETRY_S)
                await asyncio.sleep(LOOK_EVERY_S)
        finally:
            await asyncio.shield(self._close())

    async def _look(self) -> None:
        if self._camera is None:
            await self._open()
        camera, step = self._camera, self._step()
        if camera is None:
            return
        if self._publisher is not None and self._where != self._incident():
            await self._hang_up()
        if self._is_connected():
            await self._report(step.value)
            may_send = step in {VideoStep.FULL, VideoStep.REDUCED}
            if may_send and (self._publisher is None or not self._publisher.alive):
                await self._dial(camera)
        self._say("", "")

    def shown(self) -> dict[str, str]:
        """``video.camera`` of ``PanelState``; what the budget forbids is said at once."""
        step = self._step()
        state = self._state or CONNECTING
        if self._state != FAILED and step in {VideoStep.STILLS, VideoStep.PAUSED}:
            state = step.value
        elif self._state == "" and self._publisher is not None and self._publisher.alive:
            state = "live" if step is VideoStep.FULL else step.value
        return {"state": state, "text": self._text}

    async def _open(self) -> None:
        source, camera_class = await asyncio.to_thread(_opened, self._spec)
        self._camera = camera_class(source, self._step, self._on_still, self._on_failed)

    def _on_failed(self, sentence: str) -> None:
        self._say(FAILED, sentence)
        task = asyncio.get_running_loop().create_task(self._give_up())
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _give_up(self) -> None:
        """The source has ended: tell the viewers, and let ``run`` open it again."""
        with suppress(RelayError):
            await self._report(FAILED)
        await asyncio.sleep(RETRY_S)
        camera, self._camera = self._camera, None
        await self._hang_up()
        if camera is not None:
            await camera.close()

    async def _dial(self, camera: Camera) -> None:
        from ambulance_client.camera import WhipPublisher

        await self._hang_up()
        publisher = WhipPublisher(camera)
        self._where = self._incident()
        await publisher.open(self._post)
        self._publisher = publisher

    async def _post(self, offer: bytes) -> tuple[str, str]:
        return await post_offer(self._http, f"{self._cabin()}/whip", offer)

    async def _hang_up(self) -> None:
        publisher, self._publisher = self._publisher, None
        if publisher is None:
            return
        with suppress(Unavailable):
            await self._http.ask(RelayRequest("DELETE", publisher.location, timeout_s=2.0))
        await publisher.close()

    async def _report(self, step: str) -> None:
        """Say once what the camera may do; again after the case has changed."""
        about = (self._incident(), step)
        if about == self._told:
            return
        body = json.dumps({"step": step}).encode()
        reply = await self._http.ask(
            RelayRequest("POST", f"{self._cabin()}/step", body, "application/json")
        )
        if not reply.ok:
            raise Unavailable("The relay does not know this case yet; the camera waits.")
        self._told = about

    def _on_still(self, jpeg: bytes) -> None:
        if self._is_connected() and not self._sending:
            task = asyncio.get_running_loop().create_task(self._send_still(jpeg))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    async def _send_still(self, jpeg: bytes) -> None:
        with suppress(Unavailable):
            await self._http.ask(
                RelayRequest("POST", f"{self._cabin()}/stills", jpeg, "image/jpeg")
            )

    def _cabin(self) -> str:
        return f"/api/incidents/{self._incident()}/cabin"

    def _say(self, state: str, text: str) -> None:
        if (state, text) != (self._state, self._text):
            self._state, self._text = state, text
            log.info("cabin_camera", state=self.shown()["state"], why=text)
            self._notify()

    async def _close(self) -> None:
        for task in tuple(self._sending):
            task.cancel()
        await self._hang_up()
        if self._camera is not None:
            await self._camera.close()


def _opened(spec: str) -> tuple[Any, type[Camera]]:
    """The source, and the class that publishes it; loading aiortc takes a second or two."""
    from ambulance_client.camera import Camera
    from ambulance_client.camera_frames import open_camera

    return open_camera(spec), Camera


async def post_offer(http: RelayHttp, path: str, offer: bytes) -> tuple[str, str]:
    """The answer to a WHIP offer, and where its session is.

    Raises:
        Gone: the relay takes no picture here, and will not later.
        Unavailable: the relay did not answer, or cannot now.
    """
    reply = await http.ask(RelayRequest("POST", path, offer, "application/sdp", timeout_s=8.0))
    if reply.status in {401, 403, 409, 410}:
        raise Gone(f"The relay takes no picture from this camera ({reply.status}).")
    if reply.status != 201:
        raise Unavailable(f"The relay refused the picture ({reply.status}); trying again.")
    return reply.body.decode(), reply.location
