"""Only ``serve`` and ``migrate`` make or change a database; every other command finds one or refuses."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from relay.protocol import feed, messages
from relay.records.migrate import newest_revision
from tests.patience import PATIENCE_S
from tests.relay.test_cli import Serving, kyumei, one_sentence

DATABASE = "records.sqlite"
READING = (("users", "list"), ("devices", "list"), ("hospitals", "list"), ("audit", "verify"))
WRITING = (
    ("users", "add", "x", "--role", "admin", "--password-stdin"),
    ("users", "password", "x", "--password-stdin"),
    ("users", "disable", "x"),
    ("devices", "add", "救急1", "--hospital", "chuo"),
    ("devices", "revoke", "救急1"),
    ("hospitals", "add", "chuo"),
)
PASSWORD = "a long enough password\n"


def _set(folder: Path, revision: str) -> None:
    with sqlite3.connect(folder / DATABASE) as db:
        db.execute("UPDATE alembic_version SET version_num = ?", (revision,))
    db.close()


def _revision(folder: Path) -> str:
    with sqlite3.connect(folder / DATABASE) as db:
        found = db.execute("SELECT version_num FROM alembic_version").fetchone()[0]
    db.close()
    return str(found)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A relay's data folder with some people."""
    folder = tmp_path_factory.mktemp("made")
    assert kyumei("migrate", data=folder).returncode == 0
    assert kyumei("hospitals", "add", "chuo", data=folder).returncode == 0
    add = ("users", "add", "root", "--role", "admin", "--password-stdin")
    assert kyumei(*add, data=folder, stdin=PASSWORD).returncode == 0
    return folder


@pytest.mark.parametrize("command", [*READING, *WRITING])
def test_a_mistyped_folder_makes_no_relay(tmp_path: Path, command: tuple[str, ...]) -> None:
    wrong = tmp_path / "kyumeii"
    done = kyumei(*command, data=wrong, stdin=PASSWORD)

    one_sentence(done, 1, f"There is no relay in {wrong}")
    assert not wrong.exists()


def test_serve_begins_a_new_relay_only_where_it_is_told_to(tmp_path: Path) -> None:
    wrong = tmp_path / "kyumeii"
    one_sentence(kyumei("serve", "--port", "0", data=wrong), 1, "say --new")
    assert not wrong.exists()
    taken = kyumei("serve", "--port", "0", "--take-over", data=wrong)
    one_sentence(taken, 1, "say --new")
    assert not wrong.exists()


def _ecg(folder: Path) -> None:
    (folder / "ecg").mkdir(parents=True)
    (folder / "ecg" / "0000000001.seg").write_bytes(b"x" * 4096)


def _empty_database(folder: Path) -> None:
    _ecg(folder)
    (folder / DATABASE).touch()


def _anchors_alone(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "audit-anchors").write_text("1 x\n")


@pytest.mark.parametrize("lose", [_ecg, _empty_database, _anchors_alone])
@pytest.mark.parametrize(
    "command", [("serve", "--port", "0"), ("serve", "--new", "--port", "0"), ("migrate",), *READING]
)
def test_what_looks_like_a_lost_database_is_asked_about(
    tmp_path: Path, lose: Callable[[Path], None], command: tuple[str, ...]
) -> None:
    lose(tmp_path)
    before = sorted(p.name for p in tmp_path.rglob("*"))
    one_sentence(kyumei(*command, data=tmp_path), 1, f"The database {DATABASE} in {tmp_path} is")
    assert sorted(p.name for p in tmp_path.rglob("*")) == before


def test_who_says_so_begins_anew_beside_what_is_there(tmp_path: Path) -> None:
    _empty_database(tmp_path)
    assert kyumei("migrate", "--without-database", data=tmp_path).returncode == 0
    assert _revision(tmp_path) == newest_revision()
    assert (tmp_path / "ecg" / "0000000001.seg").stat().st_size == 4096


@pytest.mark.parametrize("command", [*READING, *WRITING])
@pytest.mark.parametrize(("revision", "words"), [("0001", "older version"), ("9999", "newer")])
def test_a_command_never_migrates(
    made: Path, command: tuple[str, ...], revision: str, words: str
) -> None:
    _set(made, revision)
    try:
        one_sentence(kyumei(*command, data=made, stdin=PASSWORD), 1, words)
        assert _revision(made) == revision
    finally:
        _set(made, newest_revision())


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"some text" * 1000, "not a database"), (None, "is no database of a relay")],
)
def test_a_foreign_database_is_refused_and_left_alone(
    tmp_path: Path, content: bytes | None, words: str
) -> None:
    file = tmp_path / DATABASE
    if content is None:
        with sqlite3.connect(file) as db:
            db.execute("CREATE TABLE somebody_elses (x)")
        db.close()
    else:
        file.write_bytes(content)
    before = file.read_bytes()
    for command in (*READING, *WRITING):
        one_sentence(kyumei(*command, data=tmp_path, stdin=PASSWORD), 1, words)
    assert file.read_bytes() == before


