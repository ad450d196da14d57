"""The matrix of rights: every route and socket, every kind of asker, and the audit's row beside each cell."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from fastapi.routing import APIRoute, APIWebSocketRoute
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from relay.auth.bucket import Buckets
from relay.auth.tokens import CALLER_COOKIE, COOKIE
from relay.model.audit import AuditRow
from relay.model.letter import Addressee, Letter, step
from relay.model.people import Device, Person, Role
from relay.model.ringing import RingDevice, device_id
from relay.protocol import feed
from relay.protocol import messages as m
from relay.services.ground import witness
from relay.services.ground.witness import Look, Nothing
from relay.web.app import create_app
from relay.web.guard import Door, guards_of
from tests.patience import PATIENCE_S
from tests.relay.call_world import a_phone
from tests.relay.clips import a_clip
from tests.relay.pictures import a_jpeg
from tests.relay.rights_matrix import EVERYBODY, PERSONS, ROUTES, SOCKETS
from tests.relay.test_http import _all_routes, a_case
from tests.relay.world import PASSWORD, World, a_world

LATE = ("", "/invite", "/revoke", "/end")
"""What ends the phone's link or the call comes after what needs it."""
WRITES_AS = {("POST", "/api/session"): "ito", ("POST", "/live/api/redeem"): "caller"}
"""By whom the row is, whoever's browser it was."""
SHOWN_NOTHING = {
    "/api/incidents": ("mori", "abe"),
    "/api/calls": ("mori", "abe", "tablet-other"),
}
"""Their lists are empty: nothing was shown, nothing is written."""
SAID_ELSEWHERE = ("/live/api/redeem", "/live/whip/{session}")
"""A link that opens nothing is counted as such; another phone's connection is nobody's case."""
OTHER_PASSWORD = "quite another long sentence"
SDP, ICE = "application/sdp", "application/trickle-ice-sdpfrag"
PUSH_KEYS = (
    "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
    "BTBZMqHH6r4Tts7J_aSIgg",
)
BODIES: dict[str, Any] = {
    "/ring-devices": {
        "name": "x",
        "endpoint": "https://localhost:9/x",
        "p256dh": PUSH_KEYS[0],
        "auth": PUSH_KEYS[1],
    },
    "/ways/try": {"channel": "sms", "to": "+8190"},
    "/opened": {"snapshot": None},
    "/decisions": {"decision": "not-stemi", "text": "", "snapshot": None},
    "/notes": {"text": "hello"},
    "/api/calls": {"number": "090", "address": "", "complaint": ""},
    "/told": {"number": "1", "address": "", "complaint": ""},
    "/dispatched": {"unit": "救急1"},
    "/invite": {"channel": "qr", "consent": True},
    "/guidance": {"topic": "aed"},
    "/delete": {"reason": "asked by the caller"},
    "/shares": {"kind": "command", "target": "post"},
    "/wake": {"password": PASSWORD},
    "/session/password": {"old": PASSWORD, "new": OTHER_PASSWORD},
    "/api/session": {"name": "ito", "password": PASSWORD},
    "/progress": {"step": "shown"},
    "/position": {"lat": 35.0, "lon": 139.0, "accuracy_m": 5, "consent": True},
    "/step": {"step": "full"},
}


def test_every_route_has_a_row_and_the_row_says_what_its_guard_says(routes: list[Any]) -> None:
    """A new route without a row fails here, and so does a guard that changed its mind."""
    http = {(method, r.path): r for r in routes if isinstance(r, APIRoute) for method in r.methods}
    assert set(http) == set(ROUTES)
    sockets = {r.path: r for r in routes if isinstance(r, APIWebSocketRoute)}
    assert set(sockets) == set(SOCKETS)
    for route, row in [(http[key], row) for key, row in ROUTES.items()] + [
        (sockets[path], row) for path, row in SOCKETS.items()
    ]:
        (guard,) = guards_of(route.dependant)
        said = None if isinstance(guard.written, Nothing) else guard.written.kind
        assert (guard.permission, guard.relation) == (row.permission, row.relation), route.path
        assert said == row.writes, route.path
        assert isinstance(guard, Door) == isinstance(route, APIWebSocketRoute)
        if isinstance(guard.written, Nothing):
            assert len(guard.written.because) > 15, route.path
        if isinstance(guard.written, Look) and guard.written.per:
            assert f"{{{guard.written.per}}}" in route.path


