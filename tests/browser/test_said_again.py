"""What a page says to the relay and what fails once: said again until it is there, once, and by whom it was said."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Chromium
from .module_world import script

pytestmark = pytest.mark.browser

READING = """
  const { Reading } = await fresh('/static/viewer/js/reading.js');
  const told = []; let up = true; const failed = [];
  const store = { current: 'c', detail: { unread: null }, feed: { send: (m) => up && told.push(m) }, fail: (e) => failed.push(e.status) };
  const reading = new Reading(store);
  const row = (n, state = 'raised', unread = null) => ({ alert: state && { id: 'a' + n, state }, unread });
"""


def test_delivered_is_said_once_a_line_and_again_after_a_redial(chromium: Chromium) -> None:
    got = chromium.run(
        script(
            READING
            + """ const rows = [row(1), row(2), row(3, null, 's3')];
        up = false; reading.drawn(rows); const down = told.length; up = true;
        reading.drawn(rows); reading.drawn(rows); const once = told.length;
        reading.redialled(); reading.drawn(rows); const again = told.slice(once).map((m) => m.alert ?? m.snapshot);
        reading.redialled(); reading.drawn([row(1, 'delivered'), row(2, 'opened')]);
        return { down, once, again, left: told.length - once - again.length }; """
        )
    )
    assert got == {"down": 0, "once": 3, "again": ["a1", "a2", "s3"], "left": 0}


@pytest.mark.parametrize(
    ("status", "again"),
    [(0, True), (500, True), (503, True), (599, True), (404, False), (409, False), (422, False)],
)
def test_a_look_whose_post_failed_is_said_again(
    chromium: Chromium, status: int, again: bool
) -> None:
    got = chromium.run(
        script(
            READING
            + """ holdTimers(); void reading.opened('c', 's1'); void reading.opened('c', 's1'); await settle();
        const first = posts('/opened').length; const fails = (one) => (given ? one.answer(given, { code: 'x', title: 'x' }) : one.break());
        fails(posts('/opened')[0]); await settle(); await pass(); const second = posts('/opened').length;
        if (second > 1) { fails(posts('/opened')[1]); await settle(); await pass(); posts('/opened')[2].answer(200, { first: true }); await settle(); }
        await pass(); void reading.opened('c', 's1'); await settle(); const all = posts('/opened').length;
        void reading.opened('c', 's2'); void reading.opened('d', 's1'); await settle();
        return { first, second, all, others: posts('/opened').length - all, bodies: posts('/opened').slice(0, second).map((p) => p.body.snapshot) }; """
        ),
        status,
    )
    assert (got["first"], got["second"]) == (1, 2 if again else 1)
    assert got["all"] == (3 if again else 1)
    assert got["others"] == 2, "another sheet, another case: each is said for itself"
    assert set(got["bodies"]) == {"s1"}


def test_whoever_comes_next_has_read_nothing_yet(chromium: Chromium) -> None:
    got = chromium.run(
        script(
            READING
            + """ answers['/opened'] = [200, { first: true }];
        await reading.opened('c', 's1'); await reading.opened('c', null); reading.drawn([row(1)]);
        reading.forget(); await reading.opened('c', 's1'); await reading.opened('c', null); reading.drawn([row(1)]);
        store.detail.unread = 's9'; await reading.opened('c', null);
        return [posts('/opened').map((p) => p.body.snapshot), told.length]; """
        )
    )
    assert got == [["s1", None, "s1", None, None], 2]


BOX = """
  const { Outbox } = await fresh('/static/kit/shared/outbox.js'); const { ApiError } = await fresh('/static/kit/shared/api.js');
  const kept = {}, sent = [], due = []; let who = 'sato', fails = [], now = 0;
  const box = new Outbox({ key: 'k', storage: { getItem: (k) => kept[k] ?? null, setItem: (k, v) => { kept[k] = v; } }, nowMs: () => now,
    who: () => who, changed: () => {}, later: (run) => due.push(run), send: async (act) => { const e = fails.shift(); if (e) throw e; sent.push(act.title); } });
  const order = (title) => ({ path: '/p', body: {}, title, about: 'u', incident: 'c' });
  const tick = async () => { for (const run of due.splice(0)) run(); await settle(); };
