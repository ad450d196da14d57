"""A kept ECG leaves by the route and by the command: the same file, written down both times."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import numpy as np

from relay.protocol import messages as m
from tests.relay.test_alerts import alarmed
from tests.relay.test_cli import kyumei
from tests.relay.world import ELEVATED, World, a_world, audited, block


async def test_the_route_hands_out_what_was_kept_and_writes_it_down(world: World) -> None:
    async with world.tablet() as tablet, await world.http("sato") as http:
        spec, snapshot = await alarmed(world, tablet)
        await tablet.event(spec.incident, m.PatientCard(1, age_years=61, sex="M"))
        await tablet.settled()
        answer = await http.get(f"/api/snapshots/{snapshot}/exports/json")
        assert answer.status_code == 200
        disposition = answer.headers["content-disposition"]
        assert disposition == f'attachment; filename="ecg-{snapshot}.json"'
        assert answer.headers["cache-control"] == "no-store"
        whole = answer.json()
        sent = np.concatenate([block(seq, ELEVATED) for seq in range(8)], axis=1)[:, :1000]
        np.testing.assert_array_equal(whole["samples_lsb"], sent)
        assert (whole["unit"], whole["patient"]["age_years"]) == ("救急1", 61)
        assert whole["report"]["tier"] == "A"
        assert whole["t0_us"] == spec.started_at_us
        assert await audited(world, "snapshot-exported") == [
            {"snapshot": str(snapshot), "export": "json"}
        ]


async def test_an_export_that_there_is_not_is_not_found(world: World) -> None:
    async with world.tablet() as tablet, await world.http("sato") as http:
        _, snapshot = await alarmed(world, tablet)
        answer = await http.get(f"/api/snapshots/{snapshot}/exports/jsn")
        assert answer.status_code == 404
        assert "did you mean json?" in answer.text


async def test_the_command_writes_the_same_file_and_never_over_another(tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with a_world(data) as world, world.tablet() as tablet:
        _, snapshot = await alarmed(world, tablet)
        async with await world.http("sato") as http:
            by_route = (await http.get(f"/api/snapshots/{snapshot}/exports/json")).json()
        words = ("export", str(snapshot), "json", "--into", str(tmp_path))
        done = await asyncio.to_thread(kyumei, *words, data=data)
        assert done.returncode == 0, done.stderr
        async with world.relay.records.read() as records:
            rows = await records.evidence.audit_rows()
        wrote = [(r.who, r.data["export"]) for r in rows if r.action == "snapshot-exported"]
        assert wrote == [("sato", "json"), ("command line", "json")]
    file = tmp_path / f"ecg-{snapshot}.json"
    assert json.loads(file.read_bytes()) == by_route
    again = await asyncio.to_thread(kyumei, *words, data=data)
    assert (again.returncode, "exists" in again.stderr) == (1, True)
    unknown = await asyncio.to_thread(kyumei, "export", str(snapshot), "jsn", data=data)
    assert (unknown.returncode, "did you mean json?" in unknown.stderr) == (1, True)
