"""An upgrade: the new relay listens before the old one leaves, so nobody who comes is turned away."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from pathlib import Path

import pytest
from argon2 import extract_parameters

from relay.auth.argon import ArgonPasswords
from relay.web.server import CAN_SHARE
from tests.city import Process, free_port
from tests.patience import PATIENCE_S
from tests.relay.test_cli import Serving

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


def _successor(data: Path, port: int, log_file: Path) -> Process:
    words = ["serve", "--take-over", "--port", str(port), "--data", str(data)]
    return Process(["relay", *words], log_file)


@pytest.mark.skipif(not CAN_SHARE, reason="only Linux lets a successor listen beside")
async def test_nobody_is_refused_while_a_new_relay_takes_the_old_ones_place(tmp_path: Path) -> None:
    port, data = free_port(), tmp_path / "data"
    with Serving(data, port) as old:
        knocking = Knocking(port)
        knocking.start()
        successor = _successor(data, port, tmp_path / "successor.log")
        try:
            assert await asyncio.to_thread(old.process.wait, PATIENCE_S) == 0
            await successor.until(lambda: "listens on" in successor.said())
            await asyncio.sleep(0.2)
        finally:
            knocking.ended.set()
            knocking.join(10)
            successor.stop()
    assert knocking.knocks > 20
    assert knocking.refused == 0


@pytest.mark.skipif(not CAN_SHARE, reason="only Linux lets a successor listen beside")
def test_a_successor_on_anothers_port_ends_nobody(tmp_path: Path) -> None:
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.listen()
        with Serving(tmp_path / "data", free_port()) as old:
            port = stranger.getsockname()[1]
            successor = _successor(tmp_path / "data", port, tmp_path / "successor.log")

            assert successor.child.wait(PATIENCE_S) == 1
            assert "is taken by another program" in successor.said()
            assert old.process.poll() is None


async def test_a_name_nobody_has_costs_as_much_as_a_wrong_password() -> None:
    passwords = ArgonPasswords(time_cost=2, memory_kib=64, parallelism=2)
    made = extract_parameters(await passwords.hash("a password of somebody"))

    assert extract_parameters(passwords._nobody) == made
    assert not await passwords.verify(None, "no account has this password")
    assert not await passwords.verify(passwords._nobody, "nor this")
    passwords.close()


async def test_passwords_are_hashed_by_a_process_that_may_be_ended_at_any_moment() -> None:
    passwords = ArgonPasswords(time_cost=1, memory_kib=8, parallelism=1)
    stored = await passwords.hash("a password of somebody")
    (process,) = passwords._processes._idle
    assert os.getpriority(os.PRIO_PROCESS, process.pid) > os.getpriority(os.PRIO_PROCESS, 0)
    process.kill()
    process.wait()

    assert await passwords.verify(stored, "a password of somebody")
    assert not await passwords.verify(stored, "another password")
    assert not await passwords.verify("not a stored text", "a password of somebody")
    (other,) = passwords._processes._idle
    assert other.pid != process.pid
    passwords.close()
    assert other.wait(60) is not None
