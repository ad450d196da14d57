"""Docs are part of the build: what a user can meet is written down."""

from __future__ import annotations

import dataclasses
import inspect
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import typer.main
from fastapi import FastAPI
from fastapi.routing import APIRoute

from ambulance_client.panel.server import make_panel
from ambulance_client.tablet import Tablet
from ecg.screen import CRITERIA
from relay import errors
from relay.model.timeline import Stage
from relay.protocol import feed, messages
from relay.services.relay import Site
from relay.settings import Settings
from relay.web.app import prepared_app
from tests.house import written_rights, written_shapes
from tests.house.written import ANSWERED, CONTRACT, answers_js, contract_js, settings_tables

DOCS = Path(__file__).resolve().parents[2] / "docs"


def _text(name: str) -> str:
    return (DOCS / name).read_text()


def _kinds(module) -> set[str]:
    found = set()
    for _, value in inspect.getmembers(module, dataclasses.is_dataclass):
        if value.__module__ == module.__name__:
            for field in dataclasses.fields(value):
                if field.name in {"kind", "type"} and isinstance(field.default, str):
                    found.add(field.default)
    return found


@pytest.mark.parametrize("module", [messages, feed])
def test_every_message_is_in_the_protocol(module) -> None:
    text = _text("protocol.md")

    assert [kind for kind in sorted(_kinds(module)) if f"`{kind}`" not in text] == []


@pytest.mark.parametrize("module", [messages, feed])
def test_every_field_of_a_message_is_in_the_protocol(module) -> None:
    text = _text("protocol.md")
    missing = []
    for name, value in inspect.getmembers(module, dataclasses.is_dataclass):
        if value.__module__ == module.__name__:
            missing += [
                f"{name}.{field.name}"
                for field in dataclasses.fields(value)
                if not re.search(rf"\b{field.name}\b", text)
            ]
    assert missing == []


def test_every_stage_is_in_the_protocol() -> None:
    text = _text("protocol.md")

    assert [stage.value for stage in Stage if f"`{stage.value}`" not in text] == []


def test_every_error_code_is_explained() -> None:
    text = _text("errors.md")
    codes = {
        value.code
        for _, value in inspect.getmembers(errors, inspect.isclass)
        if issubclass(value, errors.RelayError)
    }

    assert [code for code in sorted(codes) if f"`{code}`" not in text] == []


def test_every_criterion_has_its_page() -> None:
    pages = "\n".join(path.read_text() for path in (DOCS / "clinical").glob("*.md"))

    assert [c for c in sorted(_criterion_codes()) if c not in pages] == []


def _criterion_codes() -> set[str]:
    return {str(getattr(criterion, "code", criterion)) for criterion in CRITERIA}


def _commands(command: Any, path: str) -> list[tuple[str, Any]]:
    """Every leaf command; typer carries a click of its own, so shapes are asked, not classes."""
    if not hasattr(command, "commands"):
        return [(path, command)]
    return [
        leaf for name, sub in command.commands.items() for leaf in _commands(sub, f"{path} {name}")
    ]


def _all_commands() -> list[tuple[str, Any]]:
    from ambulance_client.cli import app as tablet
    from relay.cli import whole

    return [
        *_commands(typer.main.get_command(whole()), "kyumei"),
        *_commands(typer.main.get_command(tablet), "kyumei-ambulance"),
    ]


def test_every_command_and_option_is_documented() -> None:
    text = _text("commands.md")
    assert len(_all_commands()) > 10
    missing = []
    for path, command in _all_commands():
        if f"`{path}" not in text:
            missing.append(path)
        missing += [
            f"{path} {parameter.opts[-1]}"
            for parameter in command.params
            if parameter.param_type_name == "option"
            and parameter.name != "help"
            and f"`{parameter.opts[-1]}" not in text
        ]
    assert missing == []


def test_every_command_shows_an_example() -> None:
    silent = [path for path, command in _all_commands() if "Example" not in (command.help or "")]

    assert silent == []


def test_every_setting_stands_in_its_group_as_the_program_knows_it() -> None:
    page = _text("settings.md")

    assert settings_tables() in page, "run .venv/bin/python -m tests.house.written"
    assert len(re.findall(r"^\| `KYUMEI_", page, re.MULTILINE)) == len(Settings.model_fields)


