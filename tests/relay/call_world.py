"""A dispatcher, a phone and a hospital around one call."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import httpx2

from relay.auth.tokens import CALLER_COOKIE
from tests.patience import PATIENCE_S
from tests.relay.world import World

SDP = {"Content-Type": "application/sdp"}
ICE = {"Content-Type": "application/trickle-ice-sdpfrag"}


@dataclass
class PhoneHttp:
    """A caller's browser."""

    http: httpx2.AsyncClient
    cookie: str = ""

    async def ask(self, method: str, path: str, **options: Any) -> httpx2.Response:
        headers = {"X-Kyumei": "1", **options.pop("headers", {})}
        if self.cookie:
            headers["Cookie"] = f"{CALLER_COOKIE}={self.cookie}"
        answer = await self.http.request(method, path, headers=headers, **options)
        for given in answer.headers.get_list("set-cookie"):
            if given.startswith((CALLER_COOKIE, "kyumei-caller-here")):
                self.cookie = given.split("=", 1)[1].split(";")[0]
        return answer

    async def open(self, url: str) -> httpx2.Response:
        token = url.split("#", 1)[1].split("~", maxsplit=1)[0]
        return await self.ask("POST", "/live/api/redeem", json={"token": token})

    async def report(self, step: str, **detail: Any) -> int:
        body = {"step": step, "detail": detail}
        return (await self.ask("POST", "/live/api/progress", json=body)).status_code

    async def whip(self, offer: str | bytes = "v=0") -> httpx2.Response:
        return await self.ask("POST", "/live/whip", content=offer, headers=SDP)


def a_phone(world: World) -> PhoneHttp:
    return PhoneHttp(
        httpx2.AsyncClient(
            base_url=f"http://127.0.0.1:{world.port}", verify=False, timeout=PATIENCE_S
        )
    )


@dataclass
class Desk:
    """The dispatcher's side of one call."""

    http: httpx2.AsyncClient
    call: str

    async def post(self, path: str, body: Any = None, status: int | None = None) -> Any:
        answer = await self.http.post(f"/api/calls/{self.call}/{path}", json=body)
        if status is not None:
            assert answer.status_code == status, answer.text
        return answer.json()

    async def row(self) -> Any:
        return (await self.http.get(f"/api/calls/{self.call}")).json()

    async def until(self, within_s: float = PATIENCE_S, **wanted: Any) -> Any:
        """The row once it says so."""
        row: Any = None
        try:
            async with asyncio.timeout(within_s):
                while row is None or any(row[k] != v for k, v in wanted.items()):
                    row = await self.row()
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError((wanted, row)) from None
        return row

    async def invite(self, channel: str = "qr", **more: Any) -> Any:
        body = {"channel": channel, "consent": True, **more}
        return await self.post("invite", body, 201)


async def a_desk(world: World, *, unit: str | None = "救急1") -> Desk:
    http = await world.http("kato")
    told = {"number": "090-1234-5678", "address": "中央町1-2", "complaint": "胸が痛い"}
    made = await http.post("/api/calls", json=told)
    assert made.status_code == 201, made.text
    desk = Desk(http, made.json()["id"])
    if unit:
        await desk.post("dispatched", {"unit": unit}, 200)
    return desk
