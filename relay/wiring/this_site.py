"""What this installation calls itself and shows."""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError, version

from relay.reach import hosts_of
from relay.services.relay import Site
from relay.settings import Settings


def site_of(settings: Settings) -> Site:
    """What this installation calls itself and shows."""
    demo = json.loads(settings.demo) if settings.demo else None
    tablets = ("http://localhost:*", "http://127.0.0.1:*") if demo is not None else ()
    return Site(
        settings.site_name, this_version(), demo, settings.origins, tablets, settings.public_url,
        settings.map_tiles, hosts_of(settings), settings.trusted_proxies,
        settings.connections_per_address,
    )  # fmt: skip


def this_version() -> str:
    """The installed version, or ``dev`` from a bare checkout."""
    try:
        return version("kyumei-relay")
    except PackageNotFoundError:
        return "dev"
