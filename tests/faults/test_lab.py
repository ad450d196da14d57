"""``kyumei faults`` at small doses: the same experiments, every sample exact."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from relay.faults.lab import open_lab
from relay.faults.table import FAULTS

pytestmark = [pytest.mark.process, pytest.mark.slow]

SEED = 119
DEFAULT = {"loss-20", "tunnel"}
"""What every run plays: half a minute. The other rows of the table are played with ``-m soak``."""
ROWS = [
    pytest.param(f, id=f.name, marks=() if f.name in DEFAULT else pytest.mark.soak) for f in FAULTS
]


@pytest.mark.parametrize("fault", ROWS)
async def test_every_sample_is_exact(fault, tmp_path: Path) -> None:
    if reason := fault.bench.why_not():
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    async with open_lab(tmp_path / "lab", SEED, fault.bench) as lab:
        outcome = await fault.run(lab, fault.small)

    assert outcome.exact, f"seed {SEED}: {outcome}"
    assert outcome.count.made > 1000
