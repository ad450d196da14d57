"""ST over the minutes and one recording against another, through a whole relay; a restart changes no baseline."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from ecg.detecting.standstill import StandstillWatch
from ecg.leads import STANDARD_12
from ecg.values import EcgSegment
from relay.protocol import messages as m
from relay.protocol import wire
from relay.protocol.codec import encode_samples
from relay.services.screening.screener import Screened
from relay.wiring.adapters import Adapters
from tests.ecg.test_ecg_standstill import stopping
from tests.frames import MASK_8
from tests.patience import PATIENCE_S
from tests.relay.world import CALM, N, Tablet, World, a_world

RISE = 150
STEP = 60
"""Frames a screening: fifteen seconds of stream."""


def trending(segment: EcgSegment, age_years: int | None, sex: str | None) -> Screened:
    """Never meets a criterion; the level of the first lead is ST in V2 and V3, below −1 mV nothing can be read."""
    level_uv = float(segment.adc[0].mean())
    if level_uv < -1000:
        return Screened("Q", "判読不能", "unreadable", {"tier": "Q", "st_j60_uv": {}})
    levels = {"V1": 0.0, "V2": level_uv, "V3": level_uv, "V4": 0.0}
    body = {"tier": "E", "st_j_uv": levels, "st_j60_uv": levels, "hr_bpm": 70.0, "qrs_ms": 90.0}
    return Screened("E", "基準を満たしません", "criteria not met", body)


async def screened_to(world: World, stream: UUID, sample: int) -> None:
    """Wait until the live stream has been screened up to there."""
    async with asyncio.timeout(PATIENCE_S):
        while (
            newest := world.relay.screening.screening.latest(stream)
        ) is None or newest.end_sample < sample:
            await asyncio.sleep(0.02)


async def play(
    world: World, tablet: Tablet, spec: m.OpenStream, levels: list[int], seq: int = 0
) -> int:
    """Stream fifteen seconds at each level, each of them screened; the next frame's number."""
    for level in levels:
        await tablet.record(spec.stream, range(seq, seq + STEP), level)
        seq += STEP
        await screened_to(world, spec.stream, seq * N)
    return seq


async def test_a_climbing_st_rings_without_meeting_any_criterion(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path, Adapters(screener=trending)) as world,
        world.tablet() as tablet,
    ):
        spec = tablet.open()
        await tablet.follow(spec.incident)
        await play(world, tablet, spec, [*[CALM] * 6, *[RISE] * 6])
        raised = await tablet.notice("alert-raised")
        assert raised.data["tier"] == "E", "the tier stays what the criteria say"
        assert "V2–V3" in str(raised.data["statement_ja"])
        assert len(tablet.notices("alert-raised")) == 1


async def test_a_restarted_relay_keeps_the_patients_first_minute(tmp_path: Path) -> None:
    """Without the kept points the raised ST of the second half would be the baseline, and nothing would ring."""
    async with (
        a_world(tmp_path, Adapters(screener=trending)) as first,
        first.tablet() as tablet,
    ):
        spec = tablet.open()
        seq = await play(first, tablet, spec, [CALM] * 6)
        await tablet.stored(spec.stream)
    async with (
        a_world(tmp_path, Adapters(screener=trending)) as second,
        second.tablet() as tablet,
    ):
        spec = tablet.open(spec.incident, spec.stream)
        await tablet.follow(spec.incident)
        await play(second, tablet, spec, [RISE] * 7, seq)
        raised = await tablet.notice("alert-raised")
        assert "V2–V3" in str(raised.data["statement_ja"])


async def trend_of(world: World, user: str, incident: UUID) -> Any:
    async with await world.http(user) as http:
        return await http.get(f"/api/incidents/{incident}/trend")


async def test_the_trend_holds_every_screening_with_its_holes(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path, Adapters(screener=trending)) as world,
        world.tablet() as tablet,
    ):
        spec = tablet.open()
        await play(world, tablet, spec, [*[CALM] * 5, -2000, RISE])
        async with asyncio.timeout(PATIENCE_S):
            while True:
                answer = (await trend_of(world, "sato", spec.incident)).json()
                if answer["runs"] and answer["runs"][0]["end_sample"][-1] == 7 * STEP * N:
                    break
                await asyncio.sleep(0.1)
        (run,) = answer["runs"]
        assert run["stream"] == str(spec.stream)
        assert len(run["tier"]) == len(run["end_sample"]) == len(run["st_j60_uv"]["V2"])
        assert run["end_sample"] == sorted(set(run["end_sample"]))
        hole = run["end_sample"].index(6 * STEP * N)
        assert (run["tier"][hole], run["st_j60_uv"]["V2"][hole], run["hr_bpm"][hole]) == ("Q", None, None)  # fmt: skip
        assert abs(run["st_j60_uv"]["V2"][-1] - RISE) < 20
        assert abs(run["baseline_j60_uv"]["V2"]) < 20
        assert "V5" not in run["st_j60_uv"], "never read, never shown as a number"
        assert (await trend_of(world, "mori", spec.incident)).status_code == 404
        assert (await trend_of(world, "sato", uuid4())).status_code == 404


