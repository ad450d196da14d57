"""Scripts, styles and words of the pages. They are compressed once; browsers keep them until they change.

They are put together in a thread when the first page is asked for, because a starting relay has to answer tablets first.

Their address contains a digest of all of them. So a browser never asks again for a file that it has, and never mixes
two releases. Each page gets one script, one style sheet and the words that it will ask for.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from relay.errors import NotFound
from relay.web.bundle import NotBundled, bundle_of, graph_of

MOUNT: Final = "/static/pages"
KINDS: Final = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}
FOREVER: Final = "public, max-age=31536000, immutable"
WORTH_SQUEEZING_BYTES: Final = 400
SCRIPT = re.compile(r'^\s*<script type="module" src="(/static/[^"]+)"></script>\n', re.M)
REMARK = re.compile(r"[ \t]*/\*.*?\*/\n?", re.DOTALL)
"""What a style sheet says to its reader."""
STYLE = re.compile(r'^\s*<link rel="stylesheet" href="(/static/[^"]+)">\n', re.M)
HINT = re.compile(r'^\s*<link rel="modulepreload"[^>]*>\n', re.M)
WORDS = re.compile(r"\bloadWords\(\[([^\]]+)\]\)")
SIGNED_IN_BY: Final = "/static/viewer/js/main.js"
LANGUAGES: Final = ("ja", "en")


@dataclass(frozen=True, slots=True)
class Squeezed:
    """A file as it is sent."""

    kind: str
    plain: bytes
    small: bytes | None


@dataclass(frozen=True, slots=True)
class Edition:
    """All files as they are at one moment, by address, and the pages that name them."""

    digest: str
    files: Mapping[str, Squeezed]
    pages: Mapping[Path, str]


class PageFiles:
    """The files of the rooms; made anew when one of them has changed on disk.

    Args:
        rooms: folder of each address under ``/static/``, as ``{"kit": Path(…)}``.
        pages: the HTML files that stand on them.
    """

    def __init__(self, rooms: Mapping[str, Path], pages: tuple[Path, ...]) -> None:
        self._rooms = rooms
        self._pages = tuple(page for page in pages if page.is_file())
        self._seen: tuple[object, ...] = ()
        self._edition = Edition("", {}, {})
        self._making = threading.Lock()

    async def page(self, file: Path) -> Response:
        """A page that asks for this edition's files.

        Raises:
            NotFound: this page is not installed.
        """
        edition = await asyncio.to_thread(self.edition)
        html = edition.pages.get(file)
        if html is None:
            raise NotFound("This page is not installed.")
        return Response(html, media_type="text/html")

    def edition(self) -> Edition:
        """The files as they are now: a look at each file's time, and nothing more while none has changed."""
        on_disk = [
            (f"/static/{name}/{file.relative_to(folder).as_posix()}", file)
            for name, folder in self._rooms.items()
            for file in sorted(folder.rglob("*"))
            if file.suffix in KINDS
        ]
        files = [*on_disk, *((str(page), page) for page in self._pages)]
        seen = tuple((address, _stamp(file)) for address, file in files)
        with self._making:
            if seen != self._seen:
                texts = {address: file.read_text("utf-8") for address, file in on_disk}
                pages = {page: page.read_text("utf-8") for page in self._pages}
                self._edition = _edition_of(texts, pages)
                self._seen = seen
            return self._edition

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve ``{digest}/{file}``; an older edition's address gives today's file, which is not to be kept."""
        edition = self._edition if self._seen else await asyncio.to_thread(self.edition)
        path = str(scope["path"]).removeprefix(str(scope.get("root_path", "")))
        digest, _, name = path.removeprefix(MOUNT).lstrip("/").partition("/")
        found = edition.files.get(f"/static/{name}")
        if found is None or scope["method"] not in ("GET", "HEAD"):
            await Response(status_code=404)(scope, receive, send)
            return
        takes = "gzip" in Headers(scope=scope).get("accept-encoding", "")
        body = found.small if takes and found.small is not None else found.plain
        answer = Response(body, media_type=found.kind)
        answer.headers["Vary"] = "Accept-Encoding"
        answer.headers["Cache-Control"] = FOREVER if digest == edition.digest else "no-cache"
        if body is found.small:
            answer.headers["Content-Encoding"] = "gzip"
        await answer(scope, receive, send)


def _stamp(file: Path) -> tuple[int, int]:
    about = file.stat()
    return about.st_mtime_ns, about.st_size


def _edition_of(texts: dict[str, str], pages: dict[Path, str]) -> Edition:
    digest = hashlib.sha256()
    for address, text in sorted({**texts, **{str(page): html for page, html in pages.items()}}.items()):  # fmt: skip
        digest.update(f"{address}\0{text}\0".encode())
    name = digest.hexdigest()[:16]
    for page, html in pages.items():
        texts = {**texts, **_whole_of(page, html, texts)}
    here = f"{MOUNT}/{name}/"
    moved = {address: text.replace("/static/", here) for address, text in texts.items()}
    return Edition(
        name,
        {address: _squeezed(address, text) for address, text in moved.items()},
        {
            page: _html_of(page, html, texts).replace("/static/", here)
            for page, html in pages.items()
        },
    )


def _squeezed(address: str, text: str) -> Squeezed:
    plain = text.encode()
    small = gzip.compress(plain, 9, mtime=0) if len(plain) >= WORTH_SQUEEZING_BYTES else None
    return Squeezed(KINDS[Path(address).suffix], plain, small)


def _address_of(page: Path, suffix: str) -> str:
    """One file for all scripts, or all styles, of a page."""
    return f"/static/all/{page.parent.name}-{page.stem}{suffix}"


def _whole_of(page: Path, html: str, texts: dict[str, str]) -> dict[str, str]:
    """A page's styles in one file, and its scripts where they can be put together."""
    styles = "\n".join(texts[one] for one in STYLE.findall(html))
    whole = {_address_of(page, ".css"): REMARK.sub("", styles)}
    for entry in SCRIPT.findall(html):
        try:
            whole[_address_of(page, ".js")] = bundle_of(entry, texts.__getitem__)
        except NotBundled:
            continue
    return whole


def _html_of(page: Path, html: str, texts: dict[str, str]) -> str:
    """The page with its few files instead of its many, and hints for what those will ask."""
    (entry,) = SCRIPT.findall(html)
    script = _address_of(page, ".js")
    if script in texts:
        hints = [f'<script type="module" src="{script}"></script>']
    else:
        hints = [f'<link rel="modulepreload" href="{one}">' for one in _graph(entry, texts)]
        hints.append(f'<script type="module" src="{entry}"></script>')
    hints += [
        f'<link rel="preload" href="{folder}/{language}.json" as="fetch" crossorigin>'
        for named in WORDS.findall(texts[entry])
        for folder in re.findall(r'"([^"]+)"', named)
        for language in LANGUAGES
    ]
    if entry == SIGNED_IN_BY:
        hints.append('<link rel="preload" href="/api/session" as="fetch" crossorigin>')
    style = f'  <link rel="stylesheet" href="{_address_of(page, ".css")}">\n'
    without = HINT.sub("", STYLE.sub("", SCRIPT.sub("", html)))
    return without.replace("</head>", style + "".join(f"  {one}\n" for one in hints) + "</head>")


def _graph(entry: str, texts: dict[str, str]) -> list[str]:
    try:
        return graph_of(entry, texts.__getitem__)
    except NotBundled:
        return [entry]
