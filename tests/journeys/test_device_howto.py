"""The sample sender of the how-to, word for word, against a relay that is killed in the middle."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from relay.ecglog.segments import open_log
from relay.protocol.codec import decode_samples
from relay.protocol.wire import unpack
from tests.city import City
from tests.conftest import ROOT
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.process
SECONDS, FS = 6, 500


def _sender() -> str:
    text = (ROOT / "docs/howto/connect-a-device.md").read_text()
    return re.search(r"```python\n(.*?)```", text, re.DOTALL)[1]


def test_it_is_short_enough_to_read() -> None:
    assert len([line for line in _sender().splitlines() if line.strip()]) <= 70


async def test_every_sample_arrives_although_the_relay_dies(tmp_path: Path) -> None:
    city = await asyncio.to_thread(City, tmp_path, ["救急1"])
    program = tmp_path / "sender.py"
    program.write_text(_sender())
    await asyncio.to_thread(city.start_relay)
    address = f"ws://localhost:{city.port}/link/v1"
    sender = subprocess.Popen(
        [sys.executable, str(program), address, city.tokens["救急1"], str(SECONDS)],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        await asyncio.sleep(2.5)
        await asyncio.to_thread(city.relay.kill9)
        await asyncio.to_thread(city.start_relay)
        _, said = await asyncio.to_thread(sender.communicate, timeout=PATIENCE_S)
        assert (sender.returncode, said) == (0, "")
    finally:
        sender.kill()
        await asyncio.to_thread(city.stop)

    log = await open_log(city.data / "ecg")
    try:
        (stream,) = log.streams()
        frames = [unpack(f.data) for f in await log.read(stream, 0, 2**62)]
    finally:
        await log.close()
    frames.sort(key=lambda f: f.seq)
    assert [f.seq for f in frames] == list(range(SECONDS * FS // 125))
    adc = np.concatenate([decode_samples(f.payload, f.codec, 8, 125) for f in frames], axis=1)
    n = np.arange(SECONDS * FS)
    assert np.array_equal(adc, [(n * lead) % 2000 - 1000 for lead in range(1, 9)])
