"""When the tablet sends a snapshot by itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ambulance_client.coach import Coach, SwapWarning, swap_warning
from ambulance_client.looks import LIGHTS_WINDOW_S, LOOK_EVERY_S
from ambulance_client.panel.state import panel_state
from ambulance_client.tablet import TabletSettings, running_tablet
from ecg.conditioning.electrode_lights import electrode_lights
from ecg.synthetic.patient import SyntheticPatient
from ecg.values import EcgSegment
from tests.city import free_port, until
from tests.ecg.test_ecg_standstill import FS, stopping

GOOD = {"I": "good", "II": "good", "V1": "good"}
NOISY = {**GOOD, "V1": "noisy"}
OFF = dict.fromkeys(GOOD, "off")


def _looks(coach: Coach, lights: dict[str, str], first_s: int, last_s: int) -> list:
    found = [(s, coach.look(lights, float(s))) for s in range(first_s, last_s + 1)]
    return [(s, reason) for s, reason in found if reason]


def test_the_first_ten_clean_seconds_are_sent_once() -> None:
    coach = Coach(0.0)

    assert _looks(coach, GOOD, 1, 60) == [(11, "clean")]


def test_noise_begins_the_ten_seconds_anew() -> None:
    coach = Coach(0.0)

    assert _looks(coach, GOOD, 1, 9) == []
    assert _looks(coach, NOISY, 10, 10) == []
    assert _looks(coach, GOOD, 11, 30) == [(21, "clean")]


def test_every_five_minutes_counted_from_the_last_of_any_kind() -> None:
    coach = Coach(0.0)
    _looks(coach, GOOD, 1, 20)
    coach.snapshot_taken(100.0)

    assert _looks(coach, NOISY, 101, 399) == []
    assert _looks(coach, NOISY, 400, 400) == [(400, "interval")]
    coach.snapshot_taken(400.0)
    assert _looks(coach, OFF, 401, 900) == []


def test_no_lights_are_not_clean() -> None:
    assert _looks(Coach(0.0), {}, 1, 60) == []


SWAP = SwapWarning("REVERSAL_RA_LA", "左右の腕", "arms")


def test_exchanged_limbs_hold_the_first_snapshot_for_half_a_minute_no_longer() -> None:
    coach = Coach(0.0)
    coach.swap_seen(SWAP, 3.0)

    assert _looks(coach, GOOD, 1, 60) == [(41, "clean")]


def test_limbs_put_right_begin_the_ten_seconds_anew() -> None:
    coach = Coach(0.0)
    coach.swap_seen(SWAP, 3.0)
    assert _looks(coach, GOOD, 1, 20) == []
    coach.swap_seen(None, 20.5)

    assert _looks(coach, GOOD, 21, 60) == [(31, "clean")]


def test_arms_exchanged_at_the_electrodes_are_seen_in_ten_seconds() -> None:
    right = SyntheticPatient("normal", 5).segment(0, 5_000)
    i, ii = right.leads.index("I"), right.leads.index("II")
    adc = right.adc.copy()
    adc[i], adc[ii] = -right.adc[i], right.adc[ii] - right.adc[i]  # RA <-> LA: I turns, II is III

    found = swap_warning(replace(right, adc=adc))

    assert swap_warning(right) is None
    assert found is not None and found.code == "REVERSAL_RA_LA"


def _light_at(adc: np.ndarray, heard: EcgSegment, end: int) -> str:
    """V3's light when the tablet has the samples before ``end``: whole frames only."""
    end -= end % 125
    window = adc[:, end - round(LIGHTS_WINDOW_S * heard.fs_hz) : end]
    return electrode_lights(replace(heard, adc=window))["V3"]


@pytest.mark.parametrize("change", ["off", "hum", "mended"])
def test_a_light_follows_its_electrode_within_two_seconds(change: str) -> None:
    """Whatever the phase of the change, of the frames and of the looks."""
    heard = SyntheticPatient("normal", 3, noise="light").segment(0, 20_000)
    row, slowest_s = heard.leads.index("V3"), 0.0
    hum = np.rint(120 * np.sin(np.arange(20_000) * 2 * np.pi * 50 / 500)).astype(np.int16)
    for start in range(5_000, 5_500, 37):
        adc = heard.adc.copy()
        if change == "off":
            adc[row, start:] = adc[row, start]
        elif change == "hum":
            adc[row, start:] += hum[start:]
        else:
            adc[row, :start] = adc[row, start]
        wanted = {"off": "off", "hum": "noisy", "mended": "good"}[change]
        for phase in range(0, 250, 83):
            looks = range(start - start % 250 + phase, start + 2_500, round(LOOK_EVERY_S * 500))
            seen = next(at for at in looks if at >= start and _light_at(adc, heard, at) == wanted)
            slowest_s = max(slowest_s, (seen - start) / 500)
    assert slowest_s <= 2.0


@pytest.mark.parametrize("stops", [True, False])
async def test_a_heart_that_stands_still_is_on_the_page_within_seconds(
    tmp_path: Path, stops: bool
) -> None:
    """Through a real tablet: a device whose signal loses its QRS after six seconds."""
    whole = stopping("normal", 5, "light", ("qrs", "t"), at_s=6 if stops else 39)
    rows = [f"heart.dat 16 {1000 / whole.uv_per_lsb}/mV 16 0 0 0 0 {lead}" for lead in whole.leads]
    head = f"heart {len(rows)} 500 {whole.n_samples}"
    (tmp_path / "heart.hea").write_text("\n".join([head, *rows, ""]))
    (tmp_path / "heart.dat").write_bytes(whole.adc.T.astype("<i2").tobytes())
    settings = TabletSettings(
        unit="救急1",
        relay_url=f"ws://localhost:{free_port()}/link/v1",
        token="nobody-knows-me",
        source=f"wfdb:{tmp_path / 'heart'}",
        spool=tmp_path / "spool",
    )
    async with running_tablet(settings) as tablet:
        await until(lambda: tablet.recorder and tablet.recorder.newest_sample >= 12 * FS)
        said = [panel_state(tablet)["standstill_s"]]
        await until(lambda: said.append(panel_state(tablet)["standstill_s"]) or len(said) > 20)
        assert (max(said, default=0, key=lambda s: s or 0) or 0) >= (4 if stops else 0)
        assert stops or set(said) == {None}
        await tablet.new_case()
        assert panel_state(tablet)["standstill_s"] is None
