"""Settings: where the relay listens, and who may knock."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field, field_validator
from pydantic_settings import NoDecode

from relay.settings.group import Group, checked_url, split


class DoorSettings(Group):
    """Where the relay listens, and who may knock."""

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8119, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    tls_certificate: Path | None = Field(
        None, description="PEM file of this relay's certificate and its chain; without it HTTP."
    )
    tls_key: Path | None = Field(None, description="PEM file of the certificate's private key.")
    public_url: str = Field(
        "",
        description="Address callers' phones reach this relay at, for example "
        "https://live.example.jp. Empty: the address the dispatcher's page came from.",
    )
    origins: Annotated[frozenset[str], NoDecode] = Field(
        frozenset(),
        description="Further origins pages may come from, separated by commas (behind a proxy "
        "that changes the Host header), for example https://relay.example.jp.",
    )
    hosts: Annotated[frozenset[str], NoDecode] = Field(
        frozenset(),
        description="Names and addresses under which this relay is asked for, separated by commas, "
        "beside those of KYUMEI_PUBLIC_URL and KYUMEI_ORIGINS; any other is refused. One of the "
        "three is needed where it listens beyond this machine.",
    )
    trusted_proxies: Annotated[
        tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(split)
    ] = Field(
        (),
        description="Addresses or networks of the proxies in front of this relay, separated by "
        "commas; only their X-Forwarded-For and X-Forwarded-Proto are believed.",
    )
    connections_per_address: int = Field(
        256,
        ge=16,
        description="Connections of one address that may wait without a request; the oldest gives "
        "way. WebSockets and requests being answered do not count.",
    )

    @field_validator("origins", mode="before")
    @classmethod
    def _split_origins(cls, value: object) -> object:
        if isinstance(value, str):
            return frozenset(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("hosts", mode="before")
    @classmethod
    def _split_hosts(cls, value: object) -> object:
        if isinstance(value, str):
            names = (part.strip().lower().strip("[]") for part in value.split(","))
            return frozenset(name for name in names if name)
        return value

    @field_validator("public_url")
    @classmethod
    def _check_url(cls, value: str) -> str:
        return checked_url(value)
