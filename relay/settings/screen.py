"""Settings: what is screened, and what rings."""

from __future__ import annotations

from pydantic import Field

from relay.settings.group import Group


class ScreenSettings(Group):
    """What is screened, and what rings."""

    screen_enabled: bool = Field(
        True, description="Whether the relay screens ECGs for ST elevation."
    )
    screen_every_s: float = Field(
        5.0, ge=0.2, description="The relay screens each live recording once in this many seconds."
    )
    screen_threads: int = Field(2, ge=1, le=64, description="How many threads screen ECGs.")
    st_trend_alarm: bool = Field(
        True,
        description="Whether the alarm rings when the ST of a live recording changes against the patient's own "
        "first minute.",
    )
    snapshot_patience_s: float = Field(
        120.0,
        gt=0,
        description="If part of a ten-second snapshot has still not arrived after this many seconds, the relay "
        "stores what is there and marks the rest as missing.",
    )
