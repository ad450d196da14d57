"""A synthetic patient as a source: exact truth, any scenario, no file needed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import cast

from ambulance_client.sources.pace import CHUNK_S, paced
from ambulance_client.sources.port import SourceInfo
from ecg.synthetic.noise import LEVELS, NoiseLevel
from ecg.synthetic.patient import SCENARIOS, SyntheticPatient
from ecg.values import EcgSegment
from relay.errors import BadInput


class SyntheticSource:
    """A patient of ``ecg.synthetic`` in real time.

    Raises:
        BadInput: there is no such scenario.
    """

    def __init__(
        self,
        scenario: str,
        *,
        seed: int = 1,
        noise: str = "light",
        age_years: int | None = None,
        sex: str | None = None,
        rate_ppm: float = 0.0,
    ) -> None:
        if sex not in {None, "M", "F"}:
            raise BadInput(f"The sex is M or F, not {sex!r}.")
        if scenario not in SCENARIOS:
            raise BadInput(
                f"There is no scenario {scenario!r}; choose one of {', '.join(sorted(SCENARIOS))}."
            )
        self._rate_ppm = rate_ppm
        self._patient = SyntheticPatient(scenario, seed, noise=_level(noise))
        self.info = SourceInfo(
            name=f"synthetic {scenario}",
            leads=tuple(self._patient.leads),
            fs_hz=self._patient.fs_hz,
            uv_per_lsb=self._patient.uv_per_lsb,
            age_years=age_years,
            sex=sex,
        )

    def segments(self) -> AsyncIterator[EcgSegment]:
        """See ``Source.segments``."""
        return paced(self._chunks(), rate_ppm=self._rate_ppm)

    def _chunks(self) -> Iterator[EcgSegment]:
        step = max(1, round(CHUNK_S * self.info.fs_hz))
        at = 0
        while True:
            yield self._patient.segment(at, step)
            at += step


def _level(noise: str) -> NoiseLevel:
    if noise not in LEVELS:
        raise BadInput(f"There is no noise level {noise!r}; choose one of {', '.join(LEVELS)}.")
    return cast(NoiseLevel, noise)
