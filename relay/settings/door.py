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
        description="Address at which callers' phones reach this relay, for example https://live.example.jp. "
        "Empty: the address that the dispatcher's page was opened from.",
    )
    origins: Annotated[frozenset[str], NoDecode] = Field(
        frozenset(),
        description="Other addresses that pages may be opened from, separated by commas, for example "
        "https://relay.example.jp. Needed behind a proxy that changes the Host header.",
    )
    hosts: Annotated[frozenset[str], NoDecode] = Field(
        frozenset(),
        description="Names and addresses by which browsers reach this relay, separated by commas. Those of "
        "KYUMEI_PUBLIC_URL and KYUMEI_ORIGINS count too. The relay refuses every other name. Set one "
        "of the three when the relay listens beyond this machine.",
    )
    trusted_proxies: Annotated[
        tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(split)
    ] = Field(
        (),
        description="Addresses or networks of the proxies in front of this relay, separated by commas. The relay "
        "believes X-Forwarded-For and X-Forwarded-Proto only from these.",
    )
    connections_per_address: int = Field(
        256,
        ge=16,
        description="How many connections of one address may stay open without a request. When there are more, "
        "the oldest is closed. WebSockets and requests in progress do not count.",
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
