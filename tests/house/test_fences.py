"""The fences hold, and every one of them bites: a breach of each kind is planted and caught."""

from __future__ import annotations

import pytest

from tests.house import fences, scripts

SERVICE, WEB, PROTOCOL, TABLET = "relay/services/x.py", "relay/web/x.py", "relay/protocol/x.py", "ambulance_client/x.py"  # fmt: skip


def test_nobody_imports_what_they_may_not() -> None:
    found = [f for file in fences.files() for f in fences.faults_of(file, (fences.ROOT / file).read_text())]  # fmt: skip
    assert [str(f) for f in found] == []


def test_every_gate_in_a_fence_is_used() -> None:
    """Who may and does not is taken off the list."""
    used: dict[str, set[str]] = {}
    for file in fences.files():
        for target in fences.targets(file, (fences.ROOT / file).read_text()):
            used.setdefault(target.split(".")[0], set()).add(file)
    idle = [
        f"{name}: {gate}"
        for names, gates in fences.LIBRARIES.items()
        for gate in gates
        for name in [names]
        if not any(fences.fnmatch(f, gate) for n in names.split() for f in used.get(n, ()))
    ]
    assert [one for one in idle if not one.endswith("*") and "neurokit2" not in one] == []


def test_the_rooms_behind_ports_are_found() -> None:
    assert {"relay.ecglog", "relay.records", "relay.bus", "relay.auth", "relay.video", "relay.alerts", "relay.anchors"} <= fences.adapter_rooms()  # fmt: skip


ADAPTERS = {
    "from": "from relay.records.sqlite import open_sqlite",
    "import": "import relay.records.sqlite",
    "import as": "import relay.records.sqlite as records",
    "from its room": "from relay.records import sqlite",
    "in a function": "def f():\n    from relay.records.sqlite import open_sqlite\n",
    "in a type": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from relay.records.sqlite import SqlRecords\n",
    "relative": "from ..records import sqlite",
    "relative, of a module": "from ..records.sqlite import open_sqlite",
    "sms": "from relay.alerts.sms_hook import SmsHook",
    "bus": "from relay.bus.memory import MemoryBus",
    "anchors": "from relay.anchors.files import HeadFile",
    "video": "from relay.video import transport",
    "by an attribute": "import relay.records.port.records\nX = relay.records.sqlite.open_sqlite",
    "by name": 'import importlib\nX = importlib.import_module("relay.records.sqlite")',
    "by name, otherwise": 'from importlib import import_module as get\nX = get("relay.records.sqlite")',
    "by the builtin": 'X = __import__("relay.records.sqlite")',
    "through a third": "from relay.wiring import open_sqlite",
}  # fmt: skip


@pytest.mark.parametrize(
    "file",
    [
        SERVICE,
        "relay/services/deep/er/x.py",
        WEB,
        "relay/bus/port.py",
        "relay/records/port/deep/x.py",
    ],
)
@pytest.mark.parametrize("form", ADAPTERS)
def test_an_adapter_is_seen_in_every_form(file: str, form: str) -> None:
    text = ADAPTERS[form]
    if file.count("/") > 3 and "relative" in form:
        text = text.replace("from ..", "from ....")
    assert fences.faults_of(file, text, _third), text


def _third(name: str) -> str | None:
    """The house, with a third module that has itself imported an adapter."""
    if name == "relay.wiring":
        return "from relay.records.sqlite import open_sqlite"
    return fences.module_text(name)


@pytest.mark.parametrize("file", [SERVICE, WEB])
def test_ports_are_open(file: str) -> None:
    text = "from relay.records.port.records import Records\nfrom relay.bus.port import Bus\nimport json, time"
    assert fences.faults_of(file, text) == []


OUTSIDE = "relay/alerts/x.py"
"""A room that came after the first fences were made; it may import none of these."""


@pytest.mark.parametrize("library", [n for names in fences.LIBRARIES for n in names.split()])
@pytest.mark.parametrize("room", ["relay/alerts", "relay/video", "relay/anchors", "relay/vault", "live119", "hospital_viewer"])  # fmt: skip
def test_a_library_is_seen_from_every_room(library: str, room: str) -> None:
    gates = next(g for names, g in fences.LIBRARIES.items() if library in names.split())
    for text in (f"import {library}", f"import {library}.deep as d", f"from {library} import x"):
        file = f"{room}/planted.py"
        is_open = any(fences.fnmatch(file, gate) for gate in gates)
        assert bool(fences.faults_of(file, text)) is not is_open


SQL = {
    "the toolkit": "import sqlalchemy as sa",
    "in a function": "def f():\n    from sqlalchemy.ext.asyncio import AsyncEngine\n",
    "migrations": "from alembic import op",
    "the driver": "import aiosqlite",
    "the driver below": "from sqlite3 import connect",
    "by name": 'import importlib\nX = importlib.import_module("sqlalchemy")',
    "through a third": "from relay.records.sql.connection import sa",
}


