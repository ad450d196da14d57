"""A real LSL outlet in a process of its own, with its cable pulled."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from ambulance_client.sources import open_source
from ambulance_client.sources.lsl import LslStreams, format_of
from ambulance_client.tablet import TabletSettings, running_tablet
from relay.errors import BadInput
from tests.city import free_port, until
from tests.patience import PATIENCE_S

OUTLET = """
import sys, time
import pylsl
name, unit, first, seconds = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
info = pylsl.StreamInfo(name, "ECG", 3, 250, pylsl.cf_int16, sys.argv[5])
channels = info.desc().append_child("channels")
for label in ("I", "II", "resp"):
    channels.append_child("channel").append_child_value("label", label).append_child_value("unit", unit)
outlet = pylsl.StreamOutlet(info, chunk_size=25)
outlet.wait_for_consumers(60)
began, n = time.monotonic(), 0
while time.monotonic() - began < seconds:
    due = int((time.monotonic() - began) * 250)
    if due > n:
        outlet.push_chunk([[first + i, -(first + i), 0] for i in range(n, due)])
        n = due
    time.sleep(0.05)
"""


@pytest.fixture
def only_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """LSL looks for streams on this machine only."""
    config = tmp_path / "lsl_api.cfg"
    config.write_text("[multicast]\nResolveScope = machine\n[log]\nlevel = -3\n")
    monkeypatch.setenv("LSLAPICFG", str(config))


def _outlet(
    name: str, first: int = 0, seconds: float = 120.0, serial: str = "monitor-7"
) -> subprocess.Popen[bytes]:
    args = [sys.executable, "-c", OUTLET, name, "uV", str(first), str(seconds), serial]
    return subprocess.Popen(args, env=dict(os.environ))


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait(PATIENCE_S)


async def test_a_pulled_cable_is_a_state_and_a_hole_never_a_crash(
    tmp_path: Path, only_this_machine: None
) -> None:
    name = f"kyumei-{os.getpid()}-{time.monotonic_ns()}"
    settings = TabletSettings(
        unit="救急1",
        relay_url=f"ws://localhost:{free_port()}/link/v1",
        token="x",
        source=f"lsl:{name}",
        spool=tmp_path / "spool",
    )
    async with running_tablet(settings) as tablet:
        await until(lambda: tablet.intake.state == "waiting")
        device = _outlet(name)
        try:
            await until(lambda: tablet.recorder and tablet.recorder.newest_sample > 250)
            stream = tablet.recorder.spec.stream
        finally:
            _stop(device)
        await until(lambda: tablet.intake.state == "silent")
        before = tablet.recorder.newest_sample
        device = _outlet(name, first=10_000)
        try:
            await until(lambda: tablet.recorder.newest_sample > before + 500)
            await until(lambda: tablet.intake.state == "running")
        finally:
            _stop(device)

        assert tablet.recorder.spec.stream == stream
        newest = tablet.recorder.recent_segment(1.0)
        assert newest is not None and newest.leads == ("I", "II")
        assert newest.adc[0].tolist() == list(range(newest.adc[0][0], newest.adc[0][-1] + 1))
        assert newest.adc[0][0] >= 10_000
        assert np.array_equal(newest.adc[0], -newest.adc[1])
        assert newest.first_sample > before + 250  # the hole is as long as the silence


async def test_a_neighbours_device_of_the_same_name_is_never_taken(
    tmp_path: Path, only_this_machine: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ambulance_client.sources.lsl.REOPEN_AFTER_S", 0.5)
    monkeypatch.setattr("ambulance_client.sources.lsl.GIVE_UP_AFTER_S", 2.0)
    name = f"kyumei-{os.getpid()}-{time.monotonic_ns()}"
    ours = _outlet(name, serial="serial-A")
    settings = TabletSettings(
        unit="救急1",
        relay_url=f"ws://localhost:{free_port()}/link/v1",
        token="x",
        source=f"lsl:{name}",
        spool=tmp_path / "spool",
    )
    async with running_tablet(settings) as tablet:
        try:
            await until(lambda: tablet.recorder and tablet.recorder.newest_sample > 250)
            first = tablet.recorder
        finally:
            _stop(ours)
        theirs = _outlet(name, first=20_000, serial="serial-B")
        try:
            await until(lambda: tablet.intake.told.get("cause") == "device-another")
            await until(lambda: tablet.intake.state == "waiting")  # A's recording has ended
            ours = _outlet(name, first=10_000, serial="serial-A")
            try:
                await until(lambda: tablet.recorder is not first)
                await until(lambda: tablet.recorder.newest_sample > 250)
                newest = tablet.recorder.recent_segment(0.5)
                assert newest is not None
                assert 10_000 <= newest.adc[0][-1] < 20_000
            finally:
                _stop(ours)
        finally:
            _stop(theirs)
        assert first.newest_sample < 120 * 250
        assert tablet.case.snapshots == {}  # a device that went away asks nobody to read


async def test_two_devices_of_one_name_are_named_and_one_can_be_chosen(
    only_this_machine: None,
) -> None:
    name = f"kyumei-{os.getpid()}-{time.monotonic_ns()}"
    devices = [_outlet(name, serial=serial) for serial in ("serial-A", "serial-B")]
    try:

        async def refused() -> str:
            while True:  # until both are seen
                source = LslStreams(name, None)
                try:
                    await asyncio.wait_for(source.next(), PATIENCE_S)
                except BadInput as error:
                    return f"{error} {error.cause}"

        said = await asyncio.wait_for(refused(), PATIENCE_S)
        assert "serial-A, serial-B" in said
        assert "source_id=serial-A" in said
        assert said.endswith("devices-of-one-name")
        chosen = await asyncio.wait_for(
            open_source(f"lsl:{name}?source_id=serial-B").next(), PATIENCE_S
        )
        assert chosen is not None
        assert chosen.source_id == "serial-B"  # type: ignore[attr-defined]
    finally:
        for device in devices:
            _stop(device)


async def test_a_device_without_a_serial_number_begins_a_new_recording(
    tmp_path: Path, only_this_machine: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ambulance_client.sources.lsl.REOPEN_AFTER_S", 0.5)
    monkeypatch.setattr("ambulance_client.intake.RETRY_S", 0.2)
    name = f"kyumei-{os.getpid()}-{time.monotonic_ns()}"
    settings = TabletSettings(
        unit="救急1",
        relay_url=f"ws://localhost:{free_port()}/link/v1",
        token="x",
        source=f"lsl:{name}",
        spool=tmp_path / "spool",
    )
    causes: list[str] = []
    async with running_tablet(settings) as tablet:
        tablet.changed.add(lambda: causes.append(tablet.intake.told.get("cause", "")))
        device = _outlet(name, serial="")
        try:
            await until(lambda: tablet.recorder and tablet.recorder.newest_sample > 250)
            first = tablet.recorder
        finally:
            _stop(device)
        device = _outlet(name, first=10_000, serial="")
        try:
            await until(lambda: tablet.recorder is not first)
            await until(lambda: tablet.recorder.newest_sample > 250)
        finally:
            _stop(device)
        assert "device-without-serial" in causes


class _Channel:
    """A description as pylsl gives it, without a network."""

    def __init__(self, rows: list[dict[str, str]]) -> None:
        self._rows = rows

    def child(self, _: str) -> _Channel:
        return self

    def child_value(self, key: str) -> str:
        return self._rows[0].get(key, "") if self._rows else ""

    def next_sibling(self) -> _Channel:
        return _Channel(self._rows[1:])


def _info(rows: list[dict[str, str]], fs_hz: float = 500.0, form: int = 1) -> SimpleNamespace:
    return SimpleNamespace(
        name=lambda: "ECG",
        nominal_srate=lambda: fs_hz,
        channel_count=lambda: len(rows),
        channel_format=lambda: form,
        desc=lambda: _Channel(rows),
    )


def test_units_become_microvolts_and_what_has_no_number_stands_at_the_limit() -> None:
    rows = [{"label": "V2", "unit": "mV"}, {"label": "marker"}, {"label": "lead I", "unit": "mV"}]
    form = format_of(_info(rows), None)

    adc = form.to_adc(np.array([[0.5, 9, -1.0], [np.nan, 9, 40.0]]))

    assert (form.leads, form.uv_per_lsb) == (("V2", "I"), 1.0)
    assert adc.tolist() == [[500, -32768], [-1000, 32767]]
    whole = format_of(_info([{"label": "I", "unit": "uV", "scaling_factor": "2.5"}], form=5), None)
    assert whole.uv_per_lsb == 2.5
    assert whole.to_adc(np.array([[7], [-9]], np.int16)).tolist() == [[7, -9]]


@pytest.mark.parametrize(
    ("rows", "fs_hz", "why"),
    [
        ([{"label": "EEG1"}], 500.0, "names no ECG lead"),
        ([{"label": "I"}, {"label": "i"}], 500.0, "twice"),
        ([{"label": "I", "unit": "volt-ish"}], 500.0, "units I cannot use"),
        ([{"label": "I", "unit": "uV"}, {"label": "II", "unit": "mV"}], 500.0, "units"),
        ([{"label": "I", "scaling_factor": "x"}], 500.0, "scaling"),
        ([{"label": "I"}], 0.0, "samples per second"),
    ],
)
def test_what_cannot_be_taken_is_one_sentence(rows, fs_hz, why) -> None:
    with pytest.raises(BadInput, match=why) as caught:
        format_of(_info(rows, fs_hz), None)
    assert "\n" not in str(caught.value)


async def test_a_stream_nobody_offers_is_waited_for(only_this_machine: None) -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(LslStreams("nobody-has-this-name", None).next(), 1.5)
