"""An alert to a browser that is not open: Web Push (RFC 8030), its content encrypted for that browser alone (RFC 8291)."""

from __future__ import annotations

import base64
import json
import os
import struct
import time
from collections.abc import Sequence
from fnmatch import fnmatch
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import UUID

from relay.alerts.port import HandedOver, Message
from relay.alerts.posting import check_answer, check_url, post
from relay.alerts.push_port import Master, PushSubscription, Subscriptions
from relay.alerts.webhook import body_of
from relay.errors import BadInput

if TYPE_CHECKING:
    import ssl

    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

RECORD_BYTES = 4096
TOKEN_S = 12 * 3600
"""A token of VAPID is good for so long; RFC 8292 allows a day at most."""


def check_subscription(one: PushSubscription, services: Sequence[str]) -> None:
    """Do nothing where it can be used.

    Raises:
        BadInput: its address is not a known push service's, or its keys are none.
    """
    parts = check_url(one.endpoint, "https://fcm.googleapis.com/…", ("https",))
    where = parts.hostname or ""
    place = f"{where}:{parts.port}" if parts.port not in {None, 443} else where
    if not any(fnmatch(place, service) for service in services):
        raise BadInput(f"{where} is no push service that this site allows (KYUMEI_PUSH_SERVICES).")
    if len(one.endpoint) > 2000 or len(_bytes(one.p256dh)) != 65 or len(_bytes(one.auth)) != 16:
        raise BadInput("The browser's keys for notifications cannot be used; let it ring anew.")


class WebPush:
    """Fulfils ``AlertChannel``: any 2xx of the push service means arrived there; when the device rings nobody knows.

    Args:
        master: the site's private key, a number of 32 bytes (P-256).
        contact: whom a push service may ask about misuse: ``https:`` or ``mailto:``.
    """

    name = "web-push"
    about = "A notification on a device that a person lets ring, also with the page closed; the address is the device's id."

    def __init__(
        self,
        subscriptions: Subscriptions | None,
        master: Master,
        contact: str,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._kept, self._master, self._contact, self._tls = subscriptions, master, contact, tls
        self._tokens: dict[str, tuple[float, str]] = {}

    def check(self, to: str) -> None:
        """Do nothing where it can be a device's id.

        Raises:
            BadInput: it is none.
        """
        try:
            UUID(to)
        except ValueError:
            raise BadInput(
                "This way takes the id of a device that rings; see kyumei alerts list."
            ) from None

    async def send(self, message: Message, to: str) -> HandedOver:
        """Encrypt and post it.

        Raises:
            Unavailable: not now.
            BadInput: never: the device rings no more.
        """
        self.check(to)
        device, kept = UUID(to), self._kept
        found = await kept.subscription(device) if kept else None
        if found is None or kept is None:
            raise BadInput("This device rings no more.", "way-gone")
        body = json.dumps({**body_of(message), "place": message.place}, ensure_ascii=False).encode()
        headers = {
            "Content-Type": "application/octet-stream",
            "Content-Encoding": "aes128gcm",
            "TTL": str(round(message.expires_in_s)),
            "Urgency": "high" if message.urgent else "normal",
            "Topic": message.group,
            "Authorization": await self._vapid(found.endpoint),
        }
        answer = await post(found.endpoint, encrypted(body, found), headers, self._tls)
        try:
            check_answer(answer)
        except BadInput as error:
            if error.cause == "way-gone":
                await kept.gone(device)
            raise
        await kept.told(device)
        return HandedOver(answer.headers.get("location", "")[-100:])

    async def _vapid(self, endpoint: str) -> str:
        parts, now_s = urlsplit(endpoint), time.time()
        origin = f"{parts.scheme}://{parts.netloc}"
        until_s, text = self._tokens.get(origin, (0.0, ""))
        if until_s - now_s < TOKEN_S / 2 or until_s - now_s > TOKEN_S:
            text = vapid(await self._master(), origin, self._contact, round(now_s) + TOKEN_S)
            self._tokens = {**self._tokens, origin: (now_s + TOKEN_S, text)}
        return text


def public_key(master: bytes) -> str:
    """The public key that browsers are given (``applicationServerKey``), base64url."""
    return _text(_point(_private(master)))


def vapid(master: bytes, origin: str, contact: str, until_s: int) -> str:
    """The ``Authorization`` of RFC 8292: who sends, signed."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    key = _private(master)
    claims = {"aud": origin, "exp": until_s, "sub": contact}
    parts = [_text(json.dumps(part).encode()) for part in ({"typ": "JWT", "alg": "ES256"}, claims)]
    signed = ".".join(parts)
    r, s = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    token = f"{signed}.{_text(r.to_bytes(32) + s.to_bytes(32))}"
    return f"vapid t={token}, k={_text(_point(key))}"


def encrypted(body: bytes, to: PushSubscription) -> bytes:
    """The body of a push message: one record of ``aes128gcm`` (RFC 8188) that this browser alone can read.

    Source: RFC 8291 §3.4.

    Raises:
        BadInput: the browser's key is no point of the curve, or the body is too long for one record.
    """
    from cryptography.hazmat.primitives.asymmetric import ec

    try:
        theirs = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _bytes(to.p256dh))
    except ValueError as error:
        raise BadInput("The browser's key cannot be used.", "way-gone") from error
    return sealed(body, _point_of(theirs), _bytes(to.auth), ec.generate_private_key(ec.SECP256R1()), os.urandom(16))  # fmt: skip


def sealed(
    body: bytes, theirs: bytes, auth: bytes, ours: EllipticCurvePrivateKey, salt: bytes
) -> bytes:
    """``encrypted`` with the key and the salt of this one message, so that the RFC's own example can be computed."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    if len(body) + 86 + 17 > RECORD_BYTES:
        raise BadInput("The message is too long for one notification.", "way-refused")
    peer = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), theirs)
    shared, point = ours.exchange(ec.ECDH(), peer), _point(ours)
    seed = _hkdf(auth, shared, b"WebPush: info\0" + theirs + point, 32)
    key = _hkdf(salt, seed, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _hkdf(salt, seed, b"Content-Encoding: nonce\0", 12)
    head = salt + struct.pack("!IB", RECORD_BYTES, len(point)) + point
    return head + AESGCM(key).encrypt(nonce, body + b"\x02", None)


def _hkdf(salt: bytes, seed: bytes, info: bytes, length: int) -> bytes:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(hashes.SHA256(), length, salt, info).derive(seed)


def _private(master: bytes) -> EllipticCurvePrivateKey:
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.derive_private_key(int.from_bytes(master), ec.SECP256R1())


def _point(key: EllipticCurvePrivateKey) -> bytes:
    return _point_of(key.public_key())


def _point_of(key: object) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)  # type: ignore[attr-defined,no-any-return]


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return b""
