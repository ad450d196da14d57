"""``kyumei faults`` at small doses: the same experiments, every sample exact."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from relay.faults.experiments import FAULTS
from relay.faults.lab import open_lab

pytestmark = [pytest.mark.process, pytest.mark.slow]

SEED = 119
SMALL = {"tunnel", "cuts", "half-open", "damage"}


@pytest.mark.parametrize("fault", [f for f in FAULTS if f.name in SMALL], ids=lambda f: f.name)
async def test_every_sample_is_exact(fault, tmp_path: Path) -> None:
    async with open_lab(tmp_path / "lab", SEED) as lab:
        outcome = await fault.run(lab, fault.small, random.Random(SEED))

    assert outcome.exact, f"seed {SEED}: {outcome}"
    assert outcome.made > 1000
