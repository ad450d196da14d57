"""119 calls over HTTP: the order that protects people, the link's life, who may look, what is kept."""

from __future__ import annotations

import asyncio
import io
import json
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest
from PIL import Image
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from relay.auth.tokens import CALLER_COOKIE
from relay.errors import BadInput, Conflict
from relay.model.call import TRANSITIONS, Call, CallState, advance
from relay.model.clock import ManualClock
from relay.services.pictures import MAX_SIDE, made_anew
from relay.video.port import Change
from relay.wiring import Adapters
from tests.relay.call_world import ICE, SDP, PhoneHttp, a_desk, a_phone
from tests.relay.pictures import a_jpeg
from tests.relay.world import World, a_world

# the table


def test_no_link_before_an_ambulance_and_nothing_after_the_end() -> None:
    call = Call(uuid4(), "", "", "", "kato", 1)
    with pytest.raises(Conflict, match="ambulance first"):
        advance(call, "invite", 2)
    ended = advance(call, "end", 3)
    steps = {step for table in TRANSITIONS.values() for step in table}
    for step in steps:
        with pytest.raises(Conflict, match="has ended"):
            advance(ended, step, 4)


def test_only_taken_and_ended_have_no_link_to_send() -> None:
    assert [s for s in CallState if "invite" not in TRANSITIONS[s]] == [
        CallState.TAKEN,
        CallState.ENDED,
    ]
    assert all("end" in TRANSITIONS[s] for s in CallState if s is not CallState.ENDED)


def test_a_new_link_begins_the_ladder_anew() -> None:
    call = Call(uuid4(), "", "", "", "kato", 1)
    for at_us, step in enumerate(["dispatch", "invite", "open", "allow", "picture", "freeze"], 2):
        call = advance(call, step, at_us)
    assert (call.sent_at_us, call.opened_at_us, call.allowed_at_us) == (3, 4, 5)
    assert (call.live_at_us, call.frozen_at_us) == (6, 7)
    assert advance(call, "picture", 9).frozen_at_us is None
    again = advance(call, "invite", 10)
    assert (again.sent_at_us, again.opened_at_us, again.live_at_us) == (10, None, None)


# the whole way


async def test_from_the_call_to_thanks(world: World) -> None:
    desk, phone = await a_desk(world), a_phone(world)
    invited = await desk.invite()
    assert invited["url"].startswith(f"http://127.0.0.1:{world.port}/live#")
    assert invited["qr_svg"].startswith("<svg")
    assert invited["sms"] == "not-configured"
    assert (await desk.row())["state"] == "sent"
    opened = await phone.open(invited["url"])
    assert opened.status_code == 200
    assert set(opened.json()) == {
        "call", "state", "site_name", "guidance", "data_cap_mb", "ice_servers", "ended", "at_us",
    }  # fmt: skip
    assert "090" not in opened.text
    assert (await desk.row())["state"] == "opened"
    assert await phone.report("asking") == 204
    assert await phone.report("denied") == 204
    assert ((await desk.row())["state"], (await desk.row())["hint"]) == ("opened", "denied")
    assert await phone.report("allowed", browser="Safari", battery_pct=40) == 204
    row = await desk.row()
    assert (row["state"], row["hint"]) == ("allowed", "")
    assert row["phone"] == {"browser": "Safari", "battery_pct": 40}
    whip = await phone.whip()
    assert whip.status_code == 201
    assert whip.headers["content-type"].startswith("application/sdp")
    world.plane.tell(UUID(desk.call), Change.LIVE)
    await desk.until(state="live")
    world.plane.tell(UUID(desk.call), Change.FROZEN)
    assert (await desk.until(state="frozen"))["frozen_at_us"] is not None
    again = await phone.whip()
    assert again.headers["location"] != whip.headers["location"]
    world.plane.tell(UUID(desk.call), Change.LIVE)
    await desk.until(state="live", frozen_at_us=None)
    ended = await desk.post("end", status=200)
    assert ended["state"] == "ended"
    assert world.plane.publishers == {}
    assert (await phone.ask("GET", "/live/api/state")).json()["ended"] is True
    assert await phone.report("video") == 410
    assert (await phone.whip()).status_code == 410


