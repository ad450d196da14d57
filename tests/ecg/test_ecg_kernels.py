"""Compiled kernels and plain NumPy give the same report; NumPy answers wherever the kernels cannot."""

import ast
import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from ecg_cases import REPO, segment

from ecg import hot
from ecg.beat.measurements import Measurements
from ecg.kernels import cache
from ecg.kernels.warming import use_compiled
from ecg.screen import ScreenReport, screen_segment
from ecg.synthetic.noise import LEVELS
from ecg.synthetic.patient import SCENARIOS, SyntheticPatient
from ecg.values import EcgSegment, PatientFacts
from relay.imports.wfdb_record import read_wfdb

NEAR_UV = 1e-6
FACTS = PatientFacts(60, "M")
RATES_HZ = (500.0, 250.0, 1000.0, 360.0)


@pytest.fixture(autouse=True)
def kernels_as_before():
    before = hot.in_use()
    yield
    use_compiled() if before == "numba" else hot.use_numpy()


def both(seg: EcgSegment, facts: PatientFacts = FACTS) -> tuple[ScreenReport, ScreenReport]:
    """The report by NumPy and by the kernels."""
    hot.use_numpy()
    plain = screen_segment(seg, facts)
    use_compiled()
    return plain, screen_segment(seg, facts)


def numbers(m: Measurements) -> dict[str, np.ndarray]:
    """Every number in microvolts or samples that a report rests on."""
    found = {f"beats {n}": row for n, row in m.beat_j_uv.items()}
    for name, lead in m.leads.items():
        values = [getattr(lead, field) for field in lead.__slots__ if field != "st_shape"]
        found[name] = np.concatenate([np.atleast_1d(np.asarray(v, float)) for v in values])
    if m.beat is not None:
        found["beat"] = m.beat.uv.ravel()
        found["at"] = np.array([m.beat.onset, m.beat.j, m.beat.t_end or -1], float)
    found["mains"] = np.array([m.mains.freq_hz or 0.0, m.mains.amplitude_uv])
    found["r"] = np.array(m.r_samples, float)
    return found


def assert_same(one: ScreenReport, other: ScreenReport) -> None:
    """The same words, tiers and booleans; numbers within a millionth of a microvolt."""
    assert json.dumps(one.as_json()) == json.dumps(other.as_json())
    a, b = numbers(one.measurements), numbers(other.measurements)
    assert a.keys() == b.keys()
    for key, values in a.items():
        assert values.shape == b[key].shape, key
        assert np.allclose(values, b[key], rtol=0, atol=NEAR_UV), key


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_synthetic_hearts_read_the_same(scenario):
    for k, noise in enumerate(LEVELS):
        for seed in (11, 12):
            fs_hz = RATES_HZ[(k + seed) % 4]
            n = round(fs_hz * (10, 10, 10, 4)[(k + seed) % 4])
            patient = SyntheticPatient(scenario, seed, noise=noise, fs_hz=fs_hz)
            assert_same(*both(patient.segment(round(3 * fs_hz), n)))


def test_sample_records_read_the_same():
    found = sorted((REPO / "sample_records").glob("*.hea"))
    assert found
    for path in found:
        record = read_wfdb(path)
        assert_same(*both(record.segment, record.patient))


def test_damaged_windows_read_the_same():
    rng = np.random.default_rng(5)
    for kind in range(40):
        seg = segment("inferior-stemi", 20 + kind, noise=list(LEVELS)[kind % 5])
        adc, lead = seg.adc.copy(), int(rng.integers(8))
        start = int(rng.integers(4000))
        if kind % 4 == 0:
            adc[lead, start:] = adc[lead, start]
        elif kind % 4 == 1:
            adc[lead, start : start + 300] = 32767
        elif kind % 4 == 2:
            adc[lead, start:] += 1200
        else:
            adc[:, start : start + 900] = rng.integers(-900, 900, (8, min(900, 5000 - start)))
        assert_same(*both(EcgSegment(adc, seg.leads, seg.fs_hz, seg.uv_per_lsb)))


def test_nothing_is_compiled_after_warming():
    """A patient's record must not be the first to need a kernel of its shape."""
    from ecg.kernels import jit

    both(segment())
    before = {k: len(k.signatures) for k in jit.MADE}
    assert sum(before.values()) > 20
    for scenario in ("normal", "rbbb", "lbbb", "atrial-fibrillation"):
        for n in (1_000, 2_300, 5_000, 6_500):
            both(segment(scenario, 31, n=n, noise="severe"))
    assert {k: len(k.signatures) for k in jit.MADE} == before


