"""Which way out to the relay the operating system would take now: a changed one means a dead connection.

A phone that goes from Wi-Fi to 4G keeps its TCP connection open on an address it no longer has; only
silence would tell. Asking the routing table costs microseconds and sends nothing.
"""

from __future__ import annotations

import socket
from typing import Any


def way_out(peer: tuple[Any, ...]) -> str | None:
    """The local address that packets to ``peer`` (a socket's remote address) would leave from.

    None where there is no way at the moment: a tunnel, an interface that is coming up.
    """
    family = socket.AF_INET6 if len(peer) == 4 else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(peer)
            return str(probe.getsockname()[0])
        except OSError:
            return None
