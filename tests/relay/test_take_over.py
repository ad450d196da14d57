"""An upgrade: the new relay listens before the old one leaves, so nobody who comes is turned away."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from argon2 import extract_parameters

from relay.auth.argon import ArgonPasswords
from relay.web.server import CAN_SHARE
from tests.city import free_port
from tests.relay.test_cli import ROOT, Serving

pytestmark = pytest.mark.process


class Knocking(threading.Thread):
    """Comes to the relay's door every few milliseconds, as a fleet that redials."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self.port = port
        self.knocks, self.refused = 0, 0
        self.ended = threading.Event()

    def run(self) -> None:
        while not self.ended.wait(0.005):
            self.knocks += 1
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=5).close()
            except ConnectionRefusedError:
                self.refused += 1


def _successor(data: Path, port: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "relay", "serve", "--take-over"]
    return subprocess.Popen(
        [*command, "--port", str(port), "--data", str(data)],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.skipif(not CAN_SHARE, reason="only Linux lets a successor listen beside")
def test_nobody_is_refused_while_a_new_relay_takes_the_old_ones_place(tmp_path: Path) -> None:
    port = free_port()
    with Serving(tmp_path, port) as old:
        knocking = Knocking(port)
        knocking.start()
        successor = _successor(tmp_path, port)
        try:
            assert old.process.wait(150) == 0
            assert successor.stderr is not None
            assert "listens on" in successor.stderr.readline()
            time.sleep(0.2)
        finally:
            knocking.ended.set()
            knocking.join(10)
            successor.send_signal(signal.SIGTERM)
            successor.wait(60)
            successor.stderr.close()
    assert knocking.knocks > 20
    assert knocking.refused == 0


@pytest.mark.skipif(not CAN_SHARE, reason="only Linux lets a successor listen beside")
def test_a_successor_on_anothers_port_ends_nobody(tmp_path: Path) -> None:
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.listen()
        with Serving(tmp_path, free_port()) as old:
            successor = _successor(tmp_path, stranger.getsockname()[1])
            _, said = successor.communicate(timeout=150)

            assert (successor.returncode, "is taken by another program" in said) == (1, True), said
            assert old.process.poll() is None


def test_a_name_nobody_has_costs_as_much_as_a_wrong_password() -> None:
    passwords = ArgonPasswords(time_cost=2, memory_kib=64, parallelism=2)
    made = extract_parameters(passwords._hasher.hash("a password of somebody"))

    assert extract_parameters(passwords._nobody) == made
    assert not passwords._verify(passwords._nobody, "no account has this password")
