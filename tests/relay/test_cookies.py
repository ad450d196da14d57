"""The cookie of a site with a name is bound to it and to HTTPS; on this machine itself there is another."""

from __future__ import annotations

from pathlib import Path

import httpx2

from tests.relay.world import PASSWORD, World, a_world

NAMED = {"Host": "relay.example"}


async def test_a_browser_on_this_machine_signs_in_without_tls(world: World) -> None:
    """Safari throws a Secure cookie of http://localhost away."""
    async with httpx2.AsyncClient(
        base_url=f"http://127.0.0.1:{world.port}", headers={"X-Kyumei": "1"}
    ) as http:
        answer = await http.post("/api/session", json={"name": "sato", "password": PASSWORD})
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("kyumei-here=")
        assert "Secure" not in cookie
        for word in ("HttpOnly", "SameSite=strict", "Path=/"):
            assert word in cookie
        mine = {"Cookie": cookie.partition(";")[0]}
        assert (await http.get("/api/session", headers=mine)).status_code == 200
        # where the relay has a name, this cookie could be another site's: it is none
        assert (await http.get("/api/session", headers=mine | NAMED)).status_code == 401
        assert (await http.delete("/api/session", headers=mine)).status_code == 204
        assert (await http.get("/api/session", headers=mine)).status_code == 401


async def test_a_proxy_that_changes_the_host_is_not_this_machine(tmp_path: Path) -> None:
    """As nginx does unless told otherwise; the site then names its public address."""
    public = "https://relay.example"
    async with a_world(tmp_path, origins=frozenset({public})) as world:
        base = f"http://127.0.0.1:{world.port}"
        async with httpx2.AsyncClient(base_url=base, headers={"Origin": public}) as http:
            body = {"name": "sato", "password": PASSWORD}
            answer = await http.post("/api/session", json=body)
            cookie = answer.headers["set-cookie"]
            assert cookie.startswith("__Host-kyumei=")
            assert "Secure" in cookie
            stranger = {"Cookie": f"kyumei-here={await world.cookie('ito')}"}
            assert (await http.get("/api/session", headers=stranger)).status_code == 401