@pytest.fixture
async def routes(world: World) -> list[Any]:
    return _all_routes(create_app(world.relay))


@dataclass
class Matrix:
    """One relay with a case, a shared call, and every kind of asker."""

    world: World
    cookies: dict[str, str] = field(default_factory=dict)
    bearers: dict[str, str] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    case: dict[str, str] = field(default_factory=dict)

    async def prepare(self) -> None:
        people = self.world.relay.people.people
        await people.add_account(Person("abe", "Dr abe", Role.ED, "daiichi"), PASSWORD, "test")
        await people.add_account(Person("gone", "Dr gone", Role.ED, "chuo"), PASSWORD, "test")
        await people.add_account(Person("post", "Post", Role.COMMAND, None), PASSWORD, "test")
        await people.add_device(Device("救急8", frozenset({"chuo"})), "test")
        self.case = await a_case(self.world)
        self.bearers = {
            "tablet": self.world.tokens["救急1"], "tablet-other": self.world.tokens["救急2"],
            "tablet-revoked": await people.add_device(Device("救急9", frozenset({"chuo"})), "test"),
            "tablet-unknown": "kyd_nobody",
        }  # fmt: skip
        await people.revoke_device("救急9", "test")
        self.names = {name: name for name in PERSONS} | {
            "tablet": "unit:救急1", "tablet-other": "unit:救急2", "tablet-revoked": "unit:救急9",
            "phone": "caller", "phone-other": "caller", "resting": "sato",
        }  # fmt: skip
        for phone in ("phone", "phone-other"):
            await self._call(phone)
        relay = self.world.relay
        ours = Device("救急1", frozenset({"chuo"}))
        await relay.cabin.cabins.keep_still(ours, UUID(self.case["incident"]), a_jpeg())
        self.case["photo"] = str(uuid4())
        await relay.cabin.photos.keep(ours, UUID(self.case["incident"]), UUID(self.case["photo"]), 0, a_jpeg())  # fmt: skip
        for name in PERSONS:
            self.cookies[name] = await self.sign_in(name)
        for asker, name in (("resting", "sato"), ("signed-out", "sato"), ("disabled", "gone")):
            self.cookies[asker] = await self.sign_in(name)
        await people.disable("gone", "test")
        out = await people.session(self.cookies["signed-out"], touch=False)
        await people.sign_out(out)
        await self.rest(self.cookies["resting"])

    async def sign_in(self, name: str) -> str:
        people = self.world.relay.people.people
        people._tries.forget(f"{name} {name}")
        return (await people.sign_in(name, PASSWORD, name))[0]

    async def rest(self, cookie: str) -> None:
        relay = self.world.relay
        async with relay.records.begin() as tx:
            await tx.people.touch_session(relay.people.people._tokens.hash_of(cookie), 1)

    async def _call(self, phone: str) -> None:
        """A call with a phone that holds its link; ``phone``'s is shared with everybody of chuo, oka and 救急1."""
        async with await self.world.http("kato") as http:
            call = (await http.post("/api/calls", json={"complaint": "倒れた"})).json()["id"]
            await http.post(f"/api/calls/{call}/dispatched", json={"unit": "救急1"})
            if phone == "phone":
                self.case["call"] = call
                for kind, target in (("hospital", "chuo"), ("command", "oka"), ("unit", "救急1")):
                    body = {"kind": kind, "target": target}
                    made = await http.post(f"/api/calls/{call}/shares", json=body)
                    assert made.status_code == 201
                still = await http.post(f"/api/calls/{call}/stills", content=a_jpeg())
                self.case["still"] = still.json()["still"]
            body = {"channel": "qr", "consent": True}
            url = (await http.post(f"/api/calls/{call}/invite", json=body)).json()["url"]
        handset = a_phone(self.world)
        assert (await handset.open(url)).status_code == 200
        self.cookies[phone], self.links[phone] = handset.cookie, url.split("#")[1].split("~")[0]
        await handset.http.aclose()

    def client(self, asker: str) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(
            base_url=f"http://127.0.0.1:{self.world.port}", verify=False, timeout=PATIENCE_S,
            headers={"X-Kyumei": "1", **self.proof(asker)},
        )  # fmt: skip

    def proof(self, asker: str) -> dict[str, str]:
        if asker in self.bearers:
            return {"Authorization": f"Bearer {self.bearers[asker]}"}
        if asker not in self.cookies:
            return {}
        name = CALLER_COOKIE if asker.startswith("phone") else COOKIE
        return {"Cookie": f"{name}={self.cookies[asker]}"}

    async def ready(self, method: str, path: str, asker: str) -> dict[str, str]:
        """What the path names, made anew for this asker where asking uses it up."""
        found = {"session": str(uuid4()), "share": str(uuid4()), "clip": "1", "at_us": "1", "export": "json", **self.case}  # fmt: skip
        call = UUID(self.case["call"])
        async with self.client(asker) as http, self.client("kato") as desk:
            sdp = {"content": "v=0", "headers": {"Content-Type": SDP}}
            if "{session}" in path:
                door = path.partition("/{session}")[0].format(**found)
                maker = self.client("phone") if door == "/live/whip" else http
                made = await maker.post(door, **sdp)
                found["session"] = made.headers.get("location", f"/{uuid4()}").rsplit("/", 1)[-1]
                if maker is not http:
                    await maker.aclose()
            if "{share}" in path and asker == "kato":
                body = {"kind": "unit", "target": "救急8"}
                row = await desk.post(f"/api/calls/{call}/shares", json=body)
                found["share"] = row.json()["shares"][-1]["id"]
            if "{clip}" in path:
                found["clip"] = str(a_clip(self.world, call))
            if "{at_us}" in path:
                await self.world.relay.calls.glimpses.ask(call)
                await self.world.relay.calls.glimpses.keep(call, a_jpeg())
                found["at_us"] = str((await self.world.relay.calls.glimpses.ask(call))["at_us"])
            if method == "PUT" and "{photo}" in path:
                found["photo"] = str(uuid4())
            if "{device}" in path:
                found["device"] = await self._ring_device(asker)
            if "{letter}" in path:
                found["letter"] = await self._letter()
            if path.endswith("/revoke") and asker == "kato":
                await desk.post(f"/api/calls/{call}/invite", json=BODIES["/invite"])
        return found

    async def _ring_device(self, asker: str) -> str:
        """A device of this asker, at an address where nobody listens; the newest, because the oldest of many is let go."""
        endpoint = f"https://localhost:9/{uuid4()}"
        owner = asker if asker in PERSONS else "sato"
        device = RingDevice(
            device_id(endpoint), owner, "x", endpoint, *PUSH_KEYS, time.time_ns() // 1_000
        )
        async with self.world.relay.records.begin() as tx:
            await tx.ringing.put_device(device)
        return str(device.id)

    async def _letter(self) -> str:
        """A letter of the case that was handed over."""
        case, who = UUID(self.case["incident"]), Addressee("chuo", 1, "", "own", "x")
        letter = Letter(uuid4(), case, None, "chuo", 1, "", who.channel, who.to, True, 1, 2)
        async with self.world.relay.records.begin() as tx:
            await tx.outbox.put(step(letter, "hand-over", 1))
        return str(letter.id)

    async def ask(self, method: str, path: str, asker: str) -> int:
        """The status, once this asker has asked for this."""
        reports = self.world.relay.calls.callers
        reports._rules = replace(reports._rules, redeem=Buckets(999, 1.0), reports=Buckets(999, 1.0))  # fmt: skip
        self.world.relay.people.people._tries.forget("127.0.0.1 ito")
        url = path.format(**await self.ready(method, path, asker))
        async with self.client(asker) as http:
            if "/whep" in path or "/whip" in path:
                kind = ICE if method == "PATCH" else SDP
                given: dict[str, Any] = {"content": "v=0", "headers": {"Content-Type": kind}}
            elif method in {"POST", "PUT"} and path.endswith(("/stills", "/glimpses", "{photo}")):
                given = {"content": a_jpeg()}
            elif path.endswith("/redeem"):
                given = {"json": {"token": self.links.get(asker, "x" * 22)}}
            else:
                given = {"json": next((b for e, b in BODIES.items() if path.endswith(e)), None)}
            if path.endswith("/frames"):
                given["params"] = {"from_sample": 0, "to_sample": 500}
            if path == "/api/session/feed":
                given["params"] = {"origin": "http://x"}
            return (await http.request(method, url, **given)).status_code


