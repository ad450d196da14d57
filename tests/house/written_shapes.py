"""``docs/shapes.md``, written from ``relay/protocol/answers.py` and `call_answers.py``."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Iterator
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from relay.protocol.answers import ANSWERS
from relay.protocol.call_answers import CALL_ANSWERS
from tests.house.test_house import ROOT
from tests.house.words_of_types import js_type, names_in

PAGE = ROOT / "docs/shapes.md"
HEAD = """# Shapes of JSON

Written from `relay/protocol/answers.py` and `call_answers.py` by `tests/house/written.py`; not by hand. The routes that answer with them stand in [http.md](http.md) and
[live119.md](live119.md). Times whose name ends in `_us` are µs since 1970 by the relay's clock. A field is always there
(but in `IceServerRow`); what is not known is null.
"""


def shapes_page() -> str:
    """The whole page."""
    return "\n".join((HEAD, *(line for of in (*ANSWERS, *CALL_ANSWERS) for line in _shape(of))))


def _shape(of: type) -> Iterator[str]:
    yield f"## {of.__name__}"
    yield ""
    yield (inspect.getdoc(of) or "").split("\n\n")[0]
    yield ""
    yield "| field | JSON | meaning |"
    yield "|---|---|---|"
    told = _told_attributes(of)
    for name, hint in get_type_hints(of, include_extras=True).items():
        kind = js_type(hint).replace("|", "\\|")
        for inner in sorted(names_in(hint)):
            kind = re.sub(rf"\b{inner}\b", f"[{inner}](#{inner.lower()})", kind)
        yield f"| `{name}` | {kind} | {_meaning(hint) or told.get(name, '')} |"
    yield ""


def _meaning(hint: Any) -> str:
    """The words beside a type; also of a type that another name stands for."""
    if get_origin(hint) is not Annotated:
        return ""
    return next((one for one in get_args(hint)[1:] if isinstance(one, str)), "")


def _told_attributes(of: type) -> dict[str, str]:
    """What the docstring of a dataclass says of its attributes."""
    if not dataclasses.is_dataclass(of):
        return {}
    return dict(re.findall(r"^ {4}(\w+): (.*)$", inspect.getdoc(of) or "", re.MULTILINE))
