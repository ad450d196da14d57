"""Shared by the ECG tests: the real records (outside the repository) and hypothesis settings."""

from pathlib import Path

from hypothesis import HealthCheck, settings

settings.register_profile(
    "ecg", derandomize=True, deadline=None, max_examples=15,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
settings.load_profile("ecg")

REPO = Path(__file__).resolve().parents[2]
