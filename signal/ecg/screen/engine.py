"""Asks every criterion, weighs the answers, writes the report. The only place with the whole view."""

from __future__ import annotations

from dataclasses import replace

from ecg.beat.measurements import Measurements
from ecg.screen import sgarbossa_smith, stemi_udmi4
from ecg.screen.confidence import confidence, drawn_j_uv, share
from ecg.screen.criterion import Criterion, CriterionInput, CriterionRole, Finding, Status, Value
from ecg.screen.lbbb import wide_left
from ecg.screen.remarks import REVERSAL, remarks
from ecg.screen.report import ScreenReport
from ecg.screen.thresholds import Profile, Thresholds, thresholds_for
from ecg.screen.tiers import Answered, Tier, blind_spot, decide, met, statement
from ecg.values import PatientFacts

_WORDS: dict[str, tuple[str, str]] = {
    "NO_QRS": ("心拍を検出できません", "no heart beat could be told from the signal"),
    "QRS_UNCLEAR": ("心拍を計測できません", "the beats could not be measured"),
    "LEAD_OFF": ("電極が外れています", "an electrode is off"),
    "LIMB_LEAD_LOST": ("四肢誘導が判読できません", "a limb lead cannot be read"),
    "CHEST_LEADS_LOST": ("胸部誘導の多くが判読できません", "too many chest leads cannot be read"),
    "FEW_BEATS": ("使える心拍が3拍未満です", "fewer than three usable beats"),
    "EINTHOVEN": (
        "四肢誘導どうしが一致しません(誘導名・極性・感度の誤り)",
        "the limb leads contradict each other (lead name, sign or gain error)",
    ),
    "NO_BASELINE": (
        "基線が定まりません(頻拍または幅広いQRSの頻拍)",
        "no still line before the QRS (tachycardia, or a wide-complex tachycardia)",
    ),
    "LEADS_MISSING": ("必要な誘導がありません", "leads that are needed are missing"),
    "TOO_SHORT": ("記録が短すぎます", "the recording is too short"),
    "SAMPLE_RATE": ("標本化周波数が低すぎます", "the sample rate is too low"),
}
_AGAIN_JA, _AGAIN_EN = (
    "電極を確認して再記録してください(要医師判読)",
    "check the electrodes and record again (a physician must read)",
)


def run(
    measurements: Measurements,
    patient: PatientFacts,
    criteria: tuple[Criterion, ...],
    profile: str | Profile = "udmi4",
) -> ScreenReport:
    """The report on measurements by a registry of criteria and a table of thresholds."""
    thresholds = thresholds_for(patient, profile)
    refusal = _refusal(measurements)
    if refusal is not None:
        return _withheld(measurements, thresholds, refusal)
    case = CriterionInput(measurements, patient, thresholds, wide_left(measurements))
    answers = _asked(case, criteria)
    drawn = drawn_j_uv(measurements)
    rule = sgarbossa_smith if case.wide_left else stemi_udmi4
    probability = share(rule.met_in_draws(case, drawn))
    unseen = blind_spot(measurements)
    tier = decide(answers, probability, unseen)
    ja, en = statement(tier, answers, measurements, unseen)
    status = Status.MET if tier in {Tier.A, Tier.B, Tier.C} else Status.NOT_MET
    if tier is Tier.Q:
        status = Status.UNREADABLE
    primary = met(answers, CriterionRole.PRIMARY)
    overall = Finding(
        "SCREEN",
        status,
        primary[0].leads if primary else (),
        ja,
        en,
        _summary(measurements, probability) | confidence(measurements, probability),
    )
    notes = remarks(measurements)
    findings = (overall, *(a.finding for a in answers), *notes)
    return ScreenReport(
        tier=tier,
        first_sample=measurements.first_sample,
        n_samples=measurements.n_samples,
        measurements=measurements,
        findings=findings,
        statement_ja=ja,
        statement_en=en,
        thresholds=thresholds,
        probability=probability,
    )


