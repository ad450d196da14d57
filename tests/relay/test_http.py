"""HTTP: who may come in, what errors look like, what every answer carries."""

from __future__ import annotations

import asyncio
import hashlib
import re
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx2
import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, APIWebSocketRoute, iter_route_contexts
from starlette.routing import Mount

from relay.errors import LocalProtocolError
from relay.model.people import GRANTS, Permission, Role
from relay.protocol import messages as m
from relay.services.ground.access import Relation
from relay.services.screening.warm_up import WarmUp
from relay.web.app import create_app
from relay.web.guard import (
    HoldsLink,
    Needs,
    OwnCase,
    Public,
    Watches,
    WatchesCabin,
    guarded_router,
    guards_of,
)
from tests.patience import PATIENCE_S
from tests.relay.world import PASSWORD, World, a_world, block

ROOT = Path(__file__).resolve().parents[2]
PUBLIC = {
    ("POST", "/api/session"), ("GET", "/api/site"), ("GET", "/livez"), ("GET", "/readyz"),
    ("GET", "/"), ("GET", "/demo"), ("GET", "/api/demo"), ("GET", "/live"), ("GET", "/dispatch"),
    ("POST", "/live/api/redeem"),
}  # fmt: skip
SOCKETS = {"/link/v1", "/feed/v1", "/live/feed"}
MOUNTS = {"/static/pages", "/static/kit", "/static/viewer", "/static/caller", "/static/dispatch"}


def http_routes(app: FastAPI) -> list[APIRoute]:
    """Every HTTP route of the application, however it was included."""
    return [r for r in _all_routes(app) if isinstance(r, APIRoute)]


def _all_routes(app: FastAPI) -> list[Any]:
    return [getattr(c, "route", c) for c in iter_route_contexts(app.routes)]


NO_CASES = {"incidents": [], "more": 0, "beyond": None}


async def test_every_route_names_its_guard_and_nothing_else_is_served(world: World) -> None:
    app = create_app(world.relay)
    routes = _all_routes(app)
    assert len(http_routes(app)) >= 14
    public = set()
    for route in http_routes(app):
        (guard,) = guards_of(route.dependant)
        for method in route.methods:
            if isinstance(guard, Public):
                public.add((method, route.path))
            else:
                assert isinstance(guard, Needs | Watches | WatchesCabin | OwnCase | HoldsLink)
                none = {Relation.NONE, Relation.OWN_HOSPITAL, Relation.HOLDS_LINK}
                touches = guard.relation not in none
                assert touches or "{" not in route.path or isinstance(guard, HoldsLink)
                assert "{" in route.path or not touches
                assert isinstance(guard, HoldsLink) == route.path.startswith("/live/")
    assert public <= PUBLIC
    assert {r.path for r in routes if isinstance(r, APIWebSocketRoute)} == SOCKETS
    assert {r.path for r in routes if isinstance(r, Mount)} == MOUNTS
    others = [r for r in routes if not isinstance(r, APIRoute | APIWebSocketRoute | Mount)]
    assert others == []


def test_a_route_without_a_guard_cannot_be_made() -> None:
    router = guarded_router()
    with pytest.raises(LocalProtocolError, match="must name one guard"):

        @router.get("/api/open-door")
        async def open_door() -> None:
            """Nobody guards this."""


async def a_case(world: World) -> dict[str, str]:
    """A case of hospital chuo with a stored snapshot, as path parameters."""
    async with world.tablet() as tablet:
        spec = tablet.open()
        await tablet.follow(spec.incident)
        await tablet.record(spec.stream, range(8))
        snapshot = await tablet.snapshot(spec, 0, 1000)
        await tablet.notice("snapshot-stored")
    return {
        "incident": str(spec.incident), "stream": str(spec.stream), "snapshot": str(snapshot),
    }  # fmt: skip


async def in_pieces() -> AsyncIterator[bytes]:
    """A large body that names no length beforehand."""
    for _ in range(20):
        yield b"[" * 4096


