"""Everything an operator can set, by environment (``KYUMEI_…``) or on the command line."""

from __future__ import annotations

import json
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

TILES = r"^(https?://[\w.:-]+/[^\s;'\"]*\{z\}[^\s;'\"]*\{[xy]\}[^\s;'\"]*\{[xy]\}[^\s;'\"]*)?$"
"""Address of map tiles; its host goes into a page's policy, so that nothing else may stand in it."""


class Settings(BaseSettings):
    """The settings of one relay. Units stand in the names."""

    model_config = SettingsConfigDict(env_prefix="KYUMEI_", extra="forbid")

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
    hosts: Annotated[frozenset[str], NoDecode] = Field(
        frozenset(),
        description="Names and addresses under which this relay is asked for, separated by commas, "
        "beside those of KYUMEI_PUBLIC_URL and KYUMEI_ORIGINS; any other is refused. One of the "
        "three is needed where it listens beyond this machine.",
    )
    trusted_proxies: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = Field(
        (),
        description="Addresses or networks of the proxies in front of this relay, separated by "
        "commas; only their X-Forwarded-For and X-Forwarded-Proto are believed.",
    )
    connections_per_address: int = Field(
        256,
        ge=16,
        description="Connections of one address that may wait without a request; the oldest gives "
        "way. WebSockets and requests being answered do not count.",
    )
    session_idle_min: float = Field(
        15.0,
        gt=0,
        description="A page rests after so many minutes without a person's hand: it still rings, and asks for the password before it shows a case.",
    )
    session_absolute_h: float = Field(
        12.0, gt=0, description="A page rests after so many hours in any case."
    )
    session_resting_d: float = Field(
        7.0, gt=0, description="A session ends after so many days; until then its page rings."
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
    unit_cases_burst: int = Field(
        40,
        ge=1,
        description="Cases that one ambulance may open one after the other before it has to wait; its ECG waits with it and is kept.",
    )
    unit_cases_refill_s: float = Field(
        60.0, gt=0, description="Seconds after which one more case of an ambulance is given back."
    )
    unit_disk_mb_per_day: float = Field(
        1000.0,
        gt=0,
        description="Megabytes of snapshots, photos and entries one ambulance may have kept a day; its live ECG does not count and is never refused.",
    )
    case_close_after_h: float = Field(
        12.0, gt=0, description="Hours without anything new after which a case closes by itself."
    )
    commit_every_ms: float = Field(
        100.0, gt=0, le=1000, description="Milliseconds of ECG frames that share one disk commit."
    )
    audit_heads_to: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Second places the heads of the audit's chain are appended to, separated by commas: "
        "file:/another/disk/heads, syslog: (this machine's), syslog:host:514, https://… (JSON is posted).",
    )
    reserve_mb: int = Field(
        64,
        ge=0,
        le=100_000,
        description="Megabytes of disk kept back beside the data; given to the database when the disk is full.",
    )
    public_url: str = Field(
        "",
        description="Address callers' phones reach this relay at, for example "
        "https://live.example.jp. Empty: the address the dispatcher's page came from.",
    )
    alert_channels: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Where alarms are told beside the pages, separated by commas: the channel, a colon and the "
        "address (docs/ways-out.md), for example log-file:/var/log/kyumei/alerts.log.",
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
    call_shared_after_end_h: float = Field(
        24.0,
        ge=0,
        description="Hours after the end of a 119 call for which those it was shared with may still read it "
        "(position, complaint, pictures); dispatchers keep the record.",
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

    @field_validator("hosts", mode="before")
    @classmethod
    def _split_hosts(cls, value: object) -> object:
        if isinstance(value, str):
            names = (part.strip().lower().strip("[]") for part in value.split(","))
            return frozenset(name for name in names if name)
        return value

    @field_validator(
        "audit_heads_to",
        "alert_channels",
        "video_public_addresses",
        "stun_urls",
        "turn_urls",
        "trusted_proxies",
        mode="before",
    )
    @classmethod
    def _split_tuple(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

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

    @field_validator("alert_channels")
    @classmethod
    def _check_channels(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for text in value:
            name, _, to = text.partition(":")
            if not (name and to):
                raise ValueError("each is a channel, a colon and an address: log-file:/path")
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
