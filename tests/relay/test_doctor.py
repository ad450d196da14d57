"""The doctor with each thing missing, destroyed, empty and somebody else's: never "ok", never a traceback."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import sqlite3
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from tests.relay.kept_folder import DATABASE, copied, fill, spoil
from tests.relay.test_cli import Done, Serving, kyumei, one_sentence

NEEDS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="breaking a disk needs root")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kept") / "data"
    asyncio.run(fill(folder, runs=2))
    return folder


@pytest.fixture(autouse=True)
def _a_free_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KYUMEI_PORT", "0")


def lines(done: Done) -> dict[str, str]:
    """What was said of each thing; the worst where it was looked at twice."""
    found: dict[str, str] = {}
    for line in sorted(done.stdout.splitlines(), key=lambda text: text.startswith("BAD")):
        if line[:4] in {"ok  ", "--  ", "BAD "}:
            found[line[4:].split(":")[0]] = line
    return found


def is_bad(done: Done, name: str, words: str) -> None:
    assert done.returncode == 1, done.stdout
    said = lines(done).get(name, "")
    assert said.startswith("BAD"), done.stdout
    assert words in said, said


def test_a_healthy_folder_is_said_to_be_healthy(made: Path, tmp_path: Path) -> None:
    data = copied(made, tmp_path / "data").data_dir
    data.chmod(0o700)
    done = kyumei("doctor", "--deep", data=data)
    bad = [line for line in lines(done).values() if line.startswith("BAD")]
    assert [line for line in bad if "disk space" not in line] == []
    for name in ("data folder", "disk commit", "audit", "rows", "ecg files", "ecg content", "readers",
                 "port", "backup", "clock", "certificate", "turn"):  # fmt: skip
        assert name in lines(done), name
    assert not list(data.glob(".doctor"))


def _nothing(folder: Path) -> None:
    shutil.rmtree(folder)


def _a_file(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.write_text("not a folder")


def _empty(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir(mode=0o700)


def _open_to_all(folder: Path) -> None:
    folder.chmod(0o777)


def _no_database(folder: Path) -> None:
    (folder / DATABASE).unlink()


def _empty_database(folder: Path) -> None:
    (folder / DATABASE).write_bytes(b"")


def _foreign_database(folder: Path) -> None:
    (folder / DATABASE).unlink()
    with sqlite3.connect(folder / DATABASE) as db:
        db.execute("CREATE TABLE t (x)")
    db.close()


def _destroyed_database(folder: Path) -> None:
    data = bytearray((folder / DATABASE).read_bytes())
    data[100:] = os.urandom(len(data) - 100)
    (folder / DATABASE).write_bytes(data)


def _old_database(folder: Path) -> None:
    spoil(folder, "UPDATE alembic_version SET version_num = '0004'")


def _no_ecg(folder: Path) -> None:
    shutil.rmtree(folder / "ecg")


def _noise_in_ecg(folder: Path) -> None:
    with sorted((folder / "ecg").glob("*.seg"))[0].open("r+b") as file:
        file.seek(2_000)
        file.write(os.urandom(5_000))


def _no_heads(folder: Path) -> None:
    (folder / "audit-anchors").unlink()


def _altered(folder: Path) -> None:
    spoil(folder, "UPDATE decisions SET decision = 'not-stemi'")


def _from_the_future(folder: Path) -> None:
    """This machine's clock is ten minutes behind what was written."""
    later_us = (time.time_ns() // 1000) + 600_000_000
    spoil(
        folder,
        "INSERT INTO audit SELECT number + 1, "
        f"{later_us}, 'x', 'x', 'x', '{{}}', hash, 'x' FROM audit ORDER BY number DESC LIMIT 1",
    )


SPOILED: list[tuple[Callable[[Path], None], str, str]] = [
    (_nothing, "data folder", "is not there"),
    (_nothing, "database", "There is no relay in"),
    (_a_file, "data folder", "is a file, not a folder"),
    (_a_file, "database", "is a file, not a data folder"),
    (_empty, "database", "There is no relay in"),
    (_open_to_all, "data folder", "mode 777"),
    (_no_database, "database", "is absent although the folder holds 2 files of ECG"),
    (_empty_database, "database", "is empty although"),
    (_foreign_database, "database", "is no database of a relay"),
    (_destroyed_database, "database", "atabase"),
    (_old_database, "database", "of an older version (0004"),
    (_no_ecg, "ecg files", "is gone"),
    (_no_ecg, "recordings", "were stored and are gone"),
    (_no_heads, "audit", "the file is absent"),
    (_altered, "rows", "The decision 1 is not as it was written"),
    (_from_the_future, "clock", "10.0 min behind what the relay wrote"),
]


@pytest.mark.parametrize(("how", "name", "words"), SPOILED)
def test_what_is_spoiled_is_bad(
    made: Path, tmp_path: Path, how: Callable[[Path], None], name: str, words: str
) -> None:
    data = copied(made, tmp_path / "data", how).data_dir
    before = sorted(str(p) for p in tmp_path.rglob("*"))
    is_bad(kyumei("doctor", data=data), name, words)
    assert sorted(str(p) for p in tmp_path.rglob("*")) == before


def test_noise_inside_a_file_of_ecg_is_found_where_it_is_read(made: Path, tmp_path: Path) -> None:
    data = copied(made, tmp_path / "data", _noise_in_ecg).data_dir
    is_bad(kyumei("doctor", "--deep", data=data), "ecg content", "is not as it was closed")


@contextmanager
def mounted(folder: Path, *options: str) -> Iterator[Path]:
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "kyumei", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@NEEDS_ROOT
def test_a_full_disk(made: Path, tmp_path: Path) -> None:
    with mounted(tmp_path / "small") as disk:
        data = copied(made, disk / "data").data_dir
        with (disk / "ballast").open("wb", buffering=0) as file:
            for size in (2**20, 2**12, 1):
                try:
                    while True:
                        file.write(bytes(size))
                except OSError:
                    continue
        done = kyumei("doctor", data=data)
        is_bad(done, "disk commit", "of")
        assert lines(done)["rows"].startswith("ok ")


@NEEDS_ROOT
def test_a_read_only_disk(made: Path, tmp_path: Path) -> None:
    with mounted(tmp_path / "small") as disk:
        data = copied(made, disk / "data").data_dir
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        done = kyumei("doctor", "--deep", data=data)
        is_bad(done, "disk commit", "takes no writes (Read-only file system)")
        assert lines(done)["rows"].startswith("ok ")
        assert kyumei("users", "list", data=data).returncode == 0
        one_sentence(kyumei("hospitals", "add", "x", data=data), 1, str(data))
        one_sentence(kyumei("serve", "--port", "0", data=data), 1, "")


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def _pem(folder: Path, authority: trustme.CA, begin_d: float, end_d: float) -> tuple[Path, Path]:
    now = datetime.now(UTC)
    made = authority.issue_cert(
        "localhost",
        not_before=now + timedelta(days=begin_d),
        not_after=now + timedelta(days=end_d),
    )
    certificate, key = folder / "cert.pem", folder / "key.pem"
    certificate.write_bytes(made.cert_chain_pems[0].bytes())
    key.touch(mode=0o600)
    key.write_bytes(made.private_key_pem.bytes())
    return certificate, key


@pytest.mark.parametrize(
    ("begin_d", "end_d", "spoil_key", "words"),
    [
        (-10, -1, None, "expired on"),
        (2, 9, None, "is valid from"),
        (-10, 5, None, "expires on"),
        (-1, 300, "open", "may be read by others"),
        (-1, 300, "gone", "is not there"),
        (-1, 300, "empty", "cannot be used"),
        (-1, 300, "another's", "cannot be used"),
    ],
)
def test_a_certificate_that_lets_nobody_in(
    made: Path, tmp_path: Path, authority: trustme.CA, monkeypatch: pytest.MonkeyPatch,
    begin_d: float, end_d: float, spoil_key: str | None, words: str,
) -> None:  # fmt: skip
    certificate, key = _pem(tmp_path, authority, begin_d, end_d)
    if spoil_key == "open":
        key.chmod(0o644)
    elif spoil_key == "gone":
        key.unlink()
    elif spoil_key == "empty":
        key.write_bytes(b"")
    elif spoil_key is not None:
        key.write_bytes(authority.issue_cert("other").private_key_pem.bytes())
    monkeypatch.setenv("KYUMEI_TLS_CERTIFICATE", str(certificate))
    monkeypatch.setenv("KYUMEI_TLS_KEY", str(key))
    is_bad(kyumei("doctor", data=made), "certificate", words)


def test_a_certificate_without_its_key(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KYUMEI_TLS_CERTIFICATE", str(tmp_path / "cert.pem"))
    is_bad(kyumei("doctor", data=made), "certificate", "is not there")


def test_a_turn_server_without_its_secret_and_the_other_way_round(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KYUMEI_TURN_URLS", "turn:turn.example.jp")
    is_bad(kyumei("doctor", data=made), "turn", "without KYUMEI_TURN_SECRET")
    monkeypatch.delenv("KYUMEI_TURN_URLS")
    monkeypatch.setenv("KYUMEI_TURN_SECRET", "x")
    is_bad(kyumei("doctor", data=made), "turn", "without KYUMEI_TURN_URLS")


def test_a_taken_port(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        monkeypatch.setenv("KYUMEI_PORT", str(other.getsockname()[1]))
        is_bad(kyumei("doctor", data=made), "port", "is taken by another program")


def test_a_misspelt_setting(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KYUMEI_PROT", "1")
    one_sentence(kyumei("doctor", data=made), 2, "did you mean")


def test_a_port_that_is_the_running_relays_is_its_own(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.city import free_port

    data, port = copied(made, tmp_path / "data").data_dir, free_port()
    monkeypatch.setenv("KYUMEI_PORT", str(port))
    with Serving(data, port):
        done = kyumei("doctor", data=data)
    assert lines(done)["port"].startswith("ok  port: A relay runs on this folder")
    assert "for the running relay" in lines(done)["open files"]


@contextmanager
def time_server(off_s: float, *, foreign: bool = False) -> Iterator[str]:
    """An NTP server whose clock is off by so much."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as answering:
        answering.bind(("127.0.0.1", 0))

        def serve() -> None:
            asked, who = answering.recvfrom(512)
            whole = time.time() + off_s + 2_208_988_800
            stamp = struct.pack("!II", int(whole), int(whole % 1 * 2**32))
            head = struct.pack("!BB22s", 0x24, 2, b"")
            answer = b"no" if foreign else head + asked[40:48] + stamp + stamp
            answering.sendto(answer, who)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"127.0.0.1:{answering.getsockname()[1]}"
        thread.join(60)


def test_a_clock_beside_a_server(made: Path) -> None:
    with time_server(0) as server:
        assert lines(kyumei("doctor", "--ntp", server, data=made))["clock"].startswith("ok ")
    with time_server(600) as server:
        is_bad(kyumei("doctor", "--ntp", server, data=made), "clock", "It is 10.0 min behind")
    with time_server(0, foreign=True) as server:
        is_bad(kyumei("doctor", "--ntp", server, data=made), "clock", "not of NTP")
    is_bad(kyumei("doctor", "--ntp", "no.such.invalid", data=made), "clock", "was not heard")


def test_a_backup_that_is_old(made: Path, tmp_path: Path) -> None:
    data = copied(made, tmp_path / "data").data_dir
    assert "None was ever made" in lines(kyumei("doctor", data=data))["backup"]
    assert kyumei("backup", str(tmp_path / "b"), data=data).returncode == 0
    assert lines(kyumei("doctor", data=data))["backup"].startswith("ok ")
    spoil(data, "UPDATE audit SET at_us = at_us - 259200000000 WHERE action = 'backup-made'")
    is_bad(kyumei("doctor", data=data), "backup", "3.0 days old")


def test_a_relay_without_tablets_is_not_healthy(tmp_path: Path) -> None:
    assert kyumei("migrate", data=tmp_path).returncode == 0
    is_bad(kyumei("doctor", data=tmp_path), "readers", "There is no tablet yet")
