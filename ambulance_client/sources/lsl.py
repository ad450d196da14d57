"""An ECG device that speaks Lab Streaming Layer: its stream by name, kept across a pulled cable.

Channels are known by their labels in the stream's description (``channels/channel/label``); units by
``unit`` (V, mV or µV; µV where none is given), integer steps by ``scaling_factor``. Values beyond the
16 bits that travel stand at the converter's limit, and NaN is a missing sample: the lead counts as off.

Needs the extra ``lsl`` (pylsl, which brings liblsl).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ambulance_client.sources.port import Source, SourceInfo
from ambulance_client.sources.stamps import Chunk, HoleFinder
from ecg.leads import canonical_name
from ecg.units import uv_of_unit
from ecg.values import MISSING, EcgSegment, Int16
from relay.errors import BadInput

MIN_FS_HZ, MAX_FS_HZ = 50, 4000
PULL_S = 0.1
RESOLVE_S = 1.0
REOPEN_AFTER_S = 3.0
GIVE_UP_AFTER_S = 20.0
"""A device that is gone so long while another of its name is there has ended its recording."""
FLOAT_STEP_UV = 1.0
RAIL = 32767
ANOTHER = (
    "Another ECG device named {name!r} is there, but it is not the one this recording began with; if it "
    "is yours, press 'next patient' or start the tablet's program again."
)


@dataclass(frozen=True, slots=True)
class LslFormat:
    """What of a stream is ECG.

    Attributes:
        leads: names, one a row of ``columns``.
        columns: the channels they are.
        fs_hz: nominal rate.
        uv_per_value: microvolts of one unit of a channel's numbers.
        uv_per_lsb: microvolts of one step that travels.
    """

    leads: tuple[str, ...]
    columns: tuple[int, ...]
    fs_hz: float
    uv_per_value: float
    uv_per_lsb: float

    def to_adc(self, values: npt.NDArray[Any]) -> Int16:
        """Values of shape ``(n_samples, n_channels)`` as steps of shape ``(n_leads, n_samples)``."""
        steps = values[:, self.columns].T.astype(np.float64) * (self.uv_per_value / self.uv_per_lsb)
        held = np.clip(np.rint(steps), -RAIL, RAIL)
        adc: Int16 = np.where(np.isnan(steps), MISSING, held).astype(np.int16)
        return adc


class LslStreams:
    """``Recordings`` of the stream with one name.

    Raises:
        BadInput: pylsl is not installed.
    """

    def __init__(self, name: str, uv_per_lsb: float | None, source_id: str | None = None) -> None:
        self._lsl = _library()
        self._name, self._uv_per_lsb, self._source_id = name, uv_per_lsb, source_id
        self.waiting_cause = ""
        self.waiting_for = f"Waiting for the LSL stream {name!r}; switch the ECG device on."

    async def next(self) -> Source | None:
        """The stream, as soon as somebody offers it."""
        while True:
            found = await asyncio.to_thread(self._find)
            devices = sorted({info.source_id() or info.hostname() for info in found})
            if len(devices) > 1:
                raise BadInput(
                    f"There are {len(devices)} LSL streams named {self._name!r} ({', '.join(devices)}); choose "
                    f"one: --source 'lsl:{self._name}?source_id={devices[0]}'.",
                    "devices-of-one-name",
                    name=self._name,
                    devices=", ".join(devices),
                )
            if found:
                return await asyncio.to_thread(
                    LslSource, self._lsl, found[0], self._name, self._uv_per_lsb
                )

    async def finished(self, source: Source) -> None:
        """From now on only this device is waited for, until the next patient."""
        if isinstance(source, LslSource) and source.source_id:
            self._source_id = source.source_id
            self.waiting_for, self.waiting_cause = ANOTHER.format(name=self._name), "device-another"

    def _find(self) -> list[Any]:
        """All that offer the name within a second, newest first; a neighbour may answer a little later."""
        found: list[Any] = self._lsl.resolve_byprop("name", self._name, 2, RESOLVE_S)
        if self._source_id is not None:
            found = [info for info in found if info.source_id() == self._source_id]
        return sorted(found, key=lambda info: -float(info.created_at()))


class LslSource:
    """One device. Where its cable is pulled it is looked for again, and the counter jumps.

    Attributes:
        hint: one sentence for the crew while nothing comes, where more is known than that.
    """

    hint = ""

    def __init__(self, lsl: Any, stream: Any, name: str, uv_per_lsb: float | None) -> None:
        self._lsl, self._name, self._uv_per_lsb = lsl, name, uv_per_lsb
        self._open(stream)
        self.info = SourceInfo(
            name=f"LSL {name}"[:200],
            leads=self._format.leads,
            fs_hz=self._format.fs_hz,
            uv_per_lsb=self._format.uv_per_lsb,
        )
        self._holes = HoleFinder(self._format.fs_hz)

    def _open(self, stream: Any) -> None:
        self._inlet = self._lsl.StreamInlet(stream, recover=False)
        try:
            info = self._inlet.info(timeout=5.0)
            self._format = format_of(info, self._uv_per_lsb)
        except (TimeoutError, RuntimeError) as error:
            self._inlet.close_stream()
            raise BadInput(
                f"The LSL stream {self._name!r} went away while it was opened; "
                "check the device's cable."
            ) from error
        self._uid, self.source_id = info.uid(), info.source_id()

    async def segments(self) -> AsyncIterator[EcgSegment]:
        """See ``Source.segments``.

        Raises:
            BadInput: the device came back as another one; a new recording must begin.
        """
        heard_s = time.monotonic()
        try:
            while True:
                values, stamps = await asyncio.to_thread(self._pull)
                now_s = time.monotonic()
                if len(stamps):
                    heard_s = now_s
                    for placed in self._holes.take(Chunk(values, stamps.tolist(), now_s)):
                        yield self._segment(self._format.to_adc(placed.values), placed.first_sample)
                    continue
                if now_s - heard_s > REOPEN_AFTER_S:
                    await asyncio.to_thread(self._look_again)
                if self.hint and now_s - heard_s > GIVE_UP_AFTER_S:
                    return
        finally:
            await asyncio.to_thread(self._inlet.close_stream)

    def _segment(self, adc: Int16, first_sample: int) -> EcgSegment:
        form = self._format
        return EcgSegment(adc, form.leads, form.fs_hz, form.uv_per_lsb, first_sample)

    def _pull(self) -> tuple[npt.NDArray[Any], npt.NDArray[np.float64]]:
        try:
            values, stamps = self._inlet.pull_chunk(
                timeout=PULL_S,
                max_samples=max(1, round(PULL_S * self._format.fs_hz)),
                as_numpy=True,
            )
        except self._lsl.util.LostError:
            time.sleep(PULL_S)
            self._look_again()
            return np.empty((0, 0)), np.empty(0)
        return values, stamps

    def _look_again(self) -> None:
        """Open the stream again where the same device offers it anew; never another's of the same name."""
        found = self._lsl.resolve_byprop("name", self._name, 1, RESOLVE_S)
        if any(info.uid() == self._uid for info in found):
            return
        same = [info for info in found if info.source_id() == self.source_id != ""]
        if not same and found and self.source_id == "":
            raise BadInput(
                f"The ECG device {self._name!r} gives no serial number (source_id), so nobody knows whether "
                "this is the same one; a new recording begins.",
                "device-without-serial",
                name=self._name,
            )
        if not same:
            self.hint = ANOTHER.format(name=self._name) if found else ""
            return
        before, self.hint = self._format, ""
        self._inlet.close_stream()
        self._open(max(same, key=lambda info: float(info.created_at())))
        if self._format != before:
            raise BadInput(
                f"The ECG device {self._name!r} came back with other leads, rate or units; "
                "a new recording begins."
            )


