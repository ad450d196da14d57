"""Shared by the ECG tests: the real records (outside the repository) and hypothesis settings."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from ecg import kernels

settings.register_profile(
    "ecg", derandomize=True, deadline=None, max_examples=15,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
settings.load_profile("ecg")

REPO = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session", autouse=True)
def the_kernels_that_a_relay_uses() -> None:
    """The ECG tests run on what a relay runs on; ``test_ecg_kernels`` compares it with NumPy."""
    assert kernels.warm() is None
