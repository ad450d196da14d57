"""One clock on the crew's page, and a tablet's clock that is off is told."""

from __future__ import annotations

import time
from pathlib import Path

from ambulance_client.panel.state import panel_state
from ambulance_client.tablet import TabletSettings, running_tablet
from ambulance_client.true_time import TrueTime
from relay.protocol import messages as m
from tests.city import free_port, until

MINUTE_US = 60_000_000


def test_a_clock_is_told_from_a_minute_on_in_its_direction() -> None:
    clock = TrueTime()
    assert clock.told() is None
    clock.saw(-10 * MINUTE_US)
    told = clock.told()
    assert told is not None
    assert (told["cause"], "10分" in told["words_ja"], "ahead" in told["words_en"]) == ("clock-off", True, True)  # fmt: skip
    clock.saw(None)  # the link is gone; the clock is as wrong as before
    assert clock.told() is not None
    clock.saw(900_000)
    assert (clock.told(), clock.shift_us, clock.of(5)) == (None, 0, 5)


async def test_everything_on_the_page_is_on_the_relays_clock(tmp_path: Path) -> None:
    settings = TabletSettings(
        unit="救急1",
        relay_url=f"ws://localhost:{free_port()}/link/v1",
        token="x",
        source="synthetic:normal",
        spool=tmp_path / "spool",
    )
    async with running_tablet(settings) as tablet:
        await until(lambda: tablet.recorder and tablet.recorder.newest_sample > 5_000)
        await tablet.mark("fmc")
        await tablet.snapshot()
        await tablet.remarks.add("source-failed")
        before = panel_state(tablet)
        now_us = time.time_ns() // 1000
        off_us = -10 * MINUTE_US  # the tablet is ten minutes ahead
        tablet.link_clock.add(now_us, now_us + off_us, now_us)
        relays = m.Notice(
            tablet.case.incident, 1, now_us + off_us, "snapshot-stored", "",
            {"snapshot": "5b4f", "reason": "st-change"},
        )  # fmt: skip
        tablet.case.apply_notice(relays)
        after = panel_state(tablet)
    assert abs(after["now_us"] - (now_us + off_us)) < 5_000_000
    assert after["marks"]["fmc"] == before["marks"]["fmc"] + off_us
    mine, theirs = after["snapshots"]
    assert mine["taken_at_us"] == before["snapshots"][0]["taken_at_us"] + off_us
    assert theirs["taken_at_us"] == relays.at_us  # the relay's own moment stays
    assert after["remarks"][0]["at_us"] == before["remarks"][0]["at_us"] + off_us
    assert after["link"]["since_us"] == before["link"]["since_us"] + off_us
    assert after["clock"]["cause"] == "clock-off"
    assert before["clock"] is None
