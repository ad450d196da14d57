"""The rhythm's word on doubtful candidates, and the detector with bursts between and over the beats."""

import numpy as np
import pytest

from ecg.detecting.detect import detected_beats
from ecg.detecting.doubtful_beats import regular_interval, without_undue
from ecg.synthetic.patient import SyntheticPatient

NONE = np.zeros(0, np.intp)
RR = 170  # samples at 250 Hz


def _rhythm(*more: tuple[int, float]) -> tuple[np.ndarray, np.ndarray]:
    """Fourteen regular beats of fit 0.97 and what is put between them."""
    beats = [(40 + RR * k, 0.97) for k in range(14)] + list(more)
    beats.sort()
    return np.array([p for p, _ in beats], np.intp), np.array([f for _, f in beats])


def test_noise_between_two_beats_on_time_goes() -> None:
    positions, fit = _rhythm((40 + 5 * RR + 70, 0.7))
    keep = without_undue(positions, fit, NONE)
    assert list(positions[~keep]) == [40 + 5 * RR + 70]


def test_a_premature_beat_of_the_same_shape_stays() -> None:
    positions, fit = _rhythm((40 + 5 * RR + 85, 0.95))
    assert without_undue(positions, fit, NONE).all()


def test_a_premature_beat_with_its_pause_stays() -> None:
    positions, fit = _rhythm((40 + 6 * RR - 60, 0.4))
    due = positions != 40 + 6 * RR  # the ventricular beat takes the place of the sinus beat
    assert without_undue(positions[due], fit[due], NONE).all()


def test_a_run_of_alien_beats_in_a_regular_rhythm_is_not_thinned() -> None:
    """Six beats at 180/min take the place of three at 88/min: each is as unlike as its neighbours."""
    run = [(40 + 5 * RR + 83 * k, 0.4 + 0.01 * (k % 2)) for k in range(1, 6)]
    positions, fit = _rhythm(*run)
    sinus = ~np.isin(positions, [40 + 6 * RR, 40 + 7 * RR]) | (fit < 0.9)
    keep = without_undue(positions[sinus], fit[sinus], NONE)
    assert int(keep.sum()) >= int(sinus.sum()) - 2  # at most the two that touch a sinus beat
    inner = np.isin(positions[sinus], [p for p, _ in run[1:-1]])
    assert keep[inner].all()


def test_an_irregular_rhythm_is_left_alone() -> None:
    rng = np.random.default_rng(3)
    positions = np.cumsum(rng.integers(90, 260, 16)).astype(np.intp)
    fit = np.where(np.arange(16) % 3 == 0, 0.85, 0.98)
    assert regular_interval(positions, fit) is None
    assert without_undue(positions, fit, NONE).all()


@pytest.mark.parametrize("seed", [6, 7, 8])
def test_bursts_between_beats_and_over_beats_neither_add_nor_hide_one(seed: int) -> None:
    """Two leads, forty seconds, a burst of 8-30 Hz after every fifth beat and over another one."""
    patient = SyntheticPatient("normal", seed)
    segment = patient.segment(5000, 20_000)
    r = np.array([round(b.r_sample) - 5000 for b in patient.truth(5000, 20_000)])
    uv = np.asarray(segment.adc[1:3] * segment.uv_per_lsb, np.float64)
    rng, window = np.random.default_rng(seed), np.hanning(15)
    size_uv = np.ptp(uv[:, :2000], axis=1)[:, None] * np.array([[1.0], [0.5]])

    def burst(at: int, size: float) -> None:
        noise = np.convolve(rng.normal(size=134), window / np.sqrt((window**2).sum()), "valid")
        uv[:, at - 60 : at + 60] += size * size_uv * noise * np.hanning(120)

    for k in range(4, r.size - 6, 5):
        burst(r[k] + round(0.33 * float(np.median(np.diff(r)))), 0.5)
        burst(int(r[k + 2]), 0.9)
    found = detected_beats(uv, 500.0)
    inside = found[(found >= r[0] - 75) & (found <= r[-1] + 75)]
    missed = [b for b in r if np.abs(found - b).min() > 75]
    extra = [f for f in inside if np.abs(r - f).min() > 75]
    assert (missed, extra) == ([], [])
