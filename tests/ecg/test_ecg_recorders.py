"""Records as recorders really write them: the right value, or one clear sentence. Both readers are asked."""

from __future__ import annotations

import json
import runpy
import subprocess
import sys
import traceback
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from ambulance_client.sources.wfdb_replay import read_record
from ecg.files.foreign import foreign_format
from ecg.files.record_samples import decode
from ecg.screen import Tier, screen_segment
from ecg.values import MISSING, EcgSegment, window_of_segment
from relay.cli import whole
from relay.errors import BadInput
from relay.imports.wfdb_record import read_wfdb
from tests.conftest import ROOT
from tests.doses import deep_only
from tests.ecg.record_files import LEADS, STEP_UV, packed_212, stemi, write

E = stemi()
V3, V4 = LEADS.index("V3"), LEADS.index("V4")
HOLE = slice(1500, 1750)


def same_as(path: Path, truth: np.ndarray) -> EcgSegment:
    """Both readers give these integers, and the screen an anterior STEMI."""
    record = read_wfdb(path)
    sent, _ = read_record(path)
    for segment in (record.segment, sent):
        for row, lead in enumerate(segment.leads):
            want = truth[LEADS.index(lead)]
            assert segment.adc[row].tolist() == want.tolist(), lead
        assert segment.fs_hz == 500
        assert segment.uv_per_lsb == STEP_UV
    report = screen_segment(record.segment, record.patient)
    assert report.tier is Tier.A, report.statement_en
    return record.segment


@pytest.mark.parametrize(
    ("unit", "encoding"),
    [
        ("µV", "utf-8"),
        ("µV", "utf-8-sig"),
        ("µV", "latin-1"),
        ("μV", "utf-8"),
        ("μV", "cp932"),
        ("μV", "euc_jp"),
        ("μV", "utf-16"),
        ("ｕＶ", "utf-8"),
        ("㎶", "utf-8"),
        ("UV", "ascii"),
    ],
)
@pytest.mark.parametrize("comment", ["# 心電図", "# age 61"])
def test_microvolts_in_every_spelling(tmp_path, unit, encoding, comment):
    if comment == "# 心電図" and encoding in {"latin-1", "ascii"}:
        comment = "# Ekg f\u00fcr" if encoding == "latin-1" else "# ecg"
    path = write(tmp_path, "r", E, gain=f"0.2(0)/{unit}", encoding=encoding, comments=[comment])

    same_as(path, E)


@pytest.mark.parametrize("lines", [["r.dat 16"] * 12, ["r.dat 16 200(0)/mV 16 0 0 0 0"] * 12])
def test_signals_without_names_are_one_sentence(tmp_path, lines):
    path = write(tmp_path, "r", E, lines=lines)

    for read in (read_wfdb, read_record):
        with pytest.raises(BadInput, match="have no lead names"):
            read(path)


@pytest.mark.parametrize("gain", ["0", "0(0)/mV", "-1/mV", "nonsense"])
def test_an_uncalibrated_record_has_no_millimetres(tmp_path, gain):
    path = write(tmp_path, "r", E, gain=gain)

    for read in (read_wfdb, read_record):
        with pytest.raises(BadInput, match="not calibrated"):
            read(path)


def test_a_gain_that_is_not_given_is_not_200(tmp_path):
    write(tmp_path, "r", E, names=["I"], lines=["r.dat 16"], raw=E[0].astype("<i2").tobytes())

    with pytest.raises(BadInput, match="lead names"):
        read_wfdb(tmp_path / "r")


def test_several_samples_in_a_frame(tmp_path):
    frames = E.reshape(12, -1, 4).transpose(1, 0, 2)
    path = write(
        tmp_path, "r", E, fmt="16x4", head=f"r 12 125 {E.shape[1] // 4}",
        raw=np.ascontiguousarray(frames).astype("<i2").tobytes(),
    )  # fmt: skip

    same_as(path, E)


def test_one_slow_signal_beside_fast_leads(tmp_path):
    """SpO2 once a frame, the leads four times: the leads are what they are."""
    frames = E.reshape(12, -1, 4).transpose(1, 0, 2).reshape(-1, 48)
    both = np.hstack([frames, np.full((frames.shape[0], 1), 97)])
    rows = [f"r.dat 16x4 200(0)/mV 16 0 0 0 0 {lead}" for lead in LEADS]
    path = write(
        tmp_path, "r", E, head=f"r 13 125 {frames.shape[0]}",
        lines=[*rows, "r.dat 16 1/% 16 0 0 0 0 SpO2"], raw=both.astype("<i2").tobytes(),
    )  # fmt: skip

    same_as(path, E)
    assert read_wfdb(path).skipped == ("SpO2",)