def format_of(info: Any, uv_per_lsb: float | None) -> LslFormat:
    """What of a stream is ECG, read from its description.

    Raises:
        BadInput: there is no lead in it that can be sent.
    """
    name, fs_hz = info.name(), float(info.nominal_srate())
    if not MIN_FS_HZ <= fs_hz <= MAX_FS_HZ:
        raise BadInput(
            f"The LSL stream {name!r} says {fs_hz:g} samples per second; {MIN_FS_HZ} to {MAX_FS_HZ} "
            "can be sent: set the device's rate."
        )
    labels, units, scales = _channels(info)
    columns: dict[str, int] = {}
    for column, label in enumerate(labels):
        lead = canonical_name(label)
        if lead is not None and lead in columns:
            raise BadInput(
                f"The LSL stream {name!r} has lead {lead} twice; name each channel once."
            )
        if lead is not None:
            columns[lead] = column
    if not columns:
        raise BadInput(
            f"The LSL stream {name!r} names no ECG lead; label its channels I, II, V1 … V6."
        )
    of_leads = {(units[i], scales[i]) for i in columns.values()}
    unit, scale = next(iter(of_leads))
    uv = uv_of_unit(unit or "uV")
    if len(of_leads) != 1 or uv is None or not scale > 0:
        raise BadInput(
            f"The LSL stream {name!r} has units I cannot use ({', '.join(sorted(set(units)))}); "
            "give every lead in V, mV or uV with one scaling factor."
        )
    uv_per_value = uv * scale
    whole = info.channel_format() not in {1, 2}  # cf_float32, cf_double64
    step_uv = uv_per_lsb or (uv_per_value if whole else FLOAT_STEP_UV)
    return LslFormat(tuple(columns), tuple(columns.values()), fs_hz, uv_per_value, step_uv)


def _channels(info: Any) -> tuple[list[str], list[str], list[float]]:
    """Label, unit and scaling factor of each channel, blank or 1 where the device gives none."""
    labels, units, scales = [], [], []
    channel = info.desc().child("channels").child("channel")
    for _ in range(info.channel_count()):
        labels.append(channel.child_value("label"))
        units.append(channel.child_value("unit").strip().lower())
        scales.append(_scale(channel.child_value("scaling_factor")))
        channel = channel.next_sibling()
    return labels, units, scales


def _scale(text: str) -> float:
    try:
        return float(text) if text.strip() else 1.0
    except ValueError:
        return float("nan")


def _library() -> Any:
    try:
        import pylsl
        import pylsl.util
    except (ImportError, RuntimeError) as error:  # RuntimeError: no liblsl for this machine
        raise BadInput(
            "LSL needs pylsl: install kyumei-relay with its extra lsl (pip install "
            "'kyumei-relay[lsl]')."
        ) from error
    return pylsl