def test_the_pages_types_are_the_programs() -> None:
    written = CONTRACT.read_text("utf-8")

    assert written == contract_js(), "run .venv/bin/python -m tests.house.written"
    for kind in _kinds(feed):
        assert f'@property {{"{kind}"}} kind' in written


def test_links_between_pages_lead_somewhere() -> None:
    root = DOCS.parent
    broken = []
    for page in [*DOCS.rglob("*.md"), *root.glob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)", page.read_text()):
            if "://" not in target and not (page.parent / target).exists():
                broken.append(f"{page.relative_to(root)} → {target}")
    assert broken == []


def _texts_of_routes() -> tuple[str, str]:
    """What is said of the relay's routes, and of the panel's."""
    relays, panels = _text("http.md").split("## The tablet's own panel", 1)
    return relays + _text("live119.md"), panels


def _rows_of_routes(text: str) -> list[tuple[set[str], set[str], str]]:
    """Of each row about routes: the methods it names, and the paths, without what their parameters are called."""
    found = []
    for row in text.splitlines():
        if row.startswith("| `") or row.startswith("| …"):
            methods = set(re.findall(r"\b(GET|POST|PUT|PATCH|DELETE)\b", row))
            paths = re.findall(r"(?<![\w.])(?:…)?/[\w/{}….-]*", row)
            found.append((methods, {re.sub(r"\{\w+\}", "{}", path) for path in paths}, row))
    return found


def _rows_about(method: str, path: str, text: str | None = None) -> list[str]:
    """The rows that name the path, or its end after "…", or what it is a session of; with this method."""
    names = {path, path.removesuffix("/{}")} if path.endswith(("/whip/{}", "/whep/{}")) else {path}
    return [
        row
        for methods, paths, row in _rows_of_routes(text or _texts_of_routes()[0])
        if method in methods
        and any(
            known in names
            or (known.startswith("…/") and any(n.endswith(known.strip("…")) for n in names))
            for known in paths
        )
    ]


def _routes(app: FastAPI) -> list[tuple[str, str]]:
    return [
        (method, re.sub(r"\{\w+\}", "{}", route.path))
        for route in app.router.routes
        if isinstance(route, APIRoute)
        for method in sorted(route.methods)
    ]


def test_every_route_is_in_the_tables_of_http() -> None:
    routes = _routes(prepared_app(Site("x", "dev", demo={})))
    assert len(routes) > 50

    assert [f"{m} {p}" for m, p in routes if not _rows_about(m, p)] == []


def test_every_route_of_the_panel_is_in_its_table() -> None:
    panels = _texts_of_routes()[1]
    routes = _routes(
        make_panel(cast(Tablet, SimpleNamespace(settings=SimpleNamespace(drill=True))))
    )
    assert len(routes) > 20

    assert [f"{m} {p}" for m, p in routes if not _rows_about(m, p, panels)] == []


def test_a_route_that_no_table_names_is_seen() -> None:
    assert not _rows_about("GET", "/api/snapshots/{}/planted")
    assert not _rows_about("DELETE", "/api/snapshots/{}")


def test_the_shapes_are_the_programs() -> None:
    written = written_shapes.PAGE.read_text("utf-8")
    assert written == written_shapes.shapes_page(), "run .venv/bin/python -m tests.house.written"
    assert ANSWERED.read_text("utf-8") == answers_js(), (
        "run .venv/bin/python -m tests.house.written"
    )


def test_who_may_what_is_written_from_the_guards() -> None:
    written = written_rights.PAGE.read_text("utf-8")
    assert written == written_rights.rights_page(), "run .venv/bin/python -m tests.house.written"


def test_the_tables_of_routes_name_the_permission_that_the_guard_asks_for() -> None:
    wrong = []
    for path, methods, guard in written_rights.routes_with_guards():
        asked = written_rights.asked_of(guard).strip("`")
        for method in methods.split(", "):
            rows = _rows_about(method, re.sub(r"\{\w+\}", "{}", path))
            cells = [row.split(" | ")[1] for row in rows if row.count(" | ") > 1]
            if guard.permission and method != "WebSocket" and not any(asked in c for c in cells):
                wrong.append(f"{method} {path}: {asked}, not {cells}")
    assert wrong == []
