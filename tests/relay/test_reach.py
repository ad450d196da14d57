"""From where a relay is reached: its own names, who may read what it writes, whose word about an address holds."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest
import trustme

from relay.cli.serve import _check_reach
from relay.errors import BadInput
from relay.owner_only import make_private
from relay.reach import hosts_of, is_this_machine
from relay.settings import Settings
from tests.patience import PATIENCE_S
from tests.relay.world import a_world

ROOT = Path(__file__).resolve().parents[2]
ALL = "0.0.0.0"


@pytest.mark.parametrize(
    ("host", "here"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("[::1]", True), ("localhost", True),
     (ALL, False), ("::", False), ("192.0.2.1", False), ("relay.example.jp", False)],
)  # fmt: skip
def test_what_this_machine_is(host: str, here: bool) -> None:
    assert is_this_machine(host) is here


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ({}, set()),
        ({"host": ALL}, set()),
        ({"host": "192.0.2.1"}, {"192.0.2.1"}),
        ({"public_url": "https://Live.example.jp:8443/x"}, {"live.example.jp"}),
        ({"hosts": " Relay.example.jp , [2001:db8::1],"}, {"relay.example.jp", "2001:db8::1"}),
        ({"origins": "https://a.example,https://b.example:1"}, {"a.example", "b.example"}),
    ],
)
def test_the_names_of_a_relay(given: dict[str, str], names: set[str]) -> None:
    assert hosts_of(Settings(**given)) - {"127.0.0.1"} == names  # type: ignore[arg-type]


def test_beyond_this_machine_a_relay_has_a_name(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(BadInput, match="KYUMEI_HOSTS"):
        _check_reach(Settings(host=ALL))
    _check_reach(Settings(host=ALL, hosts="relay.example.jp"))  # type: ignore[arg-type]
    assert "plain HTTP beyond this machine" in capsys.readouterr().err
    proxied = {"hosts": "relay.example.jp", "trusted_proxies": "10.0.0.0/8"}
    _check_reach(Settings(host=ALL, **proxied))  # type: ignore[arg-type]
    _check_reach(Settings())
    assert capsys.readouterr().err == ""


def test_a_key_others_can_read_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    issued = trustme.CA().issue_cert("localhost")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    issued.private_key_pem.write_to_path(key)
    issued.cert_chain_pems[0].write_to_path(certificate)
    settings = Settings(tls_key=key, tls_certificate=certificate)
    key.chmod(0o644)
    _check_reach(settings)
    assert "chmod 600" in capsys.readouterr().err
    key.chmod(0o600)
    _check_reach(settings)
    assert capsys.readouterr().err == ""


def test_what_a_command_writes_is_its_owners(tmp_path: Path) -> None:
    """Also where the shell's own mask is an open one."""
    data = tmp_path / "data"
    command = f"umask 000; exec {sys.executable} -m relay migrate --data {data}"
    subprocess.run(["sh", "-c", command], check=True, cwd=ROOT, timeout=PATIENCE_S)
    assert {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in (data, *data.rglob("*"))} == {0}


async def test_a_folder_that_was_open_is_closed_at_start(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("not ours")
    outside.chmod(0o644)
    data = tmp_path / "data"
    data.mkdir()
    async with a_world(data):
        pass
    for path in (data, *data.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    (data / "link").symlink_to(outside)
    async with a_world(data):
        for path in (data, *data.rglob("*")):
            assert path.is_symlink() or not stat.S_IMODE(path.stat().st_mode) & 0o077, path
    assert stat.S_IMODE(outside.stat().st_mode) == 0o644
    assert make_private(data) == 0


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        ("", "203.0.113.9", "127.0.0.1"),
        ("127.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("127.0.0.0/8", "198.51.100.1, 203.0.113.9", "203.0.113.9"),  # what a client sent stands before
        ("127.0.0.0/8,203.0.113.9", "198.51.100.1, 203.0.113.9", "198.51.100.1"),
        ("10.0.0.0/8", "203.0.113.9", "127.0.0.1"),
    ],
)  # fmt: skip
async def test_only_named_proxies_are_believed(
    tmp_path: Path, proxies: str, forwarded: str, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    async def sign_in(_name: str, _password: str, asker: str, *_: object) -> None:
        seen.append(asker)
        raise BadInput("no.")

    async with a_world(tmp_path, trusted_proxies=proxies) as world:
        monkeypatch.setattr(world.relay.people.people, "sign_in", sign_in)
        headers = {"X-Forwarded-For": forwarded, "X-Kyumei": "1"}
        base = f"http://127.0.0.1:{world.port}"
        async with httpx2.AsyncClient(base_url=base, headers=headers) as http:
            await http.post("/api/session", json={"name": "sato", "password": "x"})
    assert seen == [address]
