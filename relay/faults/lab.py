"""One experiment's bench: a relay, a tablet, a bad radio between them, a console that watches."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import signal
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from relay.bench.usage import usage_of
from relay.demo.ports import free_port
from relay.demo.processes import Child, child
from relay.demo.provision import Provisioned, provision
from relay.errors import Unavailable
from relay.faults import clocks, disks
from relay.faults.bench import Bench
from relay.faults.bridge import bridge
from relay.faults.disks import SmallDisk, StallingDisk
from relay.faults.messages import MessageProxy, message_proxy
from relay.faults.namespaces import RELAY_ADDRESS, NamespaceWire, inside, open_wire
from relay.faults.proxy import FaultProxy
from relay.faults.verdict import Outcome, count
from relay.faults.watcher import RedialingConsole

UNIT = "救急1"
FUZZER = "救急9"
UNITS = [UNIT, "救急2", "救急3", "救急4", FUZZER]
SOURCE = "synthetic:normal?seed=4"
SETTLE_S = 240.0
LOADED_WITHIN_S = 6.0
SMALL_DISK_MB = 24
T = TypeVar("T")


class Lab:
    """The running bench. Build it with ``open_lab``."""

    def __init__(self, folder: Path, bench: Bench, known: Provisioned, dice: random.Random) -> None:
        self.folder, self.bench, self.known, self.dice = folder, bench, known, dice
        self.relay_port = 8119 if bench.wire else free_port()
        self.panel_port = 8120 if bench.wire else free_port()
        self.relay_reached = self.relay_port
        self.panel_reached = self.panel_port
        self.tablet_dials = f"127.0.0.1:{self.relay_port}"
        self.tablet_killed = False
        self.strangers: set[UUID] = set()
        self._parts: dict[type, object] = {}
        self._relay: AsyncExitStack | None = None
        self._tablet: AsyncExitStack | None = None
        self._relay_child: Child | None = None
        self._tablet_child: Child | None = None

    # what the experiment plays with

    def add(self, part: object) -> None:
        """Something of the bench, to be found by its type."""
        self._parts[type(part)] = part

    def _part(self, kind: type[T]) -> T:
        part = self._parts[kind]
        assert isinstance(part, kind)  # noqa: S101 - filed under its own type
        return part

    @property
    def wire(self) -> NamespaceWire:
        """The wire of a bench with namespaces."""
        return self._part(NamespaceWire)

    @property
    def proxy(self) -> FaultProxy:
        """The byte proxy."""
        return self._part(FaultProxy)

    @property
    def messages(self) -> MessageProxy:
        """The message proxy."""
        return self._part(MessageProxy)

    @property
    def small_disk(self) -> SmallDisk:
        """The disk that can be filled."""
        return self._part(SmallDisk)

    @property
    def stalling_disk(self) -> StallingDisk:
        """The disk that can be held up."""
        return self._part(StallingDisk)

    @property
    def watcher(self) -> RedialingConsole:
        """The page that watches."""
        return self._part(RedialingConsole)

    # processes

    async def start_relay(self) -> None:
        """Start the relay (again) and wait until it answers."""
        await self.launch_relay()
        await self.until(lambda: _get(f"{self.base}/livez"))

    async def launch_relay(self, *more: str) -> None:
        """Start the relay (again)."""
        self._relay = AsyncExitStack()
        host = "0.0.0.0" if self.bench.wire else "127.0.0.1"  # noqa: S104 - its own namespace
        self._relay_child = await self._relay.enter_async_context(
            child(
                "The relay",
                *("relay", "serve", "--host", host),
                *("--port", str(self.relay_port), "--data", str(self.data), *more),
                log_file=self.folder / "relay.log",
                env={
                    "KYUMEI_HOSTS": self.tablet_dials.rpartition(":")[0],
                    "KYUMEI_UNIT_CASES_BURST": "100000",  # a month of cases in a minute
                },
                through=inside(self.wire.relay) if self.bench.wire else (),
            )
        )

    async def start_tablet(self) -> None:
        """Start the tablet (again) on the same spool, over the bad radio."""
        self._tablet = AsyncExitStack()
        clock = clocks.environment(self.folder) if self.bench.clock else {}
        self._tablet_child = await self._tablet.enter_async_context(
            child(
                UNIT,
                *("ambulance_client", "run", "--drill", "--unit", UNIT, "--source", SOURCE),
                *("--relay", f"ws://{self.tablet_dials}"),
                *("--spool", str(self.spool), "--journal", str(self.journal)),
                *("--panel-port", str(self.panel_port)),
                log_file=self.folder / "tablet.log",
                env={"KYUMEI_TOKEN": self.known.tokens[UNIT], **clock},
                through=inside(self.wire.tablet) if self.bench.wire else (),
            )
        )
        await self.until(lambda: self.panel() is not None)

    async def kill_relay(self) -> None:
        """Kill -9 of the relay."""
        if self._relay_child is not None:
            self._relay_child.process.kill()
            await self._relay_child.process.wait()

    async def kill_tablet(self) -> None:
        """Kill -9 of the tablet."""
        self.tablet_killed = True
        if self._tablet_child is not None:
            self._tablet_child.process.kill()
            await self._tablet_child.process.wait()

    async def end_relay(self) -> None:
        """Ask the relay to end, and wait."""
        if self._relay is not None:
            await self._relay.aclose()
            self._relay = None

    async def replace_relay(self) -> None:
        """A new relay takes the place of the old one, as an upgrade does it."""
        old, leaving = self._relay, self._relay_child
        await self.launch_relay("--take-over")
        if old is not None and leaving is not None:
            await leaving.process.wait()
            await old.aclose()
        await self.until(lambda: _get(f"{self.base}/livez"))

    def relay_rss_mb(self) -> float:
        """Resident memory of the relay now."""
        return usage_of(self._relay_child.process.pid).rss_mb if self._relay_child else 0.0

    async def settled_rss_mb(self) -> float:
        """The relay's memory once it has loaded what it loads with the first ECG, and screened some of it."""
        before_mb, now_mb = 0.0, self.relay_rss_mb()
        while now_mb - before_mb > 1.0:
            await asyncio.sleep(LOADED_WITHIN_S)
            before_mb, now_mb = now_mb, self.relay_rss_mb()
        return now_mb

    def tablet_rss_mb(self) -> float:
        """Resident memory of the tablet now."""
        return usage_of(self._tablet_child.process.pid).rss_mb if self._tablet_child else 0.0

    # what can be seen from outside

    @property
    def base(self) -> str:
        """The relay's address for whoever watches."""
        return f"http://localhost:{self.relay_reached}"

    def panel(self) -> dict[str, Any] | None:
        """The crew's page's state, None where the tablet does not answer."""
        text = _get(f"http://localhost:{self.panel_reached}/api/state")
        return json.loads(text) if text else None

    def ask_panel(self, path: str) -> dict[str, Any]:
        """Press a button of the crew's page."""
        request = urllib.request.Request(
            f"http://localhost:{self.panel_reached}{path}",
            method="POST",
            data=b"{}",
            headers={"Content-Type": "application/json", "X-Kyumei": "1"},
        )
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
            body: dict[str, Any] = json.loads(answer.read())
        return body

    def ask_panel_if_it_can(self, path: str) -> None:
        """Press a button that may be refused."""
        with contextlib.suppress(OSError):
            self.ask_panel(path)

    def readiness(self) -> dict[str, Any]:
        """What ``/readyz`` says; empty where the relay does not answer."""
        try:
            with urllib.request.urlopen(f"{self.base}/readyz", timeout=2) as answer:  # noqa: S310
                body: dict[str, Any] = json.loads(answer.read())
        except urllib.error.HTTPError as error:
            body = json.loads(error.read())
        except (OSError, ValueError):
            return {}
        return body

    def is_connected(self) -> bool:
        """Whether the tablet says so."""
        state = self.panel()
        return state is not None and state["link"]["state"] == "connected"

    async def drained(self, within_s: float = SETTLE_S) -> float:
        """Wait until the tablet holds less than a second unsent; gives the seconds it took."""
        began_s = time.monotonic()
        await self.until(lambda: (self.panel() or {"backlog_s": 99})["backlog_s"] < 1, within_s)
        return time.monotonic() - began_s

    async def until(self, true: Callable[[], Any], within_s: float = SETTLE_S) -> float:
        """Wait for something; gives the seconds it took.

        Raises:
            Unavailable: it did not happen in time.
        """
        began_s = time.monotonic()
        while not await asyncio.to_thread(true):
            if time.monotonic() - began_s > within_s:
                raise Unavailable(f"The experiment did not get on within {within_s:.0f} s.")
            await asyncio.sleep(0.05)
        return time.monotonic() - began_s

    async def outcome(self, **figures: float) -> Outcome:
        """Let the tablet finish, end both politely, and count what is on the relay's disk."""
        await self.drained()
        await self.close()
        counted = await asyncio.to_thread(
            lambda: count(
                self.journal,
                self.data / "ecg",
                last_may_miss=self.tablet_killed,
                but=self.strangers,
            )
        )
        return Outcome(counted, {key: round(value, 2) for key, value in figures.items()})

    async def close(self) -> None:
        """End both processes: first the tablet, which sends the rest."""
        if self._tablet_child is not None and self._tablet_child.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._tablet_child.process.send_signal(signal.SIGTERM)
            await self._tablet_child.process.wait()
        for stack in (self._tablet, self._relay):
            if stack is not None:
                await stack.aclose()
        self._tablet = self._relay = None

    @property
    def data(self) -> Path:
        """The relay's data folder."""
        return self.folder / "data"

    @property
    def spool(self) -> Path:
        """The tablet's spool folder."""
        return self.folder / "spool"

    @property
    def journal(self) -> Path:
        """What was born, as the tablet wrote it down."""
        return self.folder / "journal"


