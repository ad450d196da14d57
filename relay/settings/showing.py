"""Settings: what this installation is called and shows."""

from __future__ import annotations

import json

from pydantic import Field, field_validator

from relay.settings.group import Group

TILES = r"^(https?://[\w.:-]+/[^\s;'\"]*\{z\}[^\s;'\"]*\{[xy]\}[^\s;'\"]*\{[xy]\}[^\s;'\"]*)?$"
"""Address of map tiles; its host goes into a page's policy, so that nothing else may stand in it."""


class SiteSettings(Group):
    """What this installation is called and shows."""

    site_name: str = Field("Kyumei Relay", description="Name of this site, shown on its pages.")
    map_tiles: str = Field(
        "",
        pattern=TILES,
        description="Map behind the caller's position on the dispatcher's page, for example "
        "https://tiles.example.jp/{z}/{x}/{y}.png. Empty: the page draws a grid in metres, and no "
        "other server learns the position.",
    )
    demo: str = Field(
        "",
        description="Only for drills: the JSON that GET /api/demo answers. Empty: this is no drill.",
    )

    @field_validator("demo")
    @classmethod
    def _check_demo(cls, value: str) -> str:
        if value:
            found = json.loads(value)
            if not isinstance(found, dict):
                raise ValueError("must be a JSON object")
        return value
