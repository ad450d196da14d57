"""Settings: how long a sign-in lasts, and how often one may try."""

from __future__ import annotations

from pydantic import Field

from relay.settings.group import Group


class SessionSettings(Group):
    """How long a sign-in lasts, and how often one may try."""

    session_idle_min: float = Field(
        15.0,
        gt=0,
        description="If nobody touches a page for this many minutes, the page rests: it still rings, and it asks "
        "for the password before it shows a case.",
    )
    session_absolute_h: float = Field(
        12.0, gt=0, description="After this many hours a page rests, even if somebody is using it."
    )
    session_resting_d: float = Field(
        7.0,
        gt=0,
        description="After this many days a session ends. Until then its page still rings.",
    )
    sign_in_burst: int = Field(
        5, ge=1, description="How often one account may try to sign in before it has to wait."
    )
    sign_in_refill_s: float = Field(
        12.0, gt=0, description="After this many seconds the account may try once more."
    )
