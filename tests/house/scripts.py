"""What no script of a page may do, in any spelling, on every page of the house."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = {
    "/static/kit/": ("browser_kit", ()),
    "/static/viewer/": ("hospital_viewer/static", ("/static/kit/",)),
    "/static/panel/": ("ambulance_client/panel/static", ("/static/kit/",)),
    "/static/dispatch/": ("live119/dispatch", ("/static/kit/",)),
    "/static/caller/": ("live119/caller", ()),
}
"""Each page's scripts, and whose they may import beside their own: pages never import each other."""
MARKUP = re.compile(r"\b(innerHTML|outerHTML|insertAdjacentHTML|setHTML\w*|srcdoc|createContextualFragment|DOMParser|document\s*(?:\??\.\s*|\[\s*[\"'`])write\w*)\b")  # fmt: skip
CODE = re.compile(r"\beval\b|\bFunction\s*\(|\bset(?:Timeout|Interval)\s*\(\s*[\"'`]|javascript:")
FOREIGN = re.compile(r"(?:https?|wss?)://[\w.$-]+|[\"'`]//[\w$]")
NAMED = {
    "browser_kit/shared/dom.js": "http://www.w3.org",
    "live119/caller/view.js": "http://www.w3.org",
    "live119/dispatch/js/map.js": "https://www.openstreetmap.org",
}
"""Two names of a language, and a link that a dispatcher presses."""
IMPORTS = (
    re.compile(r"\b(?:import|export)\b[^;\"'`()]*?\bfrom\s*([\"'`])(?P<to>[^\"'`]+)\1"),
    re.compile(r"\bimport\s*([\"'`])(?P<to>[^\"'`]+)\1"),
    re.compile(r"\b(?:import|importScripts|new\s+(?:Shared)?Worker)\s*\(\s*(?:([\"'`])(?P<to>[^\"'`]*)\1)?"),
)  # fmt: skip
COMMENT = re.compile(r"/\*.*?\*/|(?<![:\"'`\w])//[^\n]*(?=\n)", re.DOTALL)


def faults_of(file: str, text: str) -> list[str]:
    """What a script does and may not."""
    code = COMMENT.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), text)
    found = [f"{file} writes markup: {hit[0]}" for hit in MARKUP.finditer(code)]
    found += [f"{file} makes code of text: {hit[0]}" for hit in CODE.finditer(code)]
    found += [
        f"{file} names another site: {hit[0]}"
        for hit in FOREIGN.finditer(code)
        if hit[0] != NAMED.get(file)
    ]
    return [*found, *_imports(file, code)]


def _imports(file: str, code: str) -> Iterator[str]:
    own, (_, others) = next((p, room) for p, room in PAGES.items() if file.startswith(f"{room[0]}/"))  # fmt: skip
    for pattern in IMPORTS:
        for hit in pattern.finditer(code):
            to = hit["to"]
            if not to or "${" in to:
                yield f"{file} imports what cannot be read: {hit[0]}"
            elif not to.startswith((own, *others)):
                yield f"{file} imports of another page: {to}"
            elif not _path(to).is_file():
                yield f"{file} imports what is not there: {to}"


def _path(address: str) -> Path:
    prefix = next(p for p in PAGES if address.startswith(p))
    return ROOT / PAGES[prefix][0] / address.removeprefix(prefix)


def files() -> list[str]:
    """Every script of every page, from the root."""
    found = [p for room, _ in PAGES.values() for p in sorted((ROOT / room).rglob("*.js"))]
    return [p.relative_to(ROOT).as_posix() for p in found if "vendor" not in p.parts]