def test_leads_of_different_rates_are_refused(tmp_path):
    rows = ["r.dat 16x2 200/mV 16 0 0 0 0 I", "r.dat 16 200/mV 16 0 0 0 0 II"]
    path = write(tmp_path, "r", E[:2], names=LEADS[:2], lines=rows, head="r 2 250 2500")

    with pytest.raises(BadInput, match="different sample rates"):
        read_wfdb(path)


def test_breathing_and_oxygen_beside_the_leads(tmp_path):
    both = np.vstack([E, np.full((1, E.shape[1]), 97), np.arange(E.shape[1])[None] % 50])
    path = write(
        tmp_path, "r", both, names=[*LEADS, "SpO2", "RESP"],
        gain=["200(0)/mV"] * 12 + ["1(0)/%", "0"],
    )  # fmt: skip

    same_as(path, E)
    assert read_wfdb(path).skipped == ("SpO2", "RESP")
    assert "left out: SpO2, RESP" in CliRunner().invoke(whole(), ["screen", str(path)]).stdout


@pytest.mark.parametrize("fmt", ["16", "212", "16 with a zero"])
def test_missing_samples_are_a_hole_and_never_a_voltage(tmp_path, fmt):
    zero = 10 if "zero" in fmt else 0
    data = E + zero
    data[V4, HOLE] = -2048 if fmt == "212" else -32768
    raw = packed_212(data) if fmt == "212" else None
    path = write(tmp_path, "r", data, fmt=fmt.split()[0], gain=f"200({zero})/mV", raw=raw)

    record = read_wfdb(path)
    sent, _ = read_record(path)
    for segment in (record.segment, sent):
        row = segment.adc[segment.leads.index("V4")]
        assert (row[HOLE] == MISSING).all()
        kept = np.ones(row.size, bool)
        kept[HOLE] = False
        assert (row[kept] == E[V4][kept]).all()
        assert np.isnan(window_of_segment(segment).row("V4")[HOLE]).all()
    report = screen_segment(record.segment, record.patient)
    assert report.tier in {Tier.A, Tier.B}
    assert "MISSING" in report.as_json()["quality"]["leads"]["V4"]["flags"]
    whole = screen_segment(read_wfdb(write(tmp_path, "whole", E)).segment, record.patient)
    for lead in ("V3", "V4"):
        j_uv = report.as_json()["st_j_uv"][lead]
        assert j_uv is None or abs(j_uv - whole.as_json()["st_j_uv"][lead]) < 30, lead


def test_a_hole_in_a_limb_lead_is_not_filled_by_deriving(tmp_path):
    data = E.copy()
    data[0, HOLE] = -32768  # I is missing; III, aVR … are there and travel as they are
    sent, _ = read_record(write(tmp_path, "r", data))

    assert set(sent.leads) == set(LEADS)
    assert (sent.adc[sent.leads.index("III"), HOLE] == E[2, HOLE]).all()


@pytest.mark.parametrize(
    "when",
    [
        "2006",
        "12:33:24 2020-05-01",
        "12:33:24 05/31/2020",
        "12:33:24 01/05/199",
        "24:00:00 01/05/2020",
        "12:33 01/05/2020",
        "noon yesterday",
    ],
)
def test_a_date_against_the_rules_is_unknown_and_no_reason_to_refuse(tmp_path, when):
    path = write(tmp_path, "r", E, when=when)

    same_as(path, E)
    assert read_wfdb(path).recorded_at is None


def test_a_right_date_is_told(tmp_path):
    record = read_wfdb(write(tmp_path, "r", E, when="08:15:00 03/02/2019"))

    assert str(record.recorded_at) == "2019-02-03 08:15:00"


@pytest.mark.parametrize("dat", ["ECG0002.dat", "ECG0002.DAT"])
def test_names_in_capitals(tmp_path, dat):
    write(tmp_path, "ECG0002", E, suffix=".HEA")
    if dat != "ECG0002.dat":
        (tmp_path / "ECG0002.dat").rename(tmp_path / dat)

    for name in ("ECG0002", "ECG0002.HEA", "ECG0002.hea", dat):
        same_as(tmp_path / name, E)


