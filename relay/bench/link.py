"""``kyumei bench link``: a real relay under N simulated tablets with one viewer each, beside a bare echo.

Both run in the same minutes on the same machine with the same bytes; read the ratios. CPU is that of
the server process alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

from relay.bench.usage import Usage, usage_of
from relay.demo.console import ConsoleClient
from relay.demo.processes import Child, child
from relay.demo.provision import provision
from relay.ecglog.segments import open_log
from relay.errors import Unavailable

Progress = Callable[[str], None]
WARM_UP_S = 3.0
GLANCE_S = 5.0


async def bench_link(streams: int, seconds: float, progress: Progress) -> dict[str, Any]:
    """The relay's figures, the echo's, and their ratio, as one JSON-safe object."""
    with tempfile.TemporaryDirectory(prefix="kyumei-bench-") as name:
        folder = Path(name)
        relay = await relay_figures(folder, streams, seconds, progress)
        echo = await _echo_figures(folder, streams, seconds, progress)
    return {
        "streams": streams,
        "seconds": seconds,
        "relay": relay,
        "echo": echo,
        "cpu_ratio": round(relay["cpu_us_per_stream_s"] / echo["cpu_us_per_stream_s"], 2),
    }


async def relay_figures(
    folder: Path,
    streams: int,
    seconds: float,
    progress: Progress,
    glance: Callable[[int], None] | None = None,
) -> dict[str, Any]:
    """Load a fresh relay; its figures. ``glance`` gets its process id every few seconds."""
    progress(f"making {streams} tablets' accounts")
    data = folder / "data"
    known = await provision(data, [f"unit-{i}" for i in range(streams)])
    port = free_port()
    args = ("relay", "serve", "--port", str(port), "--data", str(data))
    async with child("The relay", *args, log_file=folder / "relay.log") as relay:
        base = f"http://localhost:{port}"
        await listening(port, relay)
        console = ConsoleClient(base, decides=False)
        await console.sign_in(known.name, known.password)
        orders = {
            "url": f"ws://localhost:{port}",
            "origin": base,
            "cookie": console.cookie,
            "tokens": list(known.tokens.values()),
            "seconds": seconds,
        }
        progress(f"{streams} tablets send for {seconds:.0f} s")
        load, used = await _loaded(relay, "relay.bench.load", [], orders, seconds, glance)
    stored = await _stored_frames(data / "ecg", load.pop("stream_ids"))
    expected = streams * load.pop("frames_per_stream")
    return {**load, "frames_on_disk": stored, "frames_lost": expected - stored, **used(streams)}


async def _echo_figures(
    folder: Path, streams: int, seconds: float, progress: Progress
) -> dict[str, Any]:
    port = free_port()
    args = ("relay.bench.echo", "serve", str(port))
    async with child("The echo", *args, log_file=folder / "echo.log") as echo:
        await listening(port, echo)
        orders = {"url": f"ws://localhost:{port}", "streams": streams, "seconds": seconds}
        progress(f"the same bytes against a bare echo for {seconds:.0f} s")
        load, used = await _loaded(echo, "relay.bench.echo", ["load"], orders, seconds)
    return {**load, **used(streams)}


async def _loaded(
    server: Child,
    module: str,
    args: list[str],
    orders: dict[str, Any],
    seconds: float,
    glance: Callable[[int], None] | None = None,
) -> tuple[dict[str, Any], Callable[[int], dict[str, Any]]]:
    """Run a load process; gives its figures and the server's usage while it ran."""
    load = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *args,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    running = asyncio.create_task(load.communicate(json.dumps(orders).encode() + b"\n"))
    await asyncio.sleep(WARM_UP_S)
    before, began_s = usage_of(server.process.pid), time.monotonic()
    while (left_s := began_s + max(1.0, seconds - WARM_UP_S) - time.monotonic()) > 0:
        await asyncio.sleep(min(GLANCE_S, left_s))
        if glance is not None:
            glance(server.process.pid)
    after, lasted_s = usage_of(server.process.pid), time.monotonic() - began_s
    output, _ = await running
    server.check()
    if load.returncode:
        raise Unavailable("The load process failed; its error stands above.")
    return json.loads(output), lambda n: _cost(before, after, lasted_s, n)


def _cost(before: Usage, after: Usage, lasted_s: float, streams: int) -> dict[str, Any]:
    cores = (after.cpu_s - before.cpu_s) / lasted_s
    return {
        "cores": round(cores, 3),
        "cpu_us_per_stream_s": round(cores / streams * 1e6, 1),
        "rss_mb": round(after.rss_mb, 1),
    }


async def _stored_frames(log_folder: Path, stream_ids: list[str]) -> int:
    log = await open_log(log_folder)
    try:
        return sum(len(log.stored(UUID(stream))) for stream in stream_ids)
    finally:
        await log.close()


def free_port() -> int:
    """A port nobody listens on now."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def listening(port: int, server: Child) -> None:
    """Return when the server takes connections.

    Raises:
        Unavailable: it does not, or it has ended.
    """
    for _ in range(400):
        server.check()
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            await writer.wait_closed()
            return
        await asyncio.sleep(0.1)
    raise Unavailable(f"{server.name} does not listen: {server.last_words()}")
