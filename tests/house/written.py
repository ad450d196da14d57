"""What stands in a document or a script and in the program, written from the program.

``.venv/bin/python -m tests.house.written`` writes it; the house tests compare.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any, get_args, get_type_hints

from relay.protocol import feed
from relay.protocol.answers import ANSWERS
from relay.protocol.call_answers import CALL_ANSWERS
from relay.settings import GROUPS, fields_of
from relay.web.bodies import Body
from tests.house import written_rights, written_shapes
from tests.house.test_house import ROOT
from tests.house.words_of_types import js_type, names_in

SETTINGS = ROOT / "docs/settings.md"
CONTRACT = ROOT / "browser_kit/shared/contract.js"
ANSWERED = ROOT / "browser_kit/shared/answers.js"
WIDTH = 120
_TABLES = re.compile(r"^### .*?(?=^## )", re.MULTILINE | re.DOTALL)


def settings_tables() -> str:
    """The tables of ``docs/settings.md``, one a group."""
    return "\n".join(
        line for heading, group in GROUPS.items() for line in (*_table(heading, group), "")
    )


def _table(heading: str, group: type) -> list[str]:
    rows = [
        f"| `{name}` | {f'`{default}`' if default not in {'', 'None'} else '–'} | {field.description} |"
        for name, field, default in fields_of(group)
    ]
    return [f"### {heading}", "", str(group.__doc__), "", "| variable | default | meaning |", "|---|---|---|", *rows]  # fmt: skip


def contract_js() -> str:
    """``browser_kit/shared/contract.js``: what the feed and the bodies of requests hold, as types for the pages."""
    to_page, from_page = get_args(feed.ToPage), get_args(get_args(feed.FromPage)[0])
    blocks = [
        *(_typedef(one, sent=False) for one in (*_inner(to_page), *to_page)),
        *(_typedef(one, sent=True) for one in from_page),
        *(_typedef(one, sent=True) for one in _bodies()),
    ]
    unions = [("ToPage", to_page), ("FromPage", from_page)]
    lines = [_line("typedef", " | ".join(c.__name__ for c in of), name) for name, of in unions]
    union = "/**\n" + "\n".join(lines) + "\n */"
    told = set().union(
        *(names_in(h) for of in to_page for h in get_type_hints(of, include_extras=True).values())
    )
    shapes = [
        _line("typedef", f'import("/static/kit/shared/answers.js").{one.__name__}', one.__name__)
        for one in (*ANSWERS, *CALL_ANSWERS)
        if one.__name__ in told
    ]
    head = _head("feed.py and the bodies in relay/web") + "\n/**\n" + "\n".join(shapes) + "\n */\n"
    return head + "\n" + "\n\n".join([*blocks, union, "export {};"]) + "\n"


def answers_js() -> str:
    """``browser_kit/shared/answers.js``: what the relay answers, as types for the pages."""
    blocks = [_typedef(one, sent=False) for one in (*ANSWERS, *CALL_ANSWERS)]
    return _head("relay/protocol/answers.py") + "\n" + "\n\n".join([*blocks, "export {};"]) + "\n"


def _head(source: str) -> str:
    return (
        f"// Written by tests/house/written.py from {source}; not by hand.\n"
        "// Types alone: nothing here runs, and no page loads it.\n"
    )


def _inner(messages: tuple[type, ...]) -> Iterator[type]:
    """What stands within a message and is told apart from it, each once."""
    found = {
        one
        for message in messages
        for hint in get_type_hints(message).values()
        for one in get_args(hint)
        if dataclasses.is_dataclass(one)
    }
    return iter(sorted(found, key=lambda one: one.__name__))  # type: ignore[arg-type, return-value]  # classes


def _bodies() -> list[type[Body]]:
    """Every body of a request, by name."""
    for room in sorted((ROOT / "relay/web").glob("*.py")):
        import_module(f"relay.web.{room.stem}")
    return sorted(Body.__subclasses__(), key=lambda one: one.__name__)


def _typedef(of: type, *, sent: bool) -> str:
    """A type with one property a field; what a page may leave out of what it sends stands in brackets."""
    optional = _optional(of) if sent else set()
    lines = [f" * @typedef {{object}} {of.__name__}"]
    for name, hint in get_type_hints(of, include_extras=True).items():
        if name != "model_config":
            shown = f"[{name}]" if name in optional else name
            lines.append(_line("property", js_type(hint), shown))
    return "/**\n" + "\n".join(lines) + "\n */"


def _line(tag: str, kind: str, name: str) -> str:
    """A tag of JSDoc; a long choice takes a line each."""
    line = f" * @{tag} {{{kind}}} {name}"
    return line if len(line) <= WIDTH else line.replace(" | ", "\n *   | ")


def _optional(of: type) -> set[str]:
    """Fields with a default; which kind of message it is is always said."""
    if dataclasses.is_dataclass(of):
        none = dataclasses.MISSING
        free = {f.name for f in dataclasses.fields(of) if f.default is not none or f.default_factory is not none}  # fmt: skip
        return free - {"kind"}
    fields: dict[str, Any] = getattr(of, "model_fields", {})
    return {name for name, field in fields.items() if not field.is_required()}


def main() -> None:
    """Write everything."""
    page = SETTINGS.read_text("utf-8")
    new, found = _TABLES.subn(lambda _: settings_tables() + "\n", page, count=1)
    assert found, "docs/settings.md has no table of settings"
    SETTINGS.write_text(new, "utf-8")
    written_shapes.PAGE.write_text(written_shapes.shapes_page(), "utf-8")
    CONTRACT.write_text(contract_js(), "utf-8")
    ANSWERED.write_text(answers_js(), "utf-8")
    written_rights.PAGE.write_text(written_rights.rights_page(), "utf-8")


if __name__ == "__main__":
    main()
