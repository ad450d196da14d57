"""What one tablet is told at its start."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class TabletSettings:
    """What one tablet is told at its start."""

    unit: str
    relay_url: str
    token: str
    source: str
    spool: Path
    drill: bool = False
    journal: Path | None = None
    tls: ssl.SSLContext | None = None
    camera: str = ""
    phone: str = ""
    """Whom the crew phones when the link needs a person."""
