"""From a file's or device's integers to an ``EcgSegment``, without altering one of them silently.

Recorders give each lead its own gain and zero. A segment has one step size for all leads. Where the
gains are whole multiples of each other the integers are scaled up exactly; anything else is refused
with a sentence, never rounded.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ecg.leads import DERIVED_LEADS, canonical_name
from ecg.units import uv_of_unit
from ecg.values import MISSING, OLDEST_YEARS, RAIL, EcgSegment, PatientFacts

MAX_SCALE = 64
NO_SAMPLE = -(1 << 62)
"""Stands in a file's integers where the recorder has no sample; no storage format reaches it."""
_AGE = re.compile(r"\bage\W*?[:=\s]\s*(\d{1,3})\b", re.IGNORECASE)
_SEX = re.compile(r"\b(?:sex|gender)\W*?[:=\s]\s*(m|f|male|female)\b", re.IGNORECASE)
EINTHOVEN_LIMIT_UV = 20.0
EINTHOVEN_PERCENTILE = 95.0


class NotAnEcgError(ValueError):
    """These integers cannot be taken as an ECG; the text says what to do.

    Attributes:
        kind: ``not-calibrated``, ``no-lead-names``, ``incomplete`` or ``unusable``.
    """

    def __init__(self, text: str, kind: str = "unusable") -> None:
        super().__init__(text)
        self.kind = kind


def step_uv(gain: float | None, unit: str | None) -> float:
    """Microvolts of one step, from a header's gain (steps per unit) and unit (``None``: mV).

    Raises:
        NotAnEcgError: the unit is no voltage, or the gain is no positive number.
    """
    scale = uv_of_unit(unit or "mV")
    if scale is None:
        raise NotAnEcgError(f"a lead is in {unit}, not in mV; only voltages can be used.")
    if gain is None or not np.isfinite(gain) or gain <= 0:
        raise NotAnEcgError(
            "it is not calibrated (its header gives no gain, or gain 0), so no millimetre of it can be "
            "trusted; export it again with its gain, or send the paper.",
            "not-calibrated",
        )
    return scale / float(gain)


def patient_of_comments(comments: Sequence[str]) -> PatientFacts:
    """Age and sex as header comments give them (``age: 56``, ``<sex>: F``), None where absent."""
    text = "\n".join(comments)
    age, sex = _AGE.search(text), _SEX.search(text)
    years = int(age.group(1)) if age else None
    return PatientFacts(
        age_years=years if years is not None and years <= OLDEST_YEARS else None,
        sex=("F" if sex.group(1).lower().startswith("f") else "M") if sex else None,
    )


def segment_of_digital(
    digital: npt.NDArray[np.integer],
    names: Sequence[str],
    uv_per_lsb: Sequence[float],
    zero: Sequence[int],
    fs_hz: float,
) -> EcgSegment:
    """The leads this house knows, zeros subtracted, on one common step size, bit-exact.

    Args:
        digital: integers of shape ``(n_signals, n_samples)``; ``NO_SAMPLE`` where there is none.
        names: signal names, any letter case; names that are no ECG lead are left out.
        uv_per_lsb: microvolts of one step, per signal.
        zero: the integer that means 0 mV, per signal.
        fs_hz: samples per second.

    Raises:
        NotAnEcgError: no lead is known, a lead stands twice, gains do not fit one step, or a value
            exceeds 16 bits after scaling.
    """
    rows: dict[str, int] = {}
    for i, name in enumerate(names):
        lead = canonical_name(name)
        if lead is None:
            continue
        if lead in rows:
            raise NotAnEcgError(f"lead {lead} stands twice in it; remove one.")
        rows[lead] = i
    if not rows:
        raise NotAnEcgError(
            f"it has no ECG lead I know (it has {', '.join(map(str, names)) or 'none'}); "
            "name its signals I, II, V1 … V6."
        )
    finest = min(uv_per_lsb[i] for i in rows.values())
    adc = [_scaled(digital[i], uv_per_lsb[i] / finest, zero[i], lead) for lead, i in rows.items()]
    return EcgSegment(np.array(adc, dtype=np.int16), tuple(rows), float(fs_hz), float(finest))


def _scaled(
    row: npt.NDArray[np.integer], ratio: float, zero: int, lead: str
) -> npt.NDArray[np.int64]:
    factor = round(ratio)
    if abs(ratio - factor) > 1e-9 * factor or factor > MAX_SCALE:
        raise NotAnEcgError(
            f"the gain of lead {lead} does not fit the other leads' exactly; convert the record to "
            "one gain for all leads."
        )
    gone = row == NO_SAMPLE
    values = (np.where(gone, zero, row).astype(np.int64) - zero) * factor
    if values.size and (values.min() <= MISSING or values.max() > RAIL):
        raise NotAnEcgError(f"lead {lead} has values beyond 16 bits; convert the record.")
    values[gone] = MISSING
    return values


def leads_to_send(segment: EcgSegment) -> EcgSegment:
    """What of a segment travels: eight leads where the other four follow from them to the last bit.

    A source that rounded or resampled its derived leads sends all it has: nothing is altered. One
    whose leads contradict Einthoven by more than 20 µV during more than 5 % of the time (a spike is
    no contradiction) has its leads mixed up.

    Source: the limit is the lead-mapping check of ``docs/clinical`` (rms of III - (II - I) > 20 µV),
    as a percentile because recorders clip artefacts lead by lead.

    Raises:
        NotAnEcgError: the limb leads contradict each other: the mapping is wrong.
    """
    have = {name: segment.adc[i].astype(np.int64) for i, name in enumerate(segment.leads)}
    derived = [name for name in DERIVED_LEADS if name in have]
    if "I" not in have or "II" not in have or not derived or not segment.n_samples:
        return segment
    gone = {name: have[name] == MISSING for name in ("I", "II", *derived)}
    no_limbs = gone["I"] | gone["II"]
    if any((gone[name] != no_limbs).any() for name in derived):
        return segment  # a hole in one limb lead alone: the others cannot be derived there
    have = {name: row[~no_limbs] for name, row in have.items()}
    if no_limbs.all():
        return segment
    off = [_off_lsb(name, have) for name in derived]
    usual_uv = max(float(np.percentile(o, EINTHOVEN_PERCENTILE)) for o in off) * segment.uv_per_lsb
    if usual_uv > EINTHOVEN_LIMIT_UV:
        raise NotAnEcgError(
            "the limb leads contradict each other (III is not II - I); check which signal carries "
            "which lead name."
        )
    if max(float(o.max()) for o in off) >= 1:
        return segment
    keep = [name for name in segment.leads if name not in DERIVED_LEADS]
    rows = [segment.leads.index(name) for name in keep]
    return EcgSegment(
        segment.adc[rows], tuple(keep), segment.fs_hz, segment.uv_per_lsb, segment.first_sample
    )


def _off_lsb(name: str, have: dict[str, npt.NDArray[np.int64]]) -> npt.NDArray[np.float64]:
    """Deviation of a stored derived lead from its equation at each sample, in steps.

    Recorders round the augmented leads' halves one way or the other: half a step is no deviation
    that a derivation could not restore.
    """
    lead_i, lead_ii = have["I"], have["II"]
    twice = {
        "III": 2 * (lead_ii - lead_i),
        "aVR": -(lead_i + lead_ii),
        "aVL": 2 * lead_i - lead_ii,
        "aVF": 2 * lead_ii - lead_i,
    }[name]
    return np.asarray(np.abs(2 * have[name] - twice) / 2.0)
