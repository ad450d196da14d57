"""One experiment's bench: a relay, a tablet, a proxy between them, a console that watches."""

from __future__ import annotations

import asyncio
import json
import signal
import time
import urllib.request
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from relay.demo.console import Console
from relay.demo.processes import Child, child
from relay.demo.provision import provision
from relay.demo.tally import tally
from relay.errors import Unavailable
from relay.faults.proxy import FaultProxy

UNIT = "救急1"
SOURCE = "synthetic:normal?seed=4"
SETTLE_S = 40.0


@dataclass(slots=True)
class Outcome:
    """What an experiment showed.

    Attributes:
        made / missing / altered: samples per lead; ``missing`` leaves out the one frame that a
            killed tablet had not committed yet.
        figures: further numbers by name, with their unit in the name.
    """

    made: int
    missing: int
    altered: int
    figures: dict[str, float] = field(default_factory=dict)

    @property
    def exact(self) -> bool:
        """No sample was lost or changed."""
        return self.missing == self.altered == 0 < self.made


class Lab:
    """The running bench. Build it with ``open_lab``."""

    def __init__(self, folder: Path, seed: int, tokens: dict[str, str]) -> None:
        self.folder = folder
        self.relay_port, self.panel_port = _free_port(), _free_port()
        self.proxy = FaultProxy(self.relay_port, seed)
        self.proxy_port = 0
        self.tokens = tokens
        self.console: Console | None = None
        self._relay: AsyncExitStack | None = None
        self._tablet: AsyncExitStack | None = None
        self.relay_child: Child | None = None
        self.tablet_child: Child | None = None

    async def start_relay(self) -> None:
        """Start the relay (again) and wait until it answers."""
        self._relay = AsyncExitStack()
        args = ("relay", "serve", "--port", str(self.relay_port), "--data", str(self.data))
        self.relay_child = await self._relay.enter_async_context(
            child("The relay", *args, log_file=self.folder / "relay.log")
        )
        await self.until(lambda: _get(f"http://localhost:{self.relay_port}/readyz"))

    async def start_tablet(self) -> None:
        """Start the tablet (again) on the same spool, through the proxy."""
        self._tablet = AsyncExitStack()
        self.tablet_child = await self._tablet.enter_async_context(
            child(
                UNIT,
                *("ambulance_client", "run", "--drill", "--unit", UNIT, "--source", SOURCE),
                *("--relay", f"ws://127.0.0.1:{self.proxy_port}"),
                *("--spool", str(self.folder / "spool"), "--journal", str(self.journal)),
                *("--panel-port", str(self.panel_port)),
                log_file=self.folder / "tablet.log",
                env={"KYUMEI_TOKEN": self.tokens[UNIT]},
            )
        )
        await self.until(lambda: self.panel() is not None)

    async def kill(self, who: Child | None) -> None:
        """Kill -9."""
        if who is not None:
            who.process.kill()
            await who.process.wait()

    def panel(self) -> dict[str, Any] | None:
        """The crew's page's state, None where the tablet does not answer."""
        text = _get(f"http://localhost:{self.panel_port}/api/state")
        return json.loads(text) if text else None

    async def drained(self, within_s: float = SETTLE_S) -> float:
        """Wait until the tablet holds less than a second unsent; gives the seconds it took."""
        began_s = time.monotonic()
        await self.until(lambda: (self.panel() or {"backlog_s": 99})["backlog_s"] < 1, within_s)
        return time.monotonic() - began_s

    async def until(self, true: Callable[[], Any], within_s: float = SETTLE_S) -> None:
        """Wait for something.

        Raises:
            Unavailable: it did not happen in time.
        """
        deadline_s = time.monotonic() + within_s
        while not await asyncio.to_thread(true):
            if time.monotonic() > deadline_s:
                raise Unavailable(f"The experiment did not get on within {within_s:.0f} s.")
            await asyncio.sleep(0.05)

    async def redialled(self, before: int) -> None:
        """Wait for a connection beyond the first ``before``."""
        await self.until(lambda: self.proxy.connections > before)

    async def outcome(self, **figures: float) -> Outcome:
        """End the tablet politely, then the relay, and count."""
        if self.tablet_child is not None and self.tablet_child.process.returncode is None:
            self.tablet_child.process.send_signal(signal.SIGTERM)
            await self.tablet_child.process.wait()
        await self.close()
        made = missing = altered = 0
        for counted in (await tally(self.journal, self.data / "ecg")).values():
            made += counted.samples_sent
            missing += counted.samples_missing_before_end
            altered += counted.samples_stored - counted.samples_bit_equal
        return Outcome(made, missing, altered, figures)

    async def close(self) -> None:
        """End every process."""
        for stack in (self._tablet, self._relay):
            if stack is not None:
                await stack.aclose()
        self._tablet = self._relay = None
        await self.proxy.stop()

    @property
    def data(self) -> Path:
        """The relay's data folder."""
        return self.folder / "data"

    @property
    def journal(self) -> Path:
        """What was born, as the tablet wrote it down."""
        return self.folder / "journal"


@asynccontextmanager
async def open_lab(folder: Path, seed: int) -> AsyncIterator[Lab]:
    """A relay and a tablet, connected, with five seconds of ECG behind them."""
    await asyncio.to_thread(folder.mkdir, parents=True)
    known = await provision(folder / "data", [UNIT])
    lab = Lab(folder, seed, known.tokens)
    lab.proxy_port = await lab.proxy.start()
    try:
        await lab.start_relay()
        await lab.start_tablet()
        await lab.until(lambda: (lab.panel() or {"link": {}})["link"].get("state") == "connected")
        yield lab
    finally:
        await lab.close()


def _get(url: str) -> bytes | None:
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:  # noqa: S310 - our own loopback
            body: bytes = answer.read()
    except OSError:
        return None
    return body


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
