"""What each role can still do while the relay cannot store: the table of docs/reliability.md, a cell a test.

A full disk with nothing kept back, a full disk with a reserve, a disk that the kernel has made read-only, and a
database that another program holds. One relay for each; the cells run on it in the order they stand here.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
import pytest_asyncio

from relay.auth.tokens import COOKIE
from relay.faults.disks import why_not_stalling
from relay.protocol import messages as m
from relay.records.trouble import cause_of
from relay.wiring.adapters import Adapters
from tests.doses import dose
from tests.held_database import hold
from tests.patience import PATIENCE_S
from tests.relay.call_world import a_desk, a_phone
from tests.relay.kept_folder import a_patient
from tests.relay.test_alerts import alarmed, soon
from tests.relay.test_cli import kyumei
from tests.relay.test_data_folder import session_cookie
from tests.relay.world import ELEVATED, PASSWORD, MovedClock, Page, Tablet, World, a_world

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(os.geteuid() != 0, reason="breaking a disk needs root"),
]
LOCKED_FOR_S = dose(0.0, 60.0)
"""At least; every day as long as what is tried meanwhile takes."""
FULL, RESERVE, READ_ONLY, LOCKED = "full disk", "full disk, reserve", "read-only", "locked"
SITUATIONS = (FULL, RESERVE, READ_ONLY, LOCKED)
DISK_MB = 24
CAUSES = {
    FULL: {"store-full"},
    RESERVE: {"ecg-not-stored"},
    READ_ONLY: {"store-failing", "store-read-only"},
    LOCKED: {"store-locked"},
}


@contextmanager
def small_disk(folder: Path, situation: str) -> Iterator[Path]:
    """A disk that can be broken; an ext4 of its own where the kernel is to make it read-only."""
    disk = folder / "disk"
    disk.mkdir()
    if situation != READ_ONLY:
        size = f"size={DISK_MB}m"
        subprocess.run(["mount", "-t", "tmpfs", "-o", size, "kyumei", str(disk)], check=True)
        device = ""
    else:
        image = folder / "image"
        with image.open("wb") as file:
            file.truncate(DISK_MB * 2**20)
        subprocess.run(["mkfs.ext4", "-q", "-F", str(image)], check=True)
        found = subprocess.run(
            ["losetup", "-f", "--show", str(image)], check=True, capture_output=True, text=True
        )
        device = found.stdout.strip()
        subprocess.run(["mount", "-o", "errors=remount-ro", device, str(disk)], check=True)
        (folder / "device").write_text(device)
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)
        if device:
            subprocess.run(["losetup", "-d", device], check=False)


@dataclass
class Broken:
    """A relay that cannot store, and the people who were there before."""

    situation: str
    world: World
    disk: Path
    tablet: Tablet
    page: Page
    spec: m.OpenStream
    clock: MovedClock
    told: Path
    """Where alarms are told beside the pages, on another disk."""
    holder: sqlite3.Connection | None = None
    notes: dict[str, Any] = field(default_factory=dict)
    frames: int = 0
    held_since_s: float = 0.0

    @property
    def base(self) -> str:
        return f"/api/incidents/{self.spec.incident}"

    async def doctor(self) -> httpx2.AsyncClient:
        return await self.world.http("sato")

    async def begin(self) -> None:
        data = self.disk / "data"
        if self.situation in {FULL, RESERVE}:
            self.fill()
        elif self.situation == READ_ONLY:
            device = Path((self.disk.parent / "device").read_text()).name
            Path(f"/sys/fs/ext4/{device}/trigger_fs_error").write_text("on purpose\n")
        else:
            self.holder = await hold(data / "records.sqlite")
            self.held_since_s = time.monotonic()

    def fill(self) -> None:
        with (self.disk / "ballast").open("ab", buffering=0) as file:
            for size in (2**20, 2**12, 1):
                with suppress(OSError):
                    while True:
                        file.write(b"\0" * size)

    async def has_lasted(self) -> None:
        """As long as this dose wants it."""
        while self.holder and time.monotonic() < self.held_since_s + LOCKED_FOR_S:
            assert await tells(self) == CAUSES[self.situation]  # and the page is read meanwhile
            await asyncio.sleep(1)

    def heal(self) -> None:
        if self.holder is not None:
            self.holder.rollback()
            self.holder.close()
        elif self.situation in {FULL, RESERVE}:
            (self.disk / "ballast").unlink()

    async def record(self, n: int, level: int = ELEVATED) -> None:
        await self.tablet.record(self.spec.stream, range(self.frames, self.frames + n), level)
        self.frames += n


async def until(ready: Callable[[], Awaitable[Any]], within_s: float = PATIENCE_S) -> Any:
    async with asyncio.timeout(within_s):
        while not (found := await ready()):
            await asyncio.sleep(0.1)
    return found


async def readiness(world: World) -> httpx2.Response:
    async with await world.http(None) as http:
        return await http.get("/readyz")


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=SITUATIONS)
async def broken(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Broken]:
    situation = str(request.param)
    if situation == READ_ONLY and (why := why_not_stalling()):
        pytest.skip(why)
    if situation == READ_ONLY and not os.access("/sys/fs/ext4", os.W_OK):
        pytest.skip("the kernel's own switch for a broken ext4 (/sys/fs/ext4) is not ours to use")
    async with AsyncExitStack() as stack:
        disk = stack.enter_context(small_disk(tmp_path_factory.mktemp("small"), situation))
        clock, told = MovedClock(), tmp_path_factory.mktemp("told") / "alerts.log"
        world = await stack.enter_async_context(
            a_world(
                disk / "data",
                Adapters(clock=clock),
                reserve_mb=2 if situation == RESERVE else 0,
                session_idle_min=30.0,
                alert_channels=f"log-file:{told}",
            )
        )
        tablet = await stack.enter_async_context(world.tablet())
        earlier = await stack.enter_async_context(world.tablet())
        await a_patient(world, earlier)
        for user in ("sato", "ito", "kato"):
            await world.cookie(user)
        spec = tablet.open()
        made = Broken(
            situation, world, disk, tablet,
            await stack.enter_async_context(world.page("sato")), spec, clock, told,
        )  # fmt: skip
        await tablet.follow(spec.incident)
        await made.record(44, level=0)
        await tablet.stored(spec.stream)
        made.notes["snapshot"] = await tablet.snapshot(spec, 0, 1000)
        await tablet.notice("screened")
        made.notes["ringing"] = (await alarmed(world, earlier))[0].incident
        await soon(world, "alert-sent", 1)  # nothing is being written when it begins
        await tablet.settled()
        desk = await a_desk(world, unit="救急2")
        made.notes["url"] = (await desk.invite())["url"]
        await made.begin()
        yield made
        with suppress(OSError, sqlite3.Error):
            made.heal()


async def tells(broken: Broken) -> set[str]:
    """The causes that the newest beat of the page tells."""
    broken.page.texts.clear()
    beat = await broken.page.until(lambda t: t["kind"] == "beat", PATIENCE_S)
    return {told["cause"] for told in beat["troubles"]}


# the order of the cells is the order of the story


async def test_everybody_is_told(broken: Broken) -> None:
    await broken.record(1, level=0)

    async def said() -> bool:
        return bool(CAUSES[broken.situation] & await tells(broken))

    await until(said)
    ready = await readiness(broken.world)
    assert ready.status_code == 503
    assert ready.json()["faults"]


async def test_a_doctor_reads_every_case(broken: Broken) -> None:
    async with await broken.doctor() as http:
        rows = (await http.get("/api/incidents")).json()["incidents"]
        assert len(rows) == 3
        detail = await http.get(broken.base)
        assert detail.status_code == 200
        assert detail.json()["timeline"]
        shot = broken.notes["snapshot"]
        assert (await http.get(f"/api/snapshots/{shot}")).status_code == 200
        samples = await http.get(f"/api/snapshots/{shot}/samples")
        assert (samples.status_code, len(samples.content)) == (200, 1000 * 8 * 2)


async def test_an_alarm_that_rang_before_rings_on(broken: Broken) -> None:
    async with await broken.doctor() as http:
        rows = (await http.get("/api/incidents")).json()["incidents"]
    (ringing,) = [row for row in rows if row["id"] == str(broken.notes["ringing"])]
    assert ringing["call"]["level"] == "high"


async def test_a_doctor_signs_in_and_out(broken: Broken) -> None:
    async with await broken.world.http(None) as http:
        told = {"name": "ito", "password": PASSWORD}
        made = await http.post("/api/session", json=told)
        assert made.status_code == 200, made.text
        http.headers["Cookie"] = f"{COOKIE}={made.cookies.get(COOKIE) or _cookie(made)}"
        assert (await http.get("/api/incidents")).status_code == 200
        assert (await http.delete("/api/session")).status_code == 204
        assert (await http.get("/api/incidents")).status_code == 401
        wrong = await http.post("/api/session", json={**told, "password": "not the right one"})
        assert wrong.status_code == 401
        again = await http.post("/api/session", json=told)
        assert again.status_code == 200
        broken.notes["signed in"] = _cookie(again)


def _cookie(answer: httpx2.Response) -> str:
    return session_cookie(answer).split("=", 1)[1]


async def test_a_look_counts_at_once(broken: Broken) -> None:
    async with await broken.doctor() as http:
        shot = str(broken.notes["snapshot"])
        opened = await http.post(f"{broken.base}/opened", json={"snapshot": shot})
        assert opened.status_code == 200
        row = (await http.get(broken.base)).json()
        assert row["receipts"]["opened_by"] == "Dr sato"


async def test_an_order_is_stored_or_refused_in_words(broken: Broken) -> None:
    """Refused, it stays on the doctor's page (ADR 0077) and goes when it can."""
    act = broken.notes["act"] = str(uuid4())
    told = {"decision": "stemi-cath", "text": "", "snapshot": str(broken.notes["snapshot"])}
    async with await broken.doctor() as http:
        done = await http.post(f"{broken.base}/decisions", json={**told, "act": act})
        note = await http.post(f"{broken.base}/notes", json={"text": "聞こえますか"})
    assert note.status_code == done.status_code
    if broken.situation == RESERVE:
        assert done.status_code == 201
        return
    assert done.status_code == 503
    assert done.json()["cause"] in CAUSES[broken.situation]
    assert done.json()["words_ja"]
    broken.notes["decision"] = told


