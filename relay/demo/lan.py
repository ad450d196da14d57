"""``kyumei demo --lan``: HTTPS by an authority made for this drill, and a door for real phones.

A browser gives its camera to HTTPS only. The authority's key lives in this process's memory and dies
with it; its certificate holds for the addresses of this machine and 30 days.
"""

from __future__ import annotations

import datetime
import html
import io
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from relay.errors import RelayError, Unavailable

HOLDS_DAYS = 30
PAGE = """<!doctype html><html lang="ja"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>救命リレー 訓練</title>
<style>body{{font:20px/1.6 sans-serif;margin:20px;max-width:640px}}h1{{font-size:28px;line-height:1.3}}a{{text-decoration:none;display:block;margin:16px 0;
padding:18px;border:3px solid #003f8a;border-radius:12px;color:#003f8a;font-weight:700}}
a.go{{background:#003f8a;color:#fff}}small{{display:block;color:#444}}</style></head><body>
<h1>119番の通報者になる（訓練）</h1>
<p>このスマートフォンのカメラの映像が、訓練の指令台・救急車・病院に届きます。</p>
<a href="/ca.crt">1. 証明書を入れる<small>この訓練だけのものです。設定で信頼し、終わったら消してください。
入れない場合は、次の画面の警告で「詳細設定」から進めます。</small></a>
<a class="go" href="/go">2. 通報者の画面を開く<small style="color:#fff">リンクは10分有効、1台用です。</small></a>
<p>A drill. 1: install this drill's certificate (or accept the warning). 2: become the caller;
your camera is shown to the drill's dispatcher, ambulance and hospital.</p>
<p><small>{fingerprint}</small></p></body></html>"""


@dataclass(frozen=True, slots=True)
class DrillCertificates:
    """Files of the drill's HTTPS.

    Attributes:
        ca: the authority's certificate, for tablets and phones.
        certificate / key: the relay's own, with its chain.
        address: this machine's address on its network.
        fingerprint: SHA-256 of the authority, to compare by eye.
    """

    ca: Path
    certificate: Path
    key: Path
    address: str
    fingerprint: str

    def trust(self) -> ssl.SSLContext:
        """A client's context that trusts this authority alone."""
        return ssl.create_default_context(cafile=str(self.ca))


def lan_address() -> str:
    """This machine's own address toward its network; nothing is sent.

    Raises:
        Unavailable: there is no network.
    """
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(("192.0.2.1", 9))
            found = str(probe.getsockname()[0])
    except OSError as error:
        raise Unavailable("This machine has no network; join one, or leave out --lan.") from error
    return found


def make_papers(folder: Path) -> DrillCertificates:
    """An authority and a certificate for every name this machine is called by, as files."""
    import trustme

    address = lan_address()
    authority = trustme.CA(organization_name="Kyumei Relay drill")
    until = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=HOLDS_DAYS)
    names = dict.fromkeys(["localhost", "127.0.0.1", "::1", address, *_host_names()])
    leaf = authority.issue_cert(*names, not_after=until)
    ca, certificate, key = folder / "ca.pem", folder / "relay.pem", folder / "relay.key"
    authority.cert_pem.write_to_path(ca)
    for blob in leaf.cert_chain_pems:
        blob.write_to_path(certificate, append=True)
    key.touch(mode=0o600)
    leaf.private_key_pem.write_to_path(key)
    return DrillCertificates(ca, certificate, key, address, _fingerprint(ca))


def _host_names() -> list[str]:
    name = socket.gethostname()
    plain = name.replace("-", "").replace(".", "").isalnum() and name.isascii()
    return [name, f"{name}.local"] if plain and name != "localhost" else []


def _fingerprint(ca: Path) -> str:
    import hashlib

    digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(ca.read_text())).hexdigest().upper()
    return "SHA-256 " + ":".join(digest[i : i + 2] for i in range(0, len(digest), 2))


def qr_text(url: str) -> str:
    """A QR code for the terminal."""
    import segno

    out = io.StringIO()
    segno.make(url, error="m").terminal(out, compact=True)
    return out.getvalue()


def qr_uri(url: str) -> str:
    """A QR code as a picture's address."""
    import segno

    return str(segno.make(url, error="m").svg_data_uri(scale=4, border=3, light="#fff"))


def door_url(address: str, port: int) -> str:
    """Where a phone of the network finds the door."""
    return f"http://{address}:{port}/"


class PhoneDoor:
    """Plain HTTP for phones that do not trust us yet: the certificate, and the way to the caller's page.

    Args:
        papers: whose authority is offered.
        port: where to listen; 0 takes a free one.
        new_link: makes the caller's next link; called in a thread.
    """

    def __init__(self, papers: DrillCertificates, port: int, new_link: Callable[[], str]) -> None:
        door = self
        self._papers, self._new_link = papers, new_link
        self._one_at_a_time = threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                door._answer(self)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Quiet: the link in a redirect is a secret."""

        try:
            self._server = ThreadingHTTPServer(("0.0.0.0", port), Handler)  # noqa: S104 - phones come from the network
        except OSError as error:
            raise Unavailable(f"Port {port} is taken; choose another with --port.") from error
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """What the QR code says."""
        return door_url(self._papers.address, self._server.server_port)

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        if request.path == "/":
            page = PAGE.format(fingerprint=html.escape(self._papers.fingerprint))
            self._send(request, 200, "text/html; charset=utf-8", page.encode())
        elif request.path == "/ca.crt":
            self._send(request, 200, "application/x-x509-ca-cert", self._papers.ca.read_bytes())
        elif request.path == "/go":
            self._go(request)
        else:
            self._send(request, 404, "text/plain", b"There is nothing here.")

    def _go(self, request: BaseHTTPRequestHandler) -> None:
        try:
            with self._one_at_a_time:
                link = self._new_link()
        except (RelayError, OSError) as error:
            self._send(request, 503, "text/plain; charset=utf-8", str(error).encode())
            return
        self._send(request, 302, "text/plain", b"", ("Location", link))

    def _send(
        self,
        request: BaseHTTPRequestHandler,
        status: int,
        media_type: str,
        body: bytes,
        *more: tuple[str, str],
    ) -> None:
        request.send_response(status)
        for name, value in (
            ("Content-Type", media_type),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
            ("Referrer-Policy", "no-referrer"),
            *more,
        ):
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(body)

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
