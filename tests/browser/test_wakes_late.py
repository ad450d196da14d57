"""What cannot be undone takes two presses at two places and a moment between: a double tap does nothing of it."""

from __future__ import annotations

import pytest

from .conftest import Chromium
from .module_world import script

pytestmark = pytest.mark.browser
DIALOGS = {
    "a decision": """ const { DecisionBar } = await fresh('/static/viewer/js/decision.js');
      const store = { detail: { id: 'c', unit: 'u', patient: null, receipts: {}, snapshots: [], decision: null }, mayDecide: true, current: 'c', resting: false, me: {}, decide: async () => { done += 1; return null; } };
      const bar = new DecisionBar(store, { decidedOn: null, shownRange: null }); document.body.append(bar.el); bar.render();
      const ask = () => bar.el.querySelector('button').click(); const go = () => document.querySelector('dialog.confirm .send'); """,
    "the end of a call": """ const { Ending } = await fresh('/static/dispatch/js/ending.js');
      const ending = new Ending({ box: { acts: [] }, act: async () => { done += 1; return true; } });
      const ask = () => ending.ask({ id: 'c', address: 'a', number: 'n', complaint: 'x' }); const go = () => document.querySelector('dialog.ending .end'); """,
}


@pytest.mark.parametrize("what", DIALOGS)
def test_a_double_tap_does_nothing(chromium: Chromium, what: str) -> None:
    got = chromium.run(
        script(
            "let done = 0; holdTimers();"
            + DIALOGS[what]
            + """ ask(); go().click(); await settle(); const tapped = [done, go().disabled]; const waits = timers.map((t) => t.ms);
        ask(); go().click(); await settle(); const thrice = done; const focused = document.activeElement === go();
        await pass(); const awake = !go().disabled; go().click(); await settle(); return { tapped, waits, thrice, focused, awake, done }; """
        )
    )
    assert got["tapped"] == [0, True]
    assert max(got["waits"]) >= 500
    assert (got["thrice"], got["focused"]) == (0, False), "and no Enter sends it either"
    assert (got["awake"], got["done"]) == (True, 1)