async def test_a_field_or_a_query_that_means_nothing_is_refused(world: World) -> None:
    case = await a_case(world)
    async with await world.http("sato") as http:
        base = f"/api/incidents/{case['incident']}"
        for path, body in (
            (f"{base}/notes", {"text": "x", "urgent": True}),
            (f"{base}/decisions", {"decision": "stemi-cath", "txt": "now"}),
            (f"{base}/opened", {"snapshots": None}),
            ("/api/session", {"name": "sato", "password": "x", "otp": "1"}),
        ):
            answer = await http.post(path, json=body)
            assert answer.status_code == 422, path
            assert "Extra inputs" in answer.json()["title"]
        answer = await http.get("/api/incidents?stat=open")
        assert (answer.status_code, answer.json()["code"]) == (422, "bad-input")
        assert "'stat'" in answer.json()["title"]
        assert (await http.get("/api/incidents?state=open")).status_code == 200
        assert (
            await http.get("/?openExternalBrowser=1")
        ).status_code == 200  # pages are not an API


async def test_a_foreign_hospital_lists_nothing_of_ours(world: World) -> None:
    case = await a_case(world)
    async with await world.http("mori") as foreign, await world.http("sato") as own:
        assert (await foreign.get("/api/incidents")).json() == NO_CASES
        (row,) = (await own.get("/api/incidents", params={"state": "open"})).json()["incidents"]
        assert row["id"] == case["incident"]
        assert (await own.get("/api/incidents?state=closed")).json() == NO_CASES


async def test_a_snapshot_of_another_case_cannot_be_named(world: World) -> None:
    one, other = await a_case(world), await a_case(world)
    async with await world.http("sato") as http:
        body = {"snapshot": other["snapshot"]}
        answer = await http.post(f"/api/incidents/{one['incident']}/opened", json=body)
        assert answer.status_code == 404


async def test_every_error_has_one_shape_and_stands_in_the_docs(world: World) -> None:
    documented = (ROOT / "docs" / "errors.md").read_text()
    case = await a_case(world)
    base = f"/api/incidents/{case['incident']}"
    async with await world.http("sato") as http, await world.http(None) as stranger:
        foreign = httpx2.AsyncClient(base_url=http.base_url)
        answers = [
            (404, await http.get("/api/nothing")),
            (404, await http.get("/nothing/at/all")),
            (405, await http.put("/api/incidents")),
            (404, await http.get(f"/api/incidents/{uuid4()}")),
            (404, await http.get("/api/incidents/not-an-id")),
            (404, await http.get(f"/api/snapshots/{uuid4()}")),
            (422, await http.post(f"{base}/decisions", json={"decision": "maybe"})),
            (422, await http.post(f"{base}/notes", json={"text": ""})),
            (422, await http.post(f"{base}/notes", content=b"{", headers={"content-type": "application/json"})),
            (422, await http.get("/api/incidents?state=lost")),
            (422, await http.get(f"/api/streams/{case['stream']}/frames")),
            (422, await http.get(f"/api/streams/{case['stream']}/frames?from_sample=0&to_sample=999999")),
            (422, await http.get(f"/api/streams/{case['stream']}/frames?from_sample=9&to_sample=1")),
            (401, await stranger.get("/api/incidents")),
            (401, await stranger.post("/api/session", json={"name": "sato", "password": "x"})),
            (403, await foreign.post("/api/session", json={"name": "sato", "password": "x"})),
            (413, await http.post(f"{base}/notes", json={"text": "x" * 70_000})),
            (413, await http.post(f"{base}/notes", content=in_pieces())),
        ]  # fmt: skip
        await foreign.aclose()
    for status, answer in answers:
        assert answer.status_code == status, (answer.request.url, answer.text)
        assert answer.headers["content-type"] == "application/problem+json", answer.request.url
        body = answer.json()
        more = {"limit_bytes"} if status == 413 else set()
        assert set(body) == {"type", "title", "status", "code"} | more
        assert body["status"] == status
        assert re.search(r"[.]$", body["title"]), body
        assert f"`{body['code']}`" in documented, body["code"]