@pytest.mark.parametrize("file", ["relay/records/port/x.py", "relay/records/trouble.py", "relay/records/another.py", "relay/ecglog/x.py", SERVICE, "relay/cli/x.py"])  # fmt: skip
@pytest.mark.parametrize("form", SQL)
def test_sql_stays_in_its_rooms(file: str, form: str) -> None:
    assert fences.faults_of(file, SQL[form]), SQL[form]
    for room in ("relay/records/sql/x.py", "relay/records/sql/tables/x.py", "relay/records/migrations/versions/x.py"):  # fmt: skip
        assert fences.faults_of(room, "import sqlalchemy") == []


def test_an_unknown_library_is_asked_about() -> None:
    assert fences.faults_of(OUTSIDE, "import requests")
    assert fences.faults_of(OUTSIDE, "import json, os.path\nfrom importlib.metadata import version") == []  # fmt: skip


@pytest.mark.parametrize("name", sorted(fences.NETWORK))
def test_the_protocol_has_no_network_in_it(name: str) -> None:
    assert fences.faults_of(PROTOCOL, f"import {name}")
    assert fences.faults_of("relay/services/x.py", f"import {name}") == []


@pytest.mark.parametrize(
    "text",
    ["from relay.services.ground.late import Late", "import relay.vault.backup", "from relay import records", "from relay.alerts.sms_port import SmsGateway",
     "from relay import settings", "from relay.turns.credit import Credits", "import relay.reach"],
)  # fmt: skip
def test_the_tablet_knows_the_links_language_alone(text: str) -> None:
    assert fences.faults_of(TABLET, text)
    assert fences.faults_of(TABLET, "from relay.protocol.sender import SenderLink\nfrom relay.errors import BadInput") == []  # fmt: skip


@pytest.mark.parametrize("text", ["import relay.errors", "from ambulance_client import case", "import asyncio", "import wfdb"])  # fmt: skip
def test_the_ecg_core_is_pure(text: str) -> None:
    assert fences.faults_of("signal/ecg/screen/x.py", text)


# pages


def test_no_script_does_what_it_may_not() -> None:
    every = scripts.files()
    assert {file.split("/")[0] for file in every} == {"browser_kit", "hospital_viewer", "ambulance_client", "live119"}  # fmt: skip
    found = [f for file in every for f in scripts.faults_of(file, (scripts.ROOT / file).read_text())]  # fmt: skip
    assert found == []


PLANTED = {
    "markup": "el.innerHTML = x;",
    "markup in brackets": 'el["innerHTML"] = x;',
    "markup in other quotes": "el[`innerHTML`] = x;",
    "markup outside": "el.outerHTML = x;",
    "markup beside": "el.insertAdjacentHTML('beforeend', x);",
    "markup of a parser": "new DOMParser().parseFromString(x, 'text/html');",
    "markup in a frame": "frame.srcdoc = x;",
    "write": "document.write(x);",
    "write in brackets": 'document["write"](x);',
    "writeln": "document.writeln(x);",
    "eval": "eval(x);",
    "eval by another name": "const run = eval;",
    "a function of text": "new Function('x', x)();",
    "a timer of text": "setTimeout('run()', 5);",
    "foreign": 'fetch("https://tiles.example/x");',
    "foreign without a scheme": 'fetch("//tiles.example/x");',
    "foreign socket": "new WebSocket(`wss://x.example`);",
    "foreign import": 'import { x } from "https://cdn.example/x.js";',
    "import of another page": 'import { x } from "/static/other/js/x.js";',
    "import over two lines": 'import {\n  x,\n} from "/static/other/js/x.js";',
    "import of nothing": 'import "/static/other/js/x.js";',
    "export of another page": 'export * from "/static/other/js/x.js";',
    "import when asked": 'void import("/static/other/js/x.js");',
    "import that cannot be read": "void import(name);",
    "a worker of another page": 'new Worker("/static/other/js/x.js");',
    "import of what is not there": 'import { x } from "/static/OWN/none.js";',
}


@pytest.mark.parametrize("page", scripts.PAGES)
@pytest.mark.parametrize("kind", PLANTED)
def test_a_breach_of_every_kind_is_seen_on_every_page(page: str, kind: str) -> None:
    folder, _ = scripts.PAGES[page]
    other = "panel" if page != "/static/panel/" else "viewer"
    text = PLANTED[kind].replace("/static/other/", f"/static/{other}/").replace("/static/OWN/", page)  # fmt: skip
    assert scripts.faults_of(f"{folder}/js/x.js", f"/** A page. */\n{text}\n"), text
    assert scripts.faults_of(f"{folder}/js/x.js", f"/* {text} */\n") == [], (
        "a word about it is none"
    )


def test_the_callers_page_imports_nothing_but_its_own() -> None:
    """It must be small on a telephone's line."""
    text = 'import { h } from "/static/kit/shared/dom.js";'
    assert scripts.faults_of("live119/caller/x.js", text)
    assert scripts.faults_of("live119/dispatch/js/x.js", text) == []
