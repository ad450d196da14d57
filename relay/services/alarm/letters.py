"""Which letters an alarm makes for the whole site, and what stands in one."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from relay.alerts.port import Message
from relay.model.alert import Alert
from relay.model.letter import Addressee, Letter, letter_id
from relay.model.ringing import RingDevice
from relay.model.timeline import Stage

GIVE_UP_US = 600_000_000
"""An alarm that reached nobody for ten minutes is told no more: whoever came would come for something else."""
WORDS = {
    True: (
        "心電図の警報が鳴っています。画面を開いてください。",
        "An ECG alarm rings; open the page.",
    ),
    False: (
        "心電図が届いています。画面で確認してください。",
        "An ECG waits to be read; open the page.",
    ),
}


@dataclass(frozen=True, slots=True)
class Destination:
    """Where every alarm of the site goes."""

    channel: str
    to: str


@dataclass(frozen=True, slots=True)
class LetterWords:
    """What this site writes.

    Attributes:
        site: how it calls itself.
        public_url: where its pages are reached, "" where that is not known.
    """

    site: str
    public_url: str = ""

    def message(self, letter: Letter, now_us: int) -> Message:
        """What is said of a letter: the site, that an alarm rings, when it was raised, and the link. Nothing else."""
        at = datetime.fromtimestamp(letter.put_at_us / 1e6, UTC)
        ja, en = WORDS[letter.urgent]
        about = letter.alert or letter.id
        return Message(
            id=str(letter.id),
            text_ja=f"{self.site}: {ja}",
            text_en=f"{en} ({at:%Y-%m-%d %H:%M:%S} UTC, alarm {about})",
            url=link_of(self.public_url, letter),
            place=place_of(letter),
            urgent=letter.urgent,
            at_us=letter.put_at_us,
            expires_in_s=max((letter.give_up_at_us - now_us) / 1e6, 1.0),
            group=hashlib.sha256(letter.incident.bytes).hexdigest()[:24],
        )


def link_of(public_url: str, letter: Letter) -> str:
    """The link that opens the letter's trace in the viewer. What stands behind ``#`` reaches no server's log."""
    return f"{public_url.rstrip('/')}{place_of(letter)}" if public_url else ""


def place_of(letter: Letter) -> str:
    """The same link from the viewer's own address on."""
    ecg = f"&ecg={letter.snapshot}" if letter.snapshot else ""
    return f"/#{letter.incident}?letter={letter.id}{ecg}"


@dataclass(frozen=True, slots=True)
class About:
    """The ECG that somebody is told of.

    Attributes:
        alert: None where it rings no alarm: a person sent it.
        snapshot: None where an alarm has none.
    """

    incident: UUID
    alert: UUID | None
    snapshot: UUID | None


def about_alert(
    alert: Alert, addressee: Addressee, now_us: int, *, urgent: bool = True, wait_us: int
) -> Letter:
    """The letter that tells this addressee of an alert, tried for ``wait_us`` from now."""
    about = About(alert.incident, alert.id, alert.snapshot)
    return letter_about(about, addressee, now_us, urgent=urgent, wait_us=wait_us)


def letter_about(
    about: About, addressee: Addressee, now_us: int, *, urgent: bool, wait_us: int
) -> Letter:
    """The letter that tells this addressee of an ECG, tried for ``wait_us`` from now."""
    a = addressee
    return Letter(
        id=letter_id(about.alert or about.snapshot or about.incident, addressee),
        incident=about.incident,
        alert=about.alert,
        hospital=a.hospital,
        step=a.step,
        who=a.who,
        channel=a.channel,
        to=a.to,
        urgent=urgent,
        put_at_us=now_us,
        give_up_at_us=now_us + wait_us,
        snapshot=about.snapshot,
        next_try_at_us=now_us,
    )


def for_the_site(alert: Alert, destinations: Sequence[Destination], now_us: int) -> list[Letter]:
    """The letters of an alert to everybody whom the site named."""
    places = [Addressee("", 0, "", d.channel, d.to) for d in destinations]
    return [about_alert(alert, place, now_us, wait_us=GIVE_UP_US) for place in places]


def for_devices(alert: Alert, devices: Sequence[RingDevice], now_us: int) -> list[Letter]:
    """The letters of an alert to devices that ring."""
    places = [Addressee("", 0, one.account, "web-push", str(one.id)) for one in devices]
    return [about_alert(alert, place, now_us, wait_us=GIVE_UP_US) for place in places]


def told_line(letter: Letter, name: str) -> tuple[Stage, Mapping[str, object]]:
    """What the timeline says of a letter that has ended; ``name`` is how people know who was told."""
    stage = Stage.TOLD if letter.state == "handed-over" else Stage.NOT_TOLD
    return stage, _about(letter, name) | (
        {"cause": letter.reason} if stage is Stage.NOT_TOLD else {}
    )


def opened_line(letter: Letter, name: str) -> tuple[Stage, Mapping[str, object]]:
    """What the timeline says when a letter's link was used."""
    return Stage.LINK_OPENED, _about(letter, name)


def _about(letter: Letter, name: str) -> dict[str, object]:
    def shown(value: UUID | None) -> str | None:
        return None if value is None else str(value)

    return {
        "letter": str(letter.id),
        "channel": letter.channel,
        "told": name,
        "hospital": letter.hospital,
        "step": letter.step,
        "alert": shown(letter.alert),
        "snapshot": shown(letter.snapshot),
    }
