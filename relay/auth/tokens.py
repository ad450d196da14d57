"""Opaque ids: sessions and device tokens. The relay keeps only their hashes."""

from __future__ import annotations

import hashlib
import secrets

COOKIE = "__Host-kyumei"
CALLER_COOKIE = "__Host-kyumei-caller"
KNOWN_COOKIE = "__Host-kyumei-known"
"""Says that somebody was signed in here before; opens nothing."""
DEVICE_PREFIX = "kyd_"


class SecretTokens:
    """Tokens of 256 random bits; stored as their SHA-256 (they are random enough for it)."""

    def new_session_id(self) -> str:
        """A fresh session id."""
        return secrets.token_urlsafe(32)

    def new_device_token(self) -> str:
        """A fresh device token, recognisable by its prefix."""
        return DEVICE_PREFIX + secrets.token_urlsafe(32)

    def new_link_token(self) -> str:
        """A caller's link: short enough to read aloud, 128 random bits, good for ten minutes."""
        return secrets.token_urlsafe(16)

    def hash_of(self, token: str) -> str:
        """The SHA-256, hex."""
        return hashlib.sha256(token.encode()).hexdigest()


def bearer_of(header: str | None) -> str | None:
    """The token of an ``Authorization`` header, None where there is none."""
    scheme, _, token = (header or "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None