@pytest.mark.parametrize("command", READING)
def test_reading_changes_nothing_and_leaves_nothing_behind(
    made: Path, command: tuple[str, ...]
) -> None:
    before = {p: p.read_bytes() for p in made.rglob("*")}
    done = kyumei(*command, data=made)

    assert done.returncode == 0, done.stderr
    assert str(made) in done.stdout + done.stderr
    assert {p: p.read_bytes() for p in made.rglob("*")} == before


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The data folder of a relay that runs, with a page and its connections open to it."""
    from tests.city import free_port

    folder = tmp_path_factory.mktemp("serving")
    assert kyumei("migrate", data=folder).returncode == 0
    assert kyumei("hospitals", "add", "daiichi", data=folder).returncode == 0
    doctor = ("users", "add", "mori", "--role", "cardiologist", "--hospital", "daiichi")
    assert kyumei(*doctor, "--password-stdin", data=folder, stdin=PASSWORD).returncode == 0
    token = kyumei("devices", "add", "救急9", "--hospital", "daiichi", data=folder).stdout.strip()
    with Serving(folder, free_port()) as relay, _page(relay.url) as page, _tablet(relay.url, token):
        yield folder
        now_us = time.time_ns() // 1000
        while json.loads(page.recv(timeout=PATIENCE_S)).get("server_us", 0) < now_us:
            pass  # what came before the commands, until a beat from after them


def session_cookie(answer: httpx2.Response) -> str:
    """The session's cookie of a sign-in, as ``name=value``; not the mark of a known browser."""
    given = [c.split(";")[0] for c in answer.headers.get_list("set-cookie")]
    return next(c for c in given if c.split("=")[0] in {"__Host-kyumei", "kyumei-here", "kyumei"})


def _page(url: str) -> ClientConnection:
    """A doctor's page, signed in and connected."""
    told = {"name": "mori", "password": PASSWORD.strip()}
    made = httpx2.post(f"{url}/api/session", json=told, headers={"X-Kyumei": "1"})
    assert made.status_code == 200, made.text
    return connect(
        f"ws{url[4:]}/feed/v1",
        subprotocols=[feed.SUBPROTOCOL],
        origin=Origin(url),
        additional_headers={"Cookie": session_cookie(made)},
    )


def _tablet(url: str, token: str) -> ClientConnection:
    """A tablet, connected."""
    return connect(
        f"ws{url[4:]}/link/v1",
        subprotocols=[messages.SUBPROTOCOL],
        additional_headers={"Authorization": f"Bearer {token}"},
    )


def test_every_writing_command_works_beside_a_running_relay(serving: Path) -> None:
    """With a page and a tablet connected to it, whose connections go on (the fixture's last word)."""
    order = (WRITING[5], WRITING[0], WRITING[3], WRITING[1], WRITING[2], WRITING[4])
    for command in order:
        done = kyumei(*command, data=serving, stdin=PASSWORD)
        assert done.returncode == 0, done.stderr
        assert str(serving) in done.stdout + done.stderr
    for command in READING:
        assert kyumei(*command, data=serving).returncode == 0
    one_sentence(kyumei("migrate", data=serving), 1, "Another relay uses")


def test_a_newer_versions_command_leaves_a_running_relays_database_alone(serving: Path) -> None:
    _set(serving, "0001")
    try:
        for command in (*READING, *WRITING):
            done = kyumei(*command, data=serving, stdin=PASSWORD)
            one_sentence(done, 1, "stop its relay")
        assert _revision(serving) == "0001"
    finally:
        _set(serving, newest_revision())


def test_first_accounts_go_where_the_relay_is_or_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KYUMEI_DATA_DIR", raising=False)
    done = subprocess.run(
        [sys.executable, "-m", "relay", "hospitals", "add", "chuo"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert f"There is no relay in {tmp_path / 'kyumei-data'}" in done.stderr
    assert not list(tmp_path.iterdir())
