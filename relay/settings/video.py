"""Settings: how phones and viewers reach the relay."""

from __future__ import annotations

from pydantic import Field, SecretStr

from relay.settings.group import Group, Texts


class VideoSettings(Group):
    """How phones and viewers reach the relay."""

    video_enabled: bool = Field(
        True, description="Whether this relay forwards live video; without it callers send stills."
    )
    video_public_addresses: Texts = Field(
        (),
        description="Addresses told to phones beside the machine's own, separated by commas (a 1:1 "
        "NAT).",
    )
    stun_urls: Texts = Field(
        (), description="STUN servers for phones and viewers, separated by commas: stun:…"
    )
    turn_urls: Texts = Field(
        (),
        description="TURN servers, separated by commas: turn:…?transport=udp, turns:…:443?transport=tcp",
    )
    turn_secret: SecretStr = Field(
        SecretStr(""), description="The TURN server's static-auth-secret; never printed."
    )
