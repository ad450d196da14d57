"""Every ``KYUMEI_…`` name that means something; any other stops the start, with the name that was meant.

A misspelt setting that is passed over leaves on what was to be off. Both programs ask here; a house
test holds the list against the settings and against every file of the repository that names one.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

from relay.errors import BadInput

PREFIX = "KYUMEI_"
RELAY_NAMES = (
    "KYUMEI_ALERT_CHANNELS",
    "KYUMEI_AUDIT_HEADS_TO",
    "KYUMEI_CALL_CLIPS_KEEP_H",
    "KYUMEI_CALL_END_AFTER_H",
    "KYUMEI_CALL_HOOK_TOKEN",
    "KYUMEI_CALL_HOOK_URL",
    "KYUMEI_CALL_RECORDING",
    "KYUMEI_CALL_SHARED_AFTER_END_H",
    "KYUMEI_CALLER_DATA_CAP_MB",
    "KYUMEI_CASE_CLOSE_AFTER_H",
    "KYUMEI_COMMIT_EVERY_MS",
    "KYUMEI_CONNECTIONS_PER_ADDRESS",
    "KYUMEI_DATA_DIR",
    "KYUMEI_DEMO",
    "KYUMEI_HOST",
    "KYUMEI_HOSTS",
    "KYUMEI_MAIL_FROM",
    "KYUMEI_MAIL_HOST",
    "KYUMEI_MAIL_PASSWORD",
    "KYUMEI_MAIL_PORT",
    "KYUMEI_MAIL_TLS",
    "KYUMEI_MAIL_USER",
    "KYUMEI_MAP_TILES",
    "KYUMEI_ORIGINS",
    "KYUMEI_PORT",
    "KYUMEI_PUBLIC_URL",
    "KYUMEI_PUSH_SERVICES",
    "KYUMEI_RESERVE_MB",
    "KYUMEI_SCREEN_ENABLED",
    "KYUMEI_SCREEN_EVERY_S",
    "KYUMEI_SCREEN_THREADS",
    "KYUMEI_SESSION_ABSOLUTE_H",
    "KYUMEI_SESSION_IDLE_MIN",
    "KYUMEI_SESSION_RESTING_D",
    "KYUMEI_SIGN_IN_BURST",
    "KYUMEI_SIGN_IN_REFILL_S",
    "KYUMEI_SITE_NAME",
    "KYUMEI_SMS_HOOK_TIMEOUT_S",
    "KYUMEI_SMS_HOOK_TOKEN",
    "KYUMEI_SMS_HOOK_URL",
    "KYUMEI_SNAPSHOT_PATIENCE_S",
    "KYUMEI_ST_TREND_ALARM",
    "KYUMEI_STUN_URLS",
    "KYUMEI_TLS_CERTIFICATE",
    "KYUMEI_TLS_KEY",
    "KYUMEI_TRUSTED_PROXIES",
    "KYUMEI_TURN_SECRET",
    "KYUMEI_TURN_URLS",
    "KYUMEI_UNIT_CASES_BURST",
    "KYUMEI_UNIT_CASES_REFILL_S",
    "KYUMEI_UNIT_DISK_MB_PER_DAY",
    "KYUMEI_VIDEO_ENABLED",
    "KYUMEI_VIDEO_PUBLIC_ADDRESSES",
)
"""Settings of the relay (``relay.settings``, ``docs/settings.md``)."""
TABLET_NAMES = ("KYUMEI_TOKEN", "KYUMEI_PHONE")
"""Of the tablet (``kyumei-ambulance run``)."""
SCREEN_NAMES = ("KYUMEI_KERNELS",)
"""Of the screen, in any process."""
TEST_NAMES = (
    "KYUMEI_CHROMIUM",
    "KYUMEI_FIREFOX",
    "KYUMEI_JOIN_CYCLES",
    "KYUMEI_KILLS_EACH",
    "KYUMEI_SHOTS",
)
"""Of the test suite, which starts both programs in its own environment."""
KNOWN = frozenset((*RELAY_NAMES, *TABLET_NAMES, *SCREEN_NAMES, *TEST_NAMES))


def check_names(environment: Mapping[str, str]) -> None:
    """Do nothing where every ``KYUMEI_…`` name is known (in any letter case, as they are read).

    Raises:
        BadInput: one is not; the sentence says which was meant.
    """
    for name in sorted(environment):
        if not name.upper().startswith(PREFIX) or name.upper() in KNOWN:
            continue
        own = {known.removeprefix(PREFIX): known for known in sorted(KNOWN)}
        close = get_close_matches(name.upper().removeprefix(PREFIX), own, 1, 0.6)
        meant = (
            f"did you mean {own[close[0]]}?" if close else "take it away, or see docs/settings.md."
        )
        raise BadInput(f"There is no setting {name}; {meant}")
    kernels = environment.get("KYUMEI_KERNELS", "")
    if kernels not in {"", "numpy"}:
        raise BadInput(f"KYUMEI_KERNELS is numpy or not set, not {kernels!r}.")
