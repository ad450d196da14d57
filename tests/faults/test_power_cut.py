"""Power lost at any moment: by the kernel's own record, nothing is acknowledged that is not on the disk.

A real relay under ``strace`` with a real tablet. Its writes to the ECG log, its ``fdatasync`` and what it
sends are replayed in order: at every acknowledgement the bytes that had been synced by then, and no others,
are what a power cut would leave. Each acknowledged frame must be whole in them.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from relay.ecglog.segment_file import scan
from tests.city import City, answers
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.process

CALLS = "trace=write,writev,pwrite64,sendto,sendmsg,fdatasync,fsync"
ACKS_WANTED = 10
_STARTED = re.compile(r"^(\d+) +(\w+)\(\d+<([^>]*)>")
_RESUMED = re.compile(r"^(\d+) +<\.\.\. (\w+) resumed>")
_RESULT = re.compile(r" = (\d+)$")
_STREAM = re.compile(r'"stream":"([0-9a-f-]{36})"')
_RANGES = re.compile(r'"ranges":\[((?:\[\d+,\d+\],?)+)\]')


@dataclass
class Disk:
    """What a power cut would leave of each segment, as the record is read on."""

    written: dict[str, int] = field(default_factory=dict)
    synced: dict[str, int] = field(default_factory=dict)
    folder_synced: set[str] = field(default_factory=set)
    known: set[str] = field(default_factory=set)

    def done(self, call: str, path: str, result: int) -> None:
        """One call that has returned."""
        if path.endswith(".seg"):
            if call in {"write", "writev"}:
                self.written[path] = self.written.get(path, 0) + result
                self.known.add(path)
            elif call in {"fdatasync", "fsync"}:
                self.synced[path] = self.written.get(path, 0)
        elif call == "fsync" and path.endswith("/ecg"):
            self.folder_synced.add(path)


@dataclass(frozen=True)
class Promise:
    """An acknowledgement, and what was on the disk when it left."""

    stream: str
    seqs: frozenset[int]
    synced: dict[str, int]


def _promises(trace: Path) -> tuple[list[Promise], Disk]:
    disk, promises, open_calls = Disk(), [], {}
    for line in trace.read_text(errors="replace").splitlines():
        if started := _STARTED.match(line):
            thread, call, path = started.groups()
            if "socket:" in path or "TCP" in path:
                promises += _acks(line.replace('\\"', '"'), disk)
            if "<unfinished" in line:
                open_calls[thread] = path
                continue
        elif resumed := _RESUMED.match(line):
            thread, call = resumed.groups()
            path = open_calls.pop(thread, "")
        else:
            continue
        if result := _RESULT.search(line):
            disk.done(call, path, int(result[1]))
    return promises, disk


def _acks(line: str, disk: Disk) -> list[Promise]:
    """Every acknowledgement in what was sent at once."""
    found = []
    for text in line.split('"kind":"ack"'):
        ranges, stream = _RANGES.search(text), _STREAM.search(text)
        if ranges and stream:
            pairs = re.findall(r"\[(\d+),(\d+)\]", ranges[1])
            seqs = frozenset(seq for a, b in pairs for seq in range(int(a), int(b)))
            found.append(Promise(stream[1], seqs, dict(disk.synced)))
    return found


def _traced_relay(city: City, trace: Path) -> subprocess.Popen[bytes]:
    command = ["strace", "-f", "-y", "-s", "4000", "-e", CALLS, "-o", str(trace)]
    serve = [sys.executable, "-m", "relay", "serve", "--port", str(city.port)]
    relay = subprocess.Popen(
        [*command, *serve, "--data", str(city.data)], stderr=subprocess.DEVNULL, text=False
    )
    deadline_s = time.monotonic() + PATIENCE_S
    while not answers(f"{city.base}/readyz"):
        assert time.monotonic() < deadline_s and relay.poll() is None
        time.sleep(0.1)
    return relay


def _run_until_acknowledged(city: City, trace: Path) -> None:
    relay = _traced_relay(city, trace)
    try:
        city.start_tablet("救急1", "synthetic:normal?seed=3")
        deadline_s = time.monotonic() + PATIENCE_S
        while len(_promises(trace)[0]) < ACKS_WANTED:
            assert time.monotonic() < deadline_s, city.tablets[-1].said()
            time.sleep(0.5)
    finally:
        city.stop()
        (pid,) = (int(p) for p in (city.data / "relay.lock").read_text().split())
        os.kill(pid, signal.SIGTERM)
        relay.wait(PATIENCE_S)


def test_every_acknowledged_frame_would_survive_a_power_cut(tmp_path: Path) -> None:
    if shutil.which("strace") is None:
        assert not os.environ.get("CI"), "scripts/fault_tools installs strace"
        pytest.skip("strace is not installed")
    city, trace = City(tmp_path, ["救急1"]), tmp_path / "trace"
    _run_until_acknowledged(city, trace)

    promises, disk = _promises(trace)
    ends = {
        (path, str(entry.stream), entry.seq): entry.offset + entry.size
        for path in sorted(disk.known)
        for entry in scan(Path(path)).entries
    }
    assert sum(len(p.seqs) for p in promises) >= ACKS_WANTED
    for promise in promises:
        for seq in promise.seqs:
            places = [
                (path, end)
                for (path, stream, at), end in ends.items()
                if (stream, at) == (promise.stream, seq)
            ]
            assert any(end <= promise.synced.get(path, 0) for path, end in places), (
                f"frame {seq} was acknowledged before it was synced: {places}, {promise.synced}"
            )
    assert disk.folder_synced, "the new segment's name was never synced"
