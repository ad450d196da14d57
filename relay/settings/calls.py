"""Settings: what callers' phones send, and what stays of a call."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from relay.settings.group import Group


class CallSettings(Group):
    """What callers' phones send, and what stays of a call."""

    caller_data_cap_mb: float = Field(
        60.0,
        gt=0,
        description="After this many megabytes of video the caller's phone asks whether to go on.",
    )
    call_recording: Literal["off", "stills", "clips"] = Field(
        "off",
        description="What the relay keeps of a 119 call after its end. off: nothing. stills: the pictures that a "
        "dispatcher or the caller took. clips: these pictures, and the video as it was sent.",
    )
    call_clips_keep_h: float = Field(
        720.0,
        gt=0,
        description="After this many hours the relay deletes the video clips of a 119 call.",
    )
    call_end_after_h: float = Field(
        3.0, gt=0, description="If nobody ends a 119 call, it ends by itself after this many hours."
    )
    call_shared_after_end_h: float = Field(
        24.0,
        ge=0,
        description="For this many hours after the end of a 119 call, those it was shared with may still read it "
        "(position, complaint, pictures). Dispatchers keep the record.",
    )
