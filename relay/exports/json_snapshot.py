"""A kept ECG as one JSON object: everything that is known, in names that need no manual."""

from __future__ import annotations

import json
from dataclasses import asdict

from relay.exports.port import KeptEcg
from relay.model.report import Report

SHAPE = "kyumei-ecg-1"
"""Changes with every change of the shape that an older reader would misread."""


class JsonSnapshot:
    """Fulfils ``Export``; the shape stands in ``docs/ways-out.md``."""

    name = "json"
    about = (
        "One JSON object for programs: the integers as sent, what was never received as null, "
        "the report and the patient card."
    )
    media_type = "application/json"
    suffix = ".json"

    def write(self, ecg: KeptEcg) -> bytes:
        """The object in UTF-8, its keys always in the same order."""
        snapshot = ecg.snapshot
        whole = {
            "shape": SHAPE,
            "site": ecg.site,
            "relay_version": ecg.version,
            "unit": ecg.unit,
            "incident": str(snapshot.incident),
            "stream": str(snapshot.stream),
            "snapshot": str(snapshot.id),
            "reason": snapshot.reason,
            "source": ecg.source,
            "origin": asdict(snapshot.origin) if snapshot.origin else None,
            "t0_us": ecg.t0_us,
            "taken_at_us": snapshot.taken_at_us,
            "clock_offset_us": ecg.clock_offset_us,
            "fs_hz": snapshot.fs_hz,
            "uv_per_lsb": snapshot.uv_per_lsb,
            "first_sample": snapshot.first_sample,
            "n_samples": snapshot.n_samples,
            "present": snapshot.present,
            "complete": snapshot.complete,
            "sha256": snapshot.sha256,
            "leads": ecg.leads,
            "samples_lsb": _rows(ecg),
            "patient": dict(ecg.patient),
            "report": _said(ecg.report),
        }
        return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()


def _rows(ecg: KeptEcg) -> list[list[int | None]]:
    """Row by row; None where there is no sample."""
    return [
        [value if there else None for value, there in zip(row, received, strict=True)]
        for row, received in zip(ecg.samples_lsb.tolist(), ecg.received.tolist(), strict=True)
    ]


def _said(report: Report | None) -> dict[str, object] | None:
    if report is None:
        return None
    return {
        "tier": report.tier,
        "statement_ja": report.statement_ja,
        "statement_en": report.statement_en,
        "at_us": report.at_us,
        "screen": report.body,
    }
