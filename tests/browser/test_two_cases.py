"""Two cases and two ECGs whose answers overtake each other: what is on the screen is what was opened last."""

from __future__ import annotations

import itertools

import pytest

from .conftest import Chromium
from .module_world import script

pytestmark = pytest.mark.browser

PAGE = """
  const { Store } = await fresh('/static/viewer/js/store.js'); const { TraceView } = await fresh('/static/viewer/js/trace.js');
  const snap = (id, more = {}) => ({ id, incident: 'c', stream: 'r', first_sample: 0, n_samples: 500, fs_hz: 500, uv_per_lsb: 1, lead_mask: 3, taken_at_us: 1, stored_at_us: 1,
    reason: 'manual', sha256: null, tier: 'A', complete: true, present: [[0, 500]], origin: null, report: { tier: 'A' }, ...more });
  const detail = (id, more = {}) => ({ id, unit: 'unit of ' + id, snapshots: [], timeline: [], stream: null, patient: null, receipts: {}, call: null, unread: null, opened_at_us: 1, ...more });
  const store = new Store(); store.me = { name: 'sato' };
  const waiting = (end) => asked.filter((one) => one.path.split('?')[0].endsWith(end)).at(-1);
  const feeds = (kind, value) => { for (const hear of store.feed.listeners.get(kind) ?? []) hear(value); };
"""


@pytest.mark.parametrize("order", list(itertools.permutations("abc")), ids="".join)
def test_a_late_answer_is_of_the_case_that_was_left(
    chromium: Chromium, order: tuple[str, ...]
) -> None:
    """Three cases are opened one after the other; the relay answers in any order."""
    got = chromium.run(
        script(
            PAGE
            + """ for (const id of 'abc') { void store.open(id); await settle(); }
        const shown = []; for (const id of given) { waiting('/incidents/' + id).answer(200, detail(id)); await settle(); shown.push(store.detail?.id ?? null); }
        return [shown, store.current]; """
        ),
        list(order),
    )
    shown, current = got
    assert current == "c"
    assert set(shown) <= {"c", None}, "never another's under this one's row"
    assert shown[-1] == "c"


@pytest.mark.parametrize("first", ["s1", "s2"])
def test_a_late_sheet_is_of_the_ecg_that_was_left(chromium: Chromium, first: str) -> None:
    got = chromium.run(
        script(
            PAGE
            + """ const trace = new TraceView(store, { watch() {}, report() {} }); document.body.append(trace.el);
        store.current = 'c'; store.detail = detail('c', { snapshots: [snap('s1'), snap('s2')] }); trace.incident = 'c';
        void trace.show('s1'); await settle(); void trace.show('s2'); await settle();
        const let_go = async (id) => { for (const one of asked.filter((o) => o.path.endsWith('/snapshots/' + id))) one.answer(200, snap(id)); await settle();
          for (const one of asked.filter((o) => o.path.endsWith(id + '/samples'))) one.answer(200, new ArrayBuffer(2000), { 'X-Present': '0-500' }); await settle(); };
        const seen = []; for (const id of given === 's1' ? ['s1', 's2'] : ['s2', 's1']) { await let_go(id); seen.push(trace.snapshot?.id ?? null); }
        return [trace.shown, seen]; """
        ),
        first,
    )
    shown, seen = got
    assert shown == "s2"
    assert set(seen) <= {"s2", None}
    assert seen[-1] == "s2"


def test_an_ecg_that_was_screened_again_is_read_again_and_the_other_is_not(
    chromium: Chromium,
) -> None:
    got = chromium.run(
        script(
            PAGE
            + """ answers['/snapshots/s1'] = [200, snap('s1', { tier: 'E' })]; answers['/snapshots/s2'] = [200, snap('s2')]; answers['/incidents/c'] = [200, detail('c')];
        store.current = 'c'; store.detail = detail('c'); await store.snapshot('s1'); await store.snapshot('s2'); await store.snapshot('s1');
        const before = asked.length; answers['/snapshots/s1'] = [200, snap('s1', { tier: 'A' })];
        feeds('timeline', { incident: 'c', entry: 9, stage: 'screened', data: { snapshot: 's1' }, at_us: 1, who: '' });
        const again = (await store.snapshot('s1')).tier; await store.snapshot('s2'); return [before, again, asked.filter((o) => o.path.endsWith('/s2')).length]; """
        )
    )
    assert got == [2, "A", 1]


def test_who_signs_out_takes_their_patients_along(chromium: Chromium) -> None:
    got = chromium.run(
        script(
            PAGE
            + """ const fill = () => { store.rows.set('c', { id: 'c', state: 'open', patient: { age_years: 67 } }); store.detail = detail('c'); store.snapshots.set('s', snap('s')); store.reading.openedSent.add('c:s'); store.loaded = true; };
        const left = () => [store.rows.size, store.detail, store.snapshots.size, store.reading.openedSent.size, store.loaded];
        fill(); store.signedOut('ended'); const ended = left(); store.me = { name: 'sato' }; fill(); store.rest(null);
        return [ended, [...store.rows.values()].map((r) => [r.id, r.patient]), store.detail, store.snapshots.size]; """
        )
    )
    assert got == [[0, None, 0, 0, False], [["c", None]], None, 0]


def test_the_next_patient_is_read_as_every_patient_begins(chromium: Chromium) -> None:
    got = chromium.run(
        script(
            PAGE
            + """ const trace = new TraceView(store, { watch() {}, report() {} }); document.body.append(trace.el);
        const open = (id, more) => { store.current = id; store.detail = detail(id, more); trace.render(); };
        open('a'); trace.sheet.filter = 'monitor'; trace.sheet.cabrera = true; trace.sheet.chosen = '12x1'; open('a'); const same = trace.sheet.filter;
        open('b'); return [same, trace.sheet.filter, trace.sheet.cabrera, trace.sheet.chosen]; """
        )
    )
    assert got == ["monitor", "diagnostic", False, None]


def test_what_may_be_somebody_elses_and_what_is_newer_is_said(chromium: Chromium) -> None:
    got = chromium.run(
        script(
            PAGE
            + """ const watched = []; const trace = new TraceView(store, { watch: (el, row) => watched.push(row.id), report() {} }); document.body.append(trace.el);
        const doubt = { doubts: ['other age'], doubts_ja: 'x', doubts_en: 'x', recorded_ja: 'x', recorded_en: 'x' };
        const snapshots = [snap('s1', { origin: doubt }), snap('s2')]; const look = (shown, unread) => { store.current = 'c'; store.detail = detail('c', { snapshots, unread });
          trace.incident = 'c'; trace.shown = shown; trace.snapshot = snapshots.find((s) => s.id === shown) ?? null; trace.render(); return [!trace.doubt.hidden, !trace.newer.hidden]; };
        return { doubted: look('s1', null), plain: look('s2', null), newer: look('s1', 's2'), own: look('s2', 's2'), live: look('live', 's2'), watched: watched.length }; """
        )
    )
    assert got == {
        "doubted": [True, False], "plain": [False, False], "newer": [True, True], "own": [False, False], "live": [False, True], "watched": 2,
    }  # fmt: skip
