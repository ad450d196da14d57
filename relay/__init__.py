"""The relay: what ambulances, hospitals and callers talk to."""

from __future__ import annotations

import sys


def _load_structlog_alone() -> None:
    """Before anybody logs: structlog loads rich for coloured tracebacks, wherever rich is installed.

    We log JSON, or lines without colour; the import would be a tenth of a second of every start.
    """
    if "structlog" in sys.modules or "rich" in sys.modules:
        return
    sys.modules["rich"] = None  # type: ignore[assignment]  # the import system's own "there is none"
    try:
        import structlog  # noqa: F401
    finally:
        del sys.modules["rich"]


_load_structlog_alone()
