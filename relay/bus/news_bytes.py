"""News as bytes and back: JSON in UTF-8, ``{"v": 1, "kind": "case-changed", "news": {…}}``.

The fields' types say how each is written, so that a new kind of news needs nothing here. What an older
relay does not know is refused with a sentence, never guessed. A field that only a newer relay knows is
passed over; a field that is missing and has no default is refused.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, NamedTuple, Union, cast, get_args, get_origin, get_type_hints
from uuid import UUID

from relay.errors import RemoteProtocolError
from relay.model import news as kinds
from relay.model.news import News

VERSION = 1
PLAIN: tuple[type, ...] = (str, int, float, bool)


class Plain(NamedTuple):
    """How values of one type are written and read.

    Attributes:
        write: a value to what JSON can carry. Raises TypeError for a value of another type.
        read: the reverse. Raises ValueError, KeyError or TypeError for anything that cannot be one.
    """

    write: Callable[[Any], object]
    read: Callable[[Any], object]


def to_bytes(news: News) -> bytes:
    """One piece of news as bytes.

    Raises:
        TypeError: a field holds what its type does not allow, or what no bytes can carry.
    """
    told = {"v": VERSION, "kind": news.kind, "news": plain_of(type(news)).write(news)}
    return json.dumps(told, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def from_bytes(data: bytes) -> News:
    """The news in these bytes.

    Raises:
        RemoteProtocolError: they are not news, or of a version or a kind that this relay does not know.
    """
    try:
        told = json.loads(data)
        version, kind, said = told["v"], told["kind"], told["news"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise RemoteProtocolError("These bytes are not news of a relay.") from error
    if version != VERSION:
        raise RemoteProtocolError(f"News of version {version!r:.20}; this relay knows {VERSION}.")
    known = kinds_of_news().get(kind) if isinstance(kind, str) else None
    if known is None:
        raise RemoteProtocolError(f"News of a kind that this relay does not know: {kind!r:.40}.")
    try:
        return cast("News", plain_of(known).read(said))
    except (ValueError, KeyError, TypeError) as error:
        raise RemoteProtocolError(
            f"News of the kind {kind} cannot be read: {error!s:.80}"
        ) from error


def through_bytes(news: News) -> News:
    """The news as another relay would get it."""
    return from_bytes(to_bytes(news))


def kinds_of_news() -> dict[str, type[News]]:
    """Every kind of news by its name."""
    mine = (one for one in vars(kinds).values() if isinstance(one, type))
    return {one.kind: one for one in mine if issubclass(one, News) and one is not News}


@cache
def plain_of(hint: Any) -> Plain:
    """How values of this type are written and read.

    Raises:
        TypeError: no form is known for it; news may not have such a field.
    """
    origin, inside = get_origin(hint), get_args(hint)
    if hint in PLAIN:
        return _plain(hint)
    if hint is UUID:
        return Plain(lambda value: str(_checked(value, UUID)), UUID)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return Plain(lambda value: _checked(value, hint).value, hint)
    if is_dataclass(hint) and isinstance(hint, type):
        return _fields(hint)
    if origin is Mapping:
        return Plain(dict, lambda value: _checked(value, dict))
    if origin in {tuple, frozenset}:
        return _many(cast("type", origin), inside)
    if origin in {Union, UnionType} and len(inside) == 2 and NoneType in inside:
        return _perhaps(plain_of(next(one for one in inside if one is not NoneType)))
    raise TypeError(f"News cannot carry {hint}.")


def _checked(value: Any, wanted: type | tuple[type, ...]) -> Any:
    if not isinstance(value, wanted):
        raise TypeError(f"{type(value).__name__} in place of {wanted}")
    return value


def _plain(hint: type) -> Plain:
    """A whole number is a float too; true and false are no numbers."""
    wanted = (int, float) if hint is float else hint

    def same(value: Any) -> object:
        if isinstance(value, bool) is not (hint is bool):
            raise TypeError(f"{type(value).__name__} in place of {hint.__name__}")
        return _checked(value, wanted)

    return Plain(same, same)


def _perhaps(form: Plain) -> Plain:
    return Plain(
        lambda value: None if value is None else form.write(value),
        lambda value: None if value is None else form.read(value),
    )


def _many(origin: type, inside: tuple[Any, ...]) -> Plain:
    """``tuple[T, …]`` in its order; ``frozenset[T]`` sorted, so that equal news are equal bytes."""
    if origin is tuple and inside[1:] != (...,):
        raise TypeError("News carries tuples of any length, of one type.")
    form = plain_of(inside[0])

    def write(values: Any) -> object:
        written = [form.write(value) for value in _checked(values, origin)]
        return sorted(written, key=str) if origin is frozenset else written

    return Plain(write, lambda values: origin(form.read(one) for one in _checked(values, list)))


def _fields(of: type) -> Plain:
    """A frozen dataclass, field by field."""
    hints = get_type_hints(of)
    parts = [(field, plain_of(hints[field.name])) for field in fields(of) if field.init]
    needed = {f.name for f, _ in parts if f.default is MISSING and f.default_factory is MISSING}

    def write(value: Any) -> object:
        _checked(value, of)
        return {field.name: form.write(getattr(value, field.name)) for field, form in parts}

    def read(told: Any) -> object:
        if missing := needed - _checked(told, dict).keys():
            raise ValueError(f"without {', '.join(sorted(missing))}")
        return of(**{f.name: form.read(told[f.name]) for f, form in parts if f.name in told})

    return Plain(write, read)
