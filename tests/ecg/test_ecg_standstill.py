"""A heart that stands still is seen within five seconds, with and without P waves; one that beats never is."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecg.detecting import standstill
from ecg.detecting.standstill import HEARD_S, QUIET_S, Rhythm, StandstillVerdict, StandstillWatch
from ecg.leads import INDEPENDENT_LEADS
from ecg.synthetic.patient import SCENARIOS, SyntheticPatient
from ecg.values import EcgSegment
from tests.doses import examples

STOPS_S, ENDS_S, FS = 20, 40, 500


def without(patient: SyntheticPatient, noise: str, *waves: str) -> SyntheticPatient:
    """The same patient, electrodes and noise, without these waves."""
    heart = patient.heart
    still = {
        name: replace(w, amp_mv=0 * w.amp_mv) for name in waves for w in [getattr(heart, name)]
    }
    quiet = replace(heart, **still, injuries=(), local=())
    return SyntheticPatient(patient.scenario, patient.seed, noise=noise, heart=quiet)  # type: ignore[arg-type]


@lru_cache(maxsize=8)
def stopping(
    name: str, seed: int, noise: str, waves: tuple[str, ...], at_s: int = STOPS_S
) -> EcgSegment:
    """A heart whose waves are gone from this second on."""
    before = SyntheticPatient(name, seed, noise=noise)  # type: ignore[arg-type]
    after = without(before, noise, *waves)
    parts = [before.segment(0, FS * at_s).adc, after.segment(FS * at_s, FS * (ENDS_S - at_s)).adc]
    return replace(before.segment(0, 1), adc=np.concatenate(parts, axis=1))


def looks(
    whole: EcgSegment, every_s: int = 1, watch: StandstillWatch | None = None
) -> dict[int, Rhythm]:
    """A look each second at the newest ten."""
    watch, fs_hz = watch or StandstillWatch(), whole.fs_hz
    found = {}
    for at_s in range(1, int(whole.n_samples / fs_hz) + 1, every_s):
        first = round(max(0, at_s - 10) * fs_hz)
        window = replace(whole, adc=whole.adc[:, first : round(at_s * fs_hz)], first_sample=first)
        found[at_s] = watch.look(window)
    return found


@pytest.mark.parametrize("noise", ["light", "moderate", "ambulance"])
@pytest.mark.parametrize(
    "waves", [("qrs", "t"), ("p", "qrs", "t")], ids=["P waves go on", "nothing"]
)
@pytest.mark.parametrize("name", ["normal", "lvh", "lbbb"])
def test_it_is_seen_within_five_seconds_and_stays(
    name: str, waves: tuple[str, ...], noise: str
) -> None:
    seen = looks(stopping(name, 5, noise, waves))
    last_s = STOPS_S - seen[STOPS_S].quiet_s
    early = [at_s for at_s in seen if at_s < last_s + QUIET_S]
    late = [at_s for at_s in seen if at_s >= last_s + QUIET_S + 1]
    stands = {
        at_s for at_s, rhythm in seen.items() if rhythm.verdict is StandstillVerdict.STANDSTILL
    }
    assert not stands & set(early)
    assert late[0] in stands
    if noise == "ambulance":  # an electrode that is knocked may look like one beat
        assert len(stands & set(late)) >= 0.6 * len(late)
    else:
        assert set(late) <= stands
        assert all(abs(seen[at_s].quiet_s - (at_s - last_s)) < 0.1 for at_s in late)


@pytest.mark.parametrize("noise", ["light", "severe"])
@pytest.mark.parametrize("name", SCENARIOS)
def test_no_heart_that_beats_is_said_to_stand(name: str, noise: str) -> None:
    patient = SyntheticPatient(name, 3, noise=noise)  # type: ignore[arg-type]
    seen = looks(patient.segment(0, 30 * FS), every_s=2)
    assert {rhythm.verdict for rhythm in seen.values()} <= {
        StandstillVerdict.QRS_SEEN,
        StandstillVerdict.UNREADABLE,
    }


def test_who_never_had_a_qrs_is_named_after_eight_seconds() -> None:
    for waves in (("p", "qrs", "t"), ("qrs", "t")):
        seen = looks(stopping("normal", 2, "light", waves, at_s=0))
        for at_s, rhythm in seen.items():
            named = rhythm.verdict is StandstillVerdict.STANDSTILL
            assert named if at_s >= HEARD_S else rhythm.verdict is StandstillVerdict.UNREADABLE


@pytest.mark.parametrize(
    "fault", ["pulled", "limb off", "chest off", "rail", "tremor", "fibrillation"]
)
def test_what_cannot_be_read_is_never_a_standstill(fault: str) -> None:
    """A cable that is pulled sends zeros, not an asystole."""
    whole = stopping("normal", 4, "light", ("p", "qrs", "t"))
    adc = whole.adc.copy()
    if fault == "pulled":
        adc[:, STOPS_S * FS :] = 0
    elif fault == "limb off":
        adc[0, STOPS_S * FS :] = adc[0, STOPS_S * FS]
    elif fault == "chest off":
        adc[2:, STOPS_S * FS :] = adc[2:, STOPS_S * FS, None]
    elif fault == "rail":
        adc[:, STOPS_S * FS :] = 32_767
    elif fault == "fibrillation":  # 0.3 mV, 4 to 7 Hz, wandering between the leads
        t_s = np.arange(adc.shape[1] - STOPS_S * FS) / FS
        turns = 2 * np.pi * (5.5 * t_s + 0.4 * np.sin(2 * np.pi * 0.6 * t_s))
        wave = [120 * np.sin(turns + k) * (1 + 0.3 * np.sin(t_s + k)) for k in range(len(adc))]
        adc[:, STOPS_S * FS :] += np.array(wave).astype(np.int16)
    else:
        shake = np.random.default_rng(7).normal(0, 400, adc.shape).astype(np.int16)
        adc[:, STOPS_S * FS :] += shake[:, STOPS_S * FS :]
    for at_s, rhythm in looks(replace(whole, adc=adc)).items():
        assert rhythm.verdict is not StandstillVerdict.STANDSTILL, at_s
    assert rhythm.verdict in {StandstillVerdict.UNREADABLE, StandstillVerdict.QRS_SEEN}


def test_a_heart_of_seven_beats_a_minute_is_counted_from_its_last_beat() -> None:
    """Never two beats within the ten seconds, so that nothing is alike."""
    whole = stopping("normal", 6, "light", ("p", "qrs", "t"))
    beat = SyntheticPatient("normal", 6, noise="none").segment(FS, FS).adc
    adc, sent_s = whole.adc.copy(), (26.0, 34.5)
    for at_s in sent_s:
        adc[:, round(at_s * FS) : round(at_s * FS) + FS] += beat
    seen = looks(replace(whole, adc=adc))
    for at_s in (28, 29, 36, 37):
        assert seen[at_s].verdict is StandstillVerdict.QRS_SEEN
    for at_s, since_s in ((25, 19), (32, 26), (33, 26), (40, 34.5)):
        assert seen[at_s].verdict is StandstillVerdict.STANDSTILL
        assert seen[at_s].quiet_s <= at_s - since_s + 0.6


def test_seconds_that_nobody_saw_are_not_counted_as_quiet() -> None:
    """Out of a tunnel of a minute: only what was looked at after it is said."""
    whole, watch = stopping("normal", 6, "light", ("qrs", "t")), StandstillWatch()
    looks(replace(whole, adc=whole.adc[:, : 22 * FS]), watch=watch)
    later = replace(whole, adc=whole.adc[:, 24 * FS : 34 * FS], first_sample=82 * FS)
    rhythm = watch.look(later)
    assert rhythm.verdict is StandstillVerdict.STANDSTILL
    assert abs(rhythm.quiet_s - 10) < 0.1


def test_a_heart_that_beats_again_takes_it_back() -> None:
    stop = stopping("normal", 6, "light", ("qrs", "t"), at_s=15).adc[:, : 25 * FS]
    again = SyntheticPatient("normal", 6, noise="light").segment(25 * FS, 8 * FS).adc
    whole = replace(
        stopping("normal", 6, "light", ("qrs", "t"), at_s=15),
        adc=np.concatenate([stop, again], axis=1),
    )
    seen = looks(whole)
    assert seen[24].verdict is StandstillVerdict.STANDSTILL
    assert seen[29].verdict is StandstillVerdict.QRS_SEEN


def test_the_answer_rests_on_the_samples_alone() -> None:
    """Same looks, same answers, whatever the rate of the source and wherever its counter stands."""
    whole = stopping("normal", 8, "light", ("qrs", "t"))
    assert looks(whole) == looks(whole)
    halved = replace(whole, adc=whole.adc[:, ::2], fs_hz=250.0)
    assert [r.verdict for r in looks(halved).values()] == [r.verdict for r in looks(whole).values()]


@settings(max_examples=examples(60), deadline=None)
@given(
    fs_hz=st.sampled_from([50.0, 100.0, 257.0, 500.0, 2_000.0]),
    n=st.integers(0, 6_000),
    leads=st.sampled_from(
        [("I", "II"), ("V1",), INDEPENDENT_LEADS, ("I", "II", "V1", "V2"), ("II", "aVF")]
    ),
    level=st.sampled_from([-32_768, 0, 5, 32_767]),
    seed=st.none() | st.integers(0, 9),
)
def test_any_input_is_answered(
    fs_hz: float, n: int, leads: tuple[str, ...], level: int, seed: int | None
) -> None:
    adc = np.full((len(leads), n), level, dtype=np.int16)
    if seed is not None:
        adc = np.random.default_rng(seed).integers(-32_768, 32_768, adc.shape).astype(np.int16)
    rhythm = StandstillWatch().look(EcgSegment(adc, leads, fs_hz, 2.5))
    assert rhythm.quiet_s >= 0.0
    assert rhythm.verdict is not StandstillVerdict.STANDSTILL or n >= QUIET_S * fs_hz


def test_the_seconds_are_those_of_the_clinical_brief():
    """The tests here count by the module's own constants; what they must be stands in the brief (§2.4) and in docs/clinical."""
    assert (standstill.QUIET_S, standstill.HEARD_S, standstill.WINDOW_S) == (4.0, 8.0, 10.0)
