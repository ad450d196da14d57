"""Real processes for tests: a relay, tablets, and what a hospital's browser would ask of them."""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any

from tests.nursery import LOADED, Child, nursery
from tests.patience import PATIENCE_S

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


def kyumei(*args: str, stdin: str = "") -> str:
    """Run a ``kyumei`` command as a person would; what it said."""
    with TemporaryDirectory() as folder:
        done = Process(["relay", *args], Path(folder, "said"), stdin=stdin)
        code, said = done.child.wait(PATIENCE_S), done.said()
    assert code == 0, f"kyumei {' '.join(args)}: {said}"
    return said


def answers(url: str) -> bool:
    """Whether a GET succeeds."""
    try:
        with urllib.request.urlopen(url, timeout=10):
            return True
    except OSError:
        return False


class Process:
    """A child that can be ended politely or killed; a relay or a tablet is forked where its start is not the matter."""

    def __init__(
        self, args: list[str], log_file: Path, env: dict[str, str] | None = None, stdin: str = ""
    ) -> None:
        self.log_file = log_file
        whole = {**os.environ, "PYTHONUNBUFFERED": "1", **(env or {})}
        self.child: Child | subprocess.Popen[bytes]
        if args[0] in LOADED and "LD_PRELOAD" not in whole:
            self.child = nursery(args[0]).bear(args[1:], log_file, whole, stdin)
            return
        how = () if args[0].startswith("-") else ("-m",)
        with log_file.open("ab") as output:
            self.child = subprocess.Popen(
                [sys.executable, *how, *args], stdout=output, stderr=output, env=whole
            )

    def lives(self) -> None:
        """Fails at once with all it wrote, where it has ended."""
        if self.child.poll() is not None:
            raise AssertionError(f"it ended with {self.child.returncode}: {self.said()}")

    async def until(self, true: Callable[[], Any]) -> Any:
        """Wait until a call gives something true, as long as the process runs."""

        async def true_of_the_living() -> Any:
            value = true()
            value = await value if asyncio.iscoroutine(value) else value
            if not value:
                self.lives()
            return value

        try:
            return await until(true_of_the_living)
        except AssertionError as late:
            raise AssertionError(f"{late}; it said: {self.said()}") from None

    def until_answers(self, url: str) -> None:
        """Wait until a GET succeeds; a process that does not come to answer is ended."""
        deadline_s = time.monotonic() + PATIENCE_S
        while not answers(url):
            self.lives()
            if time.monotonic() > deadline_s:
                self.kill9()  # no fixture that fails here comes to its end
                raise AssertionError(f"{url} is not answered: {self.said()}")
            time.sleep(0.02)

    def kill9(self) -> None:
        """As a power cut would."""
        self.child.send_signal(signal.SIGKILL)
        self.child.wait()

    def stop(self, within_s: float = PATIENCE_S) -> int:
        """Ask it to end."""
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
            try:
                self.child.wait(within_s)
            except subprocess.TimeoutExpired:
                self.kill9()
                raise AssertionError(f"did not end in time: {self.said()}") from None
        return self.child.wait()

    def said(self) -> str:
        """All it wrote."""
        return self.log_file.read_text(errors="replace")


@cache
def _accounts(units: tuple[str, ...]) -> tuple[Path, dict[str, str]]:
    """A data folder with a hospital, its people and devices, and the devices' tokens; made once, by a person's commands."""
    made = Path(mkdtemp(prefix="kyumei-city-"))
    data = ("--data", str(made))
    kyumei("migrate", *data)
    kyumei("hospitals", "add", HOSPITAL, "--name", "福島第一病院", *data)
    for (name, password), *more in (
        (CARDIOLOGIST, "--role", "cardiologist", "--hospital", HOSPITAL, "--display", "佐藤 医師"),
        (DISPATCHER, "--role", "dispatcher", "--display", "加藤"),
    ):
        kyumei("users", "add", name, *more, "--password-stdin", *data, stdin=password + "\n")
    tokens = {}
    for unit in units:
        done = kyumei("devices", "add", unit, "--hospital", HOSPITAL, *data)
        tokens[unit] = re.search(r"kyd_\S+", done)[0]
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
        self.relay.until_answers(f"{self.base}/readyz")

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
        failures = []
        for process in (*self.tablets, *filter(None, [self.relay])):
            try:
                process.stop()
            except AssertionError as failure:
                failures.append(failure)
        if failures:
            raise failures[0]


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
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            text = answer.read()
            is_json = "json" in answer.headers.get("Content-Type", "")
            return answer.headers, (json.loads(text) if is_json else text) if text else None

    def get(self, path: str) -> Any:
        """The JSON (or bytes) of a GET."""
        return self.call("GET", path)[1]


async def until(true, within_s: float = PATIENCE_S, every_s: float = 0.1) -> Any:
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