def levelled(segment: EcgSegment, age_years: int | None, sex: str | None) -> Screened:
    """Every lead has the level of the first; below −1 mV nothing can be read."""
    level_uv = float(round(segment.adc[0].mean()))
    levels = {} if level_uv < -1000 else dict.fromkeys(STANDARD_12, level_uv)
    body = {"tier": "E" if levels else "Q", "st_j_uv": levels, "st_j60_uv": levels}
    return Screened(str(body["tier"]), "文", "words", body)


async def test_a_snapshot_is_compared_with_the_first_readable_one_or_the_one_asked_for(
    tmp_path: Path,
) -> None:
    async with (
        a_world(tmp_path, Adapters(screener=levelled)) as world,
        world.tablet() as tablet,
        await world.http("sato") as http,
    ):
        spec = tablet.open()
        await tablet.follow(spec.incident)
        shots = []
        for k, level in enumerate((-2000, CALM, 400, 650)):
            await tablet.record(spec.stream, range(8 * k, 8 * k + 8), level)
            shots.append(await tablet.snapshot(spec, 1000 * k, 1000))
            await tablet.until(lambda n=k + 1: len(tablet.notices("screened")) == n)

        async def compared(which: int, **asked: str) -> Any:
            return await http.get(f"/api/snapshots/{shots[which]}/comparison", params=asked)

        newest = (await compared(3)).json()
        assert newest["earlier"] == str(shots[1]), "the first could not be read"
        assert newest["change"]["answer"] == "CHANGED"
        assert abs(newest["change"]["leads"]["V2"]["j60_uv"] - 650) < 20
        assert "6." in newest["change"]["statement_en"]
        asked = (await compared(3, earlier=str(shots[2]))).json()
        assert asked["earlier"] == str(shots[2])
        assert abs(asked["change"]["leads"]["V2"]["j60_uv"] - 250) < 20
        unread = (await compared(1)).json()
        assert unread["earlier"] == str(shots[0])
        assert unread["change"]["answer"] == "UNREADABLE"
        first = (await compared(0)).json()
        assert (first["earlier"], first["change"]) == (None, None)
        assert (await compared(3, earlier=str(uuid4()))).status_code == 404
        assert (await compared(3, earlier="nonsense")).status_code == 422
    async with a_world(tmp_path) as world, await world.http("mori") as http:
        foreign = await http.get(f"/api/snapshots/{shots[3]}/comparison")
        assert foreign.status_code == 404


@pytest.mark.parametrize("breaks", [False, True])
async def test_a_heart_that_stands_still_is_told_to_the_pages_that_watch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, breaks: bool
) -> None:
    """The screen's own answer goes on beside it; a watch that breaks takes nothing away."""
    if breaks:
        monkeypatch.setattr(StandstillWatch, "look", lambda *_: 1 / 0)
    whole = stopping("normal", 5, "light", ("qrs", "t"), at_s=12)
    async with a_world(tmp_path) as world, world.tablet() as tablet, world.page("sato") as page:
        spec = tablet.open()
        await tablet.follow(spec.incident)
        said: list[int | None] = []
        for began_s, end_s in ((0, 1), (1, 12), (12, 18), (18, 22)):
            for seq in range(4 * began_s, 4 * end_s):
                adc = whole.adc[:, seq * N : (seq + 1) * N]
                frame = wire.EcgFrame(
                    spec.stream, 0, seq, seq * N, N, MASK_8, 0, encode_samples(adc)
                )
                tablet.spool[spec.stream, seq] = wire.pack(frame)
                tablet.link.spooled(spec.stream, seq)
            await tablet.pump()
            if end_s == 1:
                await tablet.stored(spec.stream)
                await page.say({"kind": "watch", "stream": str(spec.stream), "look_back_s": 0})
                continue
            got = await page.until(
                lambda t, n=end_s: (
                    t["kind"] == "report" and t["first_sample"] + t["n_samples"] == 4 * n * N
                )
            )
            assert got["report"]["tier"] == "E"
            said.append(got["report"].get("standstill_s"))
        if breaks:
            assert said == [None, None, None]
        else:
            assert said[0] is None
            assert 4 <= said[1] <= 7
            for stands in (False, True):
                await page.until(
                    lambda t, stands=stands: (
                        t["kind"] == "incident" and t["incident"]["standstill"] is stands
                    )
                )
            assert said[2] == said[1] + 4
