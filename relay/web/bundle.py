"""A page's scripts as one, put together in memory when a page is first asked for: no build step and no tool.

On a weak line each request costs a turn of 400 ms, and a browser asks only six at a time: seventy
modules are five seconds before anything is drawn. The code is served as it is written, without its
documentation: each module becomes a function of its own, in the order in which they need one another. A module that uses what this does not know is served as it is, and so is its page.
"""

from __future__ import annotations

import re
from collections.abc import Callable

IMPORT = re.compile(
    r'^import (?:\{(?P<names>[^}]*)\}|\* as (?P<whole>\w+)) from "(?P<of>/static/[^"]+)";$', re.M
)
EXPORT = re.compile(r"^export ((?:async )?(?:function|class|const) (\w+))", re.M)
NOTHING = re.compile(r"^export \{\};$", re.M)
FOREIGN = re.compile(r"^(?:import|export)\b|^await\b|\bimport\.meta\b|(?<!\{)\bimport\(", re.M)
COMMENT = re.compile(r"/\*.*?\*/|(?<![:\"'`])//[^\n]*", re.S)

SAID = re.compile(r"^[ \t]*/\*\*(?:[^*]|\*(?!/))*\*/[ \t]*\n", re.M)
BESIDE = re.compile(r"^[ \t]*//[^\n]*\n|^[ \t]+", re.M)
"""Indents, and lines that are a remark: eight of a hundred bytes of a page's script, also when it is squeezed."""
TYPED = re.compile(r"/\*\* @type \{[^*]*\} \*/ ?")

Read = Callable[[str], str]


class NotBundled(Exception):
    """The page's modules use a form that this does not put together."""


def graph_of(entry: str, read: Read) -> list[str]:
    """Addresses of all modules an entry needs, each after those it needs itself; the entry is the last.

    Raises:
        NotBundled: modules need one another in a ring.
    """
    done: list[str] = []
    doing: set[str] = set()

    def visit(address: str) -> None:
        if address in done:
            return
        if address in doing:
            raise NotBundled(f"{address} is in a ring of imports")
        doing.add(address)
        for found in IMPORT.finditer(read(address)):
            visit(found["of"])
        done.append(address)

    visit(entry)
    return done


def bundle_of(entry: str, read: Read) -> str:
    """One script that does what an entry module and all it imports do.

    Raises:
        NotBundled: a module uses a form that is not known here.
    """
    addresses = graph_of(entry, read)
    names = {address: f"module_{n}" for n, address in enumerate(addresses)}
    *needed, last = addresses
    parts = [_as_function(read(one), one, names) for one in needed]
    return "\n".join([*parts, _with_names(read(last), last, names, is_entry=True)])


def _as_function(text: str, address: str, names: dict[str, str]) -> str:
    exports = ", ".join(name for _, name in EXPORT.findall(text))
    body = _with_names(text, address, names, is_entry=False)
    return f"const {names[address]} = (() => {{\n{body}\nreturn {{ {exports} }};\n}})();"


def _with_names(text: str, address: str, names: dict[str, str], *, is_entry: bool) -> str:
    """A module whose imports are taken from the functions before it, and whose exports are plain."""

    def taken(found: re.Match[str]) -> str:
        source = names[found["of"]]
        if found["whole"]:
            return f"const {found['whole']} = {source};"
        return f"const {{{found['names'].replace(' as ', ': ')}}} = {source};"

    plain = NOTHING.sub("", EXPORT.sub(r"\1", IMPORT.sub(taken, text)))
    left = FOREIGN.search(COMMENT.sub("", plain))
    if left is not None and not (is_entry and left[0] == "await"):
        raise NotBundled(f"{address} uses {left[0]!r} in a way that is not known")
    return f"// {address}\n{_narrow(TYPED.sub('', SAID.sub('', plain)))}"


def _narrow(text: str) -> str:
    """Without indents and remarks; as it is where a text in backticks may go over several lines, because there they count."""
    if any(line.count("`") % 2 for line in text.splitlines()):
        return text
    return BESIDE.sub("", text)
