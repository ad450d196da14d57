"""Labelled ECGs in a folder: a ``MANIFEST.csv``, truth files, LUDB or MIT-BIH annotations, or plain WFDB."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ecg.values import PatientFacts
from relay.errors import BadInput

POSITIVE = frozenset({"STEMI", "STEMI_SIMULATED", "ACUTE_MI_2_10_DAYS"})
NEGATIVE = frozenset({"NORM", "NORM_OR_MINOR"})
MIMIC = frozenset({"LVH", "LVH_CLINICAL", "LBBB", "EARLY_REPOL", "PERICARDITIS", "RBBB", "PACED"})
Reference = Literal["positive", "negative", "mimic", "other"]


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """One record to be judged.

    Attributes:
        base: path without extension. name: of the record within the folder.
        group: the data set's label, ``UNLABELLED`` without one.
        patient: age and sex as the manifest gives them, None to take the header's.
        scale_known: whether millivolts may be trusted.
        n_leads: as the manifest says, None to look.
        truth: content of the truth file, None without one.
    """

    base: Path
    name: str
    group: str = "UNLABELLED"
    patient: PatientFacts | None = None
    scale_known: bool = True
    n_leads: int | None = None
    truth: dict[str, Any] | None = None

    @property
    def reference(self) -> Reference:
        """What the label says about STEMI. Old infarcts and ST-T changes are neither: ``other``."""
        if self.group in POSITIVE:
            return "positive"
        if self.group in NEGATIVE:
            return "negative"
        return "mimic" if self.group in MIMIC else "other"


def find_labelled(folder: Path) -> list[Labelled]:
    """The records of a folder, in a fixed order.

    Raises:
        BadInput: no such folder, or nothing to judge in it.
    """
    if not folder.is_dir():
        raise BadInput(f"There is no folder {folder.name}; give a folder of labelled records.")
    manifest = folder / "MANIFEST.csv"
    found = _of_manifest(folder, manifest) if manifest.is_file() else _of_files(folder)
    if not found:
        raise BadInput(
            f"{folder.name} holds no WFDB record and no MANIFEST.csv; give a folder of labelled records."
        )
    return found


def _of_manifest(folder: Path, manifest: Path) -> list[Labelled]:
    out = []
    with manifest.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            base = folder / row["path"]
            if not base.with_name(base.name + ".hea").is_file():
                continue
            out.append(
                Labelled(
                    base=base,
                    name=row["path"],
                    group=row.get("group") or "UNLABELLED",
                    patient=_patient(row.get("age", ""), row.get("sex", "")),
                    scale_known=row.get("mv_ok", "yes") == "yes",
                    n_leads=int(row["n_leads"]) if row.get("n_leads", "").isdigit() else None,
                    truth=_truth(base),
                )
            )
    return out


def _of_files(folder: Path) -> list[Labelled]:
    out = []
    for header in sorted(folder.rglob("*.hea")):
        base = header.with_suffix("")
        truth = _truth(base)
        group = str(truth["scenario"]) if truth else "UNLABELLED"
        out.append(Labelled(base, base.relative_to(folder).as_posix(), group, truth=truth))
    return out


def _truth(base: Path) -> dict[str, Any] | None:
    path = base.with_name(base.name + ".truth.json")
    if not path.is_file():
        return None
    try:
        read = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise BadInput(f"{path.name} is not JSON; make the truth file again.") from error
    return read if isinstance(read, dict) and "beats" in read else None


def _patient(age: str, sex: str) -> PatientFacts:
    """Facts of a manifest row; what does not read as an age or a sex is unknown."""
    try:
        years = int(float(age))
    except ValueError:
        years = -1
    first = sex[:1].upper()
    return PatientFacts(
        years if 0 <= years <= 130 else None,
        "M" if first == "M" else "F" if first == "F" else None,
    )
