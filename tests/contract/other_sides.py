"""Strangers that alarms are told to: servers on this machine that know the public specifications and nothing of the relay.

None of them imports the code that it receives from: signatures, encryption and tokens are checked with libraries.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import ssl
import time
from email import message_from_bytes
from email.policy import default
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import AF_INET, SOCK_STREAM, create_connection, socket
from threading import Thread
from typing import Any
from uuid import UUID, uuid4

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from relay.alerts.hook import Hook, SmsText, VoiceCall
from relay.alerts.mail import Mail, MailServer
from relay.alerts.push_port import PushSubscription
from relay.alerts.web_push import WebPush
from relay.alerts.webhook import Webhook, key_of, shown_key

MASTER = bytes(range(1, 33))
TOLERANCE_S = 300.0


def closed_port() -> int:
    """A port at which nobody listens."""
    with socket(AF_INET, SOCK_STREAM) as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@cache
def authority() -> trustme.CA:
    return trustme.CA()


def trusting() -> ssl.SSLContext:
    """Believes the tests' authority alone."""
    context = ssl.create_default_context()
    authority().configure_trust(context)
    return context


def server_tls(ca: trustme.CA | None = None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    (ca or authority()).issue_cert("localhost").configure_cert(context)
    return context


def text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def data_of(said: str) -> bytes:
    return base64.urlsafe_b64decode(said + "=" * (-len(said) % 4))


class HttpSide:
    """An HTTP server. ``take`` says what it answers: a status, and headers.

    Attributes:
        got: requests it was sent: path, headers in small letters, body.
    """

    scheme = "http"

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        side = self

        class Takes(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                side.got.append((self.path, headers, body))
                status, more = side.take(self.path, headers, body)
                self.send_response(status)
                for name, value in more.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Nothing on the test's output."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Takes)
        if tls is not None:
            self.scheme = "https"
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.thread = Thread(target=self.server.serve_forever)
        self.thread.start()

    @property
    def base(self) -> str:
        host = "localhost" if self.scheme == "https" else "127.0.0.1"
        return f"{self.scheme}://{host}:{self.server.server_port}"

    def take(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str]]:
        return 204, {}

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


async def master() -> bytes:
    return MASTER


class WebhookSide(HttpSide):
    """A receiver that follows Standard Webhooks: signature, age, and an id only once."""

    def __init__(self, _folder: Path | None = None, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(tls)
        self.to, self.wrong_to = f"{self.base}/alarm?site=1", "pager.example"
        self.broken_to = f"http://127.0.0.1:{closed_port()}/alarm"
        self.key = shown_key(key_of(MASTER, self.to))
        self.texts: dict[str, str] = {}
        self.replays = 0

    def channel(self) -> Webhook:
        return Webhook(master, trusting())

    def take(self, _path: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str]]:
        if not self.is_true(headers, body):
            return 401, {}
        if headers["webhook-id"] in self.texts:
            self.replays += 1
        self.texts.setdefault(headers["webhook-id"], json.loads(body)["text"])
        return 204, {}

    def is_true(self, headers: dict[str, str], body: bytes) -> bool:
        at, given = headers["webhook-timestamp"], headers["webhook-signature"]
        if abs(time.time() - int(at)) > TOLERANCE_S:
            return False
        signed = f"{headers['webhook-id']}.{at}.".encode() + body
        key = base64.b64decode(self.key.removeprefix("whsec_"))
        made = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        return any(hmac.compare_digest(one, f"v1,{made}") for one in given.split())

    def received(self) -> list[str]:
        return list(self.texts.values())


class PhoneSide(HttpSide):
    """A site's hook for telephones."""

    token = "hush"

    def __init__(self, _folder: Path | None = None) -> None:
        super().__init__()
        self.to, self.broken_to, self.wrong_to = "+81-90-1234-5678", "+81-90-0000-0000", "Dr Sato"

    def take(self, _path: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str]]:
        assert headers["authorization"] == f"Bearer {self.token}"
        assert headers["idempotency-key"] == json.loads(body)["id"]
        return (503 if json.loads(body)["to"] == self.broken_to else 200), {}

    def received(self) -> list[str]:
        return [json.loads(body)["text"] for _, _, body in self.got]


class SmsSide(PhoneSide):
    def channel(self) -> SmsText:
        return SmsText(Hook(self.base, self.token))


class CallSide(PhoneSide):
    def channel(self) -> VoiceCall:
        return VoiceCall(Hook(self.base, self.token))