def test_while_one_thread_warms_the_others_have_numpy():
    use_compiled(only_here=True)
    seen = []
    thread = threading.Thread(target=lambda: seen.append(screen_segment(segment(), FACTS)))
    thread.start()
    thread.join()
    assert hot.in_use() == "numpy"
    assert_same(seen[0], screen_segment(segment(), FACTS))


def _python(code: str, **env: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | env, capture_output=True, text=True, check=True
    )  # fmt: skip
    return done.stdout.strip()


SAYS = (
    "from ecg import hot; from ecg.kernels.warming import warm; print(warm()); print(hot.in_use())"
)
SCREENS = (
    "from ecg.screen import screen_segment; from ecg.synthetic.patient import SyntheticPatient\n"
    "from ecg.values import PatientFacts; s = SyntheticPatient('normal', 1).segment(0, 5000)\n"
    "print(screen_segment(s, PatientFacts(60, 'M')).tier)"
)


def test_a_process_that_asks_for_nothing_loads_no_compiler():
    code = f"{SCREENS}\nimport sys; print('numba' in sys.modules, 'scipy' in sys.modules)"
    assert _python(code).splitlines() == ["E", "False False"]


def test_the_switch_and_an_absent_numba_leave_numpy():
    said = _python(SAYS, KYUMEI_KERNELS="numpy").splitlines()
    assert said[-1] == "numpy"
    gone = f"import sys; sys.modules['numba'] = None\n{SAYS}\n{SCREENS}"
    said = _python(gone).splitlines()
    assert "numba" in said[0]
    assert said[1:] == ["numpy", "E"]
    assert _python(SAYS, NUMBA_DISABLE_JIT="1").splitlines()[-1] == "numpy"


ONE = (
    "import sys\n"
    "from ecg.kernels import jit, order\n"
    "import numpy as np; print(order.at_share(np.arange(5.0), 0.5)); print(jit.CACHE)"
)


def test_a_folder_that_cannot_be_written_costs_a_compilation_only(tmp_path):
    """A file stands where the cache folder should be, so no user, not even root, can write there."""
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert _python(ONE, NUMBA_CACHE_DIR=str(blocked)).splitlines() == ["2.0", "None"]


def test_a_whole_folder_is_used_though_it_cannot_be_written(tmp_path, monkeypatch):
    from ecg.kernels import jit

    monkeypatch.setattr(jit.tempfile, "TemporaryFile", _refuses)  # type: ignore[attr-defined]
    assert jit._folder() == jit.CACHE
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    assert jit._folder() is None


def test_the_cache_changes_with_every_source_that_a_kernel_reads(tmp_path, monkeypatch):
    """A constant changed in a reference, or in what that imports, must not find the old kernels."""
    copy = shutil.copytree(REPO / "signal/ecg", tmp_path / "ecg", ignore=shutil.ignore_patterns("__pycache__"))  # fmt: skip
    monkeypatch.setattr(cache, "_ECG", copy)
    kernels = set(copy.glob("kernels/*.py")) - {copy / f"kernels/{n}.py" for n in ("warming", "__main__")}  # fmt: skip
    sources = _read_by(kernels, tmp_path)
    assert {"beats.py", "fiducials.py", "raw_faults.py", "filters.py"} <= {p.name for p in sources}
    names = {cache.folder_name()}
    for path in sources:
        path.write_text(path.read_text() + "\n# changed\n")
        names.add(cache.folder_name())
    assert len(names) == len(sources) + 1


def _read_by(paths: set[Path], shelf: Path) -> set[Path]:
    """These sources and all of ``ecg`` that they import, by themselves or through others."""
    found: set[Path] = set()
    while paths:
        found |= paths
        imports = [
            node
            for path in paths
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.ImportFrom) and node.module
        ]
        names = {n for i in imports for n in (i.module, *(f"{i.module}.{a.name}" for a in i.names))}
        paths = {shelf / f"{name.replace('.', '/')}.py" for name in names} - found
        paths = {path for path in paths if path.is_file()}
    return found


def _refuses(**_how: object) -> None:
    raise PermissionError(13, "read-only")