async def test_a_dispatcher_sees_the_calls_and_a_new_one_is_stored_or_refused(
    broken: Broken,
) -> None:
    async with await broken.world.http("kato") as http:
        assert (await http.get("/api/calls")).status_code == 200
        told = {"number": "0901", "address": "", "complaint": "", "act": str(uuid4())}
        taken = await http.post("/api/calls", json=told)
    if broken.situation == RESERVE:
        assert taken.status_code == 201
    else:
        assert taken.status_code == 503
        assert taken.json()["cause"] in CAUSES[broken.situation]


async def test_a_callers_link_opens_or_is_refused_in_words(broken: Broken) -> None:
    phone = a_phone(broken.world)
    opened = await phone.open(broken.notes["url"])
    await phone.http.aclose()
    if broken.situation == RESERVE:
        assert opened.status_code == 200
    else:
        assert (opened.status_code, bool(opened.json()["words_ja"])) == (503, True)


async def test_a_crews_ecg_is_acknowledged_only_where_it_is_stored(broken: Broken) -> None:
    before = broken.frames
    await broken.record(4)
    if broken.situation == LOCKED:  # the ECG log is another store, and works
        await broken.page.say(
            {"kind": "watch", "stream": str(broken.spec.stream), "look_back_s": 2}
        )
        await broken.tablet.stored(broken.spec.stream)
        assert await broken.page.until_frames(4, PATIENCE_S)
        return
    await broken.tablet.until(lambda: broken.tablet.close_code is not None, PATIENCE_S)
    assert broken.tablet.link.unstored(broken.spec.stream) >= broken.frames - before


