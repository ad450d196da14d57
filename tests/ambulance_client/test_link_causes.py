"""Every failure of the link that can be told apart is told apart: real sockets, real certificates."""

from __future__ import annotations

import asyncio
import datetime as dt
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from structlog.testing import capture_logs

from ambulance_client.link_causes import MUST_ACT, of_close, of_status, told_of
from ambulance_client.panel.state import panel_state
from ambulance_client.tablet import TabletSettings, running_tablet
from ambulance_client.uplink import tls_context
from relay.causes import CAUSES
from relay.protocol.link import reason_of
from relay.services.people.devices import withdrawal
from relay.wiring.adapters import Adapters
from tests.city import free_port, until
from tests.patience import PATIENCE_S
from tests.relay.test_link import FullDisk
from tests.relay.world import a_world

NOW = dt.datetime.now(dt.UTC)
YEAR = dt.timedelta(days=365)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _signed(folder: Path, host: str, from_: dt.datetime, to: dt.datetime) -> tuple[Path, Path]:
    """An authority, and a certificate of a host that it signed: both as PEM files."""
    ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    made = x509.CertificateBuilder().serial_number(x509.random_serial_number())
    ca = (
        made.subject_name(_name("ca")).issuer_name(_name("ca")).public_key(ca_key.public_key())
        .not_valid_before(NOW - 5 * YEAR).not_valid_after(NOW + 5 * YEAR)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key()), critical=False)
        .sign(ca_key, hashes.SHA256())
    )  # fmt: skip
    own = (
        made.subject_name(_name(host)).issuer_name(_name("ca")).public_key(key.public_key())
        .not_valid_before(from_).not_valid_after(to)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
        .sign(ca_key, hashes.SHA256())
    )  # fmt: skip
    pem = serialization.Encoding.PEM
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "ca.pem").write_bytes(ca.public_bytes(pem))
    (folder / "own.pem").write_bytes(own.public_bytes(pem) + key.private_bytes(pem, *plain))
    return folder / "ca.pem", folder / "own.pem"


@asynccontextmanager
async def _door(answer: bytes, own: Path | None = None) -> AsyncIterator[int]:
    """A TCP server that answers whatever is asked with these bytes."""
    tls = None
    if own is not None:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(own)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with_answer = await reader.read(65_536)
        if with_answer:
            writer.write(answer)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def _told(tmp_path: Path, url: str, ca: Path | None = None) -> dict:
    """What the crew's page says of the link to this address, once it says why."""
    settings = TabletSettings(
        unit="救急1",
        relay_url=f"{url}/link/v1",
        token="x",
        source="synthetic:normal",
        spool=tmp_path / "spool",
        tls=tls_context(str(ca) if ca else None) if url.startswith("wss") else None,
        phone="024-555-0119",
    )
    async with running_tablet(settings) as tablet:
        await until(lambda: tablet.uplink.status.told or tablet.uplink.status.state == "lost")
        return panel_state(tablet)["link"]


@pytest.mark.parametrize(
    ("cause", "host", "from_", "to", "known"),
    [
        ("link-certificate-untrusted", "localhost", -YEAR, YEAR, False),
        ("link-certificate-expired", "localhost", -2 * YEAR, -YEAR, True),
        ("link-certificate-early", "localhost", YEAR, 2 * YEAR, True),
        ("link-certificate-other-host", "other.example.jp", -YEAR, YEAR, True),
    ],
)
async def test_a_certificate_that_cannot_be_used_is_no_radio_hole(
    tmp_path: Path, cause: str, host: str, from_: dt.timedelta, to: dt.timedelta, known: bool
) -> None:
    ca, own = _signed(tmp_path, host, NOW + from_, NOW + to)
    async with _door(b"", own) as port:
        link = await _told(tmp_path, f"wss://localhost:{port}", ca if known else None)
    assert (link["cause"], link["state"], link["phone"]) == (cause, "refused", "024-555-0119")
    assert "管理者に電話" in link["words_ja"]
    if "expired" in cause or "early" in cause:
        assert (
            NOW.astimezone().date().isoformat() in link["words_ja"]
        )  # a wrong date of the tablet shows


@pytest.mark.parametrize("cause", ["link-device-revoked", "link-device-replaced"])
def test_a_tablet_that_was_withdrawn_says_so_and_whom_to_phone(cause: str) -> None:
    reason = reason_of(withdrawal(cause.removeprefix("link-")))
    assert len(reason.encode()) <= 123
    told = of_close(reason)
    assert (told["cause"], told["cause"] in MUST_ACT) == (cause, True)
    assert "この端末に残っています" in told["words_ja"]
    assert "管理者に電話" in told["words_ja"]
    assert of_close("This device token is not known.")["cause"] == "link-token-unknown"


