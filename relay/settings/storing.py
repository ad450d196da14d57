"""Settings: where ECG, cases and the audit are kept."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, field_validator

from relay.settings.group import Group, Texts


class StoringSettings(Group):
    """Where ECG, cases and the audit are kept."""

    data_dir: Path = Field(
        Path("kyumei-data"), description="Folder of the ECG log, the database and the lock file."
    )
    commit_every_ms: float = Field(
        100.0,
        gt=0,
        le=1000,
        description="The relay writes the ECG frames of this many milliseconds to the disk together.",
    )
    reserve_mb: int = Field(
        64,
        ge=0,
        le=100_000,
        description="Megabytes of disk that the relay keeps free beside its data. When the disk is full, the "
        "database gets them.",
    )
    audit_heads_to: Texts = Field(
        (),
        description="Second places the heads of the audit's chain are appended to, separated by commas: "
        "file:/another/disk/heads, syslog: (this machine's), syslog:host:514, https://… (JSON is posted).",
    )

    @field_validator("audit_heads_to")
    @classmethod
    def _check_places(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for place in value:
            host, colon, port = place.removeprefix("syslog:").rpartition(":")
            if place.startswith("syslog:") and colon and not (host and port.isdigit()):
                raise ValueError("syslog: takes a host and a port: syslog:log.example.jp:514")
            if not place.startswith(("file:/", "syslog:", "https://", "http://")):
                raise ValueError("each must begin with file:/, syslog:, https:// or http://")
        return value
