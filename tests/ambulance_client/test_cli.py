"""``kyumei-ambulance`` with wrong input: one sentence, the right exit code, nothing left behind."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.patience import PATIENCE_S

GOOD = ["--source", "synthetic:normal", "--relay", "ws://localhost:1", "--token", "x"]


def _run(tmp_path: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ambulance_client", "run", *args, "--spool", str(tmp_path / "s")],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )


@pytest.mark.parametrize(
    ("args", "code", "sentence"),
    [
        (["--source", "synthetic:dragon", "--token", "x"], 2, "no scenario 'dragon'"),
        (["--source", "wfdb:/nowhere", "--token", "x"], 2, "no WFDB record"),
        (["--source", "synthetic:normal"], 2, "needs its token"),
        (["--source", "synthetic:normal", "--token", "x", "--relay", "http://x"], 2, "ws://"),
        ([*GOOD, "--relay", "ws://localhost:99999"], 2, "like wss://relay.example.jp"),
        ([*GOOD, "--relay", "wss://:8119"], 2, "like wss://relay.example.jp"),
        ([*GOOD, "--relay", "ws://a b"], 2, "like wss://relay.example.jp"),
        (["--source", "lsl:", "--token", "x"], 2, "such as lsl:MONITOR"),
        (["--source", "bluetooth:x", "--token", "x"], 2, "no source kind 'bluetooth'"),
        (["--source", "synthetic:normal", "--token", "x", "--ca", "/nowhere.pem"], 2, "--ca"),
    ],
)
def test_misuse_is_one_sentence(tmp_path: Path, args, code: int, sentence: str) -> None:
    done = _run(tmp_path, *args)

    assert done.returncode == code
    assert sentence in done.stderr
    assert done.stderr.strip().count("\n") == 0


def test_a_taken_port_is_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = _run(tmp_path, *GOOD, "--panel-port", str(taken.getsockname()[1]))

    assert done.returncode == 1
    assert "--panel-port" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unwritable_spool_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "s").write_text("a file stands where the folder should be")
    done = _run(tmp_path, *GOOD, "--panel-port", "0")

    assert done.returncode == 1
    assert "--spool" in done.stderr
    assert "Traceback" not in done.stderr
