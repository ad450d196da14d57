"""What all tests share: where the real records are, and a profile for hypothesis."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent.parent
RECORDS = ROOT.parent / "shared" / "records"

settings.register_profile(
    "ci", derandomize=True, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("ci" if os.environ.get("CI") else "default")


@pytest.fixture(scope="session")
def records() -> Path:
    """The folder of real records; skips with a reason where it is absent, fails in CI."""
    if not RECORDS.is_dir():
        reason = "the real records are not beside this checkout (../shared/records)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return RECORDS
