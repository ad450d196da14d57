"""The ways of a site without a whole relay: for the commands that try them. A running relay need not stop."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from relay.alerts.webhook import key_of, shown_key
from relay.bus.memory import MemoryBus
from relay.errors import BadInput
from relay.model.clock import SystemClock
from relay.office import database_of
from relay.records.sqlite import known_sqlite
from relay.services.alarm.letter_box import LetterBox
from relay.services.alarm.letters import LetterWords
from relay.services.alarm.ring_devices import RingDevices
from relay.services.ground.journal import Journal
from relay.services.ground.late import Late
from relay.settings import Settings
from relay.wiring.ways_out import destination, devices_of, ways_of


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[tuple[Journal, RingDevices]]:
    records = await known_sqlite(database_of(settings))
    late = Late(records, SystemClock())
    try:
        yield Journal(records, MemoryBus(), late), devices_of(settings, records, late)
        await late.flush()
    finally:
        await records.close()


@asynccontextmanager
async def open_letter_box(settings: Settings) -> AsyncIterator[LetterBox]:
    """What tries ways.

    Raises:
        NotFound: there is no relay in the data folder.
        Conflict: its database is of another version.
        Unavailable: its database cannot be opened.
    """
    async with _opened(settings) as (journal, devices):
        words = LetterWords(settings.site_name, settings.public_url)
        yield LetterBox(journal, ways_of(settings, devices), words)


async def webhook_key(settings: Settings, way: str) -> str:
    """The key of a webhook's address, as its receiver takes it.

    Raises:
        BadInput: it is no webhook.
    """
    place = destination(settings, way)
    if place.channel != "webhook":
        raise BadInput("Only a webhook has a key: webhook:https://…")
    async with _opened(settings) as (_, devices):
        return shown_key(key_of(await devices.webhook_key(), place.to))


async def stop_device(settings: Settings, device: UUID, who: str) -> None:
    """A device rings no more.

    Raises:
        NotFound: there is no such device.
    """
    async with _opened(settings) as (_, devices):
        await devices.stop(who, device)
