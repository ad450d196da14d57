"""Types of Python in the words of JSON and JavaScript."""

from __future__ import annotations

import dataclasses
import json
import types
from collections.abc import Mapping
from enum import Enum
from typing import Annotated, Any, Literal, Union, get_args, get_origin, is_typeddict
from uuid import UUID

from relay.web.bodies import Body

SIMPLE = {str: "string", UUID: "string", bool: "boolean", int: "number", float: "number", type(None): "null", object: "any"}  # fmt: skip


def js_type(hint: Any) -> str:
    """A Python type as JSON carries it; an ``Annotated`` may name the classes that stand for it."""
    if hint is None:
        return "null"
    if isinstance(hint, type) and hint in SIMPLE:
        return SIMPLE[hint]
    if isinstance(hint, type) and issubclass(hint, Enum):
        return " | ".join(json.dumps(one.value) for one in hint)
    origin, args = get_origin(hint), get_args(hint)
    if origin is Annotated:
        named = [js_type(one) for one in args[1:] if one is None or _is_shape(one)]
        return " | ".join(named) or js_type(args[0])
    if origin is Literal:
        return " | ".join(json.dumps(one) for one in args)
    if origin in {Union, types.UnionType}:
        return " | ".join(js_type(one) for one in args)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return f"Record<string, {js_type(args[1])}>"
    if origin in {tuple, list, frozenset}:
        inner = js_type(args[0])
        return f"({inner})[]" if " | " in inner else f"{inner}[]"
    if _is_shape(hint):
        return str(hint.__name__)
    raise TypeError(f"no word for {hint}")


def names_in(hint: Any) -> set[str]:
    """The shapes that a type names, also within others."""
    if _is_shape(hint):
        return {hint.__name__}
    return set().union(*(names_in(one) for one in get_args(hint)))


def _is_shape(hint: Any) -> bool:
    return isinstance(hint, type) and (
        is_typeddict(hint) or dataclasses.is_dataclass(hint) or issubclass(hint, Body)
    )
