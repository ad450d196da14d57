"""The two stores of a relay and the disk kept back for them, opened in order."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import NamedTuple

import structlog

from relay.data_folder import DATABASE, ECG_LOG, lock_folder
from relay.ecglog.port import EcgLog
from relay.ecglog.reserve import Reserve
from relay.ecglog.segments import open_log
from relay.office import anchors_of, data_folder
from relay.owner_only import make_private
from relay.records.port.records import Records
from relay.records.sqlite import open_sqlite
from relay.services.evidence.anchors import AuditAnchors
from relay.services.evidence.verifying import seals_of
from relay.settings import Settings

log = structlog.get_logger(__name__)


class Stores(NamedTuple):
    """What is open.

    Attributes:
        records: cases, people and the audit.
        ecg_log: the ECG as it came.
        anchors: where the audit's heads are kept.
        reserve: the room that is kept back.
    """

    records: Records
    ecg_log: EcgLog
    anchors: AuditAnchors
    reserve: Reserve


async def open_stores(settings: Settings, chosen: EcgLog | None, stack: AsyncExitStack) -> Stores:
    """The stores in this site's data folder; the stack closes them.

    Args:
        settings: which name the folder.
        chosen: an ECG log in place of the usual one.
        stack: whoever leaves it.

    Raises:
        Unavailable: the data folder cannot be written.
        Conflict: another relay uses it, or its database is from a newer version.
    """
    data = data_folder(settings)
    stack.callback(lock_folder(data).close)
    reserve = Reserve(data, settings.reserve_mb * 2**20)
    records = await open_sqlite(data / DATABASE)
    records.trouble.on_full = reserve.give
    stack.push_async_callback(records.close)
    anchors = anchors_of(settings)
    if records.migrated:
        await anchors.write(records)
    if opened := await asyncio.to_thread(make_private, data):
        log.warning("others-could-read", folder=str(data), files=opened)
    ecg_log = chosen or await _ecg_log(settings, data, reserve)
    await asyncio.to_thread(reserve.hold)
    stack.push_async_callback(ecg_log.close)
    ecg_log.never_again(await seals_of(records))
    return Stores(records, ecg_log, anchors, reserve)


async def _ecg_log(settings: Settings, data: Path, reserve: Reserve) -> EcgLog:
    ecg_log = await open_log(data / ECG_LOG, commit_every_s=settings.commit_every_ms / 1e3)
    ecg_log.has_room = lambda: not reserve.given
    ecg_log.on_full = reserve.give
    return ecg_log
