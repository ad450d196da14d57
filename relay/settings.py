"""Everything an operator can set, by environment (``KYUMEI_…``) or on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


class Settings(BaseSettings):
    """The settings of one relay. Units stand in the names."""

    model_config = SettingsConfigDict(env_prefix="KYUMEI_", extra="ignore")

    data_dir: Path = Field(
        Path("kyumei-data"), description="Folder of the ECG log, the database and the lock file."
    )
    site_name: str = Field("Kyumei Relay", description="Name of this site, shown on its pages.")
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8119, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    origins: Annotated[frozenset[str], NoDecode] = Field(
        frozenset(),
        description="Further origins pages may come from, separated by commas (behind a proxy "
        "that changes the Host header), for example https://relay.example.jp.",
    )
    session_idle_min: float = Field(
        15.0, gt=0, description="A session ends after so many minutes in which nothing was done."
    )
    session_absolute_h: float = Field(
        12.0, gt=0, description="A session ends after so many hours in any case."
    )
    sign_in_burst: int = Field(
        5, ge=1, description="Tries to sign in to one account before it has to wait."
    )
    sign_in_refill_s: float = Field(
        12.0, gt=0, description="Seconds after which one more try is given back."
    )
    screen_enabled: bool = Field(
        True, description="Whether the ST-elevation screen runs at this site."
    )
    screen_every_s: float = Field(
        5.0, ge=0.2, description="Seconds between two screenings of one live stream."
    )
    screen_threads: int = Field(2, ge=1, le=64, description="Threads that screen.")
    snapshot_patience_s: float = Field(
        120.0,
        gt=0,
        description="Seconds after which a snapshot is kept with the samples that came.",
    )
    case_close_after_h: float = Field(
        12.0, gt=0, description="Hours without anything new after which a case closes by itself."
    )
    commit_every_ms: float = Field(
        100.0, gt=0, le=1000, description="Milliseconds of ECG frames that share one disk commit."
    )
    demo: str = Field(
        "", description="A drill: the JSON that GET /api/demo answers. Empty: this is no drill."
    )

    @field_validator("origins", mode="before")
    @classmethod
    def _split_origins(cls, value: object) -> object:
        if isinstance(value, str):
            return frozenset(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("demo")
    @classmethod
    def _check_demo(cls, value: str) -> str:
        if value:
            found = json.loads(value)
            if not isinstance(found, dict):
                raise ValueError("must be a JSON object")
        return value


def reference() -> str:
    """Every setting with its default, as a commented environment file."""
    lines = ["# Settings of Kyumei Relay. Remove the # before a line to change it.", ""]
    for name, field in Settings.model_fields.items():
        default = field.default
        if isinstance(default, frozenset):
            default = ",".join(sorted(default))
        lines += [f"# {field.description}", f"#KYUMEI_{name.upper()}={default}", ""]
    return "\n".join(lines)