def _asked(case: CriterionInput, criteria: tuple[Criterion, ...]) -> tuple[Answered, ...]:
    """Primary criteria first: mimics need to know which leads were hit."""
    answers = [
        Answered(c.role, c.evaluate(case))
        for c in criteria
        if c.role is CriterionRole.PRIMARY and c.applies(case)
    ]
    hits = [a.finding.leads for a in answers if a.finding.status is Status.MET]
    case = replace(case, hit_leads=tuple(n for leads in hits for n in leads))
    answers += [
        Answered(c.role, c.evaluate(case))
        for c in criteria
        if c.role is not CriterionRole.PRIMARY and c.applies(case)
    ]
    return tuple(answers)


def _refusal(m: Measurements) -> tuple[str, str, str] | None:
    """Code and words when nothing may be said about ST."""
    if m.reversal is not None and m.reversal.withhold:
        ja, en = REVERSAL[m.reversal.code]
        return (
            f"REVERSAL_{m.reversal.code}",
            f"{ja}の疑い。ST判定を保留",
            f"possible {en}: ST analysis withheld",
        )
    if not m.rejected:
        return None
    reasons = m.quality.reasons or ("NO_QRS",)
    parts_ja, parts_en = [], []
    for reason in reasons:
        code, _, detail = reason.partition(": ")
        ja, en = _WORDS.get(code, (code, code))
        leads = (
            detail
            if code
            in {"LEAD_OFF", "LIMB_LEAD_LOST", "CHEST_LEADS_LOST", "EINTHOVEN", "LEADS_MISSING"}
            else ""
        )
        parts_ja.append(f"{ja}({leads})" if leads else ja)
        parts_en.append(f"{en} ({leads})" if leads else en)
    return reasons[0].partition(": ")[0], "、".join(parts_ja), "; ".join(parts_en)


def _withheld(
    m: Measurements, thresholds: Thresholds, refusal: tuple[str, str, str]
) -> ScreenReport:
    code, why_ja, why_en = refusal
    ja, en = f"判定できません:{why_ja}。{_AGAIN_JA}", f"No answer: {why_en}; {_AGAIN_EN}"
    findings = (
        Finding("SCREEN", Status.UNREADABLE, (), ja, en, _summary(m, None)),
        Finding(code, Status.UNREADABLE, (), why_ja, why_en),
    )
    return ScreenReport(
        tier=Tier.Q,
        first_sample=m.first_sample,
        n_samples=m.n_samples,
        measurements=m,
        findings=findings,
        statement_ja=ja,
        statement_en=en,
        thresholds=thresholds,
        probability=0.0,
        withheld=code,
    )


def with_corrected_view(report: ScreenReport, undone: ScreenReport) -> ScreenReport:
    """A report that withholds ST, with what it would say if the electrodes were exchanged back.

    The answer stays Q and the original samples stay the record: the physician judges whether the exchange
    is real.
    """
    levels = undone.as_json()["st_j_uv"]
    note = Finding(
        "CORRECTED_VIEW", Status.NOTE, (),
        f"電極を入れ替えて読んだ場合:{undone.statement_ja}",
        f"read with the electrodes exchanged back: {undone.statement_en}",
        {"tier_if_corrected": undone.tier.value, **{f"st_j_uv_{n}": v for n, v in levels.items()}},
    )  # fmt: skip
    return replace(report, findings=(*report.findings, note))


def _rounded(value: float | None) -> int | None:
    return None if value is None else round(value)


def _summary(m: Measurements, probability: float | None) -> dict[str, Value | list[str]]:
    """Numbers of the whole record, shown beside the overall statement."""
    return {
        "probability": None if probability is None else round(probability, 3),
        "beats_used": len(m.r_samples),
        "beats_found": m.n_beats_all,
        "qt_ms": _rounded(m.qt_ms),
        "qtcb_ms": _rounded(m.qtcb_ms),
        "qtcf_ms": _rounded(m.qtcf_ms),
        "qtc_framingham_ms": _rounded(m.qtc_framingham_ms),
        "qtc_hodges_ms": _rounded(m.qtc_hodges_ms),
        "jtc_ms": _rounded(m.jtc_ms),
        "p_axis_deg": _rounded(m.p_axis_deg),
        "t_axis_deg": _rounded(m.t_axis_deg),
        "mains_hz": None if m.mains.freq_hz is None else round(m.mains.freq_hz, 2),
        "mains_uv": round(m.mains.amplitude_uv),
    }
