"""Second places of the audit's heads: another file, a log, a URL; one that fails harms nothing and is tried again."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from pydantic import ValidationError
from structlog.testing import capture_logs

from relay.anchors.system_log import HeadSyslog
from relay.office import anchors_of
from relay.records.sqlite import open_sqlite
from relay.services.evidence.anchors import heads_in
from relay.settings import Settings
from tests.patience import PATIENCE_S


class Machine(HTTPServer):
    """Another machine that keeps what is posted to it, once it is told to."""

    heard: list[dict[str, object]]
    takes = True


class _Handler(BaseHTTPRequestHandler):
    server: Machine

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.takes:
            self.server.heard.append(json.loads(body))
        self.send_response(204 if self.server.takes else 500)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Silent."""


@pytest.fixture
def machine() -> Iterator[Machine]:
    made = Machine(("127.0.0.1", 0), _Handler)
    made.heard = []
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    yield made
    made.shutdown()
    made.server_close()


async def test_every_place_gets_every_head_once_and_a_failing_one_later(
    tmp_path: Path, machine: Machine
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as syslog:
        syslog.bind(("127.0.0.1", 0))
        syslog.settimeout(PATIENCE_S)
        places = (
            f"file:{tmp_path / 'other' / 'heads'}",
            f"syslog:127.0.0.1:{syslog.getsockname()[1]}",
            f"http://127.0.0.1:{machine.server_port}/heads",
        )
        settings = Settings(data_dir=tmp_path, audit_heads_to=places)
        anchors = anchors_of(settings)
        records = await open_sqlite(tmp_path / "records.sqlite")
        machine.takes = False
        with capture_logs() as logs:
            first = await anchors.write(records)
        assert first is not None
        failed = {line["place"] for line in logs if line["event"] == "audit-head-not-kept"}
        assert failed == {str(tmp_path / "other" / "heads"), "http://127.0.0.1"}
        line = syslog.recv(500).decode()
        assert list(heads_in([line])) == [first]

        machine.takes = True
        (tmp_path / "other").mkdir()
        assert await anchors.write(records) == first
        assert await anchors.write(records) is None
        assert machine.heard == [{"kind": "audit-head", "number": first.number, "hash": first.hash}]
        held, faults = await anchors.heads()
        assert ([head for _, head in held], faults) == ([first, first], [])
        await records.close()


async def test_a_log_of_this_machine_that_is_not_there_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from relay.anchors import system_log
    from relay.errors import Unavailable
    from relay.model.audit import Head

    monkeypatch.setattr(system_log, "LOCAL", str(tmp_path / "log"))
    with pytest.raises(Unavailable, match="this machine's log takes no head"):
        await HeadSyslog().append(Head(1, "x"))


@pytest.mark.parametrize(
    "place", ["elsewhere", "file:relative", "syslog:host:x", "ftp://x", "syslog::514"]
)
def test_a_place_that_cannot_be_is_refused_at_the_start(place: str) -> None:
    with pytest.raises(ValidationError):
        Settings(audit_heads_to=(place,))
