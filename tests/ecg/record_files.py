"""Writes WFDB records as recorders really write them: every part of one can be told otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ecg.synthetic.patient import SyntheticPatient

LEADS = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
STEP_UV = 5.0
Ints = npt.NDArray[np.int64]


def stemi(seconds: float = 10.0, fs_hz: int = 500) -> Ints:
    """Ten seconds of an anterior STEMI as integers of 5 µV, shape ``(12, n)``, fitting 12 bits."""
    patient = SyntheticPatient("anterior-stemi", 5, noise="light")
    segment = patient.segment(0, round(seconds * patient.fs_hz))
    rows = {
        name: 2 * np.rint(row * segment.uv_per_lsb / STEP_UV / 2).astype(np.int64)
        for name, row in zip(segment.leads, segment.adc.astype(np.int64), strict=True)
    }
    one, two = rows["I"], rows["II"]
    rows |= {
        "III": two - one,
        "aVR": -(one + two) // 2,
        "aVL": one - two // 2,
        "aVF": two - one // 2,
    }
    return np.clip(np.array([rows[lead] for lead in LEADS]), -2047, 2047)


def write(
    folder: Path,
    name: str,
    data: Ints,
    *,
    names: Sequence[str] = LEADS,
    gain: str | Sequence[str] = "200(0)/mV",
    fmt: str = "16",
    when: str = "",
    lines: Sequence[str] | None = None,
    head: str | None = None,
    raw: bytes | None = None,
    comments: Sequence[str] = ("# age: 61", "# sex: M"),
    encoding: str = "utf-8",
    suffix: str = ".hea",
    fs_hz: float = 500,
) -> Path:
    """One record; the path of its header."""
    gains = [gain] * len(names) if isinstance(gain, str) else gain
    rows = lines or [
        f"{name}.dat {fmt} {g} 16 0 {int(row[0])} 0 0 {lead}"
        for lead, g, row in zip(names, gains, data, strict=True)
    ]
    text = [head or f"{name} {len(names)} {fs_hz:g} {data.shape[1]} {when}".strip(), *rows]
    header = folder / f"{name}{suffix}"
    (folder / f"{name}.dat").write_bytes(data.T.astype("<i2").tobytes() if raw is None else raw)
    header.write_bytes(("\n".join([*text, *comments]) + "\n").encode(encoding))
    return header


def packed_212(data: Ints) -> bytes:
    """Two samples of 12 bits in three bytes."""
    flat = data.T.reshape(-1) & 0xFFF
    a, b = flat[0::2], flat[1::2]
    out = np.empty((a.size, 3), np.uint8)
    out[:, 0], out[:, 1], out[:, 2] = a & 255, (a >> 8) | ((b >> 8) << 4), b & 255
    return out.tobytes()
