"""What no keyboard types: refused from a person's page, made visible from a tablet, never passed on."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from typing import Any, get_args, get_type_hints
from uuid import uuid4

import pytest
from annotated_types import Ge, Gt, Le, Lt, MaxLen
from hypothesis import given
from hypothesis import strategies as st
from pydantic.fields import FieldInfo

from relay.errors import RemoteProtocolError
from relay.plain_text import has_hidden, with_hidden_shown
from relay.protocol import messages as m
from tests.relay.conftest import swept_world as world
from tests.relay.world import World

pytestmark = pytest.mark.asyncio(loop_scope="module")
__all__ = ["world"]
HIDDEN = ["a\u202eb", "nul\x00", "\x1b[2J", "line\u2028two", "\u2066x", "\x7f", "\x85"]
GOOD = ["胸痛 20分前から", "two\nlines\tand a tab", "👩‍⚕️ ZWJ stays", "é", "עברית", ""]


@pytest.mark.parametrize("text", HIDDEN)
async def test_a_page_is_told(world: World, text: str) -> None:
    async with await world.http("kato") as http:
        body = {"number": "090", "address": "", "complaint": text}
        answer = await http.post("/api/calls", json=body)
        assert answer.status_code == 422
        assert "cannot be seen" in answer.json()["title"]


@pytest.mark.parametrize("text", GOOD)
async def test_words_of_people_pass(world: World, text: str) -> None:
    assert not has_hidden(text)
    async with await world.http("kato") as http:
        body = {"number": "090", "address": "", "complaint": text}
        assert (await http.post("/api/calls", json=body)).status_code == 201


@given(st.text())
async def test_nothing_is_dropped_and_nothing_stays_hidden(text: str) -> None:
    shown = with_hidden_shown(text)
    assert len(shown) == len(text)
    assert not has_hidden(shown)
    assert all(a == b or b == "\ufffd" for a, b in zip(text, shown, strict=True))


@pytest.mark.parametrize("text", HIDDEN)
async def test_a_tablets_words_are_made_visible(text: str) -> None:
    event = m.Event(uuid4(), uuid4(), 1, m.CrewNote("x"))
    said = m.to_text(event).replace('"x"', json.dumps(text))
    heard = m.from_tablet(said)
    assert heard.body.text == with_hidden_shown(text)


@pytest.mark.parametrize("offset_us", [-9 * 10**18, 9 * 10**18, 2**53])
async def test_no_clock_is_that_wrong(offset_us: int) -> None:
    with pytest.raises(RemoteProtocolError):
        m.from_tablet(
            m.to_text(m.Ping(1, 0, 0)).replace('"offset_us":0', f'"offset_us":{offset_us}')
        )


def _bounds(hint: Any) -> set[type]:
    found: set[type] = set()
    for part in (hint, *get_args(hint)):
        for mark in getattr(part, "__metadata__", ()):
            found |= {
                type(one) for one in (mark.metadata if isinstance(mark, FieldInfo) else [mark])
            }
        if part is not hint:
            found |= _bounds(part)
    return found


def _basic(hint: Any) -> set[type]:
    """The plain types somewhere inside a hint."""
    parts = get_args(hint)
    if not parts:
        return {hint} if isinstance(hint, type) else set()
    return set().union(*(_basic(part) for part in parts))


async def test_every_number_and_word_of_the_link_has_bounds() -> None:
    kinds = [
        k
        for k in vars(m).values()
        if isinstance(k, type) and is_dataclass(k) and k.__module__ == m.__name__
    ]
    assert len(kinds) > 20
    loose = []
    for kind in kinds:
        hints = get_type_hints(kind, include_extras=True)
        for field in fields(kind):
            hint = hints[field.name]
            basic, bounds = _basic(hint), _bounds(hint)
            if basic & {int, float} and not (bounds & {Ge, Gt} and bounds & {Le, Lt}):
                loose.append(f"{kind.__name__}.{field.name}")
            if (
                str in basic
                and "Literal" not in str(hint)
                and not bounds & {MaxLen}
                and "pattern" not in str(hint)
            ):
                loose.append(f"{kind.__name__}.{field.name}")
    assert loose == ["Notice.data"]  # the relay's own words, as many as a message holds
