"""The drill of ``make backup-drill``: a relay under load is backed up, its folder destroyed, and everything is there again.

A hundred cases of ten ambulances, all sending while the backup is made. What the relay had acknowledged before the
backup began is in the restored folder, sample for sample; what the tablets still hold comes again by itself.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import pytest

from relay.demo.provision import provision
from relay.ecglog.segment_file import load, read_index, scan
from relay.ecglog.segment_folder import read_folder
from relay.protocol import messages as m
from relay.protocol.codec import decode_samples
from relay.protocol.wire import unpack
from tests.city import free_port
from tests.patience import PATIENCE_S
from tests.relay.test_cli import Serving, kyumei
from tests.relay.world import N, Tablet

pytestmark = [pytest.mark.process, pytest.mark.slow]

UNITS, CASES_EACH, FRAMES = 10, 10, 8


class Ambulance:
    """A tablet with many cases, all recording."""

    def __init__(self, port: int, token: str) -> None:
        self.tablet = Tablet(port, token)
        self.specs: list[m.OpenStream] = []
        self.made: dict[UUID, int] = {}

    async def begin(self) -> None:
        await self.tablet.dial()
        for age in range(CASES_EACH):
            spec = self.tablet.open()
            self.specs.append(spec)
            self.made[spec.stream] = 0
            await self.tablet.event(spec.incident, m.PatientCard(1, age_years=40 + age))
        await self.record(FRAMES)

    async def record(self, frames: int) -> None:
        for spec in self.specs:
            first = self.made[spec.stream]
            self.made[spec.stream] = first + frames
            await self.tablet.record(spec.stream, range(first, first + frames))

    async def stored(self) -> None:
        for spec in self.specs:
            await self.tablet.stored(spec.stream, within_s=PATIENCE_S)
        await self.tablet.settled()

    def unstored(self) -> int:
        return sum(self.tablet.link.unstored(spec.stream) for spec in self.specs)


@asynccontextmanager
async def under_load(fleet: list[Ambulance]) -> AsyncIterator[None]:
    """Everybody goes on recording for as long as the block lasts."""
    over = asyncio.Event()

    async def drive(ambulance: Ambulance) -> None:
        while not over.is_set():
            await ambulance.record(1)
            await asyncio.sleep(0.25)

    tasks = [asyncio.create_task(drive(ambulance)) for ambulance in fleet]
    try:
        yield
    finally:
        over.set()
        await asyncio.gather(*tasks)


def samples_of(folder: Path) -> dict[tuple[UUID, int], bytes]:
    """Every frame in the log's files, decoded."""
    found = {}
    for path in sorted((folder / "ecg").glob("*.seg")):
        index = scan(path).entries
        for entry in index:
            frame = load(entry, path)
            assert frame is not None
            found[entry.stream, entry.seq] = _decoded(frame.data)
        assert len(read_index(path)) == len(index)
    return found


def _decoded(data: bytes) -> bytes:
    frame = unpack(data)
    return decode_samples(frame.payload, frame.codec, frame.n_leads, frame.n_samples).tobytes()


@pytest.mark.timeout(900)
async def test_a_relay_under_load_comes_back_from_its_backup(tmp_path: Path) -> None:
    data, into, new = tmp_path / "data", tmp_path / "backups", tmp_path / "elsewhere"
    known = await provision(data, [f"unit-{n}" for n in range(UNITS)])
    first = await asyncio.to_thread(Serving(data, free_port()).__enter__)
    try:
        fleet = [Ambulance(int(first.url.rsplit(":", 1)[1]), t) for t in known.tokens.values()]
        await asyncio.gather(*(ambulance.begin() for ambulance in fleet))
        await asyncio.gather(*(ambulance.stored() for ambulance in fleet))
        promised = {
            spec.stream: n for a in fleet for spec, n in zip(a.specs, a.made.values(), strict=True)
        }
        async with under_load(fleet):
            done = await asyncio.to_thread(kyumei, "backup", str(into), data=data)
        assert done.returncode == 0, done.stdout + done.stderr
    finally:
        await asyncio.to_thread(first.relay.kill9)
    for ambulance in fleet:
        await ambulance.tablet.was_closed()
        ambulance.tablet.link.closed()
        await ambulance.record(4)  # in the dark: only the tablet has these
    shutil.rmtree(data)

    back = await asyncio.to_thread(kyumei, "restore", str(into), data=new)
    assert back.returncode == 0, back.stdout + back.stderr
    assert "BAD" not in back.stdout
    there = samples_of(new)
    for ambulance in fleet:
        for (stream, seq), sent in ambulance.tablet.spool.items():
            if seq < promised[stream]:
                assert there[stream, seq] == _decoded(sent), (stream, seq)
            elif (stream, seq) in there:
                assert there[stream, seq] == _decoded(sent)
    await _what_tablets_hold_comes_again(fleet, new)


async def _what_tablets_hold_comes_again(fleet: list[Ambulance], new: Path) -> None:
    waiting = sum(ambulance.unstored() for ambulance in fleet)
    assert waiting >= UNITS * CASES_EACH * 4
    second = await asyncio.to_thread(Serving(new, free_port()).__enter__)
    try:
        for ambulance in fleet:
            ambulance.tablet.port = int(second.url.rsplit(":", 1)[1])
            await ambulance.tablet.dial()
        await asyncio.gather(*(ambulance.stored() for ambulance in fleet))
        for ambulance in fleet:
            await ambulance.tablet.hang_up()
    finally:
        await asyncio.to_thread(second.__exit__)
    whole = await asyncio.to_thread(kyumei, "verify", "--deep", data=new)
    assert whole.returncode == 0, whole.stdout
    files = await read_folder(new / "ecg")
    for ambulance in fleet:
        for spec in ambulance.specs:
            newest = ambulance.made[spec.stream] * N
            missing = list(files.covered(spec.stream).missing(newest - 4 * N, newest))
            assert missing == [], spec.stream
