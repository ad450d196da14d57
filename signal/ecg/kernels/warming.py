"""The hearts that every kernel has read before it is trusted with a patient's."""

from __future__ import annotations

from ecg import hot
from ecg.kernels import jit
from ecg.screen import screen_segment
from ecg.synthetic.noise import NoiseLevel
from ecg.synthetic.patient import SyntheticPatient
from ecg.values import PatientFacts

_HEARTS: tuple[tuple[str, NoiseLevel], ...] = (
    ("anterior-stemi", "ambulance"),
    ("lbbb", "moderate"),
    ("atrial-fibrillation", "severe"),
)


def run() -> None:
    """Screens a few synthetic hearts with the kernels, which loads or compiles every one of them."""
    hot.use_compiled(only_here=True)
    for heart, noise in _HEARTS:
        segment = SyntheticPatient(heart, 1, noise=noise).segment(0, 5000)
        screen_segment(segment, PatientFacts(60, "M"))
    jit.keep()
    hot.use_compiled()
