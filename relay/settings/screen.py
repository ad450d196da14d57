"""Settings: what is screened, and what rings."""

from __future__ import annotations

from pydantic import Field

from relay.settings.group import Group


class ScreenSettings(Group):
    """What is screened, and what rings."""

    screen_enabled: bool = Field(
        True, description="Whether the ST-elevation screen runs at this site."
    )
    screen_every_s: float = Field(
        5.0, ge=0.2, description="Seconds between two screenings of one live stream."
    )
    screen_threads: int = Field(2, ge=1, le=64, description="Threads that screen.")
    st_trend_alarm: bool = Field(
        True,
        description="Whether a live ST change against the patient's own first minute rings.",
    )
    snapshot_patience_s: float = Field(
        120.0,
        gt=0,
        description="Seconds after which a snapshot is kept with the samples that came.",
    )
