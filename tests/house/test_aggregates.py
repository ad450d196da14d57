"""An aggregate of the records has a port, SQL, tables and a contract's test, each where it is looked for, and no word of its port goes unasked."""

from __future__ import annotations

import ast
import re
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RECORDS = Path("relay/records")
CONTRACT = Path("tests/contract/records")
OTHERS = {"__init__", "records", "case_facts", "case_search", "connection", "fingerprints", "ground", "present_samples", "schema", "values"}  # fmt: skip
"""Files beside those of the aggregates; a new one is named here, or is an aggregate."""
NO_AGGREGATE = {"test_case_search", "test_sqlite", "test_transactions"}
COMPOSED = {"port/records.py": ("RecordReads", "RecordWrites"), "sql/records.py": ("SqlReads", "SqlWrites")}  # fmt: skip


def aggregates(root: Path) -> dict[str, set[str]]:
    """By place where aggregates are listed, whose names stand there."""
    found = {
        room: {p.stem for p in (root / RECORDS / room).glob("*.py")} - OTHERS
        for room in ("port", "sql", "sql/tables")
    }
    tests = {p.stem for p in (root / CONTRACT).glob("test_*.py")} - NO_AGGREGATE
    found["contract"] = {name.removeprefix("test_") for name in tests}
    page = (root / "docs/architecture.md").read_text(encoding="utf-8")
    section = page.partition("\n## The records\n")[2].partition("\n## ")[0]
    found["docs/architecture.md"] = set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE))
    for file, classes in COMPOSED.items():
        body = ast.parse((root / RECORDS / file).read_text(encoding="utf-8")).body
        for node in body:
            if isinstance(node, ast.ClassDef) and node.name in classes:
                found[node.name] = set(_attributes(node))
    return found


def _attributes(node: ast.ClassDef) -> list[str]:
    """Properties of a port, or what an adapter's ``__init__`` sets on ``self``."""
    properties = [m.name for m in node.body if isinstance(m, ast.FunctionDef) and m.decorator_list]
    set_there = [
        at.attr
        for assign in ast.walk(node)
        if isinstance(assign, ast.Assign)
        for at in assign.targets
        if isinstance(at, ast.Attribute) and not at.attr.startswith("_")
    ]
    return [*properties, *set_there]


def unasked(root: Path) -> list[str]:
    """Words of the ports that the contract's tests never say."""
    said = "\n".join(p.read_text(encoding="utf-8") for p in (root / CONTRACT).glob("test_*.py"))
    ports = [p for p in (root / RECORDS / "port").glob("*.py") if p.stem not in OTHERS]
    return [
        f"{port.stem}.{node.name}"
        for port in sorted(ports)
        for node in ast.walk(ast.parse(port.read_text(encoding="utf-8")))
        if isinstance(node, ast.AsyncFunctionDef)
        and not re.search(rf"\.{port.stem}\.{node.name}\(", said)
    ]


def test_every_aggregate_stands_in_every_place() -> None:
    found = aggregates(ROOT)
    every = set().union(*found.values())
    assert {place: every - names for place, names in found.items() if every - names} == {}
    assert len(every) >= 7


def test_every_word_of_a_port_is_asked_by_the_contract() -> None:
    assert unasked(ROOT) == []


@pytest.mark.parametrize("file", [
    "relay/records/port/leases.py", "relay/records/sql/leases.py", "relay/records/sql/tables/leases.py", "tests/contract/records/test_leases.py",
])  # fmt: skip
def test_an_aggregate_that_is_missing_somewhere_is_seen(tmp_path: Path, file: str) -> None:
    for room in (RECORDS, CONTRACT):
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "docs", tmp_path / "docs", ignore=shutil.ignore_patterns("*.png"))
    (tmp_path / file).unlink()

    (place,) = [place for place, names in aggregates(tmp_path).items() if "leases" not in names]

    assert place == ("contract" if file.startswith("tests") else str(Path(file).parent)[14:])
    if place == "contract":
        assert unasked(tmp_path) == ["leases.holder", "leases.take", "leases.release"]