@pytest.mark.parametrize("fmt", [8, 16, 24, 32, 61, 80, 160, 212, 310, 311])
def test_every_format_as_the_reference_reads_it(tmp_path, fmt):
    import wfdb

    n, n_sig = 1200, 2
    size = {8: 1, 16: 2, 24: 3, 32: 4, 61: 2, 80: 1, 160: 2, 212: 1.5, 310: 4 / 3, 311: 4 / 3}[fmt]
    raw = np.random.default_rng(fmt).integers(0, 256, round(n * n_sig * size), np.uint8).tobytes()
    if fmt == 311:  # the two highest bits of each double word are unused
        raw = (np.frombuffer(raw, "<u4") & 0x3FFFFFFF).astype("<u4").tobytes()
    (tmp_path / "r.dat").write_bytes(raw)
    rows = "".join(f"r.dat {fmt} 200/mV 12 0 7 0 0 {name}\n" for name in ("I", "II"))
    (tmp_path / "r.hea").write_text(f"r {n_sig} 500 {n}\n{rows}")

    truth = wfdb.rdrecord(str(tmp_path / "r"), physical=False).d_signal
    ours = decode(raw, fmt, n * n_sig).reshape(n, n_sig)
    if fmt == 8:
        ours = 7 + np.cumsum(ours, axis=0)
    there = ours > -(1 << 40)
    assert (ours[there] == truth[there]).all()
    lowest = {16: -32768, 24: -(1 << 23), 61: -32768, 80: -128, 160: -32768, 212: -2048, 310: -512, 311: -512}  # fmt: skip
    assert (truth[~there] == lowest.get(fmt, -(1 << 31))).all()


def test_compressed_formats_are_named(tmp_path):
    with pytest.raises(BadInput, match="format 516"):
        read_wfdb(write(tmp_path, "r", E, fmt="516"))


@pytest.mark.parametrize(
    ("name", "head", "words"),
    [
        ("a.dcm", b"\0" * 128 + b"DICM" + b"\2\0", "DICOM"),
        ("a.bin", b"\0" * 128 + b"DICM", "DICOM"),
        ("a.scp", b"\x12\x34" + b"\0" * 14 + b"SCPECG" + b"\0" * 9, "SCP-ECG"),
        ("a.xml", b"<?xml version='1.0'?><restingecgdata>", "Philips"),
        ("a.xml", "<?xml?><restingecgdata>".encode("utf-16"), "Philips"),
        ("a.xml", b"<?xml version='1.0'?><RestingECG>", "GE MUSE"),
        ("a.xml", b"<?xml version='1.0'?><AnnotatedECG xmlns='urn:hl7-org:v3'>", "aECG"),
        ("a.edf", b"0       X X X X", "EDF"),
        ("a.ecg", b"ISHNE1.0", "ISHNE"),
        ("a.pdf", b"%PDF-1.4", "PDF"),
        ("a", b"\x89PNG\r\n", "PNG"),
    ],
)
def test_another_format_is_called_by_its_name(tmp_path, name, head, words):
    (tmp_path / name).write_bytes(head + b"\0" * 50)

    assert words in (foreign_format(name, head) or "")
    done = CliRunner().invoke(whole(), ["screen", str(tmp_path / name)])
    assert done.exit_code == 1
    assert words in done.stderr
    assert "WFDB" in done.stderr
    assert done.stderr.count("\n") == 1


def test_the_sheet_draws_a_hole_as_a_hole(tmp_path):
    from ecg.sheet import _millimetres

    data = E.copy()
    data[V4, HOLE] = -32768
    heights = _millimetres(read_wfdb(write(tmp_path, "r", data)).segment)

    assert np.isnan(heights["V4"][HOLE]).all()
    assert np.isfinite(heights["V3"]).all()


def _as_a_process_would(command: list[str | Path], **_: object) -> subprocess.CompletedProcess[str]:
    """What the judge asks of a process of its own, answered here: ``kyumei screen``, or what the tablet reads."""
    if command[1] == "screen":
        done = CliRunner().invoke(whole(), [str(word) for word in command[1:]])
        return subprocess.CompletedProcess(command, done.exit_code, done.stdout, done.stderr)
    said, failed = StringIO(), StringIO()
    argv = ["-c", *(str(word) for word in command[3:])]
    with redirect_stdout(said), pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", argv)
        patch.setattr(sys, "path", [*sys.path])
        try:
            exec(str(command[2]), {})
        except Exception:  # noqa: BLE001  whatever it is, the judge shall see it
            failed.write(traceback.format_exc())
    code = 1 if failed.getvalue() else 0
    return subprocess.CompletedProcess(command, code, said.getvalue(), failed.getvalue())


@pytest.mark.parametrize("here", [True, deep_only(False)], ids=["here", "processes"])
def test_shared_cases_are_green(
    cases: Path, here: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """The records of ../shared/cases, by their own judge, who starts two processes for each in the deep run."""
    if here:
        monkeypatch.setattr(subprocess, "run", _as_a_process_would)
    monkeypatch.setattr(sys, "argv", ["check_records.py", str(ROOT)])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(cases / "check_records.py"), run_name="__main__")
    said = capsys.readouterr().out
    assert ended.value.code in (0, False), said
    assert said.count("PASS ") == len(json.loads((cases / "expected.json").read_text()))
