"""The ST vector, and the intervals and axes of a record, against values worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from ecg_cases import by_hand, segment

from ecg.course.vector import ORDER, StVector, st_vector
from ecg.measure import measure
from ecg.synthetic.pathology import DOWER, TERRITORIES
from ecg.values import window_of_segment

DOWER_ORDER = ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")


@pytest.mark.parametrize("territory", ["lad-mid", "rca-mid", "lcx", "high-lateral"])
def test_the_vector_points_where_the_injury_lies(territory):
    """Dower's leads of a known arrow give it back by Kors within 25° and a third of its length."""
    true = 300.0 * np.array(TERRITORIES[territory]) / np.linalg.norm(TERRITORIES[territory])
    found = st_vector(dict(zip(DOWER_ORDER, DOWER @ true, strict=True)))
    arrow = np.array([found.x_uv, found.y_uv, found.z_uv])
    between = np.degrees(np.arccos(arrow @ true / np.linalg.norm(arrow) / np.linalg.norm(true)))
    assert between < 25
    assert found.magnitude_uv == pytest.approx(300, rel=0.34)


def test_directions_and_differences():
    assert StVector(1, 0, 0).azimuth_deg == 0
    assert StVector(0, 0, -1).azimuth_deg == pytest.approx(90)
    assert StVector(0, 1, 0).elevation_deg == pytest.approx(90)
    assert StVector(3, 4, 0).minus(StVector(0, 0, 0)).magnitude_uv == 5
    assert StVector(3, 4, 1).minus(StVector(3, 4, 1)).magnitude_uv == 0


def test_without_one_of_the_eight_leads_there_is_no_vector():
    whole = dict.fromkeys(ORDER, 100.0)
    assert st_vector(whole) is not None
    assert st_vector({**whole, "V3": None}) is None
    assert st_vector({n: v for n, v in whole.items() if n != "II"}) is None


def test_corrected_qt_by_four_formulas():
    m = replace(by_hand(), qt_ms=360.0, hr_bpm=100.0, qrs_ms=90.0)
    assert m.qtcb_ms == pytest.approx(360 / np.sqrt(0.6))
    assert m.qtcf_ms == pytest.approx(360 / np.cbrt(0.6))
    assert m.qtc_framingham_ms == pytest.approx(360 + 154 * 0.4)
    assert m.qtc_hodges_ms == pytest.approx(360 + 1.75 * 40)
    assert m.jtc_ms is None
    assert replace(m, qrs_ms=150.0).jtc_ms == pytest.approx(m.qtcf_ms - 150)
    at_60 = replace(m, hr_bpm=60.0)
    assert {at_60.qtcb_ms, at_60.qtcf_ms, at_60.qtc_framingham_ms, at_60.qtc_hodges_ms} == {360.0}
    for nothing in (replace(m, qt_ms=None), replace(m, hr_bpm=None)):
        assert nothing.qtc_framingham_ms is nothing.qtc_hodges_ms is nothing.jtc_ms is None


def test_axes_of_p_qrs_and_t():
    def axes(p, t):
        leads = {"I": {"p_uv": p[0], "t_uv": t[0]}, "aVF": {"p_uv": p[1], "t_uv": t[1]}}
        return by_hand(leads=leads)

    m = axes((100.0, 100.0 * np.sqrt(3) / 2), (0.0, -200.0))
    assert m.p_axis_deg == pytest.approx(45)
    assert m.t_axis_deg == pytest.approx(-90)
    assert axes((0.0, 0.0), (100.0, 0.0)).p_axis_deg is None
    normal = measure(window_of_segment(segment("normal", 3)))
    assert -30 < normal.axis_deg < 100
    assert 0 < normal.t_axis_deg < 90
    assert 0 < normal.p_axis_deg < 90
