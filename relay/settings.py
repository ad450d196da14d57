"""Everything an operator can set, by environment (``KYUMEI_…``) or on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

TILES = r"^(https?://[\w.:-]+/[^\s;'\"]*\{z\}[^\s;'\"]*\{[xy]\}[^\s;'\"]*\{[xy]\}[^\s;'\"]*)?$"
"""Address of map tiles; its host goes into a page's policy, so that nothing else may stand in it."""


class Settings(BaseSettings):
    """The settings of one relay. Units stand in the names."""

    model_config = SettingsConfigDict(env_prefix="KYUMEI_", extra="ignore")

    data_dir: Path = Field(
        Path("kyumei-data"), description="Folder of the ECG log, the database and the lock file."
    )
    site_name: str = Field("Kyumei Relay", description="Name of this site, shown on its pages.")
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8119, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    tls_certificate: Path | None = Field(
        None, description="PEM file of this relay's certificate and its chain; without it HTTP."
    )
    tls_key: Path | None = Field(None, description="PEM file of the certificate's private key.")
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
    st_trend_alarm: bool = Field(
        True,
        description="Whether a live ST change against the patient's own first minute rings.",
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
    public_url: str = Field(
        "",
        description="Address callers' phones reach this relay at, for example "
        "https://live.example.jp. Empty: the address the dispatcher's page came from.",
    )
    sms_hook_url: str = Field(
        "",
        description="Where SMS texts are posted (docs/live119.md). Empty: no SMS, QR and link only.",
    )
    sms_hook_token: SecretStr = Field(
        SecretStr(""), description="Bearer token the SMS hook asks for; never printed."
    )
    sms_hook_timeout_s: float = Field(
        5.0, gt=0, le=30, description="Seconds the SMS hook may take before it counts as failed."
    )
    map_tiles: str = Field(
        "",
        pattern=TILES,
        description="Map behind the caller's position on the dispatcher's page, for example "
        "https://tiles.example.jp/{z}/{x}/{y}.png. Empty: a grid in metres, and nobody outside learns a place.",
    )
    caller_data_cap_mb: float = Field(
        60.0, gt=0, description="Megabytes of video a caller's phone sends before it asks to go on."
    )
    call_recording: Literal["off", "stills", "clips"] = Field(
        "off",
        description="What stays of a 119 call after its end: off (nothing), stills (the pictures a "
        "dispatcher or the caller took) or clips (these and the video, as it was sent).",
    )
    call_clips_keep_h: float = Field(
        720.0, gt=0, description="Hours after which a clip of a 119 call is deleted."
    )
    call_end_after_h: float = Field(
        3.0, gt=0, description="Hours after which a 119 call nobody ended ends by itself."
    )
    video_enabled: bool = Field(
        True, description="Whether this relay forwards live video; without it callers send stills."
    )
    video_public_addresses: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Addresses told to phones beside the machine's own, separated by commas (a 1:1 "
        "NAT).",
    )
    stun_urls: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="STUN servers for phones and viewers, separated by commas: stun:…"
    )
    turn_urls: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="TURN servers, separated by commas: turn:…?transport=udp, turns:…:443?transport=tcp",
    )
    turn_secret: SecretStr = Field(
        SecretStr(""), description="The TURN server's static-auth-secret; never printed."
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

    @field_validator("video_public_addresses", "stun_urls", "turn_urls", mode="before")
    @classmethod
    def _split_tuple(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("public_url", "sms_hook_url")
    @classmethod
    def _check_url(cls, value: str) -> str:
        if value and not value.startswith(("https://", "http://")):
            raise ValueError("must begin with https:// or http://")
        return value.rstrip("/")

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
        if isinstance(default, frozenset | tuple):
            default = ",".join(sorted(default))
        if isinstance(default, SecretStr):
            default = ""
        lines += [f"# {field.description}", f"#KYUMEI_{name.upper()}={default}", ""]
    return "\n".join(lines)
