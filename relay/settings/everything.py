"""All groups as one, by environment (``KYUMEI_…``) or on the command line."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, SettingsConfigDict

from relay.settings.calls import CallSettings
from relay.settings.cases import CaseSettings
from relay.settings.door import DoorSettings
from relay.settings.group import Group
from relay.settings.screen import ScreenSettings
from relay.settings.sessions import SessionSettings
from relay.settings.showing import SiteSettings
from relay.settings.storing import StoringSettings
from relay.settings.telling import TellingSettings
from relay.settings.video import VideoSettings

GROUPS: dict[str, type[Group]] = {
    "The site": SiteSettings,
    "Storing": StoringSettings,
    "The door": DoorSettings,
    "Sessions": SessionSettings,
    "The screen": ScreenSettings,
    "Cases": CaseSettings,
    "Telling": TellingSettings,
    "119 calls": CallSettings,
    "Live video": VideoSettings,
}
"""By the heading under which they stand in ``docs/settings.md`` and in the reference file."""


class Settings(
    SiteSettings,
    StoringSettings,
    DoorSettings,
    SessionSettings,
    ScreenSettings,
    CaseSettings,
    TellingSettings,
    CallSettings,
    VideoSettings,
    BaseSettings,
):
    """The settings of one relay. Units stand in the names."""

    model_config = SettingsConfigDict(env_prefix="KYUMEI_", extra="forbid", defer_build=False)


def reference() -> str:
    """Every setting with its default, as a commented environment file."""
    lines = ["# Settings of Kyumei Relay. Remove the # before a line to change it.", ""]
    for heading, group in GROUPS.items():
        lines += [f"## {heading}", ""]
        for name, field, default in fields_of(group):
            lines += [f"# {field.description}", f"#{name}={default}", ""]
    return "\n".join(lines)


def fields_of(group: type[Group]) -> Iterator[tuple[str, FieldInfo, str]]:
    """Of each setting of a group: its name in the environment, what is known of it, and its default as it is written."""
    for name, field in group.model_fields.items():
        default = field.default
        if isinstance(default, frozenset | tuple):
            default = ",".join(sorted(default))
        if isinstance(default, SecretStr):
            default = ""
        yield f"KYUMEI_{name.upper()}", field, str(default)