async def test_an_alarm_rings_from_memory(broken: Broken) -> None:
    """Where ECG still comes in: tier A that holds for ten seconds rings, though no alert can be stored."""
    if broken.situation != LOCKED:
        pytest.skip("no ECG comes in, so nothing new can ring; what rang goes on, by the next test")
    for _ in range(60):
        await broken.record(8)
        await broken.tablet.stored(broken.spec.stream)
        with suppress(TimeoutError):
            rang = await broken.page.until(_rings, 0.5)
            break
    else:
        raise AssertionError("it did not ring")
    broken.notes["alert"] = rang["incident"]["alert"]["id"]
    await broken.page.say({"kind": "delivered", "alert": broken.notes["alert"]})

    async def told() -> bool:
        return broken.notes["alert"] in broken.told.read_text("utf-8")

    await until(told)  # outside the pages too, while nothing can be stored
    async with broken.world.relay.records.read() as records:
        assert await records.alerts.open_alert(broken.spec.incident) is None


def _rings(text: dict[str, Any]) -> bool:
    if text["kind"] != "incident" or text["incident"]["alert"] is None:
        return False
    return text["incident"]["call"] is not None and text["incident"]["call"]["level"] == "high"


async def test_an_administrator_reads_and_is_told_that_nothing_can_be_changed(
    broken: Broken,
) -> None:
    data = broken.disk / "data"
    listed = await asyncio.to_thread(kyumei, "users", "list", data=data)
    assert listed.returncode == 0, listed.stderr
    whole = await asyncio.to_thread(kyumei, "verify", "--deep", data=data)
    assert whole.returncode == 0, whole.stdout
    if broken.situation == RESERVE:
        return
    told = await asyncio.to_thread(kyumei, "hospitals", "add", "neu", data=data)
    assert told.returncode == 1
    assert len(told.stderr.strip().splitlines()) == 1, told.stderr


