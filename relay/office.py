"""Accounts, devices and records alone, for the command line: a running relay need not stop, and nothing else loads."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from pathlib import Path

from relay.anchors.files import HeadFile
from relay.anchors.port import HeadPlace
from relay.auth.argon import ArgonPasswords
from relay.auth.bucket import Buckets
from relay.auth.tokens import SecretTokens
from relay.bus.memory import MemoryBus
from relay.bus.port import Bus
from relay.data_folder import ANCHORS, DATABASE, contents_of, lock_folder
from relay.errors import NotFound, Unavailable
from relay.model.clock import SystemClock
from relay.records.port.records import Records
from relay.records.sqlite import known_sqlite, open_sqlite, read_sqlite
from relay.services.evidence.anchors import AuditAnchors
from relay.services.ground.late import Late
from relay.services.people.people import People, SessionRules, SignIn
from relay.settings import Settings

NEW = "If a new one is to begin there, say --new; otherwise name the right folder with --data."
WITHOUT = "To begin anew without it, say --without-database."


@asynccontextmanager
async def open_people(settings: Settings, *, writes: bool = True) -> AsyncIterator[People]:
    """Accounts and devices of a relay that exists; a running relay need not stop for it.

    Raises:
        NotFound: there is no relay in the data folder.
        Conflict: its database is of another version.
        Unavailable: its database is lost, or cannot be opened.
    """
    async with AsyncExitStack() as stack:
        if writes:
            records = await known_sqlite(database_of(settings))
            stack.push_async_callback(records.close)
        else:
            records = await stack.enter_async_context(read_sqlite(database_of(settings)))
        with closing(ArgonPasswords()) as passwords:
            late = Late(records, SystemClock())
            yield people_of(settings, records, MemoryBus(), late, passwords)


@asynccontextmanager
async def open_records(settings: Settings) -> AsyncIterator[tuple[Records, AuditAnchors]]:
    """The records of a relay that exists, only to be read, with the anchors of their audit.

    Raises:
        NotFound: there is no relay in the data folder.
        Conflict: its database is of another version.
        Unavailable: its database is lost, or cannot be opened.
    """
    async with read_sqlite(database_of(settings)) as records:
        yield records, anchors_of(settings)


def database_of(settings: Settings) -> Path:
    """The database of a relay that exists."""
    found = contents_of(settings.data_dir)
    found.check_database()
    return found.folder / DATABASE


def may_begin(settings: Settings, *, new: bool, without_database: bool) -> None:
    """Do nothing where a relay may start in the data folder.

    Args:
        settings: which name it.
        new: an empty folder may become a new relay's.
        without_database: a folder that lost its database may become a new relay's.

    Raises:
        NotFound: there is no relay.
        Unavailable: its database is lost.
    """
    found = contents_of(settings.data_dir)
    if found.has_database:
        return
    if found.lost_database:
        if not without_database:
            raise Unavailable(f"{found.loss()} {WITHOUT}")
    elif not new:
        raise NotFound(f"There is no relay in {found.folder}. {NEW}")


async def migrate_folder(settings: Settings, *, without_database: bool = False) -> str:
    """Make or migrate the database of a data folder no relay is using; what was done, as a sentence."""
    may_begin(settings, new=True, without_database=without_database)
    data = data_folder(settings)
    with lock_folder(data):
        records = await open_sqlite(data / DATABASE)
        try:
            if records.migrated:
                await anchors_of(settings).write(records)
        finally:
            await records.close()
    if records.made:
        return f"A new relay's database is made in {data.absolute()}."
    done = (
        "now has this version's tables" if records.migrated else "had this version's tables already"
    )
    return f"The database in {data.absolute()} {done}."


def anchors_of(settings: Settings) -> AuditAnchors:
    """Where this site's heads of the audit are kept."""
    places = [_place_of(text) for text in settings.audit_heads_to]
    return AuditAnchors(HeadFile(settings.data_dir / ANCHORS), places)


def _place_of(text: str) -> HeadPlace:
    kind, _, rest = text.partition(":")
    if kind == "file":
        return HeadFile(Path(rest))
    if kind == "syslog":
        from relay.anchors.system_log import HeadSyslog

        host, _, port = rest.partition(":")
        return HeadSyslog(host, int(port or 514))
    from relay.anchors.url import HeadUrl  # it brings the whole of HTTP with it

    return HeadUrl(text)


def people_of(
    settings: Settings,
    records: Records,
    bus: Bus,
    late: Late,
    passwords: ArgonPasswords,
) -> People:
    """The service of accounts and sessions by these settings."""
    burst, refill_s = settings.sign_in_burst, settings.sign_in_refill_s
    sign_in = SignIn(
        passwords,
        SecretTokens(),
        tries=Buckets(burst, refill_s),
        site=settings.site_name,
    )
    rules = SessionRules(
        settings.session_idle_min * 60,
        settings.session_absolute_h * 3600,
        settings.session_resting_d * 86_400,
    )
    return People(records, sign_in, bus, late, rules)


def data_folder(settings: Settings) -> Path:
    """The data folder, made where there is none.

    Raises:
        Unavailable: it cannot be made or written.
    """
    folder = settings.data_dir
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        writable = os.access(folder, os.W_OK)
    except OSError as error:
        raise Unavailable(
            f"The data folder {folder} cannot be made ({error.strerror}); choose another with --data."
        ) from error
    if not writable:
        raise Unavailable(f"The data folder {folder} cannot be written; check its owner.")
    return folder