HTTP = "HTTP/1.1 {} x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize(
    ("answer", "cause", "state"),
    [
        (HTTP.format(401), "link-token-unknown", "refused"),
        (HTTP.format(403), "link-not-allowed", "refused"),
        (HTTP.format(404), "link-no-relay-here", "refused"),
        (HTTP.format(200), "link-not-a-relay", "refused"),
        (HTTP.format(302), "link-not-a-relay", "refused"),
        (HTTP.format(418), "link-refused", "refused"),
        (HTTP.format(502), "link-not-answering", "lost"),
        ("SSH-2.0-OpenSSH\r\n", "link-not-a-relay", "refused"),
    ],
)
async def test_whatever_answers_is_told_apart(
    tmp_path: Path, answer: str, cause: str, state: str
) -> None:
    async with _door(answer.encode()) as port:
        link = await _told(tmp_path, f"ws://localhost:{port}")
    assert (link["cause"], link["state"]) == (cause, state)


async def test_no_tls_and_nobody(tmp_path: Path) -> None:
    ca, _ = _signed(tmp_path, "localhost", NOW - YEAR, NOW + YEAR)
    async with _door(HTTP.format(200).encode()) as port:
        assert (await _told(tmp_path, f"wss://localhost:{port}", ca))["cause"] == "link-no-tls"
    link = await _told(tmp_path, f"ws://localhost:{free_port()}")
    assert (link["cause"], link["state"]) == ("link-not-answering", "lost")


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (socket.gaierror(socket.EAI_NONAME, "x"), "link-name-unknown"),
        (
            OSError(
                "Multiple exceptions: [Errno 111] Connect call failed ('::1', 1), [Errno 111] Connect call failed ('127.0.0.1', 1)"
            ),
            "link-not-answering",
        ),
        (
            OSError(
                "Multiple exceptions: [Errno 101] Network is unreachable, [Errno 111] Connect call failed"
            ),
            None,
        ),
        (socket.gaierror(socket.EAI_AGAIN, "x"), None),
        (TimeoutError(), None),
        (OSError(101, "Network is unreachable"), None),
    ],
)
def test_only_what_is_not_known_may_be_the_radio(error: OSError, cause: str | None) -> None:
    assert told_of(error, dt.date(2026, 1, 1)).get("cause") == cause


def test_the_table_of_the_link_is_whole() -> None:
    link = {cause for cause in CAUSES if cause.startswith("link-")}
    assert link >= MUST_ACT
    assert link - MUST_ACT == {"link-name-unknown", "link-not-answering", "link-not-storing"}
    assert of_status(418)["words_en"].count("418") == 1


def test_a_line_of_the_log_has_the_causes_id() -> None:
    from ambulance_client.uplink import Uplink

    said: Callable[..., None] = Uplink._lost
    link = Uplink.__new__(Uplink)
    link.status, link.changed = _status(), asyncio.Event()
    with capture_logs() as logs:
        said(link, ConnectionRefusedError())
        assert "link-not-answering" in str(logs)
        before = len(logs)
        said(link, ConnectionRefusedError())
        assert len(logs) == before  # once, not at every dial


def _status():
    from ambulance_client.uplink import LinkStatus

    return LinkStatus("connecting", 0)


async def test_a_relay_that_cannot_store_is_no_radio_hole_and_is_not_stormed(
    tmp_path: Path,
) -> None:
    """It is reached, welcomes, and takes nothing: said as that, dialled ever more slowly, connected when it takes."""
    log = FullDisk()
    log.full = True
    async with a_world(tmp_path / "relay", Adapters(ecg_log=log)) as world:
        settings = TabletSettings(
            unit="救急1",
            relay_url=f"ws://localhost:{world.port}/link/v1",
            token=world.tokens["救急1"],
            source="synthetic:normal?seed=1",
            spool=tmp_path / "spool",
            phone="024-555-0119",
        )
        async with running_tablet(settings) as tablet:
            await until(lambda: tablet.uplink.status.told)
            link = panel_state(tablet)["link"]
            assert (link["cause"], link["state"]) == ("link-not-storing", "lost")
            said = []
            with capture_logs() as logs:
                for _ in range(60):
                    said.append(tablet.uplink.status.state)
                    await asyncio.sleep(0.1)
            dials = len([line for line in logs if line["event"] == "link-opened"])
            assert set(said) == {"lost"}, "it does not flicker between connected and lost"
            assert dials <= 30, "with full jitter up to a second: about twelve"

            log.full = False
            await until(lambda: tablet.uplink.status.state == "connected", PATIENCE_S)
            await until(lambda: any(log.stored(stream) for stream in log.streams()), PATIENCE_S)
