"""A process of ours ends at once, and still as Python promises; one that serves settles."""

from __future__ import annotations

import subprocess
import sys

import pytest

BEGIN = """
import atexit, gc, os, sys, threading, time
from relay.process import ending_at_once, load_without_looking, settle

class Left:
    def __del__(self):
        os.write(2, b"taken apart")

left = Left()
"""


def _run(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", BEGIN + program], capture_output=True, text=True, timeout=120
    )


@pytest.mark.parametrize(("ends", "status"), [("sys.exit(3)", 3), ("sys.exit()", 0), ("pass", 0)])
def test_it_ends_with_its_status_and_all_it_said_and_is_not_taken_apart(
    ends: str, status: int
) -> None:
    done = _run(f"with ending_at_once():\n    print('x' * 100_000)\n    {ends}\n")
    assert (done.returncode, len(done.stdout)) == (status, 100_001)
    assert done.stderr == ""


def test_what_waits_for_the_end_is_done() -> None:
    done = _run(
        "with ending_at_once():\n"
        "    atexit.register(print, 'at the exit')\n"
        "    threading.Thread(target=lambda: (time.sleep(0.3), print('a thread'))).start()\n"
        "    sys.exit(1)\n"
    )

    assert (done.returncode, done.stdout.splitlines()) == (1, ["a thread", "at the exit"])


@pytest.mark.parametrize(
    ("ends", "said"), [("1 / 0", "ZeroDivisionError"), ("sys.exit('a sentence')", "a sentence")]
)
def test_an_error_and_a_sentence_end_as_python_ends(ends: str, said: str) -> None:
    done = _run(f"with ending_at_once():\n    {ends}\n")
    assert done.returncode == 1
    assert said in done.stderr


def test_a_full_disk_is_still_told() -> None:
    program = BEGIN + "with ending_at_once():\n    print('x')\n"
    with open("/dev/full", "w") as full:  # noqa: PTH123 - a device
        done = subprocess.run(
            [sys.executable, "-c", program], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert done.returncode != 0
    assert "No space left" in done.stderr


def test_what_is_loaded_is_not_looked_through_again() -> None:
    done = _run(
        "load_without_looking()\n"
        "print(gc.get_threshold()[0])\n"
        "settle()\n"
        "print(gc.get_threshold(), gc.get_freeze_count() > 1_000, len(gc.get_objects()) < 1_000)\n"
    )

    assert done.stdout.splitlines() == ["100000", "(700, 10, 10) True True"]
