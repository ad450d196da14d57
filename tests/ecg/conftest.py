"""Shared by the ECG tests: the kernels that a relay uses."""

from pathlib import Path

import pytest

from ecg.kernels.warming import warm

REPO = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session", autouse=True)
def the_kernels_that_a_relay_uses() -> None:
    """The ECG tests run on what a relay runs on; ``test_ecg_kernels`` compares it with NumPy."""
    assert warm() is None
