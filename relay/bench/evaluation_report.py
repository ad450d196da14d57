"""An evaluation in a folder: ``report.md``, ``report.json`` and pictures. Matplotlib only here and in ``ecg.sheet``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ecg.values import PatientFacts
from relay.bench.evaluate import Evaluation, truly_met
from relay.bench.evaluation_tables import TIERS, as_text
from relay.bench.ladders import Curve, Rung, decision_curves, noise_ladder
from relay.errors import BadInput

_COLOURS = {"A": "#c62828", "B": "#ef6c00", "C": "#f9a825", "D": "#fdd835", "E": "#90a4ae", "Q": "#455a64"}  # fmt: skip
_SEEDS = 3
_MAN_60 = PatientFacts(60, "M")


def write_report(
    folder: Path, evaluation: Evaluation, result: dict[str, Any], told: Callable[[str], None]
) -> tuple[Path, ...]:
    """Writes the report and returns the files, tables first.

    Raises:
        BadInput: the folder cannot be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        pictures = _pictures(folder, evaluation, result, told)
        text = "# Evaluation of the ST-elevation screen\n\n" + as_text(result)
        text += "".join(f"\n![{path.stem}]({path.name})\n" for path in pictures)
        page, data = folder / "report.md", folder / "report.json"
        page.write_text(text, "utf-8")
        data.write_text(json.dumps(result, ensure_ascii=False, indent=1, allow_nan=False), "utf-8")
    except OSError as error:
        raise BadInput(
            f"Cannot write into {folder.name}: {error.strerror}; choose another folder."
        ) from error
    return (page, data, *pictures)


def _pictures(
    folder: Path, evaluation: Evaluation, result: dict[str, Any], told: Callable[[str], None]
) -> list[Path]:
    import matplotlib as mpl

    mpl.use("Agg")
    out = [_tiers(folder / "tiers.png", result)]
    if any(r.j_ms for r in evaluation.judged):
        out.append(_fiducials(folder / "fiducials.png", evaluation))
    if any(r.st for r in evaluation.judged):
        out.append(_bland_altman(folder / "bland-altman.png", evaluation))
    curves = list(decision_curves(_SEEDS, lambda st: truly_met(st, _MAN_60)[0], told))
    out.append(_curves(folder / "decision-curves.png", curves))
    out.append(_ladder(folder / "noise-ladder.png", list(noise_ladder(_SEEDS, told))))
    return out


def _axes(width: float, height: float, rows: int = 1, columns: int = 1) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=False)


def _tiers(path: Path, result: dict[str, Any]) -> Path:
    rows = result["tiers_by_group"][::-1]
    figure, axes = _axes(8, 1.2 + 0.28 * len(rows))
    ax, left = axes[0][0], np.zeros(len(rows))
    for tier in TIERS:
        share = np.array([100 * r[tier] / r["n"] for r in rows])
        ax.barh([f"{r['group']} ({r['n']})" for r in rows], share, left=left, color=_COLOURS[tier], label=tier)  # fmt: skip
        left += share
    ax.set_xlabel("% of records")
    ax.legend(ncols=6, loc="lower center", bbox_to_anchor=(0.5, 1.0), frameon=False)
    figure.savefig(path, dpi=120)
    return path


def _fiducials(path: Path, evaluation: Evaluation) -> Path:
    figure, axes = _axes(9, 3, 1, 3)
    for ax, name in zip(axes[0], ("onset_ms", "j_ms", "t_end_ms"), strict=True):
        errors = [v for r in evaluation.judged for v in getattr(r, name)]
        ax.hist(np.clip(errors, -60, 60), bins=np.arange(-62, 63, 4), color="#546e7a")
        ax.axvline(0, color="k", lw=0.8)
        ax.set_title(f"{name.removesuffix('_ms')} error, ms (n={len(errors)})", fontsize=9)
    figure.savefig(path, dpi=120)
    return path


def _bland_altman(path: Path, evaluation: Evaluation) -> Path:
    rows = np.array([(true, error) for r in evaluation.judged for _l, error, true, _s in r.st])
    figure, axes = _axes(6, 4)
    ax, mean, sd = axes[0][0], rows[:, 1].mean(), rows[:, 1].std()
    ax.scatter(rows[:, 0] + rows[:, 1] / 2, rows[:, 1], s=6, alpha=0.5, color="#37474f")
    for level in (mean - 1.96 * sd, mean, mean + 1.96 * sd):
        ax.axhline(level, color="#c62828", lw=0.8, ls="--" if level != mean else "-")
    ax.set_xlabel("mean of measured and true J, µV")
    ax.set_ylabel("measured − true, µV")
    figure.savefig(path, dpi=120)
    return path


def _curves(path: Path, curves: list[Curve]) -> Path:
    figure, axes = _axes(11, 5, 2, 4)
    for ax, curve in zip(axes.ravel(), curves, strict=False):
        ax.plot(curve.magnitude_mv, curve.truly_met, "k--", lw=1, label="truth")
        ax.plot(curve.magnitude_mv, curve.hit, "o-", ms=3, color="#c62828", label="A or B")
        ax.set_title(curve.territory, fontsize=9)
        ax.set_ylim(-0.05, 1.05)
    for ax in axes.ravel()[len(curves) :]:
        ax.axis("off")
    axes[0][0].legend(frameon=False, fontsize=8)
    figure.supxlabel("injury vector, mV")
    figure.supylabel("share of records")
    figure.savefig(path, dpi=120)
    return path


def _ladder(path: Path, rungs: list[Rung]) -> Path:
    figure, axes = _axes(7, 3.5, 1, 2)
    names = [r.level for r in rungs]
    p95 = [float(np.percentile(np.abs(r.errors_uv), 95)) if r.errors_uv else np.nan for r in rungs]
    axes[0][0].plot(names, p95, "o-", color="#37474f")
    axes[0][0].set_ylabel("|J error| p95, µV")
    axes[0][1].bar(names, [100 * r.refused for r in rungs], color="#455a64")
    axes[0][1].set_ylabel("refused, %")
    for ax in axes[0]:
        ax.tick_params(axis="x", labelrotation=30)
    figure.savefig(path, dpi=120)
    return path
