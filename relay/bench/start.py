"""What a start costs: CPU until the relay answers and until it is ready, of a command, of the tablet's program.

Every figure stands beside the import of the libraries it cannot do without, measured in turn in the same run:
the machine and its load fall out of the ratio.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

from relay.bench.usage import usage_of
from relay.demo.ports import free_port
from relay.errors import Unavailable

SERVE_REFERENCE = "import fastapi, sqlalchemy, uvicorn"
COMMAND_REFERENCE = "import sqlalchemy, typer"
TABLET_REFERENCE = "import fastapi, numpy, uvicorn, websockets"
KERNELS_REFERENCE = "import numba"
KERNELS = "from ecg.kernels.warming import warm; warm()"
TABLET_PROGRAM = "import {0}.cli, {0}.tablet, {0}.panel.server".format("ambulance" + "_client")
ANSWERS_WITHIN_S = 120.0
SETTLED_S = 3.0


def bench(rounds: int) -> dict[str, float]:
    """Medians over rounds; seconds are of CPU."""
    seen: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory(prefix="kyumei-start-") as folder:
        data = ("--data", str(Path(folder) / "data"))
        _cpu_s("-m", "relay", "migrate", *data)
        for _ in range(rounds):
            one = {
                "serve_reference_s": _cpu_s("-c", SERVE_REFERENCE),
                **_served(data),
                "command_reference_s": _cpu_s("-c", COMMAND_REFERENCE),
                "users_list_s": _cpu_s("-m", "relay", "users", "list", *data),
                "tablet_reference_s": _cpu_s("-c", TABLET_REFERENCE),
                "tablet_s": _cpu_s("-c", TABLET_PROGRAM),
                "kernels_reference_s": _cpu_s("-c", KERNELS_REFERENCE),
                "kernels_s": _cpu_s("-c", KERNELS),
            }
            for name, value in one.items():
                seen.setdefault(name, []).append(value)
    found = {name: round(median(values), 2) for name, values in seen.items()}
    for name, reference in (
        ("livez", "serve_reference"),
        ("ready", "serve_reference"),
        ("users_list", "command_reference"),
        ("tablet", "tablet_reference"),
        ("kernels", "kernels_reference"),
    ):
        pairs = zip(seen[f"{name}_s"], seen[f"{reference}_s"], strict=True)
        found[f"{name}_ratio"] = round(median(a / b for a, b in pairs), 2)
    return {**found, "compiled_anew": compiled_anew()}


def compiled_anew() -> int:
    """How many of the modules loaded here have no bytecode on the disk: every start compiles them."""
    cached = [getattr(module, "__cached__", None) for module in list(sys.modules.values())]
    return sum(not Path(file).exists() for file in cached if file)


def _cpu_s(*command: str) -> float:
    """CPU seconds of a Python that runs to its end."""
    process = subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise Unavailable(f"python {' '.join(command)} failed; run it to see why.")
    return used.ru_utime + used.ru_stime


def _served(data: Sequence[str]) -> dict[str, float]:
    """One relay from its start: CPU until it answers, until it is ready, and its memory when idle."""
    port = free_port()
    relay = subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-m", "relay", "serve", "--port", str(port), *data],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        base = f"http://127.0.0.1:{port}"
        _until(lambda: _answers(f"{base}/livez"), relay)
        livez_s = usage_of(relay.pid).cpu_s
        _until(lambda: _answers(f"{base}/readyz"), relay)
        ready_s = usage_of(relay.pid).cpu_s
        time.sleep(SETTLED_S)
        idle = usage_of(relay.pid)
        return {
            "livez_s": livez_s,
            "ready_s": ready_s,
            "idle_later_s": idle.cpu_s,
            "idle_rss_mb": idle.rss_mb,
        }
    finally:
        relay.terminate()
        relay.wait(60)


def _until(true: Callable[[], bool], relay: subprocess.Popen[bytes]) -> None:
    began_s = time.monotonic()
    while not true():
        if relay.poll() is not None or time.monotonic() - began_s > ANSWERS_WITHIN_S:
            raise Unavailable("The relay did not start; run kyumei serve to see why.")
        time.sleep(0.01)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - our own loopback
            return True
    except OSError:
        return False
