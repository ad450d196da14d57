"""From where this relay is reached, and under which names."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from relay.settings import Settings

WILDCARDS = {"0.0.0.0", "::"}  # noqa: S104 - to know them, not to listen on them


def is_this_machine(host: str) -> bool:
    """Whether who listens on this address is reached from this machine alone."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def hosts_of(settings: Settings) -> frozenset[str]:
    """Every name this relay may be asked for by: those set, and those of its own addresses."""
    urls = (settings.public_url, *settings.origins)
    named = {urlsplit(url).hostname for url in urls if url}
    own = {settings.host} - WILDCARDS
    return frozenset({*settings.hosts, *filter(None, named), *own})