async def test_a_fault_of_ours_is_one_sentence_too(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(world.relay.cases.cases, "rows", broken)
    async with await world.http("sato") as http:
        answer = await http.get("/api/incidents")
    assert answer.status_code == 500
    assert answer.json()["code"] == "relay"
    assert "a bug" not in answer.text


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"Origin": "https://elsewhere.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"X-Kyumei": "0"}, 403),
        ({"X-Kyumei": "1"}, 204),
        ({"Origin": "http://127.0.0.1:{port}"}, 204),
    ],
)
async def test_only_our_own_pages_change_anything(
    world: World, headers: dict[str, str], status: int
) -> None:
    sent = {k: v.format(port=world.port) for k, v in headers.items()}
    sent["Cookie"] = f"__Host-kyumei={await world.cookie('sato')}"
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{world.port}") as http:
        assert (await http.delete("/api/session", headers=sent)).status_code == status


async def test_the_cookie_and_the_headers_are_strict(world: World) -> None:
    async with await world.http(None) as http:
        answer = await http.post(
            "/api/session",
            json={"name": "sato", "password": PASSWORD},
            headers={"Host": "relay.example"},
        )
        assert answer.json() == {
            "name": "sato", "display_name": "Dr sato", "role": "cardiologist", "hospital": "chuo",
        }  # fmt: skip
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-kyumei=")
        for word in ("Secure", "HttpOnly", "SameSite=strict", "Path=/"):
            assert word in cookie
        assert "Domain" not in cookie
        for page in ("/", "/api/site", "/nothing", "/static/viewer/nothing.js"):
            got = await http.get(page)
            policy = got.headers["content-security-policy"]
            assert "script-src 'self';" in policy
            assert "frame-ancestors 'self'" in policy
            assert "frame-src 'none'" in policy
            assert got.headers["x-content-type-options"] == "nosniff"
        assert (await http.get("/demo")).status_code == 404
        assert (await http.get("/api/demo")).status_code == 404


async def test_a_drill_shows_its_page_and_frames_its_tablets(tmp_path: Path) -> None:
    async with (
        a_world(
            tmp_path, demo='{"tablets": [{"unit": "A", "url": "http://localhost:1"}]}'
        ) as world,
        await world.http(None) as http,
    ):
        answer = await http.get("/api/demo")
        assert answer.json()["tablets"][0]["unit"] == "A"
        assert "http://localhost:*" in answer.headers["content-security-policy"]
        assert (await http.get("/api/site")).json()["demo"] is True


async def test_guessing_is_slowed_down_and_a_right_password_frees_the_name(world: World) -> None:
    async with await world.http(None) as http:
        wrong = {"name": "sato", "password": "wrong wrong wrong"}
        statuses = [(await http.post("/api/session", json=wrong)).status_code for _ in range(6)]
        assert statuses == [401] * 5 + [429]
        blocked = await http.post("/api/session", json={"name": "sato", "password": PASSWORD})
        assert blocked.status_code == 429
        assert blocked.json()["code"] == "too-many"
        assert "retry-after" in blocked.headers
        other = await http.post("/api/session", json={"name": "ito", "password": PASSWORD})
        assert other.status_code == 200


async def test_a_disabled_account_is_out_at_once(world: World) -> None:
    async with await world.http("ito") as http:
        assert (await http.get("/api/session")).status_code == 200
        await world.relay.people.people.disable("ito", "test")
        assert (await http.get("/api/session")).status_code == 401
        again = await http.post("/api/session", json={"name": "ito", "password": PASSWORD})
        assert again.status_code == 401


async def test_samples_are_the_tablets_integers_and_their_hash_holds(world: World) -> None:
    async with world.tablet() as tablet, await world.http("sato") as http:
        spec = tablet.open()
        await tablet.follow(spec.incident)
        await tablet.record(spec.stream, range(20))
        snapshot = await tablet.snapshot(spec, 130, 2000)
        await tablet.notice("snapshot-stored")
        answer = await http.get(f"/api/snapshots/{snapshot}/samples")
        meta = (await http.get(f"/api/snapshots/{snapshot}")).json()
    samples = np.frombuffer(answer.content, "<i2").reshape(8, 2000)
    whole = np.concatenate([block(seq) for seq in range(20)], axis=1)
    assert np.array_equal(samples, whole[:, 130:2130])
    headers = answer.headers
    assert [headers[f"X-{n}"] for n in ("Lead-Mask", "N-Samples", "First-Sample", "Present")] == [
        "255", "2000", "130", "130-2130",
    ]  # fmt: skip
    assert (float(headers["X-Fs-Hz"]), float(headers["X-Uv-Per-Lsb"])) == (500.0, 2.5)
    async with world.relay.records.read() as records:
        kept = await records.recordings.snapshot(UUID(meta["id"]))
    assert kept is not None
    from relay.model.snapshot import header_of

    expected = hashlib.sha256(header_of(kept, kept.present) + answer.content).hexdigest()
    assert meta["sha256"] == headers["X-Sha256"] == expected


