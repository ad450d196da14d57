"""Settings: how long a sign-in lasts, and how often one may try."""

from __future__ import annotations

from pydantic import Field

from relay.settings.group import Group


class SessionSettings(Group):
    """How long a sign-in lasts, and how often one may try."""

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
