"""Servers that help a browser through: STUN, and TURN with passwords that hold for minutes."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass

from relay.video.port import IceServer


@dataclass(frozen=True, slots=True)
class TurnSettings:
    """What the site runs.

    Attributes:
        stun_urls: ``stun:…``, no password.
        turn_urls: ``turn:…?transport=udp``, ``turns:…:443?transport=tcp``.
        secret: shared with coturn (``static-auth-secret``); without it TURN is not handed out.
        valid_s: how long a password holds.
    """

    stun_urls: tuple[str, ...] = ()
    turn_urls: tuple[str, ...] = ()
    secret: str = ""
    valid_s: int = 600


def ice_servers(settings: TurnSettings, user: str, now_s: float) -> tuple[IceServer, ...]:
    """The list for one browser.

    Source: coturn's REST API (draft-uberti-behave-turn-rest-00): user ``expiry:name``, password
    base64(HMAC-SHA1(secret, user)).
    """
    found = [IceServer(settings.stun_urls)] if settings.stun_urls else []
    if settings.turn_urls and settings.secret:
        name = f"{int(now_s) + settings.valid_s}:{user}"
        digest = hmac.new(settings.secret.encode(), name.encode(), hashlib.sha1).digest()
        found.append(IceServer(settings.turn_urls, name, base64.b64encode(digest).decode()))
    return tuple(found)
