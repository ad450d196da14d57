"""Who has to go from a full door, whatever comes and in whatever order."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from relay.web.places import ConnectionPlace, ConnectionPlaces, Standing, owner_of

CAPACITY, EACH = 12, 4


class Door(RuleBasedStateMachine):
    """Connections of five owners, in every state."""

    def __init__(self) -> None:
        super().__init__()
        self.places = ConnectionPlaces(CAPACITY, EACH)
        self.inside: list[ConnectionPlace] = []

    def _gone(self, going: list[ConnectionPlace]) -> None:
        for place in going:
            self.inside.remove(place)

    @rule(owner=st.sampled_from("abcde"), exempt=st.booleans())
    def enters(self, owner: str, exempt: bool) -> None:
        waiting = {p.owner: self.places.waiting(p.owner) for p in self.inside}
        someone_waits = any(waiting.values())
        place = ConnectionPlace(owner, exempt=exempt)
        self.inside.append(place)
        going = self.places.enter(place)
        assert all(p.standing is Standing.WAITS for p in going), "what is served stays"
        assert not any(p.exempt and p is not place for p in going)
        if place in going:
            assert not someone_waits, "nobody new goes while another waits"
        if len(self.inside) > CAPACITY and going and going[0].owner != owner:
            assert waiting[going[0].owner] == max(waiting.values()), "the greediest goes first"
        self._gone(going)

    @precondition(lambda self: self.inside)
    @rule(data=st.data(), standing=st.sampled_from(Standing))
    def does(self, data: st.DataObject, standing: Standing) -> None:
        place = data.draw(st.sampled_from(self.inside))
        going = self.places.now(place, standing)
        assert all(p.owner == place.owner for p in going)
        self._gone(going)

    @precondition(lambda self: self.inside)
    @rule(data=st.data())
    def leaves(self, data: st.DataObject) -> None:
        place = data.draw(st.sampled_from(self.inside))
        self.inside.remove(place)
        self.places.leave(place)
        self.places.leave(place)  # twice is no harm

    @invariant()
    def counts(self) -> None:
        assert self.places.count == len(self.inside) <= CAPACITY
        for owner in "abcde":
            waits = [
                p
                for p in self.inside
                if p.owner == owner and p.standing is Standing.WAITS and not p.exempt
            ]
            assert self.places.waiting(owner) == len(waits) <= EACH


TestDoor = Door.TestCase


@pytest.mark.parametrize(
    ("address", "owner"),
    [
        ("192.0.2.7", "192.0.2.7"), ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"), ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"), ("-", "-"), ("unix:", "unix:"),
    ],
)  # fmt: skip
def test_whose_an_address_is(address: str, owner: str) -> None:
    assert owner_of(address) == owner
