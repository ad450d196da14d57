"""How many files and connections the system lets this process have open."""

from __future__ import annotations

from relay.errors import BadInput

WANTED = 65_536
LEAST = 256
FOR_CONNECTIONS = 0.75
"""The rest is for files, the database and the media plane's sockets."""


def raise_limit() -> int:
    """Ask for as many as are wanted and allowed; how many it is now.

    Raises:
        BadInput: the system allows too few to serve anybody.
    """
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return WANTED
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = WANTED if hard == resource.RLIM_INFINITY else min(WANTED, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        soft = most
    if soft != resource.RLIM_INFINITY and soft < LEAST:
        raise BadInput(f"The system allows {soft} open files; allow at least {LEAST} (ulimit -n).")
    return most if soft == resource.RLIM_INFINITY else soft


def connections_of(limit: int) -> int:
    """How many of so many open files may be connections."""
    return int(limit * FOR_CONNECTIONS)
