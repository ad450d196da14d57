"""The 12-lead page on paper scale: 25 mm/s, 10 mm/mV, 3 x 4 and a rhythm strip of lead II.

The only module that draws, and the only one that may load matplotlib (when called). The page shows
the raw trace low-passed at 150 Hz; no high-pass is applied that could move ST, only each lead's
middle level is taken off. Its label says so.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ecg.conditioning.filters import DISPLAY_FILTERS, display
from ecg.screen.report import ScreenReport
from ecg.values import EcgSegment, Float, bridged, window_of_segment

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MM = 1 / 25.4
_PAGE_MM = (297.0, 210.0)
_LEFT_MM, _TRACE_MM = 17.0, 250.0
_ROWS_MM = (142.0, 106.0, 70.0, 34.0)
_COLUMNS = (("I", "II", "III"), ("aVR", "aVL", "aVF"), ("V1", "V2", "V3"), ("V4", "V5", "V6"))
_COLUMN_S = 2.5
_MM_PER_S, _MM_PER_MV = 25.0, 10.0
UNCONFIRMED = "unconfirmed – computer-assisted, physician must read"


@dataclass(frozen=True, slots=True)
class SheetHeader:
    """What the head of the page says; empty parts are left out.

    Attributes:
        case: case number. taken_at: time of the recording with its zone. device: what recorded it.
    """

    case: str = ""
    taken_at: str = ""
    device: str = ""


def _millimetres(segment: EcgSegment) -> dict[str, Float]:
    """Trace heights in millimetres by lead, ten seconds at most."""
    view = window_of_segment(segment)
    n = min(view.n_samples, round(10 * view.fs_hz))
    uv = view.uv[:, :n].copy()
    missing = bridged(uv)
    if n >= 8:
        uv = display(uv, view.fs_hz, DISPLAY_FILTERS["diagnostic"])
    uv = uv - np.median(uv, axis=1, keepdims=True)
    if missing is not None:
        uv[missing] = np.nan  # drawn as a hole
    return {name: row / 1000.0 * _MM_PER_MV for name, row in zip(view.leads, uv, strict=True)}


def _grid(axes: Axes) -> None:
    left, right = _LEFT_MM - 7, _LEFT_MM + _TRACE_MM + 3
    low, high = 14.0, 162.0
    for step, width, colour in ((1.0, 0.12, "#f6c6c0"), (5.0, 0.3, "#eb9d94")):
        x = np.arange(left, right + 0.01, step)
        y = np.arange(low, high + 0.01, step)
        axes.vlines(x, low, high, colors=colour, linewidths=width * 2.83, zorder=0)
        axes.hlines(y, left, right, colors=colour, linewidths=width * 2.83, zorder=0)


def _calibration(axes: Axes, y_mm: float) -> None:
    """1 mV for 200 ms before the row."""
    x = _LEFT_MM - 6
    axes.plot(
        [x, x + 0.5, x + 0.5, x + 5.5, x + 5.5, x + 6], np.array([0, 0, 10, 10, 0, 0]) + y_mm, "k", lw=0.9
    )  # fmt: skip


def _trace(axes: Axes, heights: Float, fs_hz: float, start_s: float, y_mm: float) -> None:
    x = _LEFT_MM + (start_s + np.arange(heights.size) / fs_hz) * _MM_PER_S
    axes.plot(x, heights + y_mm, "k", lw=0.75, solid_joinstyle="round", clip_on=True)


def _words(axes: Axes, report: ScreenReport, header: SheetHeader) -> None:
    shape = report.as_json()
    facts = report.thresholds.patient
    numbers = "   ".join(
        f"{name} {'–' if value is None else round(value)} {unit}"
        for name, value, unit in (
            ("HR", shape["hr_bpm"], "/min"),
            ("QRS", shape["qrs_ms"], "ms"),
            ("QT", report.measurements.qt_ms, "ms"),
            ("QTcB", report.measurements.qtcb_ms, "ms"),
            ("QTcF", report.measurements.qtcf_ms, "ms"),
        )
    )
    who = f"age {facts.age_years if facts.age_years is not None else 'unknown'}   sex {facts.sex or 'unknown'}"  # fmt: skip
    head = "   ".join(part for part in (header.case, header.taken_at, header.device, who) if part)
    axes.text(10, 199, head, fontsize=9)
    axes.text(10, 193, numbers, fontsize=9)
    axes.text(10, 186, f"Tier {report.tier.value}: {report.statement_en}"[:170], fontsize=9)
    axes.text(10, 180, f"quality {shape['quality']['record']}  {'; '.join(shape['quality']['reasons'])}"[:170], fontsize=7)  # fmt: skip
    limits = f"thresholds {report.thresholds.profile} {report.thresholds.version} ({report.thresholds.source}); screen {shape['version']}"  # fmt: skip
    axes.text(10, 175.5, limits, fontsize=7)
    axes.text(287, 199, UNCONFIRMED, fontsize=9, ha="right", weight="bold")
    axes.text(10, 8, f"25 mm/s   10 mm/mV   {DISPLAY_FILTERS['diagnostic'].label}   drift: none   AC: none   leads simultaneous in each column", fontsize=8)  # fmt: skip
    axes.plot([267, 277], [9.5, 9.5], "k", lw=1)
    axes.text(272, 5.5, "10 mm", fontsize=6, ha="center")


def draw_sheet(
    segment: EcgSegment, report: ScreenReport, header: SheetHeader, form: str = "pdf"
) -> bytes:
    """The page as a file's bytes, true to scale when printed on A4 landscape.

    Args:
        segment: the ten seconds that were screened.
        report: of the same stretch.
        header: identification; nothing else about the patient is printed.
        form: ``pdf``, ``svg`` or ``png``.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_PAGE_MM[0] * _MM, _PAGE_MM[1] * _MM))
    axes: Any = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, _PAGE_MM[0])
    axes.set_ylim(0, _PAGE_MM[1])
    axes.axis("off")
    _grid(axes)
    rows = _millimetres(segment)
    fs_hz = segment.fs_hz
    for k, names in enumerate(_COLUMNS):
        part = slice(round(k * _COLUMN_S * fs_hz), round((k + 1) * _COLUMN_S * fs_hz))
        for name, y_mm in zip(names, _ROWS_MM, strict=False):
            heights = rows.get(name, np.zeros(0))[part]
            _trace(axes, heights, fs_hz, k * _COLUMN_S, y_mm)
            label = name if heights.size else f"{name} –"
            axes.text(_LEFT_MM + k * _COLUMN_S * _MM_PER_S + 1, y_mm + 13, label, fontsize=9)
            if k:
                x = _LEFT_MM + k * _COLUMN_S * _MM_PER_S
                axes.plot([x, x], [y_mm - 3, y_mm + 3], "k", lw=0.6)
    _trace(axes, rows.get("II", np.zeros(0)), fs_hz, 0.0, _ROWS_MM[3])
    axes.text(_LEFT_MM + 1, _ROWS_MM[3] + 13, "II", fontsize=9)
    for y_mm in _ROWS_MM:
        _calibration(axes, y_mm)
    _words(axes, report, header)
    out = io.BytesIO()
    # no creation date and a fixed salt: the same record gives the same file
    stamp = {"CreationDate": None} if form == "pdf" else {"Date": None} if form == "svg" else {}
    figure.savefig(out, format=form, dpi=200, metadata=stamp)
    return out.getvalue()
