"""The relay that stands in for browser tests says nothing that the real one does not say, in the same kinds of values."""

from __future__ import annotations

from numbers import Real
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import TypeAdapter

from relay.protocol import feed
from tests.browser.stand_ins import SNAP, FakeRelay
from tests.relay.test_alerts import alarmed
from tests.relay.world import World

OPEN = {"patient", "report", "data", "change", "demo"}
"""Free by nature: what the crew fills in, what the screen says, what a stage tells."""


def a_stand_in() -> FakeRelay:
    """One without a browser."""
    return FakeRelay(SimpleNamespace(route=lambda *_: None, route_web_socket=lambda *_: None))


def strange(said: Any, real: Any, at: str) -> list[str]:
    """What a stand-in says that the real answer does not hold, or holds as another kind of value."""
    if said is None or real is None:
        return []
    if isinstance(said, dict) and isinstance(real, dict):
        found = [f"{at}.{name} is not said" for name in said.keys() - real.keys()]
        for name in (said.keys() & real.keys()) - OPEN:
            found += strange(said[name], real[name], f"{at}.{name}")
        return found
    if isinstance(said, list) and isinstance(real, list):
        return strange(said[0], real[0], f"{at}[0]") if said and real else []
    numbers = isinstance(said, Real) and isinstance(real, Real)
    alike = (
        isinstance(said, bool) == isinstance(real, bool) if numbers else type(said) is type(real)
    )
    return [] if alike else [f"{at} is {type(real).__name__}, not {type(said).__name__}"]


async def test_the_stand_in_says_what_the_relay_says(world: World) -> None:
    fake = a_stand_in()
    async with world.tablet() as tablet, await world.http("sato") as http:
        spec, snapshot = await alarmed(world, tablet)
        case = f"/incidents/{spec.incident}"
        asked = {
            "/site": "/site",
            "/session": "/session",
            "/incidents": "/incidents",
            case: f"/incidents/{fake.row()['id']}",
            f"{case}/trend": "/x/trend",
            f"/snapshots/{snapshot}": f"/snapshots/{SNAP}",
            f"/snapshots/{snapshot}/comparison": "/x/comparison",
        }
        found = []
        for real_path, fake_path in asked.items():
            answer = await http.get(f"/api{real_path}")
            assert answer.status_code == 200, answer.text
            found += strange(fake._answer(fake_path, None), answer.json(), fake_path)
        for end, body in (
            ("opened", {"snapshot": str(snapshot)}),
            ("notes", {"text": "到着時刻は"}),
            ("decisions", {"decision": "stemi-cath", "text": "", "snapshot": str(snapshot)}),
        ):
            made = (await http.post(f"/api{case}/{end}", json=body)).json()
            found += strange(fake._answer(f"/x/{end}", body), made, end)
        (decided,) = (await http.get("/api/incidents")).json()["incidents"]
        found += strange(fake.row(), decided, "row after the decision")
    assert found == []


def test_what_it_tells_on_the_feed_are_the_relays_messages() -> None:
    fake, told = a_stand_in(), list[str]()
    socket = SimpleNamespace(on_message=lambda _: None, send=told.append)
    fake._feed(socket)
    fake._answer("/x/opened", {})
    assert len(told) == 3
    for text in told:
        TypeAdapter(feed.ToPage).validate_json(text)


@pytest.mark.parametrize("planted", [{"invented": 1}, {"unit": 7}, {"place": True}])
def test_a_stand_in_that_invents_is_told_apart(planted: dict[str, Any]) -> None:
    real = a_stand_in().row()
    assert len(strange({**real, **planted}, real, "row")) == 1
