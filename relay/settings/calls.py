"""Settings: what callers' phones send, and what stays of a call."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from relay.settings.group import Group


class CallSettings(Group):
    """What callers' phones send, and what stays of a call."""

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
