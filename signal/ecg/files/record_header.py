"""The header of a WFDB record (PhysioNet's ``.hea``), as recorders really write it. Bytes in, values out.

Source: WFDB header(5). Deviations, all towards what stands in ambulances:
    * The text may be UTF-8, UTF-16, Shift-JIS, EUC-JP or an 8-bit page: the µ of µV is a letter of each.
    * A date or time that breaks the rules is unknown; it is no reason to refuse an ECG.
    * A sample rate that is not given is not taken as 250 Hz, nor an absent gain as 200: they are unknown.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from ecg.files.digital import NotAnEcgError
from ecg.units import uv_of_unit

NOT_A_HEADER = "its header is not a WFDB header; export the record again."
_RECORD = re.compile(r"(?P<name>[^/\s]+)(?:/(?P<n_seg>\d+))?\s+(?P<n_sig>\d+)(?:\s+(?P<rest>.*))?$")
_SIGNAL = re.compile(
    r"(?P<file>\S+)\s+(?P<fmt>\d+)(?:x(?P<spf>\d+))?(?::(?P<skew>-?\d+))?(?:\+(?P<offset>\d+))?"
    r"(?:\s+(?P<gain>\S+)(?P<rest>(?:\s+-?\d+){0,5})(?:\s+(?P<name>\S.*))?)?$"
)
_GAIN = re.compile(
    r"(?P<gain>[-+]?[\d.]+(?:[eE][-+]?\d+)?)(?:\((?P<zero>-?\d+)\))?(?:/(?P<unit>\S+))?$"
)
_CLOCK = re.compile(r"(\d{1,2}):(\d{2}):(\d{2})(?:\.\d+)?$")
_DATE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})$")
_ENCODINGS = ("utf-8-sig", "cp932", "euc_jp", "latin-1", "cp1253", "cp437")


@dataclass(frozen=True, slots=True)
class SignalLine:
    """How one signal is stored.

    Attributes:
        file: name of its signal file, without a folder.
        fmt: WFDB storage format, such as 16 or 212.
        per_frame: samples of this signal in each frame.
        skew: frames by which it is late. offset: bytes before the file's first sample.
        gain: steps per unit, None where not given or 0: the signal is not calibrated.
        unit: as written, None where not given (mV).
        zero: the integer that means 0 mV. first: the value before the first difference (format 8).
        name: what the signal is, None where the header does not say.
    """

    file: str
    fmt: int
    per_frame: int
    skew: int
    offset: int
    gain: float | None
    unit: str | None
    zero: int
    first: int
    name: str | None


@dataclass(frozen=True, slots=True)
class Header:
    """A header as read.

    Attributes:
        frames_hz: frames per second. n_frames: None where the header does not say.
        recorded_at: by the recorder's own clock, without a zone; None where unknown or against the rules.
        comments: the lines after ``#``.
    """

    frames_hz: float
    n_frames: int | None
    recorded_at: datetime | None
    signals: tuple[SignalLine, ...]
    comments: tuple[str, ...]


def read_header(data: bytes) -> Header:
    """The header in these bytes.

    Raises:
        NotAnEcgError: it is none, has several segments, no signals, or no sample rate.
    """
    text = _text(data)
    lines = [line.strip() for line in text.replace("\0", "").splitlines() if line.strip()]
    rows = [line.partition("#")[0].strip() for line in lines if not line.startswith("#")]
    record = _RECORD.match(rows[0]) if rows else None
    if record is None:
        raise NotAnEcgError(NOT_A_HEADER)
    if record["n_seg"]:
        raise NotAnEcgError("it has several segments; give one of its segments instead.")
    if not int(record["n_sig"]):
        raise NotAnEcgError("it holds no signals; give a record with ECG leads.")
    frames_hz, n_frames, when = _record_fields((record["rest"] or "").split())
    signals = tuple(_signal(row) for row in rows[1 : 1 + int(record["n_sig"])])
    if len(signals) < int(record["n_sig"]):
        raise NotAnEcgError(NOT_A_HEADER)
    comments = tuple(line.lstrip("# ") for line in lines if line.startswith("#"))
    return Header(frames_hz, n_frames, when, signals, comments)


def signal_files(data: bytes) -> list[str]:
    """Names of the signal files a header speaks of, as far as its lines can be read; never an error."""
    text = _text(data)
    rows = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return sorted({_plain(row.split()[0]) for row in rows[1:] if row.split()} - {"~"})


def found_name(names: Iterable[str], wanted: str) -> str | None:
    """The name among these that is the wanted one; where it is not there, one in other letter case."""
    held = list(names)
    if wanted in held:
        return wanted
    return next((n for n in sorted(held) if n.casefold() == wanted.casefold()), None)


def _plain(name: str) -> str:
    return re.split(r"[/\\]", name)[-1]


def _text(data: bytes) -> str:
    """The text in the first encoding in which every unit is a unit; else byte by byte."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", errors="replace")
    for encoding in _ENCODINGS:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding == "utf-8-sig" or _units_are_known(text):
            return text
    return data.decode("latin-1")


def _units_are_known(text: str) -> bool:
    """Whether whatever looks like volts in a gain field (``200(0)/µV``) reads as volts."""
    units = re.findall(r"^\S+\s+\d\S*\s+[-+\d.eE]+(?:\(-?\d+\))?/(\S+)", text, re.MULTILINE)
    return all(uv_of_unit(unit) is not None for unit in units if unit.upper().endswith("V"))


def _record_fields(fields: list[str]) -> tuple[float, int | None, datetime | None]:
    """Frame rate, frames, and when; only the rate must be there."""
    try:
        frames_hz = float(fields[0].partition("/")[0]) if fields else 0.0
        n_frames = int(fields[1]) if len(fields) > 1 else None
    except ValueError:
        raise NotAnEcgError(NOT_A_HEADER) from None
    if not 0 < frames_hz < 1e9:
        raise NotAnEcgError("it has no sample rate; correct its header.")
    return frames_hz, n_frames or None, _when(fields[2:])


def _when(fields: list[str]) -> datetime | None:
    if len(fields) != 2:
        return None
    clock, date = _CLOCK.match(fields[0]), _DATE.match(fields[1])
    if clock is None or date is None:
        return None
    day, month, year = (int(part) for part in date.groups())
    hour, minute, second = (int(part) for part in clock.groups())
    try:
        return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - the recorder's own
    except ValueError:
        return None


def _signal(row: str) -> SignalLine:
    found = _SIGNAL.match(row)
    if found is None or _plain(found["file"]) != found["file"]:
        raise NotAnEcgError(NOT_A_HEADER)
    gain, zero, unit = _gain(found["gain"])
    numbers = [int(part) for part in (found["rest"] or "").split()]
    adc_zero = numbers[1] if len(numbers) > 1 else 0
    return SignalLine(
        file=found["file"],
        fmt=int(found["fmt"]),
        per_frame=max(1, int(found["spf"] or 1)),
        skew=int(found["skew"] or 0),
        offset=int(found["offset"] or 0),
        gain=gain,
        unit=unit,
        zero=adc_zero if zero is None else zero,
        first=numbers[2] if len(numbers) > 2 else adc_zero,
        name=(found["name"] or "").strip() or None,
    )


def _gain(text: str | None) -> tuple[float | None, int | None, str | None]:
    """Steps per unit, zero and unit of a gain field; unknown parts are None."""
    found = _GAIN.match(text or "")
    if found is None:
        return None, None, None
    try:
        gain = float(found["gain"])
    except ValueError:
        gain = 0.0
    zero = found["zero"]
    return (gain if gain > 0 else None), (None if zero is None else int(zero)), found["unit"]
