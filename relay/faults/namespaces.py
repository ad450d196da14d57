"""Two network namespaces joined by one wire: real packets that are really lost.

The relay lives in one, the tablet in the other. Loss is the kernel's (``nft``, at the receiving end, so
that the sender is told nothing), the narrow line is ``tc tbf``. The kernel's dice cannot be seeded.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import shutil
import socket
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

from relay.faults.guard import told, undone_afterwards

RELAY_ADDRESS = "10.119.0.1"
TABLET_ADDRESSES = ("10.119.0.2", "10.119.0.3")
CLONE_NEWNET = 0x40000000
QUEUE_MS = 400
TABLE = """\
table ip kyumei {
  chain input {
    type filter hook input priority 0;
  }
}
"""
_numbers = count()


def why_not() -> str:
    """Empty where namespaces can be made here, else the reason in one sentence."""
    if os.name != "posix" or not Path("/proc/self/ns/net").exists():
        return "Network namespaces need Linux."
    if os.geteuid() != 0:
        return "Network namespaces need root."
    missing = [name for name in ("ip", "nft", "tc") if shutil.which(name) is None]
    return f"{missing[0]} is not installed (scripts/fault_tools)." if missing else ""


class NamespaceWire:
    """The wire between the two ends. Build it with ``open_wire``.

    Attributes:
        relay / tablet: names of the two namespaces.
    """

    def __init__(self, relay: str, tablet: str) -> None:
        self.relay, self.tablet = relay, tablet
        self.address = 0
        self._at_relay = _Inside(relay)
        self._at_tablet = _Inside(tablet)

    async def lose(self, percent_up: float, percent_down: float | None = None) -> None:
        """Lose packets at random from now on; ``percent_up`` both ways where only one is given."""
        down = percent_up if percent_down is None else percent_down
        await self._input(self.relay, percent_up)
        await self._input(self.tablet, down)

    async def _input(self, namespace: str, percent: float) -> None:
        rules = ["flush chain ip kyumei input"]
        if percent >= 100:
            rules.append('add rule ip kyumei input iifname "line" drop')
        elif percent > 0:
            share = round(percent * 100)
            rules.append(
                f'add rule ip kyumei input iifname "line" numgen random mod 10000 < {share} drop'
            )
        await told(*inside(namespace), "nft", "-f", "-", stdin="\n".join(rules) + "\n")

    async def narrow(self, kbit_per_s: float | None, down_kbit_per_s: float | None = None) -> None:
        """Limit what the tablet may send and get, None for no limit; one figure for both ways."""
        down = kbit_per_s if down_kbit_per_s is None else down_kbit_per_s
        for namespace, kbit in ((self.tablet, kbit_per_s), (self.relay, down)):
            place = (*inside(namespace), "tc", "qdisc")
            if kbit is None:
                await told("sh", "-c", " ".join((*place, "del dev line root 2>/dev/null || true")))
                continue
            rate = ("rate", f"{kbit:.0f}kbit", "burst", "4kb", "latency", f"{QUEUE_MS}ms")
            await told(*place, "replace", "dev", "line", "root", "tbf", *rate)

    async def move(self) -> None:
        """The tablet loses its address and gets another: every open connection is dead at once."""
        old, new = TABLET_ADDRESSES[self.address], TABLET_ADDRESSES[1 - self.address]
        self.address = 1 - self.address
        ip = (*inside(self.tablet), "ip", "address")
        await told(*ip, "del", f"{old}/24", "dev", "line")
        await told(*ip, "add", f"{new}/24", "dev", "line")

    async def to_relay(self, port: int) -> socket.socket:
        """A connection to the loopback port of a program in the relay's namespace."""
        return await self._at_relay.dial(port)

    async def to_tablet(self, port: int) -> socket.socket:
        """A connection to the loopback port of a program in the tablet's namespace."""
        return await self._at_tablet.dial(port)

    def close(self) -> None:
        """Leave the namespaces."""
        self._at_relay.close()
        self._at_tablet.close()


def inside(namespace: str) -> tuple[str, ...]:
    """What stands before a command to run it in a namespace; the process keeps its id."""
    return ("ip", "netns", "exec", namespace)


class _Inside:
    """A thread that lives in a namespace: a socket stays where it was made, whoever uses it."""

    def __init__(self, namespace: str) -> None:
        self._thread = ThreadPoolExecutor(1, f"in-{namespace}", _enter, (namespace,))

    async def dial(self, port: int) -> socket.socket:
        return await asyncio.get_running_loop().run_in_executor(
            self._thread, socket.create_connection, ("127.0.0.1", port), 5.0
        )

    def close(self) -> None:
        self._thread.shutdown()


def _enter(namespace: str) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    fd = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
    try:
        if libc.setns(fd, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"cannot enter the namespace {namespace}")
    finally:
        os.close(fd)


@asynccontextmanager
async def open_wire() -> AsyncIterator[NamespaceWire]:
    """Two fresh namespaces and the wire; afterwards nothing of them is left, nor any process in them.

    Raises:
        Unavailable: a system command failed.
    """
    number = f"{os.getpid()}-{next(_numbers)}"
    names = (f"kyumei-r-{number}", f"kyumei-t-{number}")
    undo = [
        f"ip netns pids {n} | xargs -r kill -9; sleep 0.1; ip netns del {n} 2>/dev/null"
        for n in names
    ]
    async with undone_afterwards(*undo):
        for name in names:
            await told("ip", "netns", "add", name)
        await told(
            *("ip", "link", "add", "line", "netns", names[0], "type", "veth"),
            *("peer", "name", "line", "netns", names[1]),
        )
        for name, address in zip(names, (RELAY_ADDRESS, TABLET_ADDRESSES[0]), strict=True):
            await _furnish(name, address)
        wire = NamespaceWire(*names)
        try:
            yield wire
        finally:
            wire.close()


async def _furnish(namespace: str, address: str) -> None:
    run = inside(namespace)
    await told(*run, "ip", "address", "add", f"{address}/24", "dev", "line")
    await told(*run, "ip", "link", "set", "line", "up")
    await told(*run, "ip", "link", "set", "lo", "up")
    await told(*run, "nft", "-f", "-", stdin=TABLE)
