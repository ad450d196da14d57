"""The commands as an administrator types them: real processes, one sentence, an exit code."""

from __future__ import annotations

import socket
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import structlog
from typer.testing import CliRunner

from relay.cli import whole
from tests.city import Process, free_port, free_ports

pytestmark = pytest.mark.process


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    """``kyumei serve`` sets the log up for its process; put it back in this one."""
    yield
    structlog.reset_defaults()


@dataclass
class Done:
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


def kyumei(*args: str, data: Path, stdin: str = "") -> Done:
    """Run a command in this process; only the relay itself needs one of its own. Its log is set up as in a new one."""
    structlog.reset_defaults()
    done = CliRunner().invoke(whole(), args, input=stdin, env={"KYUMEI_DATA_DIR": str(data)})
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return Done(done.exit_code, done.stdout, done.stderr)


class Serving:
    """``kyumei serve`` as a process."""

    def __init__(self, data: Path, port: int) -> None:
        words = ["relay", "serve", "--new", "--port", str(port), "--data", str(data)]
        self.relay = Process(words, data.with_name(f"{data.name}-{port}.log"))
        self.process = self.relay.child
        self.url = f"http://127.0.0.1:{port}"

    def __enter__(self) -> Serving:
        self.relay.until_answers(f"{self.url}/readyz")
        return self

    def __exit__(self, *_: object) -> None:
        self.relay.stop()


def one_sentence(done: Done, code: int, words: str) -> None:
    assert done.returncode == code, done.stderr
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr


def test_people_devices_and_hospitals(tmp_path: Path) -> None:
    assert kyumei("migrate", data=tmp_path).returncode == 0
    assert kyumei("hospitals", "add", "chuo", "--name", "中央病院", data=tmp_path).returncode == 0
    made = kyumei("devices", "add", "救急1", "--hospital", "chuo", data=tmp_path)
    assert made.stdout.startswith("kyd_")
    one_sentence(
        kyumei("devices", "add", "救急2", "--hospital", "nowhere", data=tmp_path), 2, "no hospital"
    )
    add = ["users", "add", "sato", "--role", "cardiologist", "--hospital", "chuo"]
    secret = "a long enough password\n"
    assert kyumei(*add, "--password-stdin", data=tmp_path, stdin=secret).returncode == 0
    one_sentence(kyumei(*add, "--password-stdin", data=tmp_path, stdin=secret), 1, "taken")
    one_sentence(kyumei(*add, "--password-stdin", data=tmp_path, stdin="short\n"), 2, "13 to 256")
    assert "sato\tcardiologist\tchuo\tactive" in kyumei("users", "list", data=tmp_path).stdout
    assert kyumei("users", "disable", "sato", data=tmp_path).returncode == 0
    assert "disabled" in kyumei("users", "list", data=tmp_path).stdout
    one_sentence(kyumei("users", "disable", "nobody", data=tmp_path), 1, "no account")
    assert kyumei("devices", "revoke", "救急1", data=tmp_path).returncode == 0
    assert "revoked" in kyumei("devices", "list", data=tmp_path).stdout
    audit = kyumei("audit", "verify", data=tmp_path)
    assert (audit.returncode, "holds: 6 rows" in audit.stdout) == (0, True), audit.stdout
    with sqlite3.connect(tmp_path / "records.sqlite") as db:
        db.execute("DROP TRIGGER audit_no_update")
        db.execute("UPDATE audit SET who = 'nobody' WHERE number = 2")
    db.close()
    one_sentence(kyumei("audit", "verify", data=tmp_path), 1, "Row 2")


def test_a_demo_says_at_once_which_of_its_ports_is_taken(tmp_path: Path) -> None:
    port = free_ports(4)
    with socket.socket() as other:
        other.bind(("127.0.0.1", port + 2))
        other.listen()
        told = kyumei("demo", "--port", str(port), data=tmp_path)
    one_sentence(told, 1, f"Port {port + 2} for the page of 福島救急2 is taken")


def test_a_taken_port_and_a_taken_folder_and_an_orderly_end(tmp_path: Path) -> None:
    port = free_port()
    with Serving(tmp_path / "a", port) as serving:
        one_sentence(
            kyumei("serve", "--new", "--port", str(port), data=tmp_path / "b"),
            1,
            f"Port {port} is taken",
        )
        other = str(free_port())
        one_sentence(kyumei("serve", "--port", other, data=tmp_path / "a"), 1, "Another relay uses")
        one_sentence(kyumei("migrate", data=tmp_path / "a"), 1, "Another relay uses")
        assert kyumei("hospitals", "add", "x", data=tmp_path / "a").returncode == 0
    assert serving.process.returncode == 0
    assert (tmp_path / "a" / "audit-anchors").read_text().startswith("1 ")


def test_a_newer_database_is_one_sentence(tmp_path: Path) -> None:
    assert kyumei("migrate", data=tmp_path).returncode == 0
    with sqlite3.connect(tmp_path / "records.sqlite") as db:
        db.execute("UPDATE alembic_version SET version_num = '9999'")
    db.close()
    for command in (("serve", "--port", "0"), ("users", "list"), ("migrate",)):
        one_sentence(kyumei(*command, data=tmp_path), 1, "newer version")


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    one_sentence(
        kyumei("serve", "--new", "--port", "0", data=tmp_path / "file" / "x"), 1, "data folder"
    )


def test_a_log_nobody_reads_any_more_harms_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    import io
    import sys

    from relay.cli.serve import _log_as_json

    _log_as_json()
    gone = io.StringIO()
    gone.close()
    monkeypatch.setattr(sys, "stderr", gone)
    structlog.get_logger("x").error("said to nobody", n=1)


def test_misuse_is_two(tmp_path: Path) -> None:
    assert kyumei("serve", "--port", "many", data=tmp_path).returncode == 2
    one_sentence(kyumei("serve", "--port", "99999", data=tmp_path), 2, "port")
    one_sentence(
        kyumei("users", "add", "x", "--role", "king", "--password-stdin", data=tmp_path), 2, "role"
    )


def test_the_reference_names_every_setting_and_can_be_read_back(tmp_path: Path) -> None:
    from relay.settings import Settings

    text = kyumei("config", "--reference", data=tmp_path).stdout
    for name in Settings.model_fields:
        assert f"KYUMEI_{name.upper()}=" in text
    shown = kyumei("config", data=tmp_path).stdout
    assert f"KYUMEI_DATA_DIR={tmp_path}" in shown


def test_the_doctor_looks_at_everything(tmp_path: Path) -> None:
    assert kyumei("migrate", data=tmp_path).returncode == 0
    done = kyumei("doctor", data=tmp_path)
    for word in ("data folder", "disk space", "disk commit", "open files", "clock", "database"):
        assert word in done.stdout
    assert not list(tmp_path.glob(".doctor"))