async def test_no_link_before_dispatched(world: World) -> None:
    desk = await a_desk(world, unit=None)
    refused = await desk.post("invite", {"channel": "qr", "consent": True}, 409)
    assert "ambulance" in refused["title"]
    await desk.post("dispatched", {"unit": "救急1"}, 200)
    await desk.post("invite", {"channel": "qr"}, 422)
    await desk.post("invite", {"channel": "qr", "consent": False}, 422)
    await desk.invite()


# the link's life


async def test_a_second_phone_is_refused_and_the_dispatcher_is_told(world: World) -> None:
    desk, phone, other = await a_desk(world), a_phone(world), a_phone(world)
    url = (await desk.invite())["url"]
    assert (await phone.open(url)).status_code == 200
    assert (await other.open(url)).status_code == 409
    assert other.cookie == ""
    assert (await desk.row())["hint"] == "second-phone"
    assert (await phone.open(url)).status_code == 200
    assert (await phone.ask("GET", "/live/api/state")).status_code == 200
    forged = PhoneHttp(other.http, "not-the-cookie")
    assert (await forged.ask("GET", "/live/api/state")).status_code == 410


async def test_two_phones_at_once_one_wins(world: World) -> None:
    desk = await a_desk(world)
    url = (await desk.invite())["url"]
    phones = [a_phone(world) for _ in range(6)]
    answers = await asyncio.gather(*(phone.open(url) for phone in phones))
    assert sorted(a.status_code for a in answers) == [200] + [409] * 5


async def test_a_link_expires_unopened_and_the_dispatcher_sends_another(tmp_path: Path) -> None:
    clock = ManualClock()
    async with a_world(tmp_path, Adapters(clock=clock)) as world:
        desk, phone = await a_desk(world), a_phone(world)
        url = (await desk.invite())["url"]
        clock.move(599)
        await world.relay.calls.look_at_the_clock()
        assert (await desk.row())["state"] == "sent"
        clock.move(1)
        assert (await phone.open(url)).status_code == 410
        await world.relay.calls.look_at_the_clock()
        row = await desk.row()
        assert (row["state"], row["hint"]) == ("dispatched", "expired")
        assert (await phone.open((await desk.invite())["url"])).status_code == 200
        clock.move(700)
        await world.relay.calls.look_at_the_clock()
        assert (await desk.row())["state"] == "opened"


async def test_a_forgotten_call_ends_by_itself(tmp_path: Path) -> None:
    clock = ManualClock()
    async with a_world(
        tmp_path, Adapters(clock=clock), call_end_after_h=1, session_idle_min=600
    ) as world:
        desk = await a_desk(world)
        clock.move(3599)
        await world.relay.calls.look_at_the_clock()
        assert (await desk.row())["state"] == "dispatched"
        clock.move(2)
        await world.relay.calls.look_at_the_clock()
        assert (await desk.row())["state"] == "ended"


async def test_a_revoked_link_cuts_the_phone_off(world: World) -> None:
    desk, phone = await a_desk(world), a_phone(world)
    url = (await desk.invite())["url"]
    await phone.open(url)
    assert (await phone.whip()).status_code == 201
    await desk.post("revoke", status=200)
    assert world.plane.publishers == {}
    assert (await phone.whip()).status_code == 410
    assert (await phone.ask("GET", "/live/api/state")).status_code == 410
    assert (await phone.open(url)).status_code == 410
    assert (await desk.row())["state"] == "dispatched"


async def test_a_new_link_ends_the_old_one(world: World) -> None:
    desk, phone, newer = await a_desk(world), a_phone(world), a_phone(world)
    old = (await desk.invite())["url"]
    new = (await desk.invite())["url"]
    assert old != new
    assert (await phone.open(old)).status_code == 410
    assert (await newer.open(new)).status_code == 200


async def test_guessing_links_is_slowed_down(world: World) -> None:
    phone = a_phone(world)
    guesses = [await phone.open(f"/live#{uuid4()}") for _ in range(21)]
    assert [g.status_code for g in guesses] == [410] * 20 + [429]


async def test_the_token_is_kept_only_as_a_hash(world: World, tmp_path: Path) -> None:
    desk, phone = await a_desk(world), a_phone(world)
    url = (await desk.invite())["url"]
    await phone.open(url)
    token = url.split("#")[1]
    await asyncio.sleep(0.05)
    for file in tmp_path.rglob("*"):
        if file.is_file():
            data = file.read_bytes()
            assert token.encode() not in data, file
            assert phone.cookie.encode() not in data, file


