"""WFDB import, the sample records, the command and the page."""

import json
import subprocess
import sys

import numpy as np
import pytest
from ecg_cases import MAN_60, REPO, segment
from typer.testing import CliRunner

from ecg.files.digital import patient_of_comments
from ecg.screen import Tier, screen_segment
from relay.cli import whole
from relay.errors import BadInput
from relay.imports.wfdb_record import read_wfdb

SAMPLES = REPO / "sample_records"
TIERS = {
    "normal": "E",
    "anterior_stemi": "A",
    "inferior_stemi": "A",
    "lbbb": "E",
    "lvh": "BDE",
    "arm_reversal": "Q",
    "noisy": "A",
    "unreadable": "Q",
}


def test_samples_are_what_the_script_makes(tmp_path):
    subprocess.run(
        [sys.executable, REPO / "scripts" / "make_samples", tmp_path],
        check=True,
        capture_output=True,
    )
    made = sorted(p.name for p in tmp_path.iterdir())
    assert made == sorted(
        p.name for p in SAMPLES.iterdir() if p.suffix in {".hea", ".dat", ".json"}
    )
    for name in made:
        if name.endswith(".dat"):  # libm may differ in the last bit between machines
            a, b = (np.fromfile(d / name, "<i2").astype(int) for d in (tmp_path, SAMPLES))
            assert np.abs(a - b).max() <= 1
            assert (a != b).mean() < 1e-3
        elif name.endswith(".truth.json"):
            assert (
                json.loads((tmp_path / name).read_text())["scenario"]
                == json.loads((SAMPLES / name).read_text())["scenario"]
            )


@pytest.mark.parametrize("name", TIERS)
def test_sample_tier_and_truth(name):
    record = read_wfdb(SAMPLES / name)
    report = screen_segment(record.segment, record.patient)
    assert report.tier.value in TIERS[name], report.statement_en
    assert record.segment.uv_per_lsb == 2.5
    assert record.patient.age_years is not None
    if report.tier is not Tier.Q and name != "noisy":
        truth = json.loads((SAMPLES / f"{name}.truth.json").read_text())
        for lead, value in report.as_json()["st_j_uv"].items():
            true = np.mean([b["st_uv"][lead][0] for b in truth["beats"]])
            assert value == pytest.approx(true, abs=40), lead


@pytest.mark.parametrize("suffix", ["", ".hea", ".dat"])
def test_the_path_may_have_a_suffix_and_samples_stay_as_stored(suffix):
    record = read_wfdb(SAMPLES / f"normal{suffix}")
    stored = np.fromfile(SAMPLES / "normal.dat", "<i2").reshape(-1, 12).T
    assert (record.segment.adc == stored).all()


def write(folder, head, samples):
    folder.joinpath("r.hea").write_text(head, "ascii")
    samples.astype("<i2").tofile(folder / "r.dat")
    return folder / "r"


GOOD = np.arange(4000).reshape(2000, 2) % 300


@pytest.mark.parametrize(
    ("head", "samples", "says"),
    [
        (
            "r 2 500 2000\nr.dat 16 200/mV 16 0 0 0 0 I\nr.dat 16 200/mV 16 0 0 0 0 II\n",
            GOOD[:900],
            "shorter",
        ),
        (
            "r 2 500 2000\nr.dat 16 200/mV 16 0 0 0 0 resp\nr.dat 16 200/mV 16 0 0 0 0 pleth\n",
            GOOD,
            "no ECG lead",
        ),
        (
            "r 2 500 2000\nr.dat 16 200/mV 16 0 0 0 0 I\nr.dat 16 200/mV 16 0 0 0 0 i\n",
            GOOD,
            "twice",
        ),
        (
            "r 2 500 2000\nr.dat 16 200/mmHg 16 0 0 0 0 I\nr.dat 16 200/mmHg 16 0 0 0 0 II\n",
            GOOD,
            "not in mV",
        ),
        ("r 0 500 2000\n", GOOD, "no signals"),
        ("r/2 2 500 2000\nr_1 1000\nr_2 1000\n", GOOD, "segments"),
        (
            "r 2 500 2000\ngone.dat 16 200/mV 16 0 0 0 0 I\ngone.dat 16 200/mV 16 0 0 0 0 II\n",
            GOOD,
            "missing",
        ),
        (
            "r 2 500 2000\n../r.dat 16 200/mV 16 0 0 0 0 I\n../r.dat 16 200/mV 16 0 0 0 0 II\n",
            GOOD,
            "WFDB header",
        ),
        ("this is no header at all\n", GOOD, "WFDB"),
        ("", GOOD, "WFDB"),
    ],
)
def test_bad_records_are_refused_with_one_sentence(tmp_path, head, samples, says):
    path = write(tmp_path, head, samples)
    with pytest.raises(BadInput) as caught:
        read_wfdb(path)
    text = str(caught.value)
    assert says in text
    assert text.endswith(".")
    assert str(tmp_path) not in text


