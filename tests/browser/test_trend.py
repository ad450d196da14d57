"""ST over the minutes and the change since an earlier recording, as a cardiologist sees them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from .conftest import Chromium
from .stand_ins import (
    CASE,
    SIZES,
    SNAP,
    STREAM,
    FakeRelay,
    now_us,
    overflow,
    signed_in,
    soon,
    visit,
)

pytestmark = pytest.mark.browser
EARLIER, MIDDLE = (str(UUID(int=k)) for k in (11, 12))
N = 24
MINUTE_US = 60_000_000


def run(now: int) -> dict[str, Any]:
    """Two minutes of points: V3 climbs from 0.5 to 3.5 mm, V2 cannot be read in the middle."""
    rise = [50.0 + 300.0 * max(0, k - 12) / 11 for k in range(N)]
    v2 = [None if 8 <= k < 12 else 40.0 for k in range(N)]
    return {
        "stream": STREAM, "fs_hz": 500.0, "started_at_us": now - 130_000_000,
        "end_sample": [5000 + 2500 * k for k in range(N)], "at_us": [now - 5_000_000 * (N - k) for k in range(N)],
        "tier": "E" * N, "hr_bpm": [70.0] * N, "qrs_ms": [90.0] * N,
        "st_j_uv": {"V3": [v / 2 for v in rise]}, "st_j60_uv": {"V3": rise, "V2": v2},
        "baseline_j60_uv": {"V3": 50.0, "V2": 40.0}, "baseline_to_sample": 32_500,
    }  # fmt: skip


class Evolving(FakeRelay):
    """A case with three recordings and two minutes of trend."""

    def _snaps(self) -> list[dict[str, Any]]:
        base, now = self.snap(), now_us()
        return [
            {**base, "id": EARLIER, "taken_at_us": now - 10 * MINUTE_US, "tier": "E", "reason": "clean"},
            {**base, "id": MIDDLE, "taken_at_us": now - 5 * MINUTE_US, "tier": "D", "reason": "interval"},
            {**base, "id": SNAP, "taken_at_us": now},
        ]  # fmt: skip

    def _answer(self, path: str, body: Any) -> Any:
        if path.endswith("/trend"):
            return {"incident": CASE, "runs": [run(now_us())]}
        if path.endswith("/comparison"):
            change = {"answer": "CHANGED", "statement_ja": "V2–V4のSTが最大3.1 mm上昇", "statement_en": "x", "risen": ["V2", "V3", "V4"], "fallen": [],
                      "leads": {"V2": {"j_uv": 100, "j60_uv": 150, "se_uv": 14, "t_uv": 1}, "V3": {"j_uv": 200, "j60_uv": 310, "se_uv": 14, "t_uv": None}}}  # fmt: skip
            return {"snapshot": SNAP, "earlier": EARLIER, "earlier_taken_at_us": now_us(), "change": change}  # fmt: skip
        found = super()._answer(path, body)
        if path == f"/incidents/{CASE}":
            return {**found, "snapshots": [{**s, "report": None} for s in self._snaps()]}
        return found


@pytest.mark.parametrize("size", SIZES)
def test_the_trend_tells_the_highest_lead_its_change_and_its_holes(
    chromium: Chromium, size: str
) -> None:
    def work(page: Any) -> None:
        relay = signed_in(page, Evolving)
        page.click(".case")
        page.wait_for_selector(".sheet-box canvas")
        page.get_by_role("tab", name="ST推移").click()
        page.wait_for_selector(".trend-chart >> nth=11")
        page.get_by_text("最大 V3 +3.5 mm").first.wait_for()
        assert "最初の1分から +3.0 mm" in page.inner_text(".trend-top")
        flagged = page.locator(".trend-chart.flagged")
        assert flagged.count() == 1
        assert "▲ V3" in flagged.inner_text()
        v2 = page.locator(".trend-chart", has_text="V2").locator(".line").get_attribute("d")
        assert v2.count("M") == 2, "what could not be read is a hole, not a line"
        lost = page.locator(".trend-chart", has_text="V6")
        assert "–" in lost.inner_text()
        assert overflow(page) <= 0
        told = len(relay.posts("/opened"))
        before = page.locator(".trend-chart.flagged .line").get_attribute("d")
        report = {"tier": "D", "hr_bpm": 70, "st_j_uv": {"V3": 210}, "st_j60_uv": {"V3": 420, "V2": None}}  # fmt: skip
        relay.tell({"kind": "report", "incident": CASE, "stream": STREAM, "first_sample": 60_000, "n_samples": 5000, "statement_ja": "x", "statement_en": "x", "report": report})  # fmt: skip
        page.wait_for_selector("text=最大 V3 +4.2 mm")
        assert page.locator(".trend-chart.flagged .line").get_attribute("d") != before
        page.get_by_role("button", name="J点と基準").click()
        page.wait_for_selector("text=最大 V3 +2.1 mm")
        assert page.locator(".trend-chart .limit").count() == 0, "no limits known of the live report"  # fmt: skip
        assert len(relay.posts("/opened")) == told, "numbers are not the trace"

    visit(chromium, "/", size, work)


@pytest.mark.parametrize("size", SIZES)
def test_the_change_since_an_earlier_recording_stands_beside_the_sheet(
    chromium: Chromium, size: str
) -> None:
    def work(page: Any) -> None:
        relay = signed_in(page, Evolving)
        page.click(".case")
        page.wait_for_selector(".change-words")
        assert page.inner_text(".change-words") == "V2–V4のSTが最大3.1 mm上昇"
        assert "+3.1" in page.inner_text(".change-leads .moved >> nth=1")
        assert page.locator(".change-leads li").count() == 12
        assert page.locator(".change select option").count() == 2
        page.select_option(".change select", MIDDLE)
        asked = f"/snapshots/{SNAP}/comparison"
        soon(page, lambda: [path for _, path, _ in relay.asked].count(asked) == 2)
        page.get_by_role("tab", name="ライブ").click()
        page.wait_for_selector(".change", state="hidden")
        assert overflow(page) <= 0

    visit(chromium, "/", size, work)


def test_columns_paths_and_boxes(chromium: Chromium) -> None:
    got = chromium.run(
        """async () => { const t = await import('/static/kit/ecg/trend.js');
        const runs = []; const say = (end, j60, stream = 'a') => t.addReport(runs, { stream, first_sample: end - 10, n_samples: 10, report: { tier: 'E', st_j60_uv: j60 } }, end * 1e6);
        const taken = [say(10, { V1: 100 }), say(10, { V1: 500 }), say(15, { V1: 200, V2: 50 }), say(20, { V1: null, V2: 60 }), say(60, { V1: 900 }), say(70, { V1: -350 }, 'b')];
        const v1 = t.seriesOf(runs, 'st_j60_uv', 'V1'), v2 = t.seriesOf(runs, 'st_j60_uv', 'V2');
        const box = t.boxOf([v1, v2], 130e6);
        return { taken, v1: v1.map((p) => p.uv), v2: v2.map((p) => p.uv), box, path: t.pathOf(v1, box, 100, 100), top: t.highest(runs, 'st_j60_uv', ['V1', 'V2']),
          lone: t.pathOf([{ atUs: 10e6, uv: 0 }], box, 100, 100), none: t.pathOf([], box, 100, 100), aVR: t.highest([{ ...runs[1], st_j60_uv: { aVR: [900] } }], 'st_j60_uv', ['aVR']) }; }"""
    )
    assert got["taken"] == [True, False, True, True, True, True]
    assert got["v1"] == [100, 200, None, 900, None, -350]
    assert got["v2"] == [None, 50, 60, None, None, None]
    assert got["box"] == {"lowUs": 10e6, "highUs": 130e6, "lowUv": -400, "highUv": 900}
    assert got["path"].count("M") == 3
    assert got["path"].count("L") == 1
    assert got["path"].count("h0.6") == 2, "a lone point is seen"
    assert got["lone"] == "M0.00 69.23h0.6"
    assert got["none"] == ""
    assert got["top"] == {"lead": "V1", "uv": -350}
    assert got["aVR"] is None
