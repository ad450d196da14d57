"""What the relay can tell apart it tells: on the screen of who can act, and in the log with the same id."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner

from relay.cli import whole
from relay.errors import Unavailable
from relay.model.people import Role
from relay.records.sqlite import open_sqlite
from relay.web.refusals import Refusals
from tests.relay.world import PASSWORD, World


@pytest.fixture
def lines() -> Iterator[list[dict]]:
    with capture_logs() as found:
        yield found


def events(lines: list[dict]) -> list[str]:
    return [line["event"] for line in lines]


async def test_behind_a_proxy_that_renames_the_relay_signing_in_says_what_to_set(
    world: World, lines: list[dict]
) -> None:
    """Before: signing in worked, and the feed got 403 for ever behind "reconnecting"."""
    async with await world.http(None) as http:
        body = {"name": "sato", "password": PASSWORD}
        behind = {"Origin": "https://relay.example.jp"}  # the proxy sends Host: 127.0.0.1
        answer = await http.post("/api/session", json=body, headers=behind)
        assert answer.status_code == 403
        said = answer.json()
        assert said["cause"] == "page-other-origin"
        for words in (said["words_ja"], said["words_en"]):
            assert "KYUMEI_ORIGINS" in words
            assert "https://relay.example.jp" in words
        assert "page-other-origin" in events(lines)
        own = {"Origin": f"http://127.0.0.1:{world.port}"}
        assert (await http.post("/api/session", json=body, headers=own)).status_code == 200


async def test_refused_sign_ins_links_and_tokens_stand_in_the_log(
    world: World, lines: list[dict], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("relay.web.session.refusals", Refusals())
    monkeypatch.setattr("relay.web.link.refusals", Refusals())
    async with await world.http(None) as http:
        for _ in range(4):
            await http.post("/api/session", json={"name": "sato", "password": "wrong"})
    refused = [line for line in lines if line["event"].startswith("sign-in-refused")]
    assert [line["event"] for line in refused] == ["sign-in-refused-not-signed-in"]  # one, not four
    assert refused[0]["address"]
    assert "sato" not in str(refused)  # no names in the log
    async with world.tablet(token="nobody-knows-me") as tablet:
        await tablet.was_closed()
    assert "link-token-refused" in events(lines)
    async with world.tablet() as tablet:
        await tablet.until(lambda: "link-opened" in events(lines))
    await tablet.until(lambda: "link-closed" in events(lines))
    closed = next(line for line in lines if line["event"] == "link-closed")
    assert closed["unit"] == "救急1"
    assert closed["lasted_s"] >= 0


def test_many_refusals_are_one_line_a_minute_with_their_number() -> None:
    class Log:
        def __init__(self) -> None:
            self.said: list[tuple[str, dict]] = []

        def warning(self, event: str, **more: object) -> None:
            self.said.append((event, more))

    log, refusals = Log(), Refusals()
    for k in range(342):
        refusals.note(log, "sign-in-refused", "10.0.0.1", now_s=k / 10)
    refusals.note(log, "sign-in-refused", "10.0.0.2", now_s=34.3)
    refusals.note(log, "sign-in-refused", "10.0.0.1", now_s=61.0)
    assert [(more["address"], more["times"]) for _, more in log.said] == [
        ("10.0.0.1", 1), ("10.0.0.2", 1), ("10.0.0.1", 342),
    ]  # fmt: skip


async def test_a_hospital_without_a_reader_is_said_to_the_crew_and_in_the_log(
    world: World, lines: list[dict]
) -> None:
    async def readers() -> int | None:
        async with world.tablet() as tablet:
            spec = tablet.open()
            await tablet.event(spec.incident, _card())
            await tablet.settled()
            await tablet.follow(spec.incident)
            told = await tablet.until(lambda: [n for n in tablet.heard if hasattr(n, "readers")])
            return told[0].readers

    assert (await readers() or 0) > 0
    assert "nobody-can-read" not in events(lines)
    for account in await world.relay.people.people.accounts():
        if account.person.role is Role.CARDIOLOGIST:
            await world.relay.people.people.disable(account.person.name, "test")
    assert await readers() == 0
    line = next(line for line in lines if line["event"] == "nobody-can-read")
    assert line["unit"] == "救急1"


def _card():
    from relay.protocol import messages as m

    return m.PatientCard(rev=1)


def test_an_administrator_is_told_at_the_tablet_and_by_the_doctor(tmp_path: Path) -> None:
    def run(*args: str, stdin: str = ""):
        return CliRunner().invoke(whole(), [*args, "--data", str(tmp_path)], input=stdin)

    assert run("migrate").exit_code == 0
    assert run("hospitals", "add", "chuo").exit_code == 0
    added = run("devices", "add", "救急1", "--hospital", "chuo")
    assert added.exit_code == 0
    assert "\n" not in added.stdout.strip()  # the token alone
    assert "kyumei users add" in added.stderr
    doctor = run("doctor")
    assert doctor.exit_code == 1
    assert "BAD readers: 救急1" in doctor.stdout
    made = run(
        "users", "add", "sato", "--role", "cardiologist", "--hospital", "chuo", "--password-stdin",
        stdin="a long enough password\n",
    )  # fmt: skip
    assert made.exit_code == 0, made.output
    assert "ok  readers" in run("doctor").stdout
    told = run("devices", "add", "救急2", "--hospital", "chuo").stderr
    assert "kyumei users add" not in told


@pytest.mark.parametrize(
    ("damage", "cause"), [("middle", "database-damaged"), ("head", "database-not-one")]
)
async def test_a_damaged_database_says_what_to_do(
    tmp_path: Path, lines: list[dict], damage: str, cause: str
) -> None:
    """Before: "look at the relay's log", which was empty."""
    file = tmp_path / "records.sqlite"
    await (await open_sqlite(file)).close()
    with sqlite3.connect(file) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    data = bytearray(file.read_bytes())
    if damage == "head":
        data[:4096] = b"\x00garbage" * 512
    else:
        data[100:] = b"\xff" * (len(data) - 100)
    file.write_bytes(bytes(data))
    with pytest.raises(Unavailable) as caught:
        await open_sqlite(file)
    assert caught.value.cause == cause
    assert "records.sqlite" in str(caught.value)
    assert str(tmp_path) not in str(caught.value)
    assert cause in events(lines)
