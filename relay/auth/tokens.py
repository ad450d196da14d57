"""Opaque ids: sessions and device tokens. The relay keeps only their hashes."""

from __future__ import annotations

import hashlib
import secrets

COOKIE = "__Host-kyumei"
DEVICE_PREFIX = "kyd_"


def new_session_id() -> str:
    """A fresh session id of 256 random bits."""
    return secrets.token_urlsafe(32)


def new_device_token() -> str:
    """A fresh device token of 256 random bits, recognisable by its prefix."""
    return DEVICE_PREFIX + secrets.token_urlsafe(32)


def hash_of(token: str) -> str:
    """What is stored of a token: its SHA-256, hex (the token itself is random enough)."""
    return hashlib.sha256(token.encode()).hexdigest()


def bearer_of(header: str | None) -> str | None:
    """The token of an ``Authorization`` header, None where there is none."""
    scheme, _, token = (header or "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None
