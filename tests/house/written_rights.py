"""``docs/who-may-what.md``, written from the guards of the relay's routes and sockets."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi.routing import APIRoute, APIWebSocketRoute

from relay.model.people import GRANTS, Permission, Role
from relay.services.ground.access import Relation
from relay.services.ground.witness import Act, Look, Written
from relay.services.relay import Site
from relay.web.app import prepared_app
from relay.web.guard import Door, Guard, HoldsLink, Needs, guards_of
from tests.house.test_house import ROOT

PAGE = ROOT / "docs/who-may-what.md"
HEAD = """# Who may what

Written from the guards in `relay/web` by `tests/house/written.py`; not by hand. Every route and every socket has one guard, which says three things: the permission that the
role must hold, how the person must stand to the case or the call, and what is written into the [audit](audit.md).
"""


def rights_page() -> str:
    """The whole page."""
    return "\n".join((HEAD, *_grants(), "", *_relations(), "", *_routes_table(), ""))


def _grants() -> Iterator[str]:
    """A column a role, a row a permission."""
    yield "## What each role holds"
    yield ""
    yield f"| permission | {' | '.join(role.value for role in Role)} |"
    yield f"|---{'|---' * len(Role)}|"
    for permission in Permission:
        held = ("yes" if permission in GRANTS[role] else "–" for role in Role)
        yield f"| `{permission.value}` | {' | '.join(held)} |"


def _relations() -> Iterator[str]:
    yield "## How somebody must stand to it"
    yield ""
    yield "| word | meaning |"
    yield "|---|---|"
    for relation in Relation:
        yield f"| {_word(relation)} | {relation.value} |"


def _routes_table() -> Iterator[str]:
    yield "## Every route and socket"
    yield ""
    yield "| route | who | stands to it | written down |"
    yield "|---|---|---|---|"
    for path, methods, guard in sorted(routes_with_guards(), key=lambda one: one[:2]):
        yield (
            f"| `{methods} {path}` | {asked_of(guard)} | {_word(guard.relation)} "
            f"| {_written(guard.written)} |"
        )


def routes_with_guards() -> Iterator[tuple[str, str, Guard]]:
    """Path, methods and guard of every route and socket."""
    app = prepared_app(Site("x", "dev", demo={}))
    for route in app.router.routes:
        if isinstance(route, APIRoute):
            yield route.path, ", ".join(sorted(route.methods)), guards_of(route.dependant)[0]
        elif isinstance(route, APIWebSocketRoute):
            yield route.path, "WebSocket", guards_of(route.dependant)[0]


def asked_of(guard: Guard) -> str:
    """What somebody must show, in the words of the tables of routes."""
    if guard.permission is not None:
        return f"`{guard.permission.value}`"
    if isinstance(guard, HoldsLink):
        return "the caller's link"
    if isinstance(guard, Needs):
        return "signed in"
    return "the socket asks" if isinstance(guard, Door) else "–"


def _word(relation: Relation) -> str:
    return relation.name.lower().replace("_", " ")


def _written(what: Written) -> str:
    if isinstance(what, Look):
        each = f", each {what.per}" if what.per else ""
        return f"look `{what.kind}`{each}"
    if isinstance(what, Act):
        return f"act `{what.kind}`"
    return f"nothing: {what.because}"