def test_different_gains_follow_the_documented_rule(tmp_path):
    head = "r 2 500 2000\nr.dat 16 200/mV 16 0 0 0 0 I\nr.dat 16 400(10)/mV 16 0 0 0 0 II\n"
    record = read_wfdb(write(tmp_path, head, GOOD))
    assert record.segment.uv_per_lsb == 2.5
    assert (record.segment.adc[0] == GOOD[:, 0] * 2).all()
    assert (record.segment.adc[1] == GOOD[:, 1] - 10).all()


def test_age_and_sex_from_comments():
    assert patient_of_comments(["age: 56", "sex: Female"]).sex == "F"
    assert patient_of_comments(["<age>: 64", "<sex>: M"]).age_years == 64
    assert patient_of_comments(["Age: 999", "passage: 12"]).age_years is None
    assert patient_of_comments([]).sex is None


def run(*args):
    return CliRunner().invoke(whole(), ["screen", *map(str, args)])


def test_command_prints_for_people_and_json():
    human = run(SAMPLES / "anterior_stemi")
    assert human.exit_code == 0
    assert human.stdout.startswith("A  V1–V5でST上昇")
    assert "STEMI_UDMI4" in human.stdout
    machine = run(SAMPLES / "anterior_stemi", "--json", "--age", "35", "--sex", "m")
    shape = json.loads(machine.stdout)
    assert shape["tier"] == "A"
    assert shape["thresholds"]["leads_uv"]["V2"] == 250
    assert run(SAMPLES / "unreadable").exit_code == 0


def test_command_errors_have_their_codes():
    assert run(SAMPLES / "nothing_here").exit_code == 1
    assert "no header" in run(SAMPLES / "nothing_here").stderr
    assert run(SAMPLES / "normal", "--sex", "X").exit_code == 2
    assert run(SAMPLES / "normal", "--age", "-3").exit_code == 2
    assert run(SAMPLES / "normal", "--at", "99").exit_code == 2
    assert run(SAMPLES / "normal", "--sheet", "x.doc").exit_code == 2
    assert run("--no-such-option").exit_code == 2


def test_a_longer_record_is_screened_where_it_is_readable(tmp_path):
    quiet = segment("normal", 3, n=10_000).adc
    adc = np.concatenate([np.zeros((8, 5000), np.int16), quiet[:, :5000]], axis=1)
    names = segment("normal").leads
    head = "r 8 500 10000\n" + "".join(f"r.dat 16 400/mV 16 0 0 0 0 {n}\n" for n in names)
    path = write(tmp_path, head, adc.T)
    assert "10.0–20.0 s of 20.0 s" in run(path).stdout
    assert run(path, "--at", "0").stdout.startswith("Q")


def test_bench_reports_numbers():
    result = CliRunner().invoke(whole(), ["bench", "screen", "--rounds", "1", "--json"])
    assert json.loads(result.stdout)["records"] == len(TIERS)


@pytest.mark.parametrize(
    ("form", "magic"), [("pdf", b"%PDF"), ("svg", b"<?xml"), ("png", b"\x89PNG")]
)
def test_sheet(tmp_path, form, magic):
    out = tmp_path / f"page.{form}"
    assert run(SAMPLES / "arm_reversal", "--sheet", out).exit_code == 0
    data = out.read_bytes()
    assert data.startswith(magic)
    if form == "pdf":
        assert run(SAMPLES / "arm_reversal", "--sheet", out).exit_code == 0
        assert out.read_bytes() == data


def test_sheet_of_garbage_is_drawn(tmp_path):
    from ecg.sheet import SheetHeader, draw_sheet

    part = segment("normal", 1, n=3)
    assert draw_sheet(part, screen_segment(part, MAN_60), SheetHeader(case="C-1"), "svg")


def test_help_loads_no_heavy_library():
    code = "import sys\nfrom typer.testing import CliRunner\nfrom relay.cli import whole\nCliRunner().invoke(whole(), ['--help'])\nprint([m for m in ('scipy', 'matplotlib', 'wfdb', 'pandas', 'fastapi', 'numpy') if m in sys.modules])"
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=REPO
    )
    assert out.stdout.strip() == "[]"
