"""Settings: how phones and viewers reach the relay."""

from __future__ import annotations

from pydantic import Field, SecretStr

from relay.settings.group import Group, Texts


class VideoSettings(Group):
    """How phones and viewers reach the relay."""

    video_enabled: bool = Field(
        True,
        description="Whether this relay passes on live video. Without it callers send still pictures.",
    )
    video_public_addresses: Texts = Field(
        (),
        description="Public IP addresses of this relay, separated by commas. Needed when it is behind NAT; phones "
        "then try these too.",
    )
    stun_urls: Texts = Field(
        (), description="STUN servers for phones and viewers, separated by commas: stun:…"
    )
    turn_urls: Texts = Field(
        (),
        description="TURN servers, separated by commas: turn:…?transport=udp, turns:…:443?transport=tcp",
    )
    turn_secret: SecretStr = Field(
        SecretStr(""), description="The static-auth-secret of the TURN server. It is never printed."
    )
