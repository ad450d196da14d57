"""An evaluation as JSON and as text: the same numbers, nothing rounded into a verdict."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from ecg.screen.report import VERSION
from relay.bench.evaluate import LIMITS_MS, Evaluation, Judged
from relay.bench.scores import PREVALENCES, Proportion, predictive_value, spread, wilson

TIERS = "ABCDEQ"


def tables(evaluation: Evaluation) -> dict[str, Any]:
    """Every table of an evaluation, JSON-safe."""
    judged = evaluation.judged
    asked = [r for r in judged if r.tier is not None and r.scale_known]
    return {
        "screen_version": VERSION,
        "records": len(judged),
        "unread": [{"record": n, "why": why} for n, why in evaluation.unread],
        "scale_unknown": sum(r.tier is not None and not r.scale_known for r in judged),
        "detector": _detector(judged),
        "fiducials_ms": _fiducials(judged),
        "st_uv": _st(judged),
        "criteria_against_truth": _criteria(judged),
        "tiers_by_group": _tiers(asked, lambda r: r.group),
        "tiers_by_subgroup": _tiers(
            [r for r in asked if r.reference in {"negative", "mimic"}], _subgroup
        ),
        "false_positives": _false_positives(asked),
        "sensitivity": _sensitivity(asked),
        "predictive_value": _predictive(asked),
        "tier_a_and_b": [
            {
                "record": r.name,
                "group": r.group,
                "tier": r.tier,
                "statement": r.statement,
                "seen": r.seen,
            }
            for r in asked
            if r.tier in {"A", "B"}
        ],
        "labelled_stemi": [
            {
                "record": r.name,
                "group": r.group,
                "tier": r.tier,
                "statement": r.statement,
                "seen": r.seen,
            }
            for r in asked
            if r.reference == "positive"
        ],
    }


def _detector(judged: Iterable[Judged]) -> list[dict[str, Any]]:
    by_source: dict[str, list[Judged]] = defaultdict(list)
    for r in judged:
        if r.detector:
            folder, _, rest = r.name.partition("/")
            by_source[f"{folder}, {r.beat_source}" if rest else r.beat_source].append(r)
    rows = []
    for source, records in sorted(by_source.items()):
        row: dict[str, Any] = {"source": source, "records": len(records)}
        for limit in LIMITS_MS:
            of = [r.detector[limit] for r in records]
            hits, missed, extra = (
                sum(getattr(m, k) for m in of) for k in ("hits", "missed", "extra")
            )
            row[f"at_{limit:.0f}_ms"] = {
                "sensitivity": wilson(hits, hits + missed).as_json(),
                "positive_predictivity": wilson(hits, hits + extra).as_json(),
            }
        row["jitter_ms"] = spread([e for r in records for e in r.detector[LIMITS_MS[0]].errors_ms])
        rows.append(row)
    return rows


def _fiducials(judged: Iterable[Judged]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for kind in ("truth", "hand marks"):
        of = [r for r in judged if (r.criteria is not None or bool(r.st)) == (kind == "truth")]
        out[kind] = {
            name: spread([v for r in of for v in getattr(r, attribute)])
            for name, attribute in (("onset", "onset_ms"), ("j", "j_ms"), ("t_end", "t_end_ms"))
        }
    return out


def _st(judged: Iterable[Judged]) -> dict[str, Any] | None:
    rows = [row for r in judged for row in r.st]
    if not rows:
        return None
    inside = sum(abs(error) <= se for _lead, error, _true, se in rows)
    return {
        "error": spread([error for _lead, error, _true, _se in rows]),
        "inside_1_se": wilson(inside, len(rows)).as_json(),
    }


def _criteria(judged: Iterable[Judged]) -> dict[str, Any] | None:
    known = [r.criteria for r in judged if r.criteria is not None]
    if not known:
        return None
    bands = {"margin >= 50 uV": (50.0, 1e9), "25-50 uV": (25.0, 50.0), "< 25 uV": (0.0, 25.0)}
    return {
        name: wilson(
            sum(met == hit for met, margin, hit in known if low <= margin < high),
            sum(low <= margin < high for _met, margin, _hit in known),
        ).as_json()
        for name, (low, high) in bands.items()
    }


def _tiers(judged: Iterable[Judged], key: Callable[[Judged], str]) -> list[dict[str, Any]]:
    by: dict[str, list[Judged]] = defaultdict(list)
    for r in judged:
        by[key(r)].append(r)
    rows = []
    for group, records in sorted(by.items(), key=lambda item: (-len(item[1]), item[0])):
        counts = Counter(r.tier for r in records)
        n = len(records)
        rows.append({
            "group": group,
            "n": n,
            **{tier: counts[tier] for tier in TIERS},
            "a": wilson(counts["A"], n).as_json(),
            "a_or_b": wilson(counts["A"] + counts["B"], n).as_json(),
        })  # fmt: skip
    return rows


def _subgroup(r: Judged) -> str:
    """Kind of label, sex, and the age at which the table changes for men."""
    age, sex = r.patient.age_years, r.patient.sex
    young = "" if sex != "M" or age is None else " < 40" if age < 40 else " >= 40"
    return f"{r.reference}: {'unknown sex' if sex is None else sex}{young}"


def _answered(judged: Iterable[Judged], reference: str) -> list[Judged]:
    return [r for r in judged if r.reference == reference and r.tier != "Q"]


def _rate(records: list[Judged], tiers: str) -> Proportion:
    return wilson(sum(r.tier in tiers for r in records if r.tier), len(records))


def _false_positives(asked: list[Judged]) -> dict[str, Any]:
    out = {}
    for reference in ("negative", "mimic"):
        records = _answered(asked, reference)
        out[reference] = {
            "a": _rate(records, "A").as_json(),
            "a_or_b": _rate(records, "AB").as_json(),
        }
    return out


def _sensitivity(asked: list[Judged]) -> dict[str, Any]:
    records = _answered(asked, "positive")
    return {
        "a": _rate(records, "A").as_json(),
        "a_or_b": _rate(records, "AB").as_json(),
        "a_to_d": _rate(records, "ABCD").as_json(),
    }


def _predictive(asked: list[Judged]) -> list[dict[str, Any]]:
    """PPV of A and of A or B; the interval joins both worst and both best ends (wider than 95 %)."""
    positive, negative = _answered(asked, "positive"), _answered(asked, "negative")
    if not positive or not negative:
        return []
    rows = []
    for tiers in ("A", "AB"):
        se, fp = _rate(positive, tiers), _rate(negative, tiers)
        for prevalence in PREVALENCES:
            ends = (
                predictive_value((se.value or 0.0), 1 - (fp.value or 0.0), prevalence),
                predictive_value(se.low, 1 - fp.high, prevalence),
                predictive_value(se.high, 1 - fp.low, prevalence),
            )
            rows.append({
                "tiers": tiers,
                "prevalence": prevalence,
                "ppv": None if ends[0] is None else round(ends[0], 3),
                "low": None if ends[1] is None else round(ends[1], 3),
                "high": None if ends[2] is None else round(ends[2], 3),
            })  # fmt: skip
    return rows


def as_text(t: dict[str, Any]) -> str:
    """The tables as Markdown, for people and for the report folder."""
    lines = [
        f"Screen {t['screen_version']}, {t['records']} records; {len(t['unread'])} could not be read; "
        f"{t['scale_unknown']} of unknown scale are left out of the tier tables.",
        "",
    ]
    lines += _detector_text(t["detector"]) + _error_text(t) + _tier_text(t)
    lines += [f"could not be read: {row['record']}: {row['why']}" for row in t["unread"]]
    return "\n".join(lines).rstrip() + "\n"


def _percent(share: dict[str, Any]) -> str:
    if share["share"] is None:
        return "–"
    return f"{100 * share['share']:.2f} ({100 * share['low']:.2f}–{100 * share['high']:.2f})"


def _detector_text(rows: list[dict[str, Any]]) -> list[str]:
    if not rows:
        return []
    out = ["## Beats", ""]
    out += ["| reference | records | beats | Se % @150 ms | +P % @150 ms | Se % @25 ms | +P % @25 ms | offset ms, mean ± SD |"]  # fmt: skip
    out += ["|---|---|---|---|---|---|---|---|"]
    for row in rows:
        wide, tight = (row[f"at_{limit:.0f}_ms"] for limit in LIMITS_MS)
        jitter = row["jitter_ms"]
        offset = "–" if jitter is None else f"{jitter['mean']:+.1f} ± {jitter['sd']:.1f}"
        cells = [_percent(x[k]) for x in (wide, tight) for k in ("sensitivity", "positive_predictivity")]  # fmt: skip
        out.append(f"| {row['source']} | {row['records']} | {wide['sensitivity']['n']} | {' | '.join(cells)} | {offset} |")  # fmt: skip
    return [*out, ""]


def _error_text(t: dict[str, Any]) -> list[str]:
    out = []
    rows = [(kind, name, s) for kind, by in t["fiducials_ms"].items() for name, s in by.items() if s]  # fmt: skip
    if rows:
        out += ["## Onset, J and T end", "", "| reference | point | n | mean ± SD ms | median | p95 of size |", "|---|---|---|---|---|---|"]  # fmt: skip
        out += [f"| {kind} | {name} | {s['n']} | {s['mean']:+.1f} ± {s['sd']:.1f} | {s['median']:+.1f} | {s['p95_abs']:.1f} |" for kind, name, s in rows]  # fmt: skip
        out.append("")
    if t["st_uv"]:
        s = t["st_uv"]["error"]
        out += ["## ST at J against exact truth", "", f"n = {s['n']} leads: {s['mean']:+.1f} ± {s['sd']:.1f} µV, p95 {s['p95_abs']:.0f}, largest {s['max_abs']:.0f} µV; inside one SE {_percent(t['st_uv']['inside_1_se'])} %.", ""]  # fmt: skip
    if t["criteria_against_truth"]:
        out += ["## Decision against exact truth (Fourth Definition, answered records)", ""]
        out += [f"* {name}: {_percent(s)} % of {s['n']}" for name, s in t["criteria_against_truth"].items()]  # fmt: skip
        out.append("")
    return out


def _tier_text(t: dict[str, Any]) -> list[str]:
    out = []
    head = ["| group | n | A | B | C | D | E | Q | A % (95 %) | A+B % (95 %) |", "|---|---|---|---|---|---|---|---|---|---|"]  # fmt: skip
    for title, key in (("Tiers by label", "tiers_by_group"), ("Tiers by subgroup", "tiers_by_subgroup")):  # fmt: skip
        if t[key]:
            out += [f"## {title}", "", *head]
            out += [
                f"| {r['group']} | {r['n']} | {' | '.join(str(r[x]) for x in TIERS)} | {_percent(r['a'])} | {_percent(r['a_or_b'])} |"
                for r in t[key]
            ]
            out.append("")
    fp, se = t["false_positives"], t["sensitivity"]
    out += ["## Rates over answered records", ""]
    out += [f"* {name}: tier A {_percent(fp[name]['a'])} %, A or B {_percent(fp[name]['a_or_b'])} % of {fp[name]['a']['n']}" for name in fp]  # fmt: skip
    out += [f"* labelled acute STEMI: tier A {_percent(se['a'])} %, A or B {_percent(se['a_or_b'])} %, A to D {_percent(se['a_to_d'])} % of {se['a']['n']}", ""]  # fmt: skip
    if t["predictive_value"]:
        out += ["| counted as positive | prevalence | PPV | from … to |", "|---|---|---|---|"]
        out += [
            f"| {r['tiers']} | {100 * r['prevalence']:.0f} % | {_ppv(r['ppv'])} | {_ppv(r['low'])}–{_ppv(r['high'])} |"
            for r in t["predictive_value"]
        ]
        out.append("")
    for title, key in (("Every A and B", "tier_a_and_b"), ("Every record labelled acute", "labelled_stemi")):  # fmt: skip
        if t[key]:
            out += [f"## {title}", ""]
            out += [f"* {r['tier']} `{r['record']}` ({r['group']}): {r['statement']} [{r['seen']}]" for r in t[key]]  # fmt: skip
            out.append("")
    return out


def _ppv(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.0f} %"
