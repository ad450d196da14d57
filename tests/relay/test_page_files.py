"""Each page's files: few, small, kept for ever under a name that changes with them, and the same code as written."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

from relay.web.bundle import NotBundled, bundle_of, graph_of
from relay.web.page_files import MOUNT, PageFiles
from relay.web.pages import CALLER, DEMO, DISPATCH, FILES, VIEWER
from tests.relay.world import World

ADDRESS = re.compile(r'(?:src|href)="(/[^"]+)"')


@pytest.mark.parametrize("page", [VIEWER, DISPATCH, DEMO], ids=lambda p: p.parent.name)
def test_a_page_of_the_house_is_one_script_and_one_style(page: Path) -> None:
    edition = FILES.edition()
    html = edition.pages[page]
    asked = ADDRESS.findall(html)
    scripts = [one for one in asked if one.endswith(".js")]
    assert len(scripts) == 1
    assert len([one for one in asked if one.endswith(".css")]) == 1
    text = edition.files[scripts[0].replace(f"{MOUNT}/{edition.digest}/", "/static/")].plain.decode()  # fmt: skip
    assert not re.search(r"^(import|export)\b", text, re.M)
    written = page.read_text()
    (entry,) = re.findall(r'<script type="module" src="([^"]+)"', written)
    modules = graph_of(entry, lambda a: (Path(VIEWER).parents[0] if "/viewer/" in a else _room(a)).joinpath(a.split("/", 3)[3]).read_text())  # fmt: skip
    assert all(f"// {one.replace('/static/', f'{MOUNT}/{edition.digest}/')}\n" in text for one in modules)  # fmt: skip


def _room(address: str) -> Path:
    return {"kit": DEMO.parents[1], "dispatch": DISPATCH.parent, "caller": CALLER.parent}[address.split("/")[2]]  # fmt: skip


def test_a_page_with_a_form_that_is_not_known_is_served_as_its_modules() -> None:
    html = FILES.edition().pages[CALLER]
    hints = re.findall(r'modulepreload" href="([^"]+)"', html)
    assert len(hints) == len(set(hints)) > 3


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("export let now = 1;\n", "export"),
        ("export default 3;\n", "export"),
        ("await 1;\n", "await"),
        ("const a = import.meta.url;\n", "import.meta"),
        ('  import("/static/x.js");\n', "import("),
        ('import x from "/static/x.js";\n', "import"),
    ],
)
def test_what_cannot_be_put_together_is_not(text: str, why: str) -> None:
    files = {"/static/main.js": 'import { a } from "/static/a.js";\na();\n', "/static/a.js": text}
    with pytest.raises(NotBundled, match=re.escape(why)):
        bundle_of("/static/main.js", files.__getitem__)


def test_modules_stand_after_what_they_need_and_a_ring_is_refused() -> None:
    files = {
        "/static/main.js": 'import { b as two } from "/static/b.js";\nimport * as a from "/static/a.js";\nawait two(a.one);\n',
        "/static/b.js": 'import { one } from "/static/a.js";\n/** Says. */\nexport const b = async (x) => x + one;\n',
        "/static/a.js": "export const one = 1;\nexport class Other {}\nexport function f() { return 2; }\n",
    }  # fmt: skip
    assert graph_of("/static/main.js", files.__getitem__) == [
        "/static/a.js", "/static/b.js", "/static/main.js",
    ]  # fmt: skip
    text = bundle_of("/static/main.js", files.__getitem__)
    assert "return { one, Other, f };" in text
    assert "const { b: two } = module_1;" in text
    assert "const a = module_0;" in text
    assert "Says" not in text
    ring = {**files, "/static/a.js": 'import { b } from "/static/b.js";\nexport const one = b;\n'}
    with pytest.raises(NotBundled, match="ring"):
        graph_of("/static/main.js", ring.__getitem__)


def test_indents_and_remarks_are_left_out_but_not_of_a_text_over_several_lines() -> None:
    files = {
        "/static/main.js": 'import { a } from "/static/a.js";\nimport { b } from "/static/b.js";\na(b);\n',
        "/static/a.js": 'export function a(x) {\n  // a remark\n  return x + "// none";\n}\n',
        "/static/b.js": "export const b = `\n  // said\n  to people`;\n",
    }
    text = bundle_of("/static/main.js", files.__getitem__)

    assert "a remark" not in text
    assert '\nreturn x + "// none";\n' in text
    assert "`\n  // said\n  to people`" in text


def test_an_edited_file_is_another_edition(tmp_path: Path) -> None:
    room = tmp_path / "room"
    room.mkdir()
    page = room / "index.html"
    page.write_text('<head>\n<link rel="stylesheet" href="/static/r/a.css">\n<script type="module" src="/static/r/a.js"></script>\n</head>')  # fmt: skip
    (room / "a.css").write_text("a {}")
    (room / "a.js").write_text("const x = 1;\n")
    files = PageFiles({"r": room}, (page,))
    first = files.edition()
    assert files.edition() is first
    (room / "a.js").write_text("const longer = 1;\n")
    second = files.edition()
    assert second.digest != first.digest
    assert b"longer" in second.files["/static/all/room-index.js"].plain


async def test_files_are_small_and_kept_and_an_old_name_gives_what_is_there_now(
    world: World,
) -> None:
    async with await world.http("sato") as http:
        html = (await http.get("/")).text
        address = next(one for one in ADDRESS.findall(html) if one.endswith(".js"))
        got = await http.get(address, headers={"Accept-Encoding": "gzip"})
        assert got.headers["content-encoding"] == "gzip"
        assert "immutable" in got.headers["cache-control"]
        assert got.headers["content-type"].startswith("text/javascript")
        plain = await http.get(address, headers={"Accept-Encoding": "identity"})
        assert "content-encoding" not in plain.headers
        assert got.text == plain.text
        assert len(gzip.compress(plain.content)) < len(plain.content) / 3
        old = await http.get(address.replace(FILES.edition().digest, "0123456789abcdef"))
        assert old.text == plain.text
        assert old.headers["cache-control"] == "no-cache"
        for wrong in ("/static/pages/x", "/static/pages/x/../../pyproject.toml", "/static/pages/x/kit/none.js"):  # fmt: skip
            assert (await http.get(wrong)).status_code == 404
        assert (await http.post(address)).status_code in (403, 404)
        raw = await http.get("/static/kit/shared/dom.js", headers={"Accept-Encoding": "gzip"})
        assert raw.headers["content-encoding"] == "gzip"


async def test_a_file_that_is_asked_for_before_any_page_is_there(tmp_path: Path) -> None:
    """A browser that was open over a restart asks for a script first."""
    room = tmp_path / "room"
    room.mkdir()
    (room / "a.js").write_text("export const one = 1;\n")
    said: list[dict[str, object]] = []

    async def send(message: dict[str, object]) -> None:
        said.append(message)

    scope = {"type": "http", "method": "GET", "path": f"{MOUNT}/0123456789abcdef/r/a.js", "headers": []}  # fmt: skip
    await PageFiles({"r": room}, ())(scope, None, send)  # type: ignore[arg-type]  # nothing is received

    assert [part.get("status") for part in said][:1] == [200]
