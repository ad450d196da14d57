"""The ways out of a relay: every export and every alert channel, one line each.

Whatever names them reads these two lists: the route, the command, the settings, the table in
``docs/ways-out.md`` and the contract tests. How to add one stands in ``docs/howto``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import partial

from relay.alerts.hook import Hook, SmsText, VoiceCall
from relay.alerts.log_file import LogFile
from relay.alerts.mail import Mail, MailServer
from relay.alerts.port import AlertChannel
from relay.alerts.push_port import Master, Subscriptions
from relay.alerts.web_push import WebPush, check_subscription, public_key
from relay.alerts.webhook import Webhook
from relay.errors import BadInput
from relay.exports.json_snapshot import JsonSnapshot
from relay.exports.port import Export
from relay.records.port.records import Records
from relay.services.alarm.letters import Destination
from relay.services.alarm.ring_devices import RingDevices
from relay.services.ground.late import Late
from relay.settings import Settings

EXPORTS: tuple[Export, ...] = (
    JsonSnapshot(),
)  # fmt: skip


async def _no_key() -> bytes:
    raise BadInput("This way has no key here.", "way-not-set-up")


@dataclass(frozen=True, slots=True)
class ChannelNeeds:
    """What channels need of the site.

    Attributes:
        webhook_key / vapid_key: the site's secrets.
        contact: whom a push service may ask about misuse.
    """

    mail: MailServer = field(default_factory=MailServer)
    sms: Hook = field(default_factory=Hook)
    call: Hook = field(default_factory=Hook)
    webhook_key: Master = _no_key
    vapid_key: Master = _no_key
    subscriptions: Subscriptions | None = None
    contact: str = "mailto:nobody@localhost"


def alert_channels(needs: ChannelNeeds) -> tuple[AlertChannel, ...]:
    """Every channel there is."""
    return (
        LogFile(),
        Webhook(needs.webhook_key),
        Mail(needs.mail),
        SmsText(needs.sms),
        VoiceCall(needs.call),
        WebPush(needs.subscriptions, needs.vapid_key, needs.contact),
    )


def ways_of(settings: Settings, kept: RingDevices | None = None) -> dict[str, AlertChannel]:
    """The channels of this site by name; without ``kept`` they can only look at addresses."""
    server = MailServer(
        settings.mail_host, settings.mail_port, settings.mail_tls, settings.mail_user,
        settings.mail_password.get_secret_value(), settings.mail_from,
    )  # fmt: skip
    contact = settings.public_url if settings.public_url.startswith("https:") else ""
    needs = ChannelNeeds(
        mail=server,
        sms=sms_hook_of(settings),
        call=Hook(settings.call_hook_url, settings.call_hook_token.get_secret_value()),
        webhook_key=kept.webhook_key if kept else _no_key,
        vapid_key=kept.vapid_key if kept else _no_key,
        subscriptions=kept,
        contact=contact or f"mailto:{settings.mail_from or 'nobody@localhost'}",
    )
    return {channel.name: channel for channel in alert_channels(needs)}


def devices_of(settings: Settings, records: Records, late: Late) -> RingDevices:
    """The devices that ring, with what only Web Push knows of a subscription."""
    check = partial(check_subscription, services=settings.push_services)
    return RingDevices(records, late, check, public_key)


def sms_hook_of(settings: Settings) -> Hook:
    """Where this site's SMS go, of alarms and of LIVE119 alike."""
    return Hook(settings.sms_hook_url, settings.sms_hook_token.get_secret_value())


def destinations_of(settings: Settings) -> tuple[Destination, ...]:
    """Where this site's alerts go.

    Raises:
        BadInput: a channel that there is not, or an address that is none.
    """
    return tuple(destination(settings, text) for text in settings.alert_channels)


def destination(settings: Settings, text: str) -> Destination:
    """One destination, as ``KYUMEI_ALERT_CHANNELS`` writes it.

    Raises:
        BadInput: there is no such channel, or the address is none.
    """
    name, _, to = text.partition(":")
    known = ways_of(settings)
    if name not in known:
        close = get_close_matches(name, known, 1)
        meant = f"did you mean {close[0]}?" if close else f"there are: {', '.join(known)}."
        raise BadInput(f"There is no alert channel {name} (KYUMEI_ALERT_CHANNELS); {meant}")
    known[name].check(to)
    return Destination(name, to)