async def test_a_whip_client_brings_the_token_itself(world: World) -> None:
    desk = await a_desk(world)
    token = (await desk.invite())["url"].split("#")[1]
    bearer = {**SDP, "Authorization": f"Bearer {token}"}
    http = a_phone(world).http
    made = await http.post("/live/whip", content="v=0", headers=bearer)
    assert made.status_code == 201
    path = made.headers["location"]
    assert (await a_phone(world).open(f"/live#{token}")).status_code == 409
    trickle = {**ICE, "Authorization": f"Bearer {token}"}
    assert (await http.patch(path, content="a=end", headers=trickle)).status_code == 204
    restart = await http.patch(path, content="a=ice-ufrag:x", headers=trickle)
    assert (restart.status_code, restart.text) == (200, "a=ice-ufrag:new")
    assert (await http.delete(path, headers=bearer)).status_code == 200
    assert (await http.delete(path, headers=bearer)).status_code == 404
    no = await http.post("/live/whip", content="v=0", headers=SDP)
    assert no.status_code == 403


async def test_the_callers_feed_says_changes_and_the_end(world: World) -> None:
    desk, phone = await a_desk(world), a_phone(world)
    await phone.open((await desk.invite())["url"])
    async with connect(
        f"ws://127.0.0.1:{world.port}/live/feed",
        subprotocols=["kyumei.caller.v1"],  # type: ignore[list-item]
        additional_headers={"Cookie": f"{CALLER_COOKIE}={phone.cookie}"},
        origin=f"http://127.0.0.1:{world.port}",  # type: ignore[arg-type]
    ) as socket:
        assert json.loads(await socket.recv())["state"]["guidance"] is None
        await desk.post("guidance", {"topic": "cpr-adult"}, 200)
        assert json.loads(await socket.recv())["state"]["guidance"] == "cpr-adult"
        await desk.post("guidance", {"topic": "dance"}, 422)
        await desk.post("end", status=200)
        assert json.loads(await socket.recv())["state"]["ended"] is True
        with pytest.raises(ConnectionClosed):
            await asyncio.wait_for(socket.recv(), 2)


# who may look


async def test_a_hospital_sees_a_shared_call_without_number_until_it_is_taken_back(
    world: World,
) -> None:
    desk = await a_desk(world)
    async with await world.http("sato") as sato, world.page("sato") as page:
        await page.until(lambda m: m["kind"] == "welcome")
        path = f"/api/calls/{desk.call}"
        assert (await sato.get(path)).status_code == 404
        assert (await sato.get("/api/calls")).json() == {"calls": []}
        row = await desk.post("shares", {"kind": "hospital", "target": "chuo"}, 201)
        told = await page.until(lambda m: m["kind"] == "call")
        assert (told["call"]["number"], told["call"]["address"]) == (None, None)
        assert told["call"]["complaint"] == "胸が痛い"
        assert len((await sato.get("/api/calls")).json()["calls"]) == 1
        made = await sato.post(f"{path}/whep", content="v=0", headers=SDP)
        assert made.status_code == 201
        mine = await desk.http.post(f"{path}/whep", content="v=0", headers=SDP)
        assert len(world.plane.viewers) == 2
        share = row["shares"][0]["id"]
        answer = await desk.http.delete(f"{path}/shares/{share}")
        assert answer.json()["shares"] == []
        await page.until(lambda m: m["kind"] == "call-gone" and m["call"] == desk.call)
        assert [name for _, name in world.plane.viewers.values()] == ["kato"]
        assert (await sato.get(path)).status_code == 404
        assert (await sato.delete(made.headers["location"])).status_code == 404
        assert (await desk.http.delete(mine.headers["location"])).status_code == 200
        assert (await desk.http.delete(f"{path}/shares/{share}")).status_code == 404


async def test_nobody_ends_anothers_connection(world: World) -> None:
    desk = await a_desk(world)
    await desk.post("shares", {"kind": "hospital", "target": "chuo"}, 201)
    path = f"/api/calls/{desk.call}/whep"
    async with await world.http("sato") as sato:
        mine = await desk.http.post(path, content="v=0", headers=SDP)
        assert (await sato.delete(mine.headers["location"])).status_code == 404
        assert (
            await sato.patch(mine.headers["location"], content="x", headers=ICE)
        ).status_code == 404
    assert len(world.plane.viewers) == 1


