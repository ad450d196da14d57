"""Relays and tablets that need not import the world anew: a process that has everything loaded forks one child for each.

A child is a process of its own with its own id, log and environment, runs ``python -m relay …`` as any
other would and dies of a real ``kill -9``; it only has not spent seconds of CPU on imports. What a start
from ``exec`` loads and costs is told in ``tests/house/test_starts.py`` and by ``kyumei bench start``.

The two ends speak JSON lines over the nursery's standard input and output.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import runpy
import select
import signal
import subprocess
import sys
import threading
from functools import cache
from io import TextIOWrapper
from pathlib import Path
from typing import Any

LOADED = {
    "relay": ("relay.cli.serve", "relay.cli.devices", "relay.cli.users", "relay.office", "relay.wiring.relay", "relay.web.app", "relay.web.server", "ecg.screen", "uvloop"),
    "ambulance_client": ("ambulance_client.cli", "ambulance_client.tablet", "ambulance_client.panel.server", "ambulance_client.sources.synthetic", "uvicorn"),
}  # fmt: skip
"""What is loaded before the first child of each kind."""
ROOT = Path(__file__).resolve().parents[1]


class Child:
    """A forked process, with as much of ``subprocess.Popen`` as tests use."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._code: int | None = None
        self._gone = threading.Event()

    @property
    def returncode(self) -> int | None:
        """As ``Popen.returncode``."""
        return self.poll()

    def poll(self) -> int | None:
        """Its exit code, minus the signal that ended it; None while it runs."""
        return self._code

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, once it has ended.

        Raises:
            subprocess.TimeoutExpired: it still runs.
        """
        if not self._gone.wait(timeout):
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0.0)
        assert self._code is not None
        return self._code

    def send_signal(self, which: int) -> None:
        """As ``Popen.send_signal``: nothing is sent to who has gone."""
        if self._code is None:
            os.kill(self.pid, which)

    def ended(self, code: int) -> None:
        """Told by the nursery."""
        self._code = code
        self._gone.set()


class Nursery:
    """This end of one nursery; any thread may ask."""

    def __init__(self, module: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.nursery", module],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, start_new_session=True,
        )  # fmt: skip
        self._asking = threading.Lock()
        self._born: list[Child] = []
        self._has_news = threading.Condition()
        threading.Thread(target=self._listen, daemon=True).start()

    def bear(self, args: list[str], log_file: Path, env: dict[str, str], stdin: str = "") -> Child:
        """A new process ``python -m …`` that reads this and writes to the log."""
        log_file.touch(mode=0o600)  # who reads it need not wait for the child
        places = {"log": str(log_file), "cwd": str(Path.cwd())}
        wanted = {"args": args, "env": env, "stdin": stdin, **places}
        with self._asking:
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps(wanted) + "\n")
            self._process.stdin.flush()
            with self._has_news:
                self._has_news.wait_for(lambda: self._born or self._process.poll() is not None)
                assert self._born, "the nursery has ended: what it says is above"
                return self._born.pop()

    def _listen(self) -> None:
        known: dict[int, Child] = {}
        assert self._process.stdout is not None
        for line in self._process.stdout:
            told = json.loads(line)
            if "born" in told:
                child = known[told["born"]] = Child(told["born"])
                with self._has_news:
                    self._born.append(child)
                    self._has_news.notify_all()
            else:
                known.pop(told["ended"]).ended(told["code"])
        self._process.wait()
        with self._has_news:
            self._has_news.notify_all()
        for child in known.values():  # nobody would tell of them any more
            child.ended(-signal.SIGKILL)


@cache
def nursery(module: str) -> Nursery:
    """The one of this test process for ``relay`` or ``ambulance_client``."""
    return Nursery(module)


def _tell(**news: int) -> None:
    os.write(1, (json.dumps(news) + "\n").encode())


def _reap() -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        _tell(ended=pid, code=os.waitstatus_to_exitcode(status))


def _next_child() -> dict[str, Any]:
    """Forks whenever it is asked; comes back in the child alone, with what that shall be."""
    wakes, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    asked = b""
    while True:
        ready, _, _ = select.select([0, wakes], [], [])
        if wakes in ready:
            os.read(wakes, 4096)
            _reap()
        if 0 not in ready:
            continue
        read = os.read(0, 65536)
        if not read:
            sys.exit()
        *lines, asked = (asked + read).split(b"\n")
        for line in lines:
            if (pid := os.fork()) == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                os.close(wakes)
                os.close(wake)
                wanted: dict[str, Any] = json.loads(line)
                return wanted
            _tell(born=pid)


def _become(wanted: dict[str, Any]) -> None:
    """Log, environment and folder as ``Popen`` would have set them."""
    log = os.open(wanted["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    given = os.memfd_create("stdin")
    os.write(given, wanted["stdin"].encode())
    os.lseek(given, 0, os.SEEK_SET)
    for had, wanted_as in ((given, 0), (log, 1), (log, 2)):
        os.dup2(had, wanted_as)
    os.close(log)
    os.close(given)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115
    sys.stdout, sys.stderr = (
        TextIOWrapper(open(fd, "wb", 0, closefd=False), "utf-8", write_through=True)  # noqa: SIM115
        for fd in (1, 2)
    )
    os.environ.clear()
    os.environ.update(wanted["env"])
    os.chdir(wanted["cwd"])


def main(module: str) -> None:
    """Load, then fork until nobody is left to ask."""
    for name in LOADED[module]:
        importlib.import_module(name)
    if module == "relay":
        importlib.import_module(
            "ecg.kernels.warming"
        ).warm()  # how a relay itself does so is told by those that exec
    gc.collect()
    gc.freeze()
    wanted = _next_child()
    _become(wanted)
    sys.argv = [module, *wanted["args"]]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv[1])