class MailSide:
    """An SMTP server that wants STARTTLS and a login."""

    user, password = "kyumei", "a long password"

    def __init__(self, _folder: Path | None = None, ca: trustme.CA | None = None, *, implicit: bool = False) -> None:  # fmt: skip
        self.envelopes: list[Envelope] = []
        self.to, self.broken_to, self.wrong_to = (
            "lab@hospital.example",
            "busy@hospital.example",
            "lab",
        )
        self.refusals: dict[str, str] = {self.broken_to: "451 later", "gone@hospital.example": "550 no such user"}  # fmt: skip
        self.implicit, self.tls = implicit, server_tls(ca)
        more: dict[str, Any] = (
            {"ssl_context": self.tls} if implicit
            else {"tls_context": self.tls, "require_starttls": True}
        )  # fmt: skip
        self.server = Controller(
            self, hostname="127.0.0.1", port=closed_port(), auth_required=not implicit,
            authenticator=self.known, **more,
        )  # fmt: skip
        if implicit:
            self.server._trigger_server = self.visited  # its own first visit knows no authority
        self.server.start()

    def visited(self) -> None:
        plain = create_connection(("127.0.0.1", self.server.port), 10)
        with trusting().wrap_socket(plain, server_hostname="localhost") as line:
            line.recv(100)

    def known(self, _server: SMTP, _session: Any, _env: Any, _how: str, login: Any) -> AuthResult:
        right = isinstance(login, LoginPassword) and login.password == self.password.encode()
        return AuthResult(success=right, handled=False)

    async def handle_RCPT(self, _server: SMTP, _session: Any, envelope: Envelope, address: str, _options: Any) -> str:  # fmt: skip
        if address in self.refusals:
            return self.refusals[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Any, envelope: Envelope) -> str:
        self.envelopes.append(envelope)
        return "250 queued"

    def settings(self, **more: Any) -> MailServer:
        tls = "implicit" if self.implicit else "starttls"
        given = {"host": "localhost", "port": self.server.port, "tls": tls, "user": "" if self.implicit else self.user, "password": self.password, "sender": "relay@site.example"}  # fmt: skip
        return MailServer(**{**given, **more})

    def channel(self, **more: Any) -> Mail:
        return Mail(self.settings(**more), trusting())

    def mails(self) -> list[Any]:
        return [
            message_from_bytes(bytes(one.content or b""), policy=default) for one in self.envelopes
        ]

    def received(self) -> list[str]:
        return [" ".join(mail.get_content().split()) for mail in self.mails()]

    def close(self) -> None:
        self.server.stop()


class PushSide(HttpSide):
    """A push service and, behind it, a browser with real keys."""

    def __init__(self, _folder: Path | None = None) -> None:
        super().__init__(server_tls())
        self.browser = ec.generate_private_key(ec.SECP256R1())
        self.auth = bytes(range(16))
        self.point = self.browser.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)  # fmt: skip
        self.to, self.broken_to, self.wrong_to = str(uuid4()), str(uuid4()), "a phone"
        self.kept = {
            UUID(self.to): self.subscription(f"{self.base}/push/1"),
            UUID(self.broken_to): self.subscription(f"https://localhost:{closed_port()}/push/2"),
        }
        self.went, self.forgotten = list[UUID](), list[UUID]()

    def subscription(self, endpoint: str) -> PushSubscription:
        return PushSubscription(endpoint, text(self.point), text(self.auth))

    def channel(self) -> WebPush:
        return WebPush(self.subscriptions(), master, "mailto:it@site.example", trusting())

    def subscriptions(self) -> Any:
        side = self

        class Kept:
            async def subscription(self, device: UUID) -> PushSubscription | None:
                return side.kept.get(device)

            async def told(self, device: UUID) -> None:
                side.went.append(device)

            async def gone(self, device: UUID) -> None:
                side.forgotten.append(device)
                side.kept.pop(device)

        return Kept()

    def take(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str]]:
        self.check_token(headers["authorization"])
        assert headers["content-encoding"] == "aes128gcm"
        return 201, {"Location": f"{self.base}/message/{len(self.got)}"}

    def check_token(self, said: str) -> None:
        """RFC 8292: signed by the key that stands beside it, for this service, within a day."""
        parts = dict(part.split("=", 1) for part in said.removeprefix("vapid ").split(", "))
        signed, _, sign = parts["t"].rpartition(".")
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), data_of(parts["k"]))
        r, s = (int.from_bytes(data_of(sign)[n : n + 32], "big") for n in (0, 32))
        key.verify(encode_dss_signature(r, s), signed.encode(), ec.ECDSA(hashes.SHA256()))
        head, claims = (json.loads(data_of(part)) for part in signed.split("."))
        assert head["alg"] == "ES256"
        assert claims["aud"] == self.base
        assert time.time() < claims["exp"] <= time.time() + 86_400
        assert claims["sub"].startswith(("mailto:", "https:"))

    def opened(self, body: bytes) -> bytes:
        """What the browser reads (RFC 8291)."""
        salt, length = body[:16], body[20]
        theirs = body[21 : 21 + length]
        peer = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), theirs)
        shared = self.browser.exchange(ec.ECDH(), peer)

        def derived(salt: bytes, seed: bytes, info: bytes, n: int) -> bytes:
            return HKDF(hashes.SHA256(), n, salt, info).derive(seed)

        seed = derived(self.auth, shared, b"WebPush: info\0" + self.point + theirs, 32)
        key = derived(salt, seed, b"Content-Encoding: aes128gcm\0", 16)
        nonce = derived(salt, seed, b"Content-Encoding: nonce\0", 12)
        plain = AESGCM(key).decrypt(nonce, body[21 + length :], None)
        return plain.rstrip(b"\0").removesuffix(b"\x02")

    def messages(self) -> list[dict[str, Any]]:
        return [json.loads(self.opened(body)) for _, _, body in self.got]

    def received(self) -> list[str]:
        return [one["text"] for one in self.messages()]


class Hangs:
    """Takes a connection and says nothing."""

    async def __aenter__(self) -> int:
        async def stay(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.writers.append(writer)
            await asyncio.sleep(3600)

        self.writers: list[asyncio.StreamWriter] = []
        self.server = await asyncio.start_server(stay, "127.0.0.1", 0)
        return int(self.server.sockets[0].getsockname()[1])

    async def __aexit__(self, *_: object) -> None:
        for writer in self.writers:
            writer.transport.abort()
        self.server.close()
