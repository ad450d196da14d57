"""``kyumei screen RECORD``: the ST-elevation screen on one recorded ECG."""

from __future__ import annotations

import json as json_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from relay.errors import BadInput

if TYPE_CHECKING:
    from ecg.files.record import RecordedEcg
    from ecg.screen import Profile, ScreenReport
    from ecg.values import EcgSegment, PatientFacts

_WINDOW_S = 10.0


def _stop(sentence: str, code: int) -> NoReturn:
    typer.echo(sentence, err=True)
    raise typer.Exit(code)


def _patient(found: PatientFacts, age: int | None, sex: str | None) -> PatientFacts:
    """Facts from the command line over facts from the header."""
    from ecg.values import PatientFacts

    if sex is not None and sex.upper() not in {"M", "F"}:
        _stop("--sex takes M or F; leave it out when unknown.", 2)
    if age is not None and not 0 <= age <= 130:
        _stop("--age takes completed years from 0 to 130; leave it out when unknown.", 2)
    entered = {"M": "M", "F": "F"}.get(sex.upper()) if sex else None
    return PatientFacts(
        age_years=age if age is not None else found.age_years,
        sex=entered or found.sex,  # type: ignore[arg-type]  # one of the two letters, checked above
    )


def _cut(segment: EcgSegment, start: int, n: int) -> EcgSegment:
    from ecg.values import EcgSegment

    return EcgSegment(
        segment.adc[:, start : start + n],
        segment.leads,
        segment.fs_hz,
        segment.uv_per_lsb,
        segment.first_sample + start,
    )


def _profile(given: str) -> str | Profile:
    """A profile by its name, or from a file of the same shape."""
    from ecg.screen.thresholds import load_profile, profile_of_json

    path = Path(given)
    try:
        if path.suffix == ".json":
            return profile_of_json(path.read_text("utf-8"))
        return load_profile(given)
    except FileNotFoundError:
        _stop(f"--profile takes udmi4, accf2013 or a JSON file; {given} is none of them.", 2)
    except (OSError, ValueError) as error:
        _stop(f"The profile {path.name} cannot be used: {error}.", 2)


def _screened(
    segment: EcgSegment, patient: PatientFacts, at_s: float | None, profile: str | Profile
) -> ScreenReport:
    """The window asked for, or the first readable one of the record, or the last word of the first."""
    from ecg.screen import Tier, screen_segment

    n = round(_WINDOW_S * segment.fs_hz)
    if at_s is not None:
        start = round(at_s * segment.fs_hz)
        if not 0 <= start < segment.n_samples:
            _stop(
                f"--at takes 0 to {segment.n_samples / segment.fs_hz:.0f} seconds for this record.",
                2,
            )
        return screen_segment(_cut(segment, start, n), patient, profile)
    first = screen_segment(_cut(segment, 0, n), patient, profile)
    start = n
    report = first
    while report.tier is Tier.Q and start + n <= segment.n_samples:
        report = screen_segment(_cut(segment, start, n), patient, profile)
        start += n
    return first if report.tier is Tier.Q else report


def _millimetres(value: float | None) -> str:
    return "   –" if value is None else f"{value / 100:+.1f}"


def _microvolts(value: float | None) -> str:
    return "    –" if value is None else f"{value:+5.0f}"


def _print(report: ScreenReport, segment: EcgSegment, skipped: tuple[str, ...]) -> None:
    """The report for people."""
    shape = report.as_json()
    quality, limits = shape["quality"], shape["thresholds"]["leads_uv"]
    start_s = report.first_sample / segment.fs_hz
    echo = typer.echo
    echo(f"{report.tier.value}  {report.statement_ja}")
    echo(f"   {report.statement_en}")
    echo(
        f"   {start_s:.1f}–{start_s + report.n_samples / segment.fs_hz:.1f} s of {segment.n_samples / segment.fs_hz:.1f} s; quality {quality['record']} {'; '.join(quality['reasons'])}"
    )
    echo("\nlead   J mm   J µV  J+60 mm  J+60 µV   ±SE  limit  quality")
    j60 = shape["st_j60_uv"]
    for lead, j_uv in shape["st_j_uv"].items():
        j60_uv = j60[lead]
        info = quality["leads"].get(lead, {"grade": "off", "flags": ["MISSING"], "st_se_uv": None})
        limit = limits.get(lead, limits.get(f"-{lead}", float("nan")))
        se = info["st_se_uv"]
        sign = "−" if lead == "aVR" else " "
        echo(
            f"{lead:4s}  {_millimetres(j_uv):>5s}  {_microvolts(j_uv)}    {_millimetres(j60_uv):>5s}    {_microvolts(j60_uv)}  {'   –' if se is None else f'{se:4.0f}'}  {sign}{limit:4.0f}  {info['grade']} {' '.join(info['flags'])}"
        )

    def shown(value: float | None, unit: str) -> str:
        return "–" if value is None else f"{value:.0f} {unit}"

    echo(
        f"\nHR {shown(shape['hr_bpm'], '/min')}   QRS {shown(shape['qrs_ms'], 'ms')}   QTcF {shown(shape['qtc_ms'], 'ms')}"
    )
    for finding in report.findings[1:]:
        echo(f"{finding.status.value:10s} {finding.code:18s} {finding.text_ja} / {finding.text_en}")
    facts = shape["thresholds"]
    echo(
        f"\nthresholds {facts['profile']} {facts['profile_version']}, age {facts['age_years']}, sex {facts['sex']} ({facts['source']}); screen {shape['version']}"
    )
    if skipped:
        echo(f"signals left out: {', '.join(skipped)}")
    echo(
        "要医師判読。診断を行うものではありません。Computer-assisted and unconfirmed: a physician must read the trace."
    )


