"""The crew's page without any relay: it records, keeps, shows, and answers wrong presses."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
import uvicorn
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from ambulance_client.panel.server import make_panel
from ambulance_client.panel.state import panel_state
from ambulance_client.photos import MAX_BYTES
from ambulance_client.tablet import Tablet, TabletSettings, running_tablet
from relay.errors import BadInput
from relay.protocol.wire import unpack
from tests.city import free_port, until
from tests.patience import PATIENCE_S
from tests.relay.pictures import a_jpeg


def _settings(tmp_path: Path, source: str = "synthetic:normal?seed=5&age=70&sex=F"):
    return TabletSettings(
        unit="救急1",
        relay_url=f"ws://localhost:{free_port()}/link/v1",
        token="nobody-knows-me",
        source=source,
        spool=tmp_path / "spool",
    )


@pytest.fixture
async def panel(tmp_path: Path) -> AsyncIterator[tuple[Tablet, str]]:
    """A running tablet with its page, far from any relay."""
    port = free_port()
    async with running_tablet(_settings(tmp_path)) as tablet:
        server = uvicorn.Server(
            uvicorn.Config(make_panel(tablet), port=port, log_level="error", ws="websockets-sansio")
        )
        serving = asyncio.create_task(server.serve())
        await until(lambda: server.started)
        yield tablet, f"http://localhost:{port}"
        server.should_exit = True
        await serving


async def test_offline_it_records_and_says_so(panel) -> None:
    tablet, base = panel
    await until(lambda: tablet.recorder and tablet.recorder.newest_sample > 500)
    async with httpx2.AsyncClient(base_url=base) as page:
        state = (await page.get("/api/state")).json()

        assert state["link"]["state"] in {"lost", "connecting"}
        assert state["backlog_s"] >= 1
        assert state["spool_ok"] is True
        assert (state["patient"]["age_years"], state["patient"]["sex"]) == (70, "F")
        home = await page.get("/")
        assert "<html" in home.text
        assert "script-src 'self'" in home.headers["content-security-policy"]


async def test_crew_entries_are_kept_and_wrong_ones_refused_in_one_sentence(panel) -> None:
    tablet, base = panel
    async with httpx2.AsyncClient(base_url=base, headers={"X-Kyumei": "1"}) as page:
        good = await page.post("/api/patient", json={"age_years": 62, "pain_nrs": 8})
        assert good.json()["patient"]["pain_nrs"] == 8
        assert (await page.post("/api/mark", json={"mark": "fmc"})).json()["marks"]["fmc"]

        for path, body in (
            ("/api/patient", {"age_years": 400}),
            ("/api/patient", {"name": "山田"}),
            ("/api/patient", {"bp_right": "high"}),
            ("/api/mark", {"mark": "lunch"}),
            ("/api/note", {"text": "  "}),
        ):
            answer = await page.post(path, json=body)
            problem = answer.json()
            assert answer.status_code == 422, body
            assert problem["code"] == "bad-input"
            assert "\n" not in problem["title"]
        early = await page.post("/api/snapshot", json={})
        assert early.status_code in {201, 422}
    assert tablet.case.patient.age_years == 62


async def test_other_pages_cannot_press_the_crews_buttons(panel) -> None:
    _, base = panel
    async with httpx2.AsyncClient(base_url=base) as page:
        mark = {"mark": "door"}
        assert (await page.post("/api/mark", json=mark)).status_code == 403
        evil = {"Origin": "https://evil.example"}
        assert (await page.post("/api/mark", json=mark, headers=evil)).status_code == 403
        rebound = {"Host": "evil.example"}
        assert (await page.get("/api/state", headers=rebound)).status_code == 403
    with pytest.raises(InvalidStatus):
        async with connect(base.replace("http", "ws") + "/api/feed", origin="https://evil.example"):
            pass


async def test_the_feed_carries_frames_and_state(panel) -> None:
    tablet, base = panel
    await until(lambda: tablet.recorder and tablet.recorder.newest_sample > 0)
    samples, states = set(), 0
    async with connect(base.replace("http", "ws") + "/api/feed", origin=base) as feed:
        while len(samples) < 500 or states < 2:
            message = await asyncio.wait_for(feed.recv(), PATIENCE_S)
            if isinstance(message, bytes):
                frame = unpack(message)
                samples.update(range(frame.first_sample, frame.end_sample))
            else:
                states += json.loads(message)["kind"] == "state"


async def test_the_case_survives_a_restart_of_the_tablet(tmp_path: Path) -> None:
    async with running_tablet(_settings(tmp_path)) as tablet:
        incident = tablet.case.incident
        await until(lambda: tablet.case.patient.rev > 0)
        await tablet.set_patient({"pain_nrs": 7})
        await tablet.mark("fmc")
        await until(lambda: tablet.recorder.newest_sample >= 500)
    async with running_tablet(_settings(tmp_path)) as tablet:
        assert tablet.case.incident == incident
        assert tablet.case.patient.pain_nrs == 7
        assert tablet.case.marks["fmc"]
        assert tablet.backlog_s >= 1
        assert not tablet.drained


async def test_a_new_case_leaves_the_old_one_whole_in_the_spool(tmp_path: Path) -> None:
    async with running_tablet(_settings(tmp_path)) as tablet:
        await until(lambda: tablet.recorder and tablet.recorder.newest_sample >= 250)
        first, backlog_s = tablet.case.incident, tablet.backlog_s
        await tablet.new_case()
        await until(lambda: tablet.recorder.spec.incident == tablet.case.incident)

        assert tablet.case.incident != first
        assert tablet.backlog_s >= backlog_s


async def test_a_recording_that_ends_is_a_state(tmp_path: Path) -> None:
    (tmp_path / "r.hea").write_text("r 1 500 300\nr.dat 16 1000/mV 16 0 0 0 0 I\n")
    (tmp_path / "r.dat").write_bytes(bytes(600))
    async with running_tablet(_settings(tmp_path, f"wfdb:{tmp_path / 'r'}")) as tablet:
        await until(lambda: tablet.intake.state == "ended")
        assert tablet.recorder.newest_sample == 300


async def test_a_photo_waits_on_the_disk_through_a_restart(tmp_path: Path) -> None:
    jpeg = a_jpeg()
    async with running_tablet(_settings(tmp_path)) as tablet:
        incident = tablet.case.incident
        await tablet.photos.take(incident, jpeg)
        for wrong in (b"", b"GIF89a", jpeg + bytes(MAX_BYTES)):
            with pytest.raises(BadInput):
                await tablet.photos.take(incident, wrong)
    async with running_tablet(_settings(tmp_path)) as tablet:
        (line,) = panel_state(tablet)["photos"]
        assert line["state"] == "waiting"


@pytest.mark.parametrize(
    ("path", "body", "why"),
    [
        ("/api/patient", {"agee_years": 5}, "no field 'agee_years'"),
        ("/api/mark", {"mark": "fmc", "at": 1}, "no field 'at'"),
        ("/api/mark", {}, "A mark is"),
        ("/api/note", {"text": "x", "to": "chuo"}, "no field 'to'"),
        ("/api/note", {"text": 5}, "is text"),
        ("/api/note", {"txt": "x"}, "no field 'txt'"),
        ("/api/snapshot", {"reason": "clean"}, "no field 'reason'"),
        ("/api/case", {"incident": "x"}, "no field 'incident'"),
        ("/api/remarks/seen", {"id": "x"}, "no field 'id'"),
        ("/api/remarks/seen", {"ids": "x"}, "ids is a list"),
        ("/api/note", ["text"], "one JSON object"),
    ],
)
async def test_what_is_not_understood_is_refused_and_changes_nothing(
    panel, path: str, body: object, why: str
) -> None:
    tablet, base = panel
    case = tablet.case.incident
    async with httpx2.AsyncClient(base_url=base, headers={"X-Kyumei": "1"}) as page:
        answer = await page.post(path, json=body)

    assert answer.status_code == 422
    assert why in answer.json()["title"]
    assert tablet.case.incident == case
    assert tablet.case.marks["fmc"] is None