"""


def test_an_order_is_tried_until_it_is_there(chromium: Chromium) -> None:
    got: dict[str, Any] = chromium.run(
        script(
            BOX
            + """ fails = Array.from({ length: 5 }, () => new ApiError(503, 'unavailable', 'away'));
        await box.add(order('one')); const tries = [];
        for (let n = 0; n < 6; n += 1) { tries.push([box.acts.length, due.length]); await tick(); }
        return { tries, sent, left: box.acts.length }; """
        )
    )
    assert got["sent"] == ["one"], "nobody has pressed anything, and it is there"
    assert got["left"] == 0
    assert got["tries"][0] == [1, 1]


STATES = {
    0: "waiting", 401: "waiting", 429: "waiting", 500: "waiting", 502: "waiting", 503: "waiting",
    400: "refused", 403: "refused", 404: "refused", 413: "refused", 422: "refused",
}  # fmt: skip


@pytest.mark.parametrize("status", STATES)
def test_what_every_answer_does_to_an_order(chromium: Chromium, status: int) -> None:
    got = chromium.run(
        script(
            BOX
            + """ fails = [new ApiError(given, 'some', 'x')]; const left = await box.add(order('one'));
        const state = left.state; await tick(); return [state, sent, box.acts.map((a) => a.state)]; """
        ),
        status,
    )
    waits = STATES[status] == "waiting"
    assert got == [STATES[status], ["one"] if waits else [], [] if waits else ["refused"]]


def test_of_two_people_at_one_console_each_sends_their_own(chromium: Chromium) -> None:
    got = chromium.run(
        script(
            BOX
            + """ fails = [new ApiError(401, 'not-signed-in', 'x'), new ApiError(401, 'not-signed-in', 'x')];
        await box.add(order('of sato')); who = 'abe'; await box.add(order('of abe'));
        await tick(); const abe = [...sent]; who = ''; await box.flush(); who = 'sato'; await box.flush();
        return [abe, sent, box.acts.length]; """
        )
    )
    assert got == [["of abe"], ["of abe", "of sato"], 0]


def test_what_is_typed_while_the_first_is_on_its_way_is_not_lost(chromium: Chromium) -> None:
    """Two fields of two cases: one is corrected, one is added, one is refused, the line is lost between."""
    got = chromium.run(
        script(
            """ const { Edits } = await fresh('/static/panel/js/edits.js'); const saves = []; holdTimers();
        const edits = new Edits((incident, fields) => new Promise((done, fail) => saves.push({ incident, fields, done, fail })));
        edits.of('one'); edits.add({ age_years: 6, sex: 'M' }); await pass(); edits.add({ age_years: 67 }); edits.add({ pain_nrs: 8 });
        saves[0].done(); await settle(); await pass(); const second = saves[1].fields; const kept = JSON.parse(localStorage.getItem('kyumei-card-edits'));
        saves[1].fail(Object.assign(new Error('away'), { status: 503 })); await settle(); const trouble = edits.trouble; await pass(); const third = saves[2].fields;
        edits.of('two'); edits.add({ age_years: 40 }); saves[2].fail(Object.assign(new Error('no'), { status: 422 })); await settle(); const lost = edits.lost; await pass();
        const fourth = saves[3]; fourth.done(); await settle(); await pass();
        return { first: saves[0].fields, second, kept, trouble, third, lost, fourth: [fourth.incident, fourth.fields], left: JSON.parse(localStorage.getItem('kyumei-card-edits')), n: saves.length }; """
        )
    )
    assert got["first"] == {"age_years": 6, "sex": "M"}
    assert got["second"] == {"age_years": 67, "pain_nrs": 8}
    assert got["kept"] == {"one": got["second"]}, "and a reload would keep it"
    assert (got["trouble"], got["third"], got["lost"]) == ("away", got["second"], "no")
    assert (got["fourth"], got["left"], got["n"]) == (["two", {"age_years": 40}], {}, 4)
