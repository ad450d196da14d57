"""Passwords: what is taken, what is refused and why, and changing one's own."""

from __future__ import annotations

import asyncio
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.auth.strength import MIN_LENGTH, bits_of, check_password, new_passphrase
from relay.demo.provision import drill_password
from relay.errors import BadInput
from tests.patience import PATIENCE_S
from tests.relay.call_world import SDP, a_desk
from tests.relay.test_cli import kyumei
from tests.relay.world import PASSWORD, World, audited

ABOUT = ("福島救命センター", "sato", "佐藤 循環器", "chuo", "中央病院")
NEW = "three quiet herons over the weir"


@pytest.mark.parametrize(
    "bad",
    [
        "1234567890", " " * 10, "short one",
    ],
)  # fmt: skip
def test_what_is_short_is_refused_in_words(bad: str) -> None:
    with pytest.raises(BadInput) as refused:
        check_password(bad)
    assert refused.value.cause == "password-short"


@pytest.mark.parametrize(
    "bad",
    [
        " " * 13, "1234567890123", "0987654321098", "aaaaaaaaaaaaaaaa", "abcabcabcabcabc", "passwordpassword",
        "Password12345!", "P@ssw0rd!P@ssw0rd", "qwertyuiopasdfgh", "1qaz2wsx3edc4rfv", "zaq12wsxcde34rfv",
        "sakura20261130", "sakura-sakura-1", "Hospital2026!!!", "iloveyou-forever", "letmein-welcome1",
        "さくらさくらさくらさくらさくら", "パスワードパスワード123", "あいうえおかきくけこさしす", "119119119119119", "ｐａｓｓｗｏｒｄ１２３４５",
        "福島救命センター2026", "sato-chuo-sato-1", "佐藤循環器佐藤循環器1234", "中央病院2026年11月", "kyumei-relay-119",
    ],
)  # fmt: skip
def test_what_everybody_tries_first_is_refused_however_long(bad: str) -> None:
    assert len(bad) >= MIN_LENGTH or bad.startswith(("福島", "中央", "パス", "佐藤"))
    long_enough = bad if len(bad) >= MIN_LENGTH else bad + " " * (MIN_LENGTH - len(bad))
    with pytest.raises(BadInput) as refused:
        check_password(long_enough, ABOUT)
    assert refused.value.cause == "password-guessable"


@pytest.mark.parametrize(
    "good",
    [
        PASSWORD, NEW, "another long sentence", "川べりの灯りが三つだけ揺れていた", "drill-3f9a1c77", "Tk9#vLq2!mZp7",
        "kitsune to budou no hanashi", "mizu ga tsumetai asa da ne",
    ],
)  # fmt: skip
def test_a_sentence_of_ones_own_is_taken_in_any_script(good: str) -> None:
    check_password(good, ABOUT)


def test_a_made_passphrase_is_strong_new_and_can_be_read_aloud() -> None:
    made = {new_passphrase() for _ in range(200)}
    assert len(made) == 200
    for phrase in made:
        check_password(phrase, ABOUT)
        assert phrase.isascii()
        assert {len(group) for group in phrase.split("-")} == {8}


@given(st.text(min_size=0, max_size=300), st.lists(st.text(max_size=20), max_size=4))
def test_any_text_is_judged(text: str, about: list[str]) -> None:
    assert 0 <= bits_of(text, about) < 5_000


@given(st.text(alphabet=st.characters(codec="ascii"), max_size=100), st.integers(2, 5))
def test_saying_it_again_makes_no_second_password(text: str, times: int) -> None:
    assert bits_of(text * times) == bits_of(text)


