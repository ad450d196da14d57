"""Turns at a shared worker, whatever is asked in whatever order."""

from __future__ import annotations

from collections import defaultdict

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from relay.turns.order import Turns, Waiting

MOST, MOST_EACH, AT_ONCE = 12, 5, 1
FIRST, LIVE, AGAIN = range(3)
One = Waiting[int, None]
keys, clients = st.integers(0, 40), st.sampled_from("abc")


def one(key: int, client: str, lane: int = 0, since_s: float = 0.0, about: int = 0) -> One:
    return Waiting(key, client, about, lane, since_s, None)


def turns(**chosen: object) -> Turns[int, None]:
    usual = {"most": 10_000, "most_each": 10_000, "at_once_each": 1, "gives_way": (1, 3, 1)}
    return Turns(**{**usual, **chosen})  # type: ignore[arg-type]


class Shared(RuleBasedStateMachine):
    """Asks, begins, ends and gives up in any order; a plain dictionary knows what must wait."""

    def __init__(self) -> None:
        super().__init__()
        self.turns = turns(most=MOST, most_each=MOST_EACH, at_once_each=AT_ONCE)
        self.waits: dict[int, One] = {}
        self.again: dict[int, One] = {}
        self.under_way: dict[int, One] = {}
        self.passed: dict[str, int] = defaultdict(int)
        """How often others were begun while this client could have been."""
        self.now_s = 0.0

    @rule(key=keys, lane=st.integers(FIRST, AGAIN), about=st.integers(0, 2))
    def ask(self, key: int, lane: int, about: int) -> None:
        self.now_s += 1
        client = "abc"[key % 3]
        asked = one(key, client, lane, self.now_s, about)
        left = self.turns.ask(asked)
        if key in self.under_way:
            self.again[key] = asked
        else:
            self.waits.setdefault(key, asked)
        if left is not None:
            full = [w for w in self.waits.values() if w.client == left.client]
            assert len(full) == max(
                len([w for w in self.waits.values() if w.client == c]) for c in "abc"
            )
            del self.waits[left.key]

    @rule()
    def begin(self) -> None:
        could = {w.client for w in self.waits.values()} - {
            w.client for w in self.under_way.values()
        }
        begun = self.turns.next()
        assert (begun is not None) == bool(could)
        if begun is None:
            return
        assert begun.client in could
        del self.waits[begun.key]
        self.under_way[begun.key] = begun
        for client in could - {begun.client}:
            self.passed[str(client)] += 1
        self.passed[str(begun.client)] = 0

    @precondition(lambda self: self.under_way)
    @rule(data=st.data())
    def end(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.under_way)))
        del self.under_way[key]
        self.turns.done(key)
        if key in self.again:
            self.waits[key] = self.again.pop(key)

    @rule(key=keys)
    def give_up(self, key: int) -> None:
        assert self.turns.give_up(key) == (key in self.waits)
        self.waits.pop(key, None)
        self.again.pop(key, None)

    @invariant()
    def holds_what_was_asked_once_and_is_bounded(self) -> None:
        assert len(self.turns) == len(self.waits) + len(self.again)
        assert len(self.waits) <= MOST + len(self.under_way)

    @invariant()
    def nobody_is_passed_over_for_long(self) -> None:
        """Two others, each at most in every lane's turn before this one's lane: a constant, whatever the others ask."""
        assert max(self.passed.values(), default=0) <= 40


TestShared = Shared.TestCase


def drained(waiting: Turns[int, None]) -> list[int]:
    found = []
    while (begun := waiting.next()) is not None:
        found.append(begun.key)
        waiting.done(begun.key)
    return found


def test_who_asks_for_much_waits_behind_itself() -> None:
    waiting = turns()
    for key in range(500):
        waiting.ask(one(key, "much"))
    waiting.ask(one(1000, "little"))

    assert drained(waiting).index(1000) == 1


def test_of_one_client_what_it_is_about_goes_in_turn_and_the_newest_first() -> None:
    waiting = turns()
    for key in range(6):
        waiting.ask(one(key, "unit", about=0))
    waiting.ask(one(10, "unit", about=1))

    assert drained(waiting) == [5, 10, 4, 3, 2, 1, 0]


def test_what_was_never_done_goes_before_what_is_done_again_and_live_work_gets_its_turns() -> None:
    waiting = turns()
    for key in range(4):
        waiting.ask(one(key, "a", FIRST))
        waiting.ask(one(10 + key, "b", LIVE))
        waiting.ask(one(20 + key, "c", AGAIN))

    order = drained(waiting)
    assert [key // 10 for key in order[:7]] == [0, 1, 0, 1, 0, 1, 0]
    assert min(order.index(k) for k in range(20, 24)) > max(order.index(k) for k in range(4))


def test_done_again_is_not_starved_by_live_work() -> None:
    waiting = turns()
    waiting.ask(one(99, "c", AGAIN))
    for key in range(50):
        waiting.ask(one(key, "b", LIVE))

    assert drained(waiting).index(99) == 3


def test_it_waits_once_and_comes_forward_where_it_becomes_urgent() -> None:
    waiting = turns()
    for _ in range(40):
        for key in range(60):
            waiting.ask(one(key, "a", AGAIN))
    assert len(waiting) == 60
    waiting.ask(one(7, "a", FIRST))

    assert drained(waiting)[0] == 7


def test_what_changed_while_it_was_under_way_is_done_once_more_and_not_beside_it() -> None:
    waiting = turns(at_once_each=9)
    waiting.ask(one(1, "a"))
    assert waiting.next() is not None
    waiting.ask(one(1, "a"))
    waiting.ask(one(1, "a"))
    assert waiting.next() is None
    waiting.done(1)

    assert drained(waiting) == [1]


def test_the_fullest_makes_room_and_not_whoever_comes() -> None:
    waiting = turns(most=10, most_each=10)
    for key in range(10):
        waiting.ask(one(key, "much", since_s=key))
    left = waiting.ask(one(100, "little", since_s=100))
    assert left is not None
    assert (left.client, left.key) == ("much", 0)
    itself = [waiting.ask(one(200 + n, f"other {n}", since_s=200)) for n in range(8)]
    assert {o.client for o in itself if o} == {"much"}
    last = waiting.ask(one(300, "one too many", since_s=300))
    assert last is not None
    assert last.key == 300, "all hold one: nobody loses a place that was waited for"
