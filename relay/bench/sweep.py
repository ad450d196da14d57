"""Thousands of synthetic records against exact truth, resumable: one line of JSON a record."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ecg.detecting.detect import detected_beats
from ecg.screen import screen_segment
from ecg.synthetic.noise import NoiseLevel
from ecg.synthetic.pathology import HEARTS, injured
from ecg.synthetic.patient import SyntheticPatient
from ecg.values import PatientFacts
from relay.bench.evaluate import truly_met
from relay.bench.scores import match, wilson

NOISE: tuple[NoiseLevel, ...] = ("none", "light", "moderate", "ambulance", "severe")
_SHARES = (0.1, 0.2, 0.3, 0.3, 0.1)
_TERRITORIES = ("lad-proximal", "lad-mid", "lad-distal", "high-lateral", "rca-proximal", "rca-mid", "lcx")  # fmt: skip
_PLAIN = ("normal", "lvh", "rbbb", "early-repolarisation", "lbbb", "pericarditis", "lv-aneurysm", "atrial-fibrillation", "de-winter")  # fmt: skip
_WIDE = {"lbbb", "rbbb"}
_N = 5_000


def one(index: int) -> dict[str, Any]:
    """Record ``index`` of the sweep: always the same heart, patient, noise and stretch."""
    rng = np.random.default_rng([index, 20_481])
    noise = NOISE[int(rng.choice(len(NOISE), p=_SHARES))]
    injury = bool(rng.random() < 0.6)
    name = "normal" if injury else str(rng.choice(_PLAIN))
    heart = HEARTS[name]()
    if not heart.irregular:
        heart = replace(heart, hr_bpm=float(rng.uniform(45, 130)))
    territory = str(rng.choice(_TERRITORIES)) if injury else ""
    size = round(float(rng.uniform(0.0, 0.35)), 3) if injury else 0.0
    if injury:
        heart = injured(heart, territory, size, str(rng.choice(["plateau", "convex", "concave"])))  # type: ignore[arg-type]  # one of the three shapes
    facts = PatientFacts(int(rng.integers(18, 95)), "M" if rng.random() < 0.5 else "F")
    patient = SyntheticPatient("normal", 100_000 + index, noise=noise, heart=heart)
    first = 500 * int(rng.integers(2, 40))
    segment = patient.segment(first, _N)
    truth = patient.truth(first, _N)
    report = screen_segment(segment, facts)
    m = report.measurements
    st_true = {n: float(np.mean([b.st_uv[n][0] for b in truth])) for n in truth[0].st_uv}
    met, margin = truly_met(st_true, facts)
    beats = np.array([round(b.r_sample) - first for b in truth])
    found = detected_beats(np.asarray(segment.adc * segment.uv_per_lsb, np.float64), segment.fs_hz)
    found = found[(found >= beats[0] - 75) & (found <= beats[-1] + 75)]
    detector = match(found, beats, 500.0, 150.0)
    row: dict[str, Any] = {
        "i": index, "heart": name, "territory": territory, "size": size, "noise": noise,
        "tier": report.tier.value, "label": m.quality.label.value, "met": met, "margin": round(margin, 1),
        "wide": name in _WIDE, "beats": [detector.hits, detector.missed, detector.extra],
        "jitter": round(float(np.std(detector.errors_ms)), 2) if detector.hits else None,
    }  # fmt: skip
    if not m.rejected:
        row["st"] = [
            [round(lead.j_uv - st_true[n], 1), round(lead.st_se_uv, 1)]
            for n, lead in m.leads.items()
            if m.readable(n)
        ]
    return row


def sweep(path: Path, total: int, workers: int, told: Callable[[int], None]) -> int:
    """Appends the records that ``path`` does not hold yet, up to ``total``; returns how many it holds.

    Args:
        path: JSON lines; a broken last line (a stop in the middle) is made again.
        total: records wanted in all.
        workers: processes.
        told: called with the number of records done so far.
    """
    done = {row["i"] for row in rows_of(path)}
    wanted = [i for i in range(total) if i not in done]
    count = len(done)
    with path.open("a", encoding="utf-8") as file, ProcessPoolExecutor(workers) as pool:
        for row in pool.map(one, wanted, chunksize=32):
            file.write("\n" * (count == len(done) and bool(done)) + json.dumps(row) + "\n")
            count += 1
            told(count)
    return count


def rows_of(path: Path) -> Iterable[dict[str, Any]]:
    """The whole rows of a sweep's file."""
    if not path.is_file():
        return
    with path.open(encoding="utf-8") as file:
        for line in file:
            try:
                yield json.loads(line)
            except ValueError:
                continue


def summary(rows: Iterable[dict[str, Any]]) -> str:
    """Tables of a sweep as Markdown."""
    by_noise: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        by_noise[row["noise"]].append(row)
    out = ["| noise | records | GOOD / LIMITED / REJECT % | J error µV | p95 / max | inside 1 SE | beats F1 % | decision, margin ≥ 50 | 25–50 | < 25 µV |"]  # fmt: skip
    out.append("|---|---|---|---|---|---|---|---|---|---|")
    out += [_line(noise, by_noise[noise]) for noise in NOISE if by_noise[noise]]
    narrow = [row for of in by_noise.values() for row in of if not row["wide"]]
    out += ["", *(_grave(narrow, tier, met=met) for tier, met in (("A", False), ("E", True)))]
    return "\n".join(out)


def _grave(rows: list[dict[str, Any]], tier: str, *, met: bool) -> str:
    """The errors that matter most: sure without reason, or silent with one, narrow QRS."""
    wrong = [row for row in rows if row["tier"] == tier and row["met"] is met]
    far = [row["i"] for row in wrong if row["margin"] >= 25]
    words = "are met" if met else "are not met"
    return f"Tier {tier} where the criteria {words}: {len(wrong)}; with a margin of 25 µV or more: {far or 'none'}"


def _line(noise: str, rows: list[dict[str, Any]]) -> str:
    labels = [row["label"] for row in rows]
    share = " / ".join(f"{100 * labels.count(x) / len(rows):.0f}" for x in ("GOOD", "LIMITED", "REJECT"))  # fmt: skip
    st = np.array([pair for row in rows for pair in row.get("st", ())]).reshape(-1, 2)
    hits, missed, extra = (sum(row["beats"][k] for row in rows) for k in range(3))
    f1 = 100 * 2 * hits / max(1, 2 * hits + missed + extra)
    errors = "– | – | –"
    if len(st):
        size = np.abs(st[:, 0])
        errors = f"{st[:, 0].mean():+.1f} ± {st[:, 0].std():.1f} | {np.percentile(size, 95):.0f} / {size.max():.0f} | {100 * np.mean(size <= st[:, 1]):.0f} %"
    decided = [row for row in rows if row["tier"] != "Q" and not row["wide"]]
    bands = [_agreement(decided, low, high) for low, high in ((50, 1e9), (25, 50), (0, 25))]
    return f"| {noise} | {len(rows)} | {share} | {errors} | {f1:.2f} | {' | '.join(bands)} |"


def _agreement(rows: list[dict[str, Any]], low: float, high: float) -> str:
    of = [row["met"] == (row["tier"] in {"A", "B"}) for row in rows if low <= row["margin"] < high]
    return str(wilson(sum(of), len(of)))