async def test_a_person_changes_their_own_and_their_other_sessions_end(world: World) -> None:
    desk = await a_desk(world)
    await desk.post("shares", {"kind": "hospital", "target": "chuo"}, 201)
    people = world.relay.people.people
    other, _ = await people.sign_in("sato", PASSWORD, "elsewhere")
    async with await world.http("sato") as here, world.page("sato") as page:
        await page.until(lambda t: t["kind"] == "welcome")
        elsewhere = await world.http(None)
        elsewhere.headers["Cookie"] = f"__Host-kyumei={other}"
        seen = await elsewhere.post(f"/api/calls/{desk.call}/whep", content="v=0", headers=SDP)
        session = UUID(seen.headers["location"].rsplit("/", 1)[-1])

        for old, new, cause in (
            ("not the old one", NEW, "password-old-wrong"),
            (PASSWORD, PASSWORD, "password-same"),
            (PASSWORD, "hospital2026!", "password-guessable"),
            (PASSWORD, "short", "password-short"),
        ):
            answer = await here.post("/api/session/password", json={"old": old, "new": new})
            assert (answer.status_code, answer.json()["cause"]) == (422, cause)
            assert answer.json()["words_ja"]
        done = await here.post("/api/session/password", json={"old": PASSWORD, "new": NEW})
        assert done.status_code == 204
        assert (await here.get("/api/session")).status_code == 200  # this one stays
        assert (await elsewhere.get("/api/session")).status_code == 401
        async with asyncio.timeout(PATIENCE_S):
            while session in world.plane.viewers:
                await asyncio.sleep(0.02)
        await page.say({"kind": "ping", "page_us": 7})
        await page.until(lambda t: t["kind"] == "pong" and t["page_us"] == 7)
        await elsewhere.aclose()
        async with asyncio.timeout(PATIENCE_S):
            while world.relay.ground.witness.waiting:
                await asyncio.sleep(0.02)
    assert len(await audited(world, "password-changed")) == 1
    assert [r["times"] for r in await audited(world, "password-bad-input")] == [1]
    with pytest.raises(Exception, match="wrong"):
        await people.sign_in("sato", PASSWORD, "later")
    assert (await people.sign_in("sato", NEW, "later"))[1].name == "sato"


async def test_the_old_password_cannot_be_guessed_through_it(world: World) -> None:
    async with await world.http("sato") as http:
        statuses = [
            (await http.post("/api/session/password", json={"old": f"guess {n}", "new": NEW})).status_code
            for n in range(8)
        ]  # fmt: skip
    assert statuses[:5] == [422] * 5
    assert 429 in statuses[5:]


def test_accounts_are_closed_opened_and_changed_by_commands(tmp_path: Path) -> None:
    def run(*words: str, stdin: str = "", code: int = 0) -> str:
        done = kyumei(*words, data=tmp_path, stdin=stdin)
        assert done.returncode == code, done.stderr
        return done.stdout + done.stderr

    run("migrate")
    for hospital in ("chuo", "daiichi"):
        run("hospitals", "add", hospital)
    made = run("users", "add", "sato", "--role", "ed", "--hospital", "chuo", "--generate")
    phrase = made.rsplit(": ", 1)[1].strip()
    check_password(phrase, ABOUT)
    run("users", "add", "ito", "--role", "ed", "--hospital", "chuo", "--password-stdin", stdin="chuo-chuo-chuo1\n", code=2)  # fmt: skip
    run("users", "disable", "sato")
    again = run("users", "add", "sato", "--role", "ed", "--hospital", "chuo", "--generate", code=1)
    assert "users enable" in again
    run("users", "enable", "sato")
    assert "active" in run("users", "list")
    assert "not closed" in run("users", "enable", "sato", code=1)
    assert "cardiologist of daiichi" in run("users", "change", "sato", "--role", "cardiologist", "--hospital", "daiichi")  # fmt: skip
    run("users", "change", "sato", "--city-wide", code=2)  # a cardiologist belongs to a hospital
    run("users", "change", "sato", "--hospital", "nowhere", code=2)
    run("users", "change", "sato", code=2)
    run("users", "change", "sato", "--role", "king", code=2)
    assert "dispatcher of the whole city" in run("users", "change", "sato", "--role", "dispatcher", "--city-wide")  # fmt: skip


async def test_another_role_or_hospital_ends_the_sessions_and_the_page_says_why(
    world: World, tmp_path: Path
) -> None:
    from relay.services.people.accounts import AccountChange

    async with world.page("sato") as page:
        await page.until(lambda t: t["kind"] == "welcome")
        await world.relay.people.people.change_account(
            "sato", AccountChange(display_name="Dr Sato"), "test"
        )
        assert (await page.closed())[0] == 4003  # another name alone: it comes back with it
    async with world.page("sato") as page:
        welcome = await page.until(lambda t: t["kind"] == "welcome")
        assert welcome["user"]["display_name"] == "Dr Sato"
        await world.relay.people.people.change_account(
            "sato", AccountChange(hospital="daiichi"), "test"
        )
        code, reason = await page.closed()
    assert (code, reason.split(":")[0]) == (4001, "account-changed")


def test_a_drills_password_is_always_taken() -> None:
    """With half its length one demo in seven hundred did not start."""
    for _ in range(3_000):
        check_password(drill_password())
