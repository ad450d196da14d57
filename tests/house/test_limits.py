"""Every place where something is cut is named here with its reason: what is cut is said, or nobody needs it.

A new ``limit`` in SQL, a new ``limit=``, ``at_most=`` or ``newest=`` in Python, or a slice by a constant fails until somebody
has decided what is told to whoever does not get the rest.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

RELAY = Path(__file__).resolve().parents[2] / "relay"
WORDS = {"limit", "at_most"}
CONSTANT = re.compile(r"(MOST|MAX|LIMIT|_AT_ONCE|_SHOWN)")
OTHER_ROOMS = (
    "bench",
    "faults",
    "demo",
    "cli",
    "video",
    "protocol",
    "records/migrations",
    "web",
)
"""Measuring, drills and commands cut for nobody's patient; video and link have bounds of their own, in their docs; what the web floor cuts
is a request that is refused in words."""

REASONS = {
    "bus/memory.py: MemorySubscription.__init__": "what does not fit is counted and said as Overflow",
    "bus/memory.py: MemoryBus.subscribe": "the same",
    "bus/port.py: Bus.subscribe": "the same",
    "services/evidence/audit_trail.py: asked": "the newest rows; left_out says how many more, --limit shows them",
    "services/cabin/cabins.py: Cabins._follow_cases": "after an Overflow every case whose camera is on is read",
    "services/calls/joining.py: CaseJoining.follow": "what was lost is joined by join_missed, every few seconds",
    "services/calls/joining.py: CaseJoining.join_open": "the newest that fits is the one",
    "services/cases/cases.py: Cases.rows": "the rest is counted (more), reachable (beyond); what asks for a human is added",
    "services/cases/cases.py: Cases.ids": "a page; whoever asks goes on beyond it",
    "services/cases/cases.py: Cases.detail": "the newest entries; earlier_entries says how many more, entries() gives them",
    "services/cases/cases.py: Cases.entries": "a page; earlier_entries says how many more",
    "services/cases/cases.py: asking_beyond": "pages, to the end",
    "services/cases/archive.py: Archive.search": "a page; beyond goes on, and looked_to_us says how far it looked",
    "services/cases/looking_back.py: LookBack.rows": "pages, to as many as were asked for; that there are more is said",
    "services/cases/looking_back.py: LookBack._ids": "the same",
    "services/cases/looking_back.py: _whole": "pages, to the end",
    "records/sql/ladders.py: SqlLadderReads.climbing": "those due first; the rest comes with the next look, within a second",
    "records/sql/roster.py: SqlRosterReads.has_duties": "one is asked for",
    "records/sql/roster.py: SqlRosterWrites.add_duty": "one is asked for",
    "records/port/cases.py: CaseReads.search": "a page; CasesFound.beyond goes on",
    "records/sql/cases.py: SqlCaseReads.search": "the same",
    "records/sql/case_search.py: search_cases": "the same",
    "records/sql/case_search.py: _decided": "one is asked for",
    "services/pages/calls_publisher.py: CallsPublisher.run": "after an Overflow every page of this relay reads its rows anew",
    "services/pages/publisher.py: FeedPublisher._listen": "after an Overflow every open row is published",
    "services/screening/work.py: Screening._flush": "points of a database that is away for days; said in the log",
    "services/cases/upkeep.py: Upkeep.close_idle": "pages, to the end",
    "records/port/evidence.py: EvidenceReads.find_audit": "the newest rows, and how many more there are",
    "records/sql/evidence.py: SqlEvidenceReads.find_audit": "the same",
    "records/port/evidence.py: EvidenceReads.audit_rows": "a page; whoever asks goes on after it",
    "records/port/cases.py: CaseReads.incidents": "whoever asks says how many",
    "records/port/cases.py: CaseReads.newest_entries": "whoever asks says how many",
    "records/sql/fingerprints.py: _append": "one is asked for",
    "records/sql/fingerprints.py: page_of": "a page; whoever asks goes on after it",
    "records/sql/cases.py: SqlCaseReads.incidents": "whoever asks says how many",
    "records/sql/cases.py: SqlCaseReads.newest_entries": "whoever asks says how many",
    "records/sql/cases.py: SqlCaseReads.timeline": "a page; Timelines asks on until there is none",
    "records/sql/evidence.py: SqlEvidenceReads.audit_rows": "a page; whoever asks goes on after it",
    "records/sql/cases.py: SqlCaseReads.card": "one is asked for",
    "records/sql/cases.py: SqlCaseReads.last_decision": "one is asked for",
    "records/sql/recordings.py: SqlRecordingReads.snapshot_report": "one is asked for",
    "records/sql/recordings.py: SqlRecordingReads.was_calm_since": "whether there is any",
    "records/sql/alerts.py: SqlAlertReads.last_alert": "one is asked for",
    "records/sql/evidence.py: SqlEvidenceReads.audit_head": "one is asked for",
    "records/sql/outbox.py: SqlOutboxReads.due": "what is left is due at the next look, which follows each sending",
    "records/sql/outbox.py: SqlOutboxReads.next_due_us": "one is asked for",
    "records/sql/outbox.py: SqlOutboxReads.newest": "the caller says how many; kyumei alerts letters says so",
    "records/sql/ringing.py: SqlRingingWrites.put_device": "an account has ten devices; the person sees the list",
    "services/alarm/ring_devices.py: RingDevices.let_ring": "a device's name of the person's own, shown to them as it is kept",
    "model/letter.py: step": "a reason is a row of causes or one of our sentences; a peer's reference is for its own log",
    "alerts/posting.py: _connected": "a head longer than that is no answer; it is said that nobody answers",
}


class _Cuts(ast.NodeVisitor):
    """Names of the functions that cut."""

    def __init__(self, file: str) -> None:
        self.file, self.inside = file, []
        self.found: set[str] = set()

    def _enter(self, node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.inside.append(node.name)
        if not isinstance(node, ast.ClassDef):
            named = {a.arg for a in (*node.args.args, *node.args.kwonlyargs)}
            if named & WORDS:
                self._note()
        self.generic_visit(node)
        self.inside.pop()

    visit_ClassDef = visit_FunctionDef = visit_AsyncFunctionDef = _enter  # noqa: N815

    def visit_Call(self, node: ast.Call) -> None:
        asks = isinstance(node.func, ast.Attribute) and node.func.attr in {"limit", "fetchmany"}
        if asks or any(keyword.arg in WORDS for keyword in node.keywords):
            self._note()
        if (isinstance(node.func, ast.Attribute) and node.func.attr == "newest_entries") or (
            isinstance(node.func, ast.Name) and node.func.id in {"islice", "nlargest", "nsmallest"}
        ):
            self._note()
        self.generic_visit(node)

    def visit_Slice(self, node: ast.Slice) -> None:
        names = [
            n.id
            for b in (node.lower, node.upper)
            if b
            for n in ast.walk(b)
            if isinstance(n, ast.Name)
        ]
        if any(CONSTANT.search(name) for name in names):
            self._note()

    def _note(self) -> None:
        self.found.add(f"{self.file}: {'.'.join(self.inside)}")


def cuts_of(text: str, file: str) -> set[str]:
    visitor = _Cuts(file)
    visitor.visit(ast.parse(text))
    return visitor.found


def test_whatever_is_cut_has_a_reason() -> None:
    found: set[str] = set()
    for path in RELAY.rglob("*.py"):
        file = path.relative_to(RELAY).as_posix()
        if not file.startswith(OTHER_ROOMS):
            found |= cuts_of(path.read_text(), file)

    assert sorted(found - REASONS.keys()) == [], "say what is told to whoever does not get the rest"
    assert sorted(REASONS.keys() - found) == [], "no longer cuts: take its line away"


def test_a_planted_limit_is_seen() -> None:
    planted = (
        "def a(rows, limit=5): ...",
        "def b(q): return q.order_by(1).limit(7)",
        "async def c(r): return await r.incidents(at_most=3)",
        "def d(rows): return rows[:MOST_ROWS]",
        "def e(rows): return rows[-MAX_POINTS:]",
        "def f(rows): return nlargest(3, rows)",
    )
    assert [len(cuts_of(text, "x.py")) for text in planted] == [1] * 6
    assert cuts_of("def g(rows): return rows[:120]", "x.py") == set(), "words of a sentence"
