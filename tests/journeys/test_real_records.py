"""Real ECGs as ambulances: every PTB and LUDB record goes the whole way, bit for bit (every third of them every day).

Source → spool → link → log → snapshot → screen → notice on the tablet. What the relay says of the
trace must be what the screen says of the very same samples read straight from the file.
"""

from __future__ import annotations

import asyncio
import csv
import math
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest

from ambulance_client.sources.wfdb_replay import read_record
from ambulance_client.tablet import Tablet, TabletSettings, running_tablet
from ecg.leads import in_wire_order, mask_of_leads
from ecg.screen import screen_segment
from ecg.values import EcgSegment
from relay.demo.tally import tally
from tests.city import CARDIOLOGIST, Browserless, City, until
from tests.doses import dose

pytestmark = [pytest.mark.process, pytest.mark.records, pytest.mark.slow]

AT_ONCE = 45
UNITS = [f"救急{n}" for n in range(1, AT_ONCE + 1)]
"""Each has one tablet: an ambulance has one link's credit."""


def _paths(records: Path) -> list[Path]:
    with (records / "MANIFEST.csv").open() as file:
        return [
            records / row["path"]
            for row in csv.DictReader(file)
            if row["dataset"] in {"ludb", "ptbdb"} and int(row["n_leads"]) >= 12
        ]


def _todays(paths: list[Path]) -> list[Path]:
    """All of them in the deep run; every day as many as there are ambulances, of each folder its part."""
    some = paths[:: math.ceil(len(paths) / AT_ONCE)]
    return dose(some, paths)


def _looped(whole: EcgSegment, first: int, n: int) -> np.ndarray:
    rows = [whole.leads.index(lead) for lead in in_wire_order(whole.leads)]
    return whole.adc[rows][:, np.arange(first, first + n) % whole.n_samples]


async def _one_ambulance(tablet: Tablet, path: Path, page: Browserless) -> str:
    """Record ten seconds, ask for a snapshot, and check what comes back; gives the tier."""
    await until(lambda: tablet.recorder and tablet.recorder.newest_sample > 0)
    fs_hz = tablet.recorder.spec.fs_hz
    await until(lambda: tablet.recorder.newest_sample >= 10 * fs_hz)
    snapshot = str(await tablet.snapshot())
    await until(lambda: tablet.case.fold.lines[snapshot].tier)
    told = tablet.case.snapshots[snapshot]

    whole, record = await asyncio.to_thread(read_record, path)
    headers, raw = await asyncio.to_thread(page.call, "GET", f"/api/snapshots/{snapshot}/samples")
    first, n = int(headers["X-First-Sample"]), int(headers["X-N-Samples"])
    leads = in_wire_order(whole.leads)
    expected = _looped(whole, first, n)
    assert int(headers["X-Lead-Mask"]) == mask_of_leads(leads)
    assert np.array_equal(np.frombuffer(raw, "<i2").reshape(len(leads), n), expected), path.name

    segment = EcgSegment(np.ascontiguousarray(expected), leads, fs_hz, whole.uv_per_lsb, first)
    direct = await asyncio.to_thread(screen_segment, segment, record.patient)
    served = await asyncio.to_thread(page.get, f"/api/snapshots/{snapshot}")
    assert served["report"] == direct.as_json(), path.name
    tier = tablet.case.fold.lines[snapshot].tier
    assert (tier, told.statement_ja) == (direct.tier.value, direct.statement_ja)
    return str(direct.tier.value)


@pytest.mark.timeout(900)
async def test_ptb_and_ludb_records_go_the_whole_way(records: Path, tmp_path: Path) -> None:
    paths = _todays(await asyncio.to_thread(_paths, records))
    city = await asyncio.to_thread(City, tmp_path, UNITS)
    page = Browserless(city.base)
    tiers: dict[UUID, str] = {}
    await asyncio.to_thread(city.start_relay)
    try:
        await asyncio.to_thread(page.sign_in, *CARDIOLOGIST)
        for at in range(0, len(paths), AT_ONCE):
            async with AsyncExitStack() as stack:
                tablets = [
                    await stack.enter_async_context(running_tablet(_settings(city, path, unit)))
                    for unit, path in zip(UNITS, paths[at : at + AT_ONCE], strict=False)
                ]
                found = await asyncio.gather(
                    *(
                        _one_ambulance(tablet, path, page)
                        for tablet, path in zip(tablets, paths[at : at + AT_ONCE], strict=True)
                    )
                )
                tiers.update(
                    (t.case.incident, tier) for t, tier in zip(tablets, found, strict=True)
                )
                for tablet in tablets:
                    await tablet.stop_recording()
                    await until(lambda tablet=tablet: tablet.drained)
        rows = (await asyncio.to_thread(page.get, "/api/incidents?state=open"))["incidents"]
    finally:
        await asyncio.to_thread(city.stop)

    alarmed = {UUID(row["id"]) for row in rows if row["alert"]}
    assert {i for i, tier in tiers.items() if tier == "A"} <= alarmed
    whole = await tally(city.journal("救急1"), city.data / "ecg")
    assert len(whole) == len(paths)
    assert [s for s, t in whole.items() if not t.whole] == []


def _settings(city: City, path: Path, unit: str) -> TabletSettings:
    city.journal("救急1").mkdir(exist_ok=True)
    return TabletSettings(
        unit=unit,
        relay_url=f"ws://localhost:{city.port}/link/v1",
        token=city.tokens[unit],
        source=f"wfdb:{path}?loop=1",
        spool=city.folder / f"spool-{path.parent.name}-{path.name}",
        journal=city.journal("救急1"),
    )
