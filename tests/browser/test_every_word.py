"""Every state that a page can be told has its own words, and a word leaves when it is no longer so."""

from __future__ import annotations

import pytest

from .conftest import Chromium
from .module_world import script

pytestmark = pytest.mark.browser

LIST = """
  const { Now } = await fresh('/static/viewer/js/now.js'); const { IncidentList } = await fresh('/static/viewer/js/list.js');
  const i18n = await fresh('/static/kit/shared/i18n.js'); await i18n.loadWords(['/static/kit/shared/i18n', '/static/viewer/i18n']); i18n.setLang('en');
  const feed = { silent: 0, silentS() { return this.silent; }, lastBeat: { ages_ms: { r: 100 } } }; const now = new Now(feed);
  const row = (more = {}) => ({ id: 'c', unit: 'Rescue 1', opened_at_us: 1, patient: { age_years: 67, sex: 'M' }, stream: { id: 'r', state: 'live' }, tier: 'E', statement_en: 'said', statement_ja: 'x',
    alert: null, opened_by: [], decision: null, looking: [], highest: null, call: null, place: 4, standstill: false, awaiting_read: false, unread: null, ...more });
  const store = { rows: new Map(), older: { more: 0 }, loaded: true, current: null, now };
  const list = new IncidentList(store, () => {}, { watch() {}, report() {} }); document.body.append(list.el);
  const shown = (more) => { store.rows = new Map([['c', row(more)]]); list.render(); return list.items.innerText; };
"""
AGES = {0: "live", 2_999: "live", 3_000: "stale", 9_999: "stale", 10_000: "lost", 600_000: "lost"}


@pytest.mark.parametrize("age_ms", AGES)
def test_how_a_recording_stands_at_every_age(chromium: Chromium, age_ms: int) -> None:
    got = chromium.run(
        script(
            LIST
            + """ const at = (age, silent = 0, state = 'live', ages = { r: age }) => { feed.silent = silent; feed.lastBeat = ages && { ages_ms: ages }; return now.streamState(row({ stream: { id: 'r', state } })); };
        return [at(given), at(given, 8), at(given, 0, 'ended'), now.streamState(row({ stream: null })), at(0, 0, 'stale', {}), at(0, 0, 'live', {})]; """
        ),
        age_ms,
    )
    assert got == [AGES[age_ms], "unknown", "ended", "none", "lost", "live"]


def test_who_looks_is_said_while_it_is_so(chromium: Chromium) -> None:
    got = chromium.run(
        script(
            LIST
            + """ const looking = [{ who: 'Dr Abe' }, { who: 'Dr Abe' }, { who: 'Dr Ito' }]; const fresh_ = shown({ looking });
        feed.silent = 8; const old = shown({ looking }); return [now.lookers(row({ looking })), fresh_, old]; """
        )
    )
    assert got[0] == []
    assert got[1].count("Dr Abe") == 1 and "Dr Ito" in got[1]
    assert "Dr Abe" not in got[2], "nothing is known of it while the relay is not heard"


def test_what_stands_in_a_row(chromium: Chromium) -> None:
    got = chromium.run(
        script(
            LIST
            + """ const still = i18n.t('list.standstill'); const high = (tier, highest) => shown({ tier, highest: highest && { tier: highest, at_us: 1 } }).includes(i18n.t('list.highest', { tier: highest, at: '' }).trim().slice(0, 8));
        const stands = (state, age) => { feed.lastBeat = { ages_ms: { r: age } }; return shown({ standstill: true, stream: { id: 'r', state } }).includes(still); };
        return { graver: [high('E', 'A'), high('B', 'A'), high('Q', 'C')], not: [high('A', 'E'), high('A', 'A'), high('E', null)], stands: [stands('live', 100), stands('live', 60000), stands('ended', 100)],
          calls: ['high', 'hand', 'soft'].map((level) => shown({ call: { level, tier: 'B', since_us: 1, reason: 'manual' } }).length), none: shown({}).length }; """
        )
    )
    assert got["graver"] == [True, True, True]
    assert got["not"] == [False, False, False]
    assert got["stands"] == [True, False, False], (
        "of a recording that is not live nothing is known now"
    )
    assert min(got["calls"]) > got["none"] - 20


