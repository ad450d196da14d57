"""Real processes for tests: a relay, tablets, and what a hospital's browser would ask of them."""

from __future__ import annotations

import asyncio
import atexit
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

HOSPITAL = "daiichi"
CARDIOLOGIST = ("sato", "correct horse battery")
DISPATCHER = ("kato", "a long enough password")


def free_port() -> int:
    """A port nobody has at this moment."""
    return free_ports(1)


def free_ports(count: int) -> int:
    """The first of so many in a row that nobody has; below those that outgoing connections are given."""
    while True:
        first = random.randrange(15_000, 30_000)
        with ExitStack() as stack:
            try:
                for port in range(first, first + count):
                    stack.enter_context(socket.socket()).bind(("127.0.0.1", port))
            except OSError:
                continue
            return first


def kyumei(*args: str, stdin: str = "", check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run a ``kyumei`` command as a person would."""
    done = subprocess.run(
        [sys.executable, "-m", "relay", *args], input=stdin, capture_output=True, text=True
    )
    if check and done.returncode:
        raise AssertionError(f"kyumei {' '.join(args)}: {done.stdout}{done.stderr}")
    return done


def answers(url: str) -> bool:
    """Whether a GET succeeds."""
    try:
        with urllib.request.urlopen(url, timeout=10):
            return True
    except OSError:
        return False


class Process:
    """A child that can be ended politely or killed."""

    def __init__(self, args: list[str], log_file: Path, env: dict[str, str] | None = None) -> None:
        self.log_file = log_file
        with log_file.open("ab") as output:
            self.child = subprocess.Popen(
                [sys.executable, "-m", *args],
                stdout=output,
                stderr=output,
                env={**os.environ, "PYTHONUNBUFFERED": "1", **(env or {})},
            )

    def kill9(self) -> None:
        """As a power cut would."""
        self.child.send_signal(signal.SIGKILL)
        self.child.wait()

    def stop(self, within_s: float = 45.0) -> int:
        """Ask it to end."""
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
            try:
                self.child.wait(within_s)
            except subprocess.TimeoutExpired:
                self.kill9()
                raise AssertionError(f"did not end in time: {self.said()}") from None
        return self.child.returncode

    def said(self) -> str:
        """All it wrote."""
        return self.log_file.read_text(errors="replace")


@cache
def _accounts(units: tuple[str, ...]) -> tuple[Path, dict[str, str]]:
    """A data folder with a hospital, its people and devices, and the devices' tokens; made once, by a person's commands."""
    made = Path(mkdtemp(prefix="kyumei-city-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    data = ("--data", str(made))
    kyumei("hospitals", "add", HOSPITAL, "--name", "福島第一病院", *data)
    for (name, password), *more in (
        (CARDIOLOGIST, "--role", "cardiologist", "--hospital", HOSPITAL, "--display", "佐藤 医師"),
        (DISPATCHER, "--role", "dispatcher", "--display", "加藤"),
    ):
        kyumei("users", "add", name, *more, "--password-stdin", *data, stdin=password + "\n")
    tokens = {}
    for unit in units:
        done = kyumei("devices", "add", unit, "--hospital", HOSPITAL, *data)
        tokens[unit] = done.stdout.strip().split()[-1]
    return made, tokens


class City:
    """One relay's data folder, its accounts, and the processes around it."""

    def __init__(self, folder: Path, units: list[str]) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.port = free_port()
        self.relay: Process | None = None
        self.tablets: list[Process] = []
        self.tokens: dict[str, str] = {}
        self.env: dict[str, str] = {}
        made, tokens = _accounts(tuple(units))
        shutil.copytree(made, self.data)
        self.tokens.update(tokens)

    @property
    def base(self) -> str:
        """The relay's address for a browser."""
        return f"http://localhost:{self.port}"

    def start_relay(self) -> None:
        """Start (again) and wait until it is ready."""
        self.relay = Process(
            ["relay", "serve", "--port", str(self.port), "--data", str(self.data)],
            self.folder / "relay.log",
            self.env,
        )
        deadline_s = time.monotonic() + 90
        while time.monotonic() < deadline_s:
            if self.relay.child.poll() is not None:
                raise AssertionError(f"the relay ended: {self.relay.said()}")
            if answers(f"{self.base}/readyz"):
                return
            time.sleep(0.05)
        raise AssertionError(f"the relay is not ready: {self.relay.said()}")

    def start_tablet(self, unit: str, source: str, *more: str, panel_port: int = 0) -> Process:
        """Start a tablet; the same unit keeps its spool and journal."""
        tablet = Process(
            [
                "ambulance_client", "run", "--unit", unit, "--source", source,
                "--relay", f"ws://localhost:{self.port}", "--token", self.tokens[unit],
                "--spool", str(self.folder / f"spool-{unit}"),
                "--journal", str(self.journal(unit)), "--panel-port", str(panel_port), *more,
            ],
            self.folder / f"{unit}.log",
        )  # fmt: skip
        self.tablets.append(tablet)
        return tablet

    def journal(self, unit: str) -> Path:
        """Where a unit's tablet writes what was born."""
        return self.folder / f"journal-{unit}"

    def stop(self) -> None:
        """End everything; the first failure is raised after all were asked."""
        try:
            for tablet in self.tablets:
                tablet.stop()
        finally:
            if self.relay is not None:
                self.relay.stop()


class Browserless:
    """HTTP as a signed-in page speaks it."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.cookie = ""

    def sign_in(self, name: str, password: str) -> dict[str, Any]:
        """Open a session."""
        headers, me = self.call("POST", "/api/session", {"name": name, "password": password})
        self.cookie = headers["Set-Cookie"].partition(";")[0]
        return me

    def call(self, method: str, path: str, body: Any = None) -> tuple[Any, Any]:
        """Headers and JSON of an answer; an error status raises ``urllib.error.HTTPError``."""
        request = urllib.request.Request(
            self.base + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "X-Kyumei": "1", "Cookie": self.cookie},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            text = answer.read()
            is_json = "json" in answer.headers.get("Content-Type", "")
            return answer.headers, (json.loads(text) if is_json else text) if text else None

    def get(self, path: str) -> Any:
        """The JSON (or bytes) of a GET."""
        return self.call("GET", path)[1]


async def until(true, within_s: float = 60.0, every_s: float = 0.1) -> Any:
    """Wait until a call gives something true, and return it."""
    deadline_s = time.monotonic() + within_s
    while True:
        value = true()
        if asyncio.iscoroutine(value):
            value = await value
        if value:
            return value
        if time.monotonic() > deadline_s:
            raise AssertionError(f"it did not happen within {within_s} s")
        await asyncio.sleep(every_s)