async def test_a_shared_tablet_watches_by_its_token(world: World) -> None:
    desk = await a_desk(world)
    headers = {"Authorization": f"Bearer {world.tokens['救急1']}"}
    http = a_phone(world).http
    assert (await http.get("/api/calls", headers=headers)).json() == {"calls": []}
    await desk.post("shares", {"kind": "unit", "target": "救急1"}, 201)
    await desk.post("shares", {"kind": "unit", "target": "nobody"}, 422)
    await desk.post("shares", {"kind": "hospital", "target": "nobody"}, 422)
    await desk.post("shares", {"kind": "command", "target": "kato"}, 422)
    assert len((await http.get("/api/calls", headers=headers)).json()["calls"]) == 1
    made = await http.post(
        f"/api/calls/{desk.call}/whep", content="v=0", headers={**headers, **SDP}
    )
    assert made.status_code == 201
    other = {"Authorization": f"Bearer {world.tokens['救急2']}"}
    assert (await http.get(f"/api/calls/{desk.call}", headers=other)).status_code == 404
    assert (await http.get("/api/incidents", headers=headers)).status_code == 401


async def test_signing_out_ends_the_picture(world: World) -> None:
    desk = await a_desk(world)
    made = await desk.http.post(f"/api/calls/{desk.call}/whep", content="v=0", headers=SDP)
    assert made.status_code == 201
    await desk.http.delete("/api/session")
    for _ in range(100):
        if not world.plane.viewers:
            break
        await asyncio.sleep(0.02)
    assert world.plane.viewers == {}


async def test_a_dispatcher_hears_calls_and_no_ecg(world: World) -> None:
    async with world.page("kato") as page, world.tablet() as tablet:
        await page.until(lambda m: m["kind"] == "welcome")
        spec = tablet.open()
        await tablet.follow(spec.incident)
        await tablet.notice("stream-started")
        await a_desk(world)
        await page.until(lambda m: m["kind"] == "call" and m["call"]["state"] == "dispatched")
        assert {m["kind"] for m in page.texts} == {"welcome", "call"}


# the case


async def test_a_call_joins_the_case_its_ambulance_opens_and_no_earlier_one(
    tmp_path: Path,
) -> None:
    clock = ManualClock()
    async with a_world(tmp_path, Adapters(clock=clock)) as world, world.tablet() as tablet:
        earlier = tablet.open()
        await tablet.follow(earlier.incident)
        await tablet.notice("stream-started")
        clock.move(300)
        desk = await a_desk(world)
        assert (await desk.row())["incident"] is None
        spec = tablet.open()
        await tablet.follow(spec.incident)
        row = await desk.until(incident=str(spec.incident))
        assert row["unit"] == "救急1"
        await desk.post("guidance", {"topic": "aed"}, 200)
        async with world.relay.records.read() as records:
            stages = [e.stage.value for e in await records.timeline(spec.incident)]
            assert await records.timeline(earlier.incident)
            texts = str([e.data for e in await records.timeline(spec.incident)])
        called = [s for s in stages if s.startswith("call-")]
        assert called == ["call-taken", "call-dispatched", "call-guidance"]
        assert "090" not in texts
        assert "中央町" not in texts


# pictures and position


async def test_pictures_are_made_anew_without_metadata(world: World) -> None:
    desk, phone = await a_desk(world), a_phone(world)
    await phone.open((await desk.invite())["url"])
    data = a_jpeg((1200, 300), exif=True, orientation=6)
    assert b"SecretCamera" in data
    assert b"SecretComment" in data
    still = (await phone.ask("POST", "/live/api/stills", content=data)).json()["still"]
    row = await desk.row()
    assert (row["state"], row["hint"], row["stills"][0]["by"]) == ("frozen", "stills", "caller")
    answer = await desk.http.get(f"/api/calls/{desk.call}/stills/{still}")
    assert answer.headers["content-type"] == "image/jpeg"
    assert b"Secret" not in answer.content
    with Image.open(io.BytesIO(answer.content)) as image:
        assert image.size == (300, 1200)
        assert dict(image.getexif()) == {}
        top, bottom = np.asarray(image)[100].mean(0), np.asarray(image)[1100].mean(0)
    assert top[0] > 200
    assert bottom[0] < 50
    other = await a_desk(world)
    foreign = await desk.http.get(f"/api/calls/{other.call}/stills/{still}")
    assert foreign.status_code == 404


