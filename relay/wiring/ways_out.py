"""The ways out of a relay: every export and every alert channel, one line each.

Whatever names them reads these two lists: the route, the command, the settings, the table in
``docs/ways-out.md`` and the contract tests. How to add one stands in ``docs/howto``.
"""

from __future__ import annotations

from difflib import get_close_matches

from relay.alerts.log_file import LogFile
from relay.alerts.port import AlertChannel
from relay.errors import BadInput
from relay.exports.json_snapshot import JsonSnapshot
from relay.exports.port import Export
from relay.services.alarm.delivery import Destination
from relay.settings import Settings

EXPORTS: tuple[Export, ...] = (
    JsonSnapshot(),
)  # fmt: skip
ALERT_CHANNELS: tuple[AlertChannel, ...] = (
    LogFile(),
)  # fmt: skip
CHANNEL_NAMES = tuple(channel.name for channel in ALERT_CHANNELS)


def destinations_of(settings: Settings) -> tuple[Destination, ...]:
    """Where this site's alerts go.

    Raises:
        BadInput: a channel that there is not, or an address that is none.
    """
    return tuple(_destination(text) for text in settings.alert_channels)


def _destination(text: str) -> Destination:
    name, _, to = text.partition(":")
    known = {channel.name: channel for channel in ALERT_CHANNELS}
    if name not in known:
        close = get_close_matches(name, known, 1)
        meant = f"did you mean {close[0]}?" if close else f"there are: {', '.join(known)}."
        raise BadInput(f"There is no alert channel {name} (KYUMEI_ALERT_CHANNELS); {meant}")
    known[name].check(to)
    return Destination(known[name], to)