async def test_readyz_says_what_is_wrong(world: World) -> None:
    async with await world.http(None) as http:
        assert (await http.get("/readyz")).status_code == 200
        await world.relay.ecg_log.close()
        answer = await http.get("/readyz")
        assert answer.status_code == 503
        assert set(answer.json()["faults"]) == {"ecg-log"}
        assert (await http.get("/livez")).status_code == 200


async def test_the_relay_is_not_ready_before_its_screen_is_fast(world: World) -> None:
    screening, go = world.relay.screening.screening, threading.Event()
    screening.warm_up = WarmUp(lambda: None if go.wait(PATIENCE_S) else "never")
    async with await world.http(None) as http:
        ready = asyncio.create_task(screening.warm_up.run())
        answer = await http.get("/readyz")
        assert answer.status_code == 503
        assert set(answer.json()["faults"]) == {"screening"}
        go.set()
        await ready
        assert (await http.get("/readyz")).status_code == 200


async def test_kernels_that_lie_ready_are_loaded_with_the_first_ecg_and_hold_up_nothing(
    world: World,
) -> None:
    screening, loaded = world.relay.screening.screening, threading.Event()
    screening.warm_up = WarmUp(loaded.set, is_quick=True)
    running = asyncio.create_task(screening.warm_up.run())
    async with await world.http(None) as http:
        assert (await http.get("/readyz")).status_code == 200
    async with world.tablet() as tablet:
        await tablet.until(lambda: tablet.link.state.value == "up")
        assert not loaded.is_set()
        spec = tablet.open()
        await tablet.record(spec.stream, range(4))
        await asyncio.wait_for(running, PATIENCE_S)
    assert loaded.is_set()


async def test_a_snapshot_waits_for_its_backlog_then_is_kept_whole(world: World) -> None:
    async with world.tablet() as tablet, await world.http("sato") as http:
        spec = tablet.open()
        await tablet.follow(spec.incident)
        await tablet.record(spec.stream, [0, 1, 4, 5])  # type: ignore[arg-type]
        snapshot = await tablet.snapshot(spec, 0, 750)
        await tablet.settled()
        waiting = (await http.get(f"/api/snapshots/{snapshot}")).json()
        assert (waiting["complete"], waiting["sha256"]) == (False, None)
        assert (await http.get(f"/api/snapshots/{snapshot}/samples")).status_code == 404
        await tablet.record(spec.stream, range(2, 4))
        stored = await tablet.notice("snapshot-stored")
        assert stored.data["complete"] is True


async def test_a_snapshot_of_an_ended_stream_keeps_what_exists_and_says_what_does_not(
    world: World,
) -> None:
    async with world.tablet() as tablet, await world.http("sato") as http:
        spec = tablet.open()
        await tablet.follow(spec.incident)
        await tablet.record(spec.stream, range(4))
        snapshot = await tablet.snapshot(spec, 250, 1000)
        await tablet.event(spec.incident, m.StreamEnd(spec.stream, 4))
        await tablet.notice("snapshot-stored")
        got = (await http.get(f"/api/snapshots/{snapshot}")).json()
        assert (got["complete"], got["present"]) == (False, [[250, 500]])
        samples = await http.get(f"/api/snapshots/{snapshot}/samples")
        assert samples.headers["X-Present"] == "250-500"
        assert len(samples.content) == 8 * 1000 * 2


def test_roles_are_as_the_house_decided() -> None:
    assert Permission.DECIDE in GRANTS[Role.CARDIOLOGIST]
    assert [r for r in Role if Permission.DECIDE in GRANTS[r]] == [Role.CARDIOLOGIST]
    assert GRANTS[Role.ADMIN] == frozenset({Permission.WAYS_TRY})
