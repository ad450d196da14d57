"""What an export is given, and what it makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ecg.values import MISSING
from relay.model.report import Report
from relay.model.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class KeptEcg:
    """One kept snapshot, whole, as the ambulance sent it.

    Attributes:
        site / version: what this relay calls itself, and which version it is.
        unit: the ambulance.
        source: what the ambulance said its ECG comes from.
        leads: names of the rows.
        samples_lsb: shape ``(n_leads, n_samples)``, int16, as sent; times ``snapshot.uv_per_lsb`` they are microvolts.
            Only where ``received`` says so are they samples.
        t0_us: when the first sample was taken, in microseconds since 1970 UTC by the tablet's clock.
        clock_offset_us: the relay's clock minus the tablet's; None where it was never known.
        report: what the screen said; None where it has not, or does not at this site.
        patient: the patient card's newest revision (``docs/protocol.md``); empty where the crew filled in none.
    """

    site: str
    version: str
    unit: str
    source: str
    snapshot: Snapshot
    leads: tuple[str, ...]
    samples_lsb: npt.NDArray[np.int16]
    t0_us: int
    clock_offset_us: int | None
    report: Report | None
    patient: Mapping[str, object]

    @property
    def received(self) -> npt.NDArray[np.bool_]:
        """Where there is a sample, shape ``(n_leads, n_samples)``; an export shows everything else as missing, never as a number.

        Missing is what never reached the relay, and what the device itself marked as missing.
        """
        here = np.zeros(self.samples_lsb.shape, dtype=np.bool_)
        for first, end in self.snapshot.present:
            here[:, first - self.snapshot.first_sample : end - self.snapshot.first_sample] = True
        here &= self.samples_lsb != MISSING
        return here


class Export(Protocol):
    """One format in which an ECG leaves the relay."""

    @property
    def name(self) -> str:
        """Its name in addresses and commands: small letters, digits and hyphens."""

    @property
    def about(self) -> str:
        """One sentence for the table in ``docs/ways-out.md``: who reads it, and what it does not carry."""

    @property
    def media_type(self) -> str:
        """Of the answer, such as ``application/json``."""

    @property
    def suffix(self) -> str:
        """The end of the file's name, such as ``.json``."""

    def write(self, ecg: KeptEcg) -> bytes:
        """The whole file. Called in a thread; the same ECG gives the same bytes.

        Raises:
            BadInput: the format cannot carry this ECG; the sentence says why.
        """