@asynccontextmanager
async def open_lab(folder: Path, seed: int, bench: Bench | None = None) -> AsyncIterator[Lab]:
    """A relay and a tablet, connected, with the first seconds of ECG on a console.

    Raises:
        Unavailable: this machine cannot build the bench, or a process did not start.
    """
    bench = bench or Bench()
    if reason := bench.why_not():
        raise Unavailable(reason)
    await asyncio.to_thread(folder.mkdir, parents=True)
    dice = random.Random(seed)  # noqa: S311 - repeatable
    async with AsyncExitStack() as stack:
        parts = await _disks(stack, folder, bench)
        known = await provision(folder / "data", UNITS)
        lab = Lab(folder, bench, known, dice)
        for part in parts:
            lab.add(part)
        await _radio(stack, lab, seed)
        stack.push_async_callback(lab.close)
        await lab.start_relay()
        watcher = RedialingConsole(lab.base)
        lab.add(watcher)
        watching = asyncio.create_task(watcher.run(known.name, known.password))
        stack.push_async_callback(_cancelled, watching)
        await lab.start_tablet()
        await lab.until(lambda: lab.is_connected() and watcher.seen)
        yield lab


async def _disks(stack: AsyncExitStack, folder: Path, bench: Bench) -> list[object]:
    places = {"relay": folder / "data", "tablet": folder / "spool"}
    parts: list[object] = []
    if bench.small_disk:
        small = disks.small_disk(places[bench.small_disk], SMALL_DISK_MB)
        parts.append(await stack.enter_async_context(small))
    if bench.stalling_disk:
        slow = disks.stalling_disk(folder / "disk.img", places[bench.stalling_disk])
        parts.append(await stack.enter_async_context(slow))
    return parts


async def _radio(stack: AsyncExitStack, lab: Lab, seed: int) -> None:
    """What stands between the two, and how it is reached from here."""
    if lab.bench.wire:
        wire = await stack.enter_async_context(open_wire())
        lab.add(wire)
        lab.tablet_dials = f"{RELAY_ADDRESS}:{lab.relay_port}"
        lab.relay_reached = await stack.enter_async_context(
            bridge(lambda: wire.to_relay(lab.relay_port))
        )
        lab.panel_reached = await stack.enter_async_context(
            bridge(lambda: wire.to_tablet(lab.panel_port))
        )
    elif lab.bench.messages:
        messages, port = await stack.enter_async_context(message_proxy(lab.relay_port, seed))
        lab.add(messages)
        lab.tablet_dials = f"127.0.0.1:{port}"
    else:
        proxy = FaultProxy(lab.relay_port, seed)
        lab.add(proxy)
        lab.tablet_dials = f"127.0.0.1:{await proxy.start()}"
        stack.push_async_callback(proxy.stop)


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _get(url: str) -> bytes | None:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - our own loopback
            body: bytes = answer.read()
    except OSError:
        return None
    return body
