"""The ports of a demo, looked at before anything starts: a taken one is said at once, with what to do."""

from __future__ import annotations

import socket
from collections.abc import Mapping

from relay.errors import Unavailable


def need_free(wanted: Mapping[int, str]) -> None:
    """Look whether these ports of this machine are free; each with who needs it.

    Raises:
        Unavailable: one is taken or not allowed.
    """
    for port, who in wanted.items():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                raise Unavailable(
                    f"Port {port} for {who} is taken or not allowed; "
                    f"end what uses it, or choose another with --port ({len(wanted)} in a row must be free)."
                ) from None


def free_port() -> int:
    """A port nobody has at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
