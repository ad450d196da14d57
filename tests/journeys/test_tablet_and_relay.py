"""A real tablet and a real relay: strangers are refused, an outage drains, receipts come back."""

from __future__ import annotations

import asyncio
from pathlib import Path
from uuid import UUID

import pytest

from ambulance_client.tablet import Tablet, TabletSettings, running_tablet
from relay.demo.tally import tally
from tests.city import CARDIOLOGIST, Browserless, City, until
from tests.relay.pictures import a_jpeg

pytestmark = pytest.mark.process


def _settings(city: City, token: str | None = None) -> TabletSettings:
    city.journal("救急1").mkdir(exist_ok=True)
    return TabletSettings(
        unit="救急1",
        relay_url=f"ws://localhost:{city.port}/link/v1",
        token=token or city.tokens["救急1"],
        source="synthetic:inferior-stemi?seed=2&age=58&sex=M",
        spool=city.folder / "spool",
        journal=city.journal("救急1"),
    )


@pytest.fixture
async def city(tmp_path: Path):
    made = await asyncio.to_thread(City, tmp_path, ["救急1"])
    yield made
    await asyncio.to_thread(made.stop)


async def test_a_stranger_is_refused_and_told_what_to_do(city: City) -> None:
    await asyncio.to_thread(city.start_relay)
    async with running_tablet(_settings(city, "not-a-token")) as tablet:
        await until(lambda: tablet.uplink.status.state == "refused")

        assert "administrator" in tablet.uplink.status.text
        assert tablet.recorder is not None


async def test_an_outage_drains_and_every_receipt_comes_back(city: City) -> None:
    async with running_tablet(_settings(city)) as tablet:
        await until(lambda: tablet.backlog_s >= 3)
        await tablet.mark("fmc")
        photo = await tablet.photos.take(tablet.case.incident, a_jpeg())
        await asyncio.to_thread(city.start_relay)
        await until(lambda: tablet.uplink.status.state == "connected")
        await until(lambda: tablet.backlog_s <= 1)
        await _whole_chain(city, tablet)
        await until(lambda: tablet.photos.lines(tablet.case.incident)[0]["state"] == "sent")
        await asyncio.to_thread(_photo_is_seen, city, tablet.case.incident, photo)
        await tablet.stop_recording()
        await until(lambda: tablet.drained)
    await asyncio.to_thread(city.relay.stop)

    (counted,) = (await tally(city.journal("救急1"), city.data / "ecg")).values()
    assert counted.whole


def _photo_is_seen(city: City, incident: UUID, photo: str) -> None:
    page = Browserless(city.base)
    page.sign_in(*CARDIOLOGIST)
    assert page.get(f"/api/incidents/{incident}/photos/{photo}").startswith(b"\xff\xd8")


async def _whole_chain(city: City, tablet: Tablet) -> None:
    page = Browserless(city.base)
    await asyncio.to_thread(page.sign_in, *CARDIOLOGIST)
    await until(lambda: tablet.recorder.newest_sample >= 5000)
    snapshot = str(await tablet.snapshot())
    await until(lambda: tablet.case.fold.lines[snapshot].stored)
    await until(lambda: tablet.case.fold.lines[snapshot].tier)
    incident = str(tablet.case.incident)
    row = await asyncio.to_thread(page.get, f"/api/incidents/{incident}")
    assert row["awaiting_read"] is True
    assert row["patient"]["age_years"] == 58

    opened = {"snapshot": snapshot}
    await asyncio.to_thread(page.call, "POST", f"/api/incidents/{incident}/opened", opened)
    await until(lambda: tablet.case.receipts.opened_by == "佐藤 医師")
    decision = {"decision": "stemi-cath", "text": "カテ室へ", "snapshot": snapshot}
    await asyncio.to_thread(page.call, "POST", f"/api/incidents/{incident}/decisions", decision)
    await until(lambda: tablet.case.receipts.decision == "stemi-cath")
    assert tablet.case.receipts.decided_by == "佐藤 医師"
    stages = {notice.stage for notice in tablet.case.notices}
    assert {"mark", "snapshot-stored", "screened", "trace-opened", "decided"} <= stages