async def test_size_limits_and_broken_pictures(world: World) -> None:
    desk, phone = await a_desk(world), a_phone(world)
    await phone.open((await desk.invite())["url"])
    good = a_jpeg((800, 600), noise=1)
    assert len(good) > 204_800
    for status, data in (
        (413, good), (422, b""), (422, b"not a picture"), (422, a_jpeg()[:200]),
        (422, b"GIF89a" + b"\0" * 50),
    ):  # fmt: skip
        answer = await phone.ask("POST", "/live/api/stills", content=data)
        assert answer.status_code == status, answer.text
    assert (await desk.row())["stills"] == []
    assert (await phone.ask("POST", "/live/api/stills", content=a_jpeg())).status_code == 201


@pytest.mark.filterwarnings("ignore:::PIL")  # the decoder warns of EXIF it skips
def test_mutilated_pictures_are_refused_in_words() -> None:
    data = a_jpeg((200, 100), exif=True, noise=3)
    rng = np.random.default_rng(5)
    refused = 0
    for _ in range(300):
        broken = bytearray(data)
        for at in rng.integers(0, len(data), 6):
            broken[at] = rng.integers(0, 256)
        try:
            made_anew(bytes(broken))
        except BadInput:
            refused += 1
    assert 0 < refused < 300


def test_a_huge_picture_is_made_smaller_or_refused() -> None:
    with Image.open(io.BytesIO(made_anew(a_jpeg((4000, 3000))))) as image:
        assert max(image.size) == MAX_SIDE
    with pytest.raises(BadInput, match="too many pixels"):
        made_anew(a_jpeg((6000, 5000)))


async def test_the_phones_pictures_do_not_pile_up_and_nothing_stays_after_the_end(
    world: World,
) -> None:
    desk, phone = await a_desk(world), a_phone(world)
    await phone.open((await desk.invite())["url"])
    kept = await desk.http.post(f"/api/calls/{desk.call}/stills", content=a_jpeg())
    assert kept.status_code == 201
    for _ in range(25):
        answer = await phone.ask("POST", "/live/api/stills", content=a_jpeg())
        assert answer.status_code == 201
    by = [s["by"] for s in (await desk.row())["stills"]]
    assert (by.count("caller"), by.count("kato")) == (20, 1)
    ended = await desk.post("end", status=200)
    assert ended["stills"] == []
    async with world.relay.records.read() as records:
        rows = await records.audit_rows()
    (end,) = [row for row in rows if row.action == "call-ended"]
    assert end.data["stills_deleted"] == 21


async def test_stills_stay_where_the_site_keeps_them(tmp_path: Path) -> None:
    async with a_world(tmp_path, call_recording="stills") as world:
        desk = await a_desk(world)
        await desk.http.post(f"/api/calls/{desk.call}/stills", content=a_jpeg())
        ended = await desk.post("end", status=200)
        assert (len(ended["stills"]), ended["recording"]) == (1, "stills")


async def test_a_position_needs_consent(world: World) -> None:
    desk, phone = await a_desk(world), a_phone(world)
    await phone.open((await desk.invite())["url"])
    place = {"lat": 35.7, "lon": 139.7, "accuracy_m": 12.5}
    for body in (place, {**place, "consent": False}, {**place, "consent": True, "lat": 91}):
        assert (await phone.ask("POST", "/live/api/position", json=body)).status_code == 422
    assert (await desk.row())["position"] is None
    agreed = {**place, "consent": True}
    assert (await phone.ask("POST", "/live/api/position", json=agreed)).status_code == 204
    assert {k: v for k, v in (await desk.row())["position"].items() if k != "at_us"} == place


# SDP and reports


@pytest.mark.parametrize(
    ("offer", "status"),
    [
        (b"v=0" + b"a" * 32_765, 201), (b"v=0" + b"a" * 32_766, 422), (b"v=0" + b"a" * 70_000, 413),
        (b"", 422), (b"v=0\xff\xfe", 422), (b"hello", 422),
    ],
)  # fmt: skip
async def test_offers_of_every_size(world: World, offer: bytes, status: int) -> None:
    desk, phone = await a_desk(world), a_phone(world)
    await phone.open((await desk.invite())["url"])
    assert (await phone.whip(offer)).status_code == status
    path = f"/api/calls/{desk.call}/whep"
    assert (await desk.http.post(path, content=offer, headers=SDP)).status_code == status
    wrong = await desk.http.post(path, content="v=0", headers={"Content-Type": "text/plain"})
    assert wrong.status_code == 422
    stats = (await desk.http.get(f"/api/calls/{desk.call}/stats")).json()
    assert (stats["publisher"] is not None) == (status == 201)
    assert "session" not in str(stats)


