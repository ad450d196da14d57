"""The ECG device as the tablet sees it: one recording after another, and how it stands just now.

Waiting, silent, failed and ended are states the crew sees, never a reason to stop: the intake waits,
asks again, and takes up what comes.
"""

from __future__ import annotations

import asyncio
import time
from typing import Literal, Protocol

import structlog

from ambulance_client.recorder import Recorder
from ambulance_client.sources import Recordings, Source, open_source
from relay.errors import BadInput

log = structlog.get_logger()

RETRY_S = 5.0
SILENT_AFTER_S = 2.0
IntakeState = Literal["waiting", "running", "silent", "ended", "failed"]


class Keeper(Protocol):
    """Who keeps what the intake takes."""

    def new_recorder(self, source: Source) -> Recorder:
        """A recorder for a recording that begins now."""

    async def recording_began(self, recorder: Recorder) -> None:
        """It is about to run."""

    async def recording_over(self, recorder: Recorder) -> None:
        """It has run to its end, by itself or not; called also when the intake is stopped."""

    def notify(self) -> None:
        """What the crew sees has changed."""


class Intake:
    """Takes recordings from one specification until it is cancelled or nothing is left.

    Args:
        spec: as ``open_source`` takes it.
        keeper: who keeps what is taken.
        opened: what the specification opened a moment ago, where somebody has tried it.

    Attributes:
        state: in one word. text: one sentence where the crew must know or do something.
    """

    def __init__(self, spec: str, keeper: Keeper, opened: Recordings | None = None) -> None:
        self.state: IntakeState = "waiting"
        self.text = ""
        self._spec, self._keeper, self._opened = spec, keeper, opened
        self._recorder: Recorder | None = None

    async def run(self) -> None:
        """Take what comes; return after the last recording."""
        recordings, self._opened = self._opened, None
        while True:
            try:
                if recordings is None:
                    recordings = await asyncio.to_thread(open_source, self._spec)
                source = await self._next(recordings)
                if source is None:
                    self._say("ended", "The recording has ended.")
                    return
                await self._record(recordings, source)
            except BadInput as error:
                log.warning("source_failed", why=str(error))
                self._say("failed", str(error))
                await asyncio.sleep(RETRY_S)
                if not getattr(recordings, "waiting_for", ""):
                    recordings = None

    async def _next(self, recordings: Recordings) -> Source | None:
        if recordings.waiting_for:
            self._say("waiting", recordings.waiting_for)
        return await recordings.next()

    async def _record(self, recordings: Recordings, source: Source) -> None:
        recorder = self._keeper.new_recorder(source)
        await self._keeper.recording_began(recorder)
        self._recorder = recorder if source.info.live else None
        self._say("running", "")
        try:
            await recorder.run()
        finally:
            self._recorder = None
            await asyncio.shield(self._keeper.recording_over(recorder))
        await recordings.finished(source)

    def look(self) -> None:
        """See whether samples still come, and come at the rate the device says. Cheap; once a second."""
        recorder = self._recorder
        if recorder is None:
            return
        silent_s = time.monotonic() - recorder.heard_s
        rate = recorder.clock.rate_error()
        if silent_s > SILENT_AFTER_S:
            self._say("silent", "No ECG comes from the device; check its cable and its power.")
        elif rate is not None and rate.wrong:
            real_hz = recorder.spec.fs_hz * (1 + rate.ppm * 1e-6)
            self._say(
                "running",
                f"The device says {recorder.spec.fs_hz:g} samples per second but sends "
                f"{real_hz:.0f}; intervals will be false: check its rate setting.",
            )
        else:
            self._say("running", "")

    def _say(self, state: IntakeState, text: str) -> None:
        if (state, text) != (self.state, self.text):
            self.state, self.text = state, text
            self._keeper.notify()