ANSWER = """
  const { Answer } = await fresh('/static/panel/js/answer.js');
  const i18n = await fresh('/static/kit/shared/i18n.js'); await i18n.loadWords(['/static/kit/shared/i18n', '/static/panel/i18n']); i18n.setLang('en');
  const sounds = []; const alarm = { ringing: null, ring(p) { this.ringing = p; sounds.push(p); }, quiet() { this.ringing = null; sounds.push('quiet'); }, once(p) { sounds.push('once ' + p); } };
  const pressed = []; const answer = new Answer(alarm, { press: async (path, body) => pressed.push([path, body.entry]) }); document.body.append(answer.el);
  const state = (receipts, more = {}) => ({ unit: 'u', incident: 'c', link: { state: 'connected' }, snapshots: [{ id: 's', tier: 'A', taken_at_us: 1 }], attention: null, ...more,
    receipts: { stored_at_us: 1, ...receipts } });
"""


def test_a_decision_sounds_until_it_is_understood_and_is_told_back_once(chromium: Chromium) -> None:
    got = chromium.run(
        script(
            ANSWER
            + """ const found = []; for (const [n, decision] of ['stemi-cath', 'repeat-5min', 'not-stemi', 'unreadable'].entries()) {
          answer.render(state({ decision, decided_by: 'Dr', decided_at_us: 5 + n, decided_entry: n + 1 })); const rings = alarm.ringing;
          answer.render(state({ decision, decided_by: 'Dr', decided_at_us: 5 + n, decided_entry: n + 1 })); const open = answer.dialog.open;
          answer.dialog.querySelector('.understood').click(); await settle(); found.push([rings, open, alarm.ringing, answer.dialog.open]);
          answer.render(state({ decision, decided_by: 'Dr', decided_at_us: 5 + n, decided_entry: n + 1 })); found.at(-1).push(answer.dialog.open, alarm.ringing); }
        answer.dialog.remove(); return [found, pressed]; """
        )
    )
    found, pressed = got
    assert [row[0] for row in found] == ["high", "medium", "medium", "medium"]
    assert [row[1:] for row in found] == [[True, None, False, False, None]] * 4
    assert pressed == [["/api/understood", n] for n in (1, 2, 3, 4)]


def test_what_the_crew_reads_of_the_hospital(chromium: Chromium) -> None:
    got = chromium.run(
        script(
            ANSWER
            + """ const says = (receipts, more) => { answer.render(state(receipts, more)); answer.dialog.close(); return answer.words.innerText; };
        const dispute = i18n.t('panel.dispute'), none = i18n.t('panel.no_armed'), page = i18n.t('panel.no_page'); const decided = { decision: 'not-stemi', decided_by: 'Dr A', decided_at_us: 9, decided_entry: 4 };
        const two = { ...decided, disputed_by: 'Dr B', disputed_decision: 'stemi-cath', disputed_at_us: 8, disputed_text: 'go' };
        const attention = (armed, pages) => ({ attention: { armed, pages, looking: [] } });
        const found = { one: says(decided).includes(dispute), two: says(two).includes(dispute), other: says(two).includes('Dr B'), shouted: answer.dialog.innerText.includes(dispute),
          silent: [[0, 2], [0, 0], [1, 1]].map(([a, p]) => { const words = says({}, attention(a, p)); return [words.includes(none), words.includes(page)]; }), unknown: says({}).includes(none) };
        answer.dialog.remove(); return found; """
        )
    )
    assert (got["one"], got["two"], got["other"]) == (False, True, True)
    assert got["silent"] == [[True, False], [False, True], [False, False]]
    assert got["unknown"] is False