async def test_nobody_waits_behind_a_database_that_does_not_answer(broken: Broken) -> None:
    """A hundred writes at once: one finds out, the others are told."""
    async with await broken.doctor() as http:
        opened = {"snapshot": None}
        many = [http.post(f"{broken.base}/opened", json=opened) for _ in range(50)]
        many += [http.get("/api/session") for _ in range(50)]
        async with asyncio.timeout(PATIENCE_S):
            answers = await asyncio.gather(*many)
    assert {a.status_code for a in answers} == {200}


async def test_a_session_that_is_used_does_not_rest(broken: Broken) -> None:
    """Its touches wait for the database and count at once."""
    async with (
        await broken.doctor() as doctor,
        await broken.world.http("ito") as idle,
        broken.world.page("sato") as page,
    ):
        for n in range(5):
            broken.clock.moved_s += 600
            await page.say({"kind": "console", "armed": False, "input": True})
            await page.say({"kind": "ping", "page_us": n})
            await page.until(lambda t, n=n: t["kind"] == "pong" and t["page_us"] == n)
            assert (await doctor.get("/api/session")).status_code == 200
        assert (await idle.get("/api/session")).json()["code"] == "session-rests"
        again = await idle.post("/api/session/wake", json={"password": PASSWORD})
        assert again.status_code == 200
        assert (await idle.get("/api/session")).status_code == 200


async def test_it_heals_by_itself_and_nothing_is_lost(broken: Broken) -> None:
    if broken.situation == READ_ONLY:
        pytest.skip("a disk that the kernel took away comes back with a restart: the next test")
    await broken.has_lasted()
    broken.heal()

    async def green() -> bool:
        return (await readiness(broken.world)).status_code == 200

    await until(green)  # nobody wrote anything meanwhile
    late = broken.world.relay.pages.parts.people._late

    async def written() -> bool:
        return late.waiting == 0

    await until(written)

    async def quiet() -> bool:
        return await tells(broken) == set()

    await until(quiet)
    async with broken.world.relay.records.read() as records:
        rows = await records.evidence.audit_rows(0, 100_000)
        sessions = await records.people.sessions([_hash(broken, broken.notes["signed in"])])
    if broken.situation != RESERVE:
        happened = [r.action for r in rows if "happened_at_us" in r.data]
        assert {"samples-read", "trace-opened", "sign-in-not-signed-in"} <= set(happened)
    assert len(sessions) == 1
    async with await broken.doctor() as http:
        if "decision" in broken.notes:  # what the page's outbox does by itself
            order = {**broken.notes["decision"], "act": broken.notes["act"]}
            sent = await http.post(f"{broken.base}/decisions", json=order)
            assert sent.status_code in {201, 409}, sent.text
        row = (await http.get(broken.base)).json()
        assert any(opened["who"] == "Dr sato" for opened in row["opened_by"])
    if broken.tablet.close_code is not None:
        broken.tablet.link.closed()
        await broken.tablet.dial()
    if "alert" in broken.notes:
        async with broken.world.relay.records.read() as records:
            kept = await records.alerts.alert(UUID(broken.notes["alert"]))
        assert kept is not None
        notice = await broken.tablet.notice("delivered", PATIENCE_S)
        assert notice.who == "Dr sato"
        assert broken.told.read_text("utf-8").count(broken.notes["alert"]) == 1
    await broken.tablet.stored(broken.spec.stream)


def _hash(broken: Broken, cookie: str) -> str:
    return broken.world.relay.people.people._tokens.hash_of(cookie)


async def test_what_was_kept_is_whole_afterwards(broken: Broken, tmp_path: Path) -> None:
    """Also on a disk that was taken away: a copy of it serves on another, and the doctor is still signed in."""
    data = broken.disk / "data"
    if broken.situation == READ_ONLY:
        data = tmp_path / "data"
        shutil.copytree(broken.disk / "data", data)
        async with a_world(data) as world:
            world.cookies.update(broken.world.cookies)
            async with await world.http("sato") as http:
                assert (await http.get(broken.base)).status_code == 200
    done = await asyncio.to_thread(kyumei, "verify", "--deep", data=data)
    assert done.returncode == 0, done.stdout


@pytest.mark.asyncio(loop_scope="function")
@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("database or disk is full", "store-full"),
        ("No space left on device", "store-full"),
        ("Disk quota exceeded", "store-full"),
        ("attempt to write a readonly database", "store-read-only"),
        ("Read-only file system", "store-read-only"),
        ("database is locked", "store-locked"),
        ("disk I/O error", "store-failing"),
        ("UNIQUE constraint failed: x", None),
    ],
)
async def test_what_a_store_says_is_told_apart(text: str, cause: str | None) -> None:
    assert cause_of(text) == cause
