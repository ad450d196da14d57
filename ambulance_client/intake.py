"""The ECG device as the tablet sees it: one recording after another, and how the device is now.

The crew sees whether it waits, is silent, has failed or has ended. None of these is a reason to stop: the intake waits,
asks again, and takes what comes.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Literal, Protocol

import structlog

from ambulance_client.recorder import Recorder
from ambulance_client.sources import Recordings, Source, open_source
from relay.causes import words
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

    async def refused(self, error: BadInput) -> None:
        """One file was not taken."""

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
        told: the row of ``relay.causes`` where that is one.
    """

    def __init__(self, spec: str, keeper: Keeper, opened: Recordings | None = None) -> None:
        self.state: IntakeState = "waiting"
        self.text = ""
        self.told: dict[str, str] = {}
        self._spec, self._keeper, self._opened = spec, keeper, opened
        self._recorder: Recorder | None = None

    async def open(self) -> None:
        """Open the source now: what arrives from this moment on is the next patient's."""
        with contextlib.suppress(BadInput):  # ``run`` tries again and tells the crew
            self._opened = await asyncio.to_thread(open_source, self._spec)

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
                if error.cause.startswith("file-") and recordings is not None:
                    await self._keeper.refused(error)  # one file; the next may be there already
                    continue
                await self._failed(str(error), error.cause, error.filled)
                if not getattr(recordings, "waiting_for", ""):
                    recordings = None
            except Exception:  # whatever a source does, it is asked again and the crew is told
                log.exception("source-failed")
                await self._failed("", "source-failed", {})
                recordings = None

    async def _failed(self, text: str, cause: str, filled: dict[str, str]) -> None:
        log.warning(cause or "source_failed", why=text)
        told = words(cause, **filled) if cause else {}
        self._say("failed", text or told["words_en"], told)
        await asyncio.sleep(RETRY_S)

    async def _next(self, recordings: Recordings) -> Source | None:
        if recordings.waiting_for:
            cause = recordings.waiting_cause
            self._say("waiting", recordings.waiting_for, words(cause) if cause else None)
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
            hint = getattr(recorder.source, "hint", "")
            told = words("device-another") if hint else {}
            text = hint or "No ECG comes from the device; check its cable and its power."
            self._say("silent", text, told)
        elif rate is not None and rate.wrong:
            real_hz = recorder.spec.fs_hz * (1 + rate.ppm * 1e-6)
            self._say(
                "running",
                f"The device says {recorder.spec.fs_hz:g} samples per second but sends "
                f"{real_hz:.0f}; intervals will be false: check its rate setting.",
            )
        else:
            self._say("running", "")

    def _say(self, state: IntakeState, text: str, told: dict[str, str] | None = None) -> None:
        if (state, text) != (self.state, self.text):
            self.state, self.text, self.told = state, text, told or {}
            self._keeper.notify()