async def test_hints_for_the_next_sentence(world: World) -> None:
    desk, phone = await a_desk(world), a_phone(world)
    await phone.open((await desk.invite())["url"])
    for step in ("insecure", "no-camera", "busy"):
        assert await phone.report(step) == 204
        assert (await desk.row())["hint"] == step
    assert await phone.report("sing") == 422
    assert await phone.report("allowed", battery_pct=101) == 422
    await phone.report("allowed")
    world.plane.tell(UUID(desk.call), Change.LIVE)
    await desk.until(state="live", hint="")
    for kbps, hint in ((140, "slow"), (180, "slow"), (230, "")):
        await phone.report("video", bitrate_kbps=kbps)
        assert (await desk.row())["hint"] == hint
    await phone.report("left")
    assert (await desk.row())["state"] == "frozen"
    await phone.report("reloaded")
    assert (await desk.row())["hint"] == "reloaded"
    world.plane.tell(UUID(desk.call), Change.LIVE)
    await desk.until(state="live", hint="")


async def test_a_browser_inside_an_app_gives_the_link_back(world: World) -> None:
    desk, app, browser = await a_desk(world), a_phone(world), a_phone(world)
    url = (await desk.invite())["url"]
    await app.open(url)
    assert await app.report("in-app-browser") == 204
    row = await desk.row()
    assert (row["state"], row["hint"]) == ("sent", "in-app-browser")
    assert await app.report("allowed") == 410
    assert (await browser.open(url)).status_code == 200
    row = await desk.row()
    assert (row["state"], row["hint"]) == ("opened", "")


async def test_a_phone_that_floods_is_slowed_down(world: World) -> None:
    desk, phone = await a_desk(world), a_phone(world)
    await phone.open((await desk.invite())["url"])
    statuses = [await phone.report("shown") for _ in range(60)]
    assert statuses[:40] == [204] * 40
    assert 429 in statuses


# SMS


class Hook(BaseHTTPRequestHandler):
    """An SMS hook."""

    status = 200
    got: list[tuple[str | None, Any]] = []  # noqa: RUF012

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        Hook.got.append((self.headers["Authorization"], json.loads(body)))
        self.send_response(Hook.status)
        if Hook.status == 302:
            self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


@pytest.mark.parametrize(("status", "result"), [(202, "sent"), (500, "failed"), (302, "failed")])
async def test_the_sms_hook_is_told_and_its_answer_is_passed_on(
    tmp_path: Path, status: int, result: str
) -> None:
    Hook.status, Hook.got = status, []
    server = HTTPServer(("127.0.0.1", 0), Hook)
    Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/sms"
    try:
        async with a_world(
            tmp_path, sms_hook_url=url, sms_hook_token="hush", public_url="https://live.example.jp"
        ) as world:
            desk = await a_desk(world)
            invited = await desk.invite("sms", language="en")
            assert invited["sms"] == result
            assert invited["url"].startswith("https://live.example.jp/live#")
            assert invited["url"].endswith("~en")
    finally:
        server.shutdown()
        server.server_close()
    ((auth, body),) = Hook.got
    assert auth == "Bearer hush"
    assert body["to"] == "090-1234-5678"
    assert body["text"].endswith(invited["url"])


async def test_a_silent_hook_counts_as_failed(tmp_path: Path) -> None:
    server = await asyncio.start_server(lambda *_: asyncio.sleep(5), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with a_world(
        tmp_path, sms_hook_url=f"http://127.0.0.1:{port}", sms_hook_timeout_s=0.3
    ) as world:
        assert (await (await a_desk(world)).invite("sms"))["sms"] == "failed"
    server.close()


async def test_the_callers_page_alone_may_ask_for_the_camera(world: World) -> None:
    async with await world.http(None) as http:
        policy = (await http.get("/live")).headers["permissions-policy"]
        assert policy == "camera=(self), microphone=(), geolocation=(self)"
        for path in ("/", "/dispatch", "/live/api/state"):
            assert "camera=()" in (await http.get(path)).headers["permissions-policy"]
