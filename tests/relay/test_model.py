"""The tables themselves: what can follow what, and who must be named."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from uuid import uuid4

import pytest

from relay.errors import Conflict, LocalProtocolError
from relay.model import alert as alerts
from relay.model import incident as incidents
from relay.model import snapshot as snapshots
from relay.model import stream as streams
from relay.model.alert import Alert, AlertState
from relay.model.audit import GENESIS, AuditRow, ChainCheck, hash_row
from relay.model.clock import ManualClock
from relay.model.people import Person, Role, sees
from relay.model.report import Report
from relay.services.alarm.hold import LiveHold
from relay.services.recordings.live import MAX_QUEUED_FRAMES, MAX_QUEUED_TEXTS, Cursor, Viewer
from tests.frames import logged, new_stream


def an_alert() -> Alert:
    return Alert(uuid4(), uuid4(), uuid4(), None, "A", "", "", 1)


def every_path(state: AlertState) -> list[list[str]]:
    steps = alerts.TRANSITIONS[state]
    return [[s, *rest] for s, after in steps.items() for rest in every_path(after)] or [[]]


def test_every_path_of_an_alert_is_walked_by_named_people_and_passes_a_decision() -> None:
    paths = every_path(AlertState.RAISED)
    assert len(paths) == 4
    for path in paths:
        alert = an_alert()
        for n, step in enumerate(path):
            alert = alerts.advance(alert, step, who=f"Dr {n}", at_us=n)
        assert alert.state is AlertState.CLOSED
        assert AlertState.DECIDED in alert.steps
        assert len(alert.steps) == len(path)


@pytest.mark.parametrize("who", ["", "  "])
def test_nobody_cannot_move_an_alert(who: str) -> None:
    with pytest.raises(LocalProtocolError):
        alerts.advance(an_alert(), "open", who=who, at_us=1)


@pytest.mark.parametrize("state", list(AlertState))
def test_only_a_decided_alert_closes(state: AlertState) -> None:
    assert ("close" in alerts.TRANSITIONS[state]) == (state is AlertState.DECIDED)


def test_a_kept_snapshot_and_unknown_steps_are_refused() -> None:
    for state in (snapshots.SnapshotState.COMPLETE, snapshots.SnapshotState.PARTIAL):
        for step in ("keep-all", "keep-what-exists"):
            with pytest.raises(Conflict):
                snapshots.advance(state, step)
    case = incidents.Incident(uuid4(), "u", 1, frozenset())
    with pytest.raises(Conflict):
        incidents.advance(case, "resume")
    assert incidents.advance(incidents.advance(case, "close"), "resume") == case
    stream = streams.EcgStream(uuid4(), case.id, "u", 255, 500.0, 2.5, 1, "x")
    with pytest.raises(Conflict):
        streams.advance(stream, "resume")


def test_relabelling_a_snapshot_changes_its_hash() -> None:
    one = snapshots.Snapshot(uuid4(), uuid4(), uuid4(), 0, 4, "manual", 1, 3, 500.0, 2.5)
    base = snapshots.digest(one, ((0, 4),), b"12345678")
    changed = [
        (replace(one, lead_mask=5), ((0, 4),), b"12345678"),
        (replace(one, incident=uuid4()), ((0, 4),), b"12345678"),
        (replace(one, uv_per_lsb=5.0), ((0, 4),), b"12345678"),
        (one, ((0, 3),), b"12345678"),
        (one, ((0, 4),), b"12345679"),
    ]
    assert base not in {snapshots.digest(*c) for c in changed}


def test_who_sees_a_case() -> None:
    case = incidents.Incident(uuid4(), "u", 1, frozenset({"chuo"}))
    people = {role: Person("x", "x", role, "chuo") for role in Role}
    assert {role for role, person in people.items() if sees(person, case)} == {
        Role.CARDIOLOGIST,
        Role.ED,
    }
    assert not sees(replace(people[Role.CARDIOLOGIST], hospital="daiichi"), case)
    assert not sees(replace(people[Role.CARDIOLOGIST], hospital=None), case)


def test_the_manual_clock_runs_forward_only() -> None:
    clock = ManualClock(5)
    clock.move(1.5)
    assert (clock.now_us(), clock.monotonic_s()) == (1_500_005, 1.5)
    with pytest.raises(ValueError, match="forward"):
        clock.move(-1)


def test_a_reordered_audit_is_found() -> None:
    rows, prev = [], GENESIS
    for n in range(1, 5):
        row = AuditRow(n, n, "a", "b", "c", {}, prev, "")
        rows.append(replace(row, hash=hash_row(row)))
        prev = rows[-1].hash
    good = ChainCheck()
    good.take(rows)
    assert (good.fault, good.rows, good.head) == (None, 4, prev)
    bad = ChainCheck()
    bad.take([rows[0], replace(rows[2], number=2), replace(rows[1], number=3), rows[3]])
    assert bad.fault is not None


def report(tier: str, end_s: float) -> Report:
    end = round(end_s * 500)
    return Report(STREAM, STREAM, None, end - 5000, 5000, tier, "", "", {}, 1)


STREAM = uuid4()


@pytest.mark.parametrize(
    ("tiers", "rings_at"),
    [
        ("AAA", [10]),
        ("AA", []),
        ("AEA", []),
        ("AEAAA", [20]),
        ("AQA", [10]),
        ("ABA", [10]),
        ("ADA", []),
        ("AQQ", []),
        ("BBB", []),
        ("QQQ", []),
        ("AQQQQQQQA", []),
        ("EAAAA", [15, 20]),
    ],
)
def test_a_live_elevation_rings_after_ten_seconds(tiers: str, rings_at: list[int]) -> None:
    hold = LiveHold()
    rang = [5 * n for n, tier in enumerate(tiers) if hold.held(report(tier, 10 + 5 * n), 500.0)]
    assert rang == rings_at


def test_a_cursor_loses_the_oldest_and_names_exactly_what_it_lost() -> None:
    stream = new_stream()
    cursor = Cursor(stream, [logged(stream, 0)])
    for seq in [*range(1, MAX_QUEUED_FRAMES + 11), 500]:
        cursor.offer(logged(stream, seq))
    cursor.offer(logged(stream, 0))
    taken = []
    while (message := cursor.take()) is not None:
        taken.append(message)
    assert taken[0] == logged(stream, 0).data
    assert isinstance(taken[1], str)
    assert '"from_sample":125,"to_sample":1500' in taken[1]
    assert len(taken) == 2 + MAX_QUEUED_FRAMES
    seqs = [int.from_bytes(t[24:32], "little") for t in taken[2:] if isinstance(t, bytes)]
    assert all(a < b for a, b in pairwise(seqs))


async def test_a_viewer_with_too_many_texts_asks_for_all_anew() -> None:
    viewer = Viewer()
    for n in range(MAX_QUEUED_TEXTS + 1):
        viewer.offer_text(str(n))
    assert viewer.lost_texts
    assert viewer.take() == str(MAX_QUEUED_TEXTS)
    assert viewer.take() is None
