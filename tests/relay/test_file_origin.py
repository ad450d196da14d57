"""A cart's file that may be somebody else's: said on the timeline, on the sheet's row, as the card stands now."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

from relay.protocol import messages as m
from tests.relay.world import World

FINGERPRINT = "ab" * 32
OLD = m.FileOrigin("2019-02-03T08:15:00", 250_000_000, 34, "F", FINGERPRINT)


async def _sent(tablet, origin: m.FileOrigin | None, *, age: int | None = 61):
    """A case with one file; its recording's specification."""
    spec = tablet.open()
    await tablet.record(spec.stream, range(4))
    if age is not None:
        await tablet.event(spec.incident, m.PatientCard(rev=1, age_years=age, sex="M"))
    asked = m.SnapshotRequest(uuid4(), spec.stream, 0, 500, "file", origin=origin)
    await tablet.event(spec.incident, asked)
    await tablet.event(spec.incident, m.StreamEnd(spec.stream, 4))
    await tablet.settled()
    return spec


async def test_doubts_stand_on_the_timeline_and_follow_the_card(world: World) -> None:
    async with world.tablet() as tablet, await world.http("sato") as http:
        spec = await _sent(tablet, OLD)
        await tablet.follow(spec.incident)
        notice = await tablet.notice("file-origin")
        assert notice.data["doubts"] == ["old", "other-age", "other-sex"]
        assert "woman of 34" in str(notice.data["doubts_en"])

        async def origin() -> dict:
            detail = (await http.get(f"/api/incidents/{spec.incident}")).json()
            return detail["snapshots"][0]["origin"]

        assert (await origin())["doubts"] == ["old", "other-age", "other-sex"]
        await tablet.event(spec.incident, m.PatientCard(rev=2, age_years=35, sex="F"))
        await tablet.settled()
        assert (await origin())["doubts"] == ["old"]
        one = (await http.get(f"/api/snapshots/{notice.data['snapshot']}")).json()
        assert one["origin"]["recorded_en"].startswith("recorded 2019-02-03 08:15")


async def test_the_same_samples_in_another_case_are_said_whoever_sent_them(world: World) -> None:
    fresh = replace(OLD, recorded_at=None, recorded_ago_s=None, age_years=None, sex=None)
    async with world.tablet() as tablet:
        first = await _sent(tablet, fresh)
        again = await _sent(tablet, fresh)
        await tablet.follow(first.incident)
        await tablet.follow(again.incident)
        await tablet.until(lambda: len(tablet.notices("file-origin")) == 2)
        said = {n.incident: n.data["doubts"] for n in tablet.notices("file-origin")}
        assert said == {first.incident: [], again.incident: ["same-samples"]}


async def test_a_live_snapshot_and_a_tablet_of_before_say_nothing_of_a_file(world: World) -> None:
    async with world.tablet() as tablet, await world.http("sato") as http:
        spec = await _sent(tablet, None)
        detail = (await http.get(f"/api/incidents/{spec.incident}")).json()
        assert detail["snapshots"][0]["origin"] is None
        assert "file-origin" not in {entry["stage"] for entry in detail["timeline"]}
