"""``kyumei alerts`` beside a relay's data: a trial that arrives, one that says what to do, keys, devices, letters."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest

from relay.model.people import Account, Hospital, Person, Role
from relay.model.ringing import RingDevice, device_id
from relay.records.sqlite import open_sqlite
from tests.contract.other_sides import Hangs, WebhookSide
from tests.relay.world import World, audited

pytestmark = pytest.mark.process


def kyumei(data: Path, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "relay", "alerts", *words, "--data", str(data)],
        capture_output=True, text=True, check=False, env={**os.environ, **env},
    )  # fmt: skip


@pytest.fixture
async def data(tmp_path: Path) -> Path:
    """A folder with one person and one device that rings for them."""
    (tmp_path / "data").mkdir(mode=0o700)
    records = await open_sqlite(tmp_path / "data" / "records.sqlite")
    endpoint = f"https://push.example/{uuid4()}"
    async with records.begin() as tx:
        await tx.people.put_hospital(Hospital("chuo", "中央"))
        await tx.people.put_account(Account(Person("sato", "佐藤", Role.ED, "chuo"), "hash"))
        await tx.ringing.put_device(
            RingDevice(device_id(endpoint), "sato", "Chrome, Android", endpoint, "k", "a", 1)
        )
    await records.close()
    return tmp_path / "data"


async def test_a_trial_arrives_signed_with_the_key_that_is_printed(data: Path) -> None:
    side = WebhookSide()
    way = f"webhook:{side.to}"
    try:
        key = await asyncio.to_thread(kyumei, data, "key", way)
        side.key = key.stdout.strip()
        assert side.key.startswith("whsec_")
        tried = await asyncio.to_thread(kyumei, data, "try", way, "--json")
        assert json.loads(tried.stdout)["sent"] is True, tried.stderr
        assert tried.returncode == 0
        assert "試験です。警報ではありません。" in side.received()[0]
        side.key = "whsec_AAAA"
        wrong = await asyncio.to_thread(kyumei, data, "try", way)
        assert wrong.returncode == 1
        assert "does not accept this relay" in wrong.stdout
    finally:
        side.close()


async def test_a_trial_of_one_that_hangs_ends_and_says_so(data: Path) -> None:
    async with Hangs() as port:
        way = f"webhook:http://127.0.0.1:{port}/"
        tried = await asyncio.to_thread(kyumei, data, "try", way, "--json")
    told = json.loads(tried.stdout)
    assert (tried.returncode, told["sent"], told["cause"]) == (1, False, "way-slow")
    assert "10秒" in told["words_ja"]


async def test_ways_and_devices_are_listed_and_a_device_is_stopped(data: Path) -> None:
    ways = {"KYUMEI_ALERT_CHANNELS": "log-file:/var/log/a.log"}
    listed = json.loads(kyumei(data, "list", "--json", **ways).stdout)
    assert listed[0] == {"channel": "log-file", "to": "/var/log/a.log"}
    assert (listed[1]["who"], listed[1]["device"]) == ("sato", "Chrome, Android")
    assert kyumei(data, "stop", listed[1]["to"]).returncode == 0
    assert json.loads(kyumei(data, "list", "--json").stdout) == []
    again = kyumei(data, "stop", listed[1]["to"])
    assert again.returncode == 1
    assert "rings no more" in again.stderr
    assert json.loads(kyumei(data, "letters", "--json").stdout) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("try", "fax:1"), "There is no alert channel fax"),
        (("try", "mail:nobody"), "one mailbox"),
        (("try", "sms:+8190"), "not set up"),
        (("key", "mail:a@b.example"), "Only a webhook has a key"),
    ],
)
async def test_what_cannot_be_is_said_in_one_sentence(
    data: Path, words: tuple[str, ...], said: str
) -> None:
    done = kyumei(data, *words)
    assert done.returncode in (1, 2)
    assert said in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


async def test_an_administrator_tries_a_way_from_a_page_and_nobody_else(
    world: World, tmp_path: Path
) -> None:
    asked = {"channel": "log-file", "to": str(tmp_path / "a.log")}
    async with await world.http("root") as http, await world.http("sato") as doctor:
        answer = await http.post("/api/ways/try", json=asked)
        assert answer.json() == {"cause": "", "words_ja": "", "words_en": ""}
        assert (await doctor.post("/api/ways/try", json=asked)).status_code == 403
    assert "This is a trial" in (tmp_path / "a.log").read_text("utf-8")
    assert await audited(world, "way-tried") == [{"channel": "log-file"}]