async def test_every_cell_and_its_row_in_the_audit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(witness, "MOST_REFUSERS", 5_000)  # each refused cell is looked for
    async with a_world(tmp_path, push_services=("localhost:9",)) as world:
        matrix = Matrix(world)
        await matrix.prepare()
        wrong = []
        order = sorted(ROUTES, key=lambda key: max(n for n, end in enumerate(LATE) if key[1].endswith(end)))  # fmt: skip
        for method, path in order:
            row = ROUTES[method, path]
            for asker in EVERYBODY:
                status = await matrix.ask(method, path, asker)
                wanted = row.status_of(asker)
                if (status // 100 if wanted == 200 else status) != (2 if wanted == 200 else wanted):
                    wrong.append(f"{method} {path} as {asker}: {status}, not {wanted}")
                if path.startswith("/api/session"):  # signed in anew, woken, signed out
                    if path.endswith("/password") and status < 300:
                        await world.relay.people.people.set_password(asker, PASSWORD, "test")
                    for name in (*PERSONS, "resting"):
                        matrix.cookies[name] = await matrix.sign_in(matrix.names[name])
                    await matrix.rest(matrix.cookies["resting"])
        assert wrong == [], "\n".join(wrong)
        await _written(matrix, order)


async def _rows(world: World) -> list[AuditRow]:
    """The audit, once nothing of it waits."""
    async with asyncio.timeout(PATIENCE_S):
        while world.relay.ground.witness.waiting:
            await asyncio.sleep(0.05)
    async with world.relay.records.read() as records:
        rows = await records.evidence.audit_rows(0, 100_000)
    return [row for row in rows if row.data.get("address") == "127.0.0.1"]


async def _written(matrix: Matrix, order: list[tuple[str, str]]) -> None:
    """Beside every cell stands its row: who, what, about which case, from where."""
    rows = await _rows(matrix.world)
    done = {(r.who.removeprefix("unit:"), r.action, r.subject) for r in rows}
    refused = {(r.who, r.subject) for r in rows if r.action.startswith("refused-")}
    missing = []
    for method, path in order:
        row = ROUTES[method, path]
        for asker in EVERYBODY:
            name = WRITES_AS.get((method, path), matrix.names.get(asker, "-")).removeprefix("unit:")
            subject = matrix.case.get(row.about)
            status = row.status_of(asker)
            if status == 200 and row.writes and asker not in SHOWN_NOTHING.get(path, ()):
                mine = {s for who, action, s in done if (who, action) == (name, row.writes)}
                if not mine or (subject and subject not in mine):
                    missing.append(f"{method} {path} as {asker}: no {row.writes}")
            elif status != 200 and asker not in {"resting", "nobody"}:
                whos = {matrix.names.get(asker), "-"}
                if not any((who, f"{method} {path}") in refused for who in whos) and path not in SAID_ELSEWHERE:  # fmt: skip
                    missing.append(f"{method} {path} as {asker}: no refusal")
    assert missing == [], "\n".join(missing)
    bare = {r.action for r in rows if r.who != "-" and not r.data.get("console")}
    assert bare <= {
        "signed-in",
        "link-opened",
        "refused-token-withdrawn",
    }  # no console yet, or no more


async def _socket(matrix: Matrix, path: str, asker: str) -> bool:
    """Whether this asker may stay on this socket: the relay speaks to it and does not close."""
    protocols = {"/link/v1": m.SUBPROTOCOL, "/feed/v1": feed.SUBPROTOCOL, "/live/feed": "kyumei.caller.v1"}  # fmt: skip
    async with connect(
        f"ws://127.0.0.1:{matrix.world.port}{path}",
        subprotocols=[protocols[path]],  # type: ignore[list-item]
        origin=f"http://127.0.0.1:{matrix.world.port}",  # type: ignore[arg-type]
        additional_headers=matrix.proof(asker),
    ) as socket:
        with suppress(ConnectionClosed):
            if path == "/link/v1":
                await socket.send(m.to_text(m.Hello("test", 1)))
            await asyncio.wait_for(socket.recv(), PATIENCE_S)
            return True
    return False


async def test_every_socket_for_every_asker(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        matrix = Matrix(world)
        await matrix.prepare()
        for path, row in SOCKETS.items():
            stays = {asker for asker in EVERYBODY if await _socket(matrix, path, asker)}
            assert stays == set(row.yes), path
        rows = await _rows(world)
        assert {"unit:救急1", "unit:救急2"} <= {r.who for r in rows if r.action == "tablet-connected"}  # fmt: skip
        refused = {(r.who, r.subject) for r in rows if r.action.startswith("refused-")}
        assert {("unit:救急9", "WS /link/v1"), ("-", "WS /feed/v1"), ("-", "WS /live/feed")} <= refused  # fmt: skip
