"""What all tests share: a folder and a warden, where the real records are, and profiles for hypothesis."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from tempfile import mkdtemp

import pytest
from hypothesis import HealthCheck, settings

from tests import sharing_out, times, warden
from tests.doses import DEEP, examples

pytest_addoption = times.pytest_addoption
pytest_xdist_make_scheduler = sharing_out.pytest_xdist_make_scheduler
pytest_xdist_auto_num_workers = sharing_out.pytest_xdist_auto_num_workers

ROOT = Path(__file__).resolve().parent.parent
RECORDS = ROOT.parent / "shared" / "records"
CASES = ROOT.parent / "shared" / "cases"

# no deadlines: how long an example takes is the machine's matter
unhurried = settings(
    deadline=None, print_blob=True, derandomize=not DEEP,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
)  # fmt: skip
settings.register_profile("every day", unhurried, max_examples=examples(15))
settings.register_profile("deep", unhurried, max_examples=examples(15))
settings.load_profile("deep" if DEEP else "every day")


def pytest_configure(config: pytest.Config) -> None:
    """A run keeps whatever it writes in one folder; no end of it leaves the folder or a process behind."""
    times.pytest_configure(config)
    folder = None
    if not hasattr(config, "workerinput"):  # the workers of a run write into its folder
        folder = Path(mkdtemp(prefix="kyumei-tests-"))
        os.environ["TMPDIR"] = tempfile.tempdir = str(folder)
    config.add_cleanup(warden.stand_by(folder))


@pytest.fixture(scope="session")
def records() -> Path:
    """The folder of real records; skips with a reason where it is absent, fails in CI."""
    return _beside(RECORDS, "the real records are")


@pytest.fixture(scope="session")
def cases() -> Path:
    """The folder of cases from real life; skips with a reason where it is absent, fails in CI."""
    return _beside(CASES, "the cases from real life are")


def _beside(folder: Path, what: str) -> Path:
    if not folder.is_dir():
        reason = f"{what} not beside this checkout (../shared/{folder.name})"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return folder