def screen(
    record: Annotated[Path, typer.Argument(help="Path of a WFDB record, with or without .hea.")],
    age: Annotated[int | None, typer.Option(help="Age in years; else from the header.")] = None,
    sex: Annotated[str | None, typer.Option(help="M or F; else from the header.")] = None,
    at: Annotated[
        float | None, typer.Option(help="Second at which the 10-s window starts.")
    ] = None,
    profile: Annotated[
        str, typer.Option(help="Thresholds: udmi4, accf2013, or a JSON file of that shape.")
    ] = "udmi4",
    json: Annotated[bool, typer.Option("--json", help="Print the documented JSON.")] = False,
    sheet: Annotated[
        Path | None, typer.Option(help="Write the 12-lead page (.pdf, .svg, .png).")
    ] = None,
    earlier: Annotated[
        Path | None, typer.Option(help="An earlier record of the same patient to compare with.")
    ] = None,
) -> None:
    """Screen a recorded 12-lead ECG for ST elevation.

    Example: kyumei screen sample_records/anterior_stemi --age 60 --sex M
    """
    imported = _read(record)
    patient = _patient(imported.patient, age, sex)
    chosen = _profile(profile)
    report = _screened(imported.segment, patient, at, chosen)
    change = None
    if earlier is not None:
        before = _screened(_read(earlier).segment, patient, None, chosen)
        change = _changed(before, report)
    if sheet is not None:
        _write_sheet(sheet, imported.segment, report)
    if json:
        shape = {**report.as_json(), **({} if change is None else {"comparison": change})}
        typer.echo(json_module.dumps(shape, ensure_ascii=False, indent=2, allow_nan=False))
        return
    _print(report, imported.segment, imported.skipped)
    if change is not None and earlier is not None:
        _print_change(change, earlier.stem)


def _read(record: Path) -> RecordedEcg:
    from relay.imports.wfdb_record import read_wfdb

    try:
        return read_wfdb(record)
    except BadInput as error:
        _stop(str(error), 1)


def _changed(before: ScreenReport, after: ScreenReport) -> dict[str, Any]:
    from ecg.course.comparison import as_json, compare
    from ecg.course.tracing import tracing_of_report

    return as_json(compare(*(tracing_of_report(r.as_json()) for r in (before, after))))


def _print_change(change: dict[str, Any], earlier: str) -> None:
    """What changed since the earlier record, for people."""
    typer.echo(
        f"\nchange since {earlier}\n   {change['statement_ja']}\n   {change['statement_en']}"
    )
    typer.echo("lead   ΔJ mm  ΔJ+60 mm  ΔJ+60 µV   ±SE   ΔT µV")
    for name, lead in change["leads"].items():
        typer.echo(
            f"{name:4s}  {_millimetres(lead['j_uv']):>6s}    {_millimetres(lead['j60_uv']):>6s}    {_microvolts(lead['j60_uv'])}    {lead['se_uv']:4.0f}   {_microvolts(lead['t_uv'])}"
        )


def _write_sheet(path: Path, segment: EcgSegment, report: ScreenReport) -> None:
    from ecg.sheet import SheetHeader, draw_sheet

    if path.suffix.lower() not in {".pdf", ".svg", ".png"}:
        _stop("--sheet takes a file ending in .pdf, .svg or .png.", 2)
    window = _cut(segment, report.first_sample - segment.first_sample, report.n_samples)
    picture = draw_sheet(window, report, SheetHeader(), path.suffix.lower().removeprefix("."))
    try:
        path.write_bytes(picture)
    except OSError as error:
        _stop(f"Cannot write {path.name}: {error.strerror}; choose another place.", 1)
