"""Every kind of news goes through bytes and comes back the same; what is no news is refused in words."""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, is_dataclass
from typing import Any, ClassVar
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.bus.news_bytes import VERSION, from_bytes, kinds_of_news, plain_of, to_bytes
from relay.errors import RemoteProtocolError
from relay.model.call import Call, CallFacts, Position, Share, Still
from relay.model.incident import Incident
from relay.model.news import (
    CallChanged,
    CallerLooksAgain,
    CaseChanged,
    News,
    SessionEnded,
    family_of,
)
from relay.model.timeline import Entry, Stage

FINITE = st.floats(allow_nan=False, allow_infinity=False)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | FINITE | st.text(),
    lambda inside: st.lists(inside) | st.dictionaries(st.text(), inside),
    max_leaves=8,
)
DATA = st.dictionaries(st.text(), JSON, max_size=4)


def _some(one: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(one, max_size=3).map(tuple)


ENTRIES = _some(st.builds(Entry, data=DATA))
SHARES = _some(st.from_type(Share))
POSITIONS = st.none() | st.builds(Position, lat=FINITE, lon=FINITE, accuracy_m=FINITE)
FACTS = st.builds(
    CallFacts,
    call=st.from_type(Call),
    shares=SHARES,
    stills=_some(st.from_type(Still)),
    position=POSITIONS,
)
CASES: Mapping[type[News], st.SearchStrategy[Any]] = {
    CaseChanged: st.builds(CaseChanged, incident=st.from_type(Incident), entries=ENTRIES),
    CallChanged: st.builds(CallChanged, facts=FACTS, phone=st.none() | DATA, unshared=SHARES),
    CallerLooksAgain: st.from_type(CallerLooksAgain),
    SessionEnded: st.from_type(SessionEnded),
}
"""A new kind of news gets one line here."""


def _below(one: type[Any]) -> set[str]:
    """By name: a class with slots is made twice, and the first stays for a while."""
    names = {f"{direct.__module__}.{direct.__qualname__}" for direct in one.__subclasses__()}
    return names.union(*(_below(direct) for direct in one.__subclasses__()))


def test_every_kind_of_the_house_has_a_case_and_a_name_of_its_own() -> None:
    importlib.import_module("relay.wiring.relay")  # so that every room of the relay is there
    house = {name for name in _below(News) if name.startswith("relay.")}
    assert house == {f"{kind.__module__}.{kind.__qualname__}" for kind in CASES}
    assert set(CASES) == set(kinds_of_news().values())


@pytest.mark.parametrize("kind", CASES)
def test_it_is_frozen_and_each_field_has_a_form(kind: type[News]) -> None:
    assert is_dataclass(kind)
    assert kind.__dataclass_params__.frozen  # type: ignore[attr-defined]  # of every dataclass
    assert not hasattr(kind, "__dict__") or "__slots__" in vars(kind)
    plain_of(kind)


@pytest.mark.parametrize("kind", CASES)
@given(data=st.data())
def test_through_bytes_and_back_it_is_the_same(kind: type[News], data: st.DataObject) -> None:
    news = data.draw(CASES[kind])
    back = from_bytes(to_bytes(news))
    assert type(back) is kind
    assert back == news
    assert back.topic == news.topic
    assert to_bytes(back) == to_bytes(news)


@pytest.mark.parametrize("kind", CASES)
@given(data=st.data())
def test_its_topic_is_one_word_or_a_family_and_one(kind: type[News], data: st.DataObject) -> None:
    topic = data.draw(CASES[kind]).topic
    assert topic.count("/") <= 1
    assert "*" not in topic
    assert topic != family_of(topic)


CASE = CaseChanged(Incident(uuid4(), "救急1", 1, frozenset({"chuo"})))


def _told(**changed: object) -> bytes:
    return json.dumps({**json.loads(to_bytes(CASE)), **changed}).encode()


REFUSED = {
    b"": "not news",
    b"\xff\xfe": "not news",
    b"null": "not news",
    b"[]": "not news",
    b"{}": "not news",
    b'{"v":1,"kind":"case-changed"}': "not news",
    b"[" * 100_000: "not news",
    _told(v=VERSION + 1): "version 2",
    _told(v=None): "version None",
    _told(kind="weather"): "'weather'",
    _told(kind=["case-changed"]): "does not know",
    _told(news=None): "cannot be read",
    _told(news={}): "without incident",
    _told(news={"incident": 7}): "cannot be read",
    _told(kind="session-ended", news={"token_hash": 7}): "cannot be read",
    _told(kind="caller-looks-again", news={"call": "no-number"}): "cannot be read",
}


@pytest.mark.parametrize(("data", "words"), REFUSED.items())
def test_what_is_no_news_of_this_version_is_refused_with_a_sentence(
    data: bytes, words: str
) -> None:
    with pytest.raises(RemoteProtocolError, match=words):
        from_bytes(data)


@given(st.binary() | JSON.map(lambda one: json.dumps(one).encode()))
def test_any_bytes_are_news_or_a_sentence(data: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        from_bytes(data)


@given(st.sampled_from(sorted(kinds_of_news())), JSON)
def test_any_fields_are_news_or_a_sentence(kind: str, said: object) -> None:
    try:
        news = from_bytes(json.dumps({"v": VERSION, "kind": kind, "news": said}).encode())
    except RemoteProtocolError as error:
        assert kind in str(error)
    else:
        assert news.kind == kind


def test_a_field_that_only_a_newer_relay_knows_is_passed_over() -> None:
    told = json.loads(to_bytes(CASE))
    told["news"]["weather"] = "rain"
    assert from_bytes(json.dumps(told).encode()) == CASE


def _entry(value: object) -> CaseChanged:
    entry = Entry(CASE.incident.id, 1, 1, Stage.MARK, "", {"is": value})
    return CaseChanged(CASE.incident, (entry,))


UNTELLABLE = {
    "a function": _entry(print),
    "bytes": _entry(b"jpeg"),
    "an object": _entry(object()),
    "not a number": _entry(float("nan")),
    "a set": _entry({1}),
    "the wrong type": SessionEnded(UUID(int=1)),  # type: ignore[arg-type]  # on purpose
    "true for a number": CaseChanged(Incident(uuid4(), "u", True, frozenset())),
}


@pytest.mark.parametrize("news", UNTELLABLE.values(), ids=UNTELLABLE)
def test_what_no_bytes_can_carry_is_seen_at_once(news: News) -> None:
    with pytest.raises((TypeError, ValueError)):
        to_bytes(news)


@pytest.mark.parametrize("hint", [object, bytes, list[int], tuple[int, str], int | str, type])
def test_a_field_of_a_type_without_a_form_is_refused(hint: Any) -> None:
    @dataclass(frozen=True)
    class Weather:
        kind: ClassVar[str] = "weather"
        told: hint

    Weather.__annotations__["told"] = hint
    with pytest.raises(TypeError, match="News"):
        plain_of(Weather)
