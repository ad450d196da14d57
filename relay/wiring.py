"""The one composition root: which adapter stands behind which port, opened and closed in order."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import structlog

from relay.auth.argon import ArgonPasswords
from relay.auth.bucket import Buckets
from relay.auth.tokens import SecretTokens
from relay.bus.memory import MemoryBus
from relay.bus.port import Bus
from relay.errors import Unavailable
from relay.model.clock import Clock, SystemClock
from relay.services.alerting import Alerting
from relay.services.cabin_board import CabinBoard
from relay.services.cabins import Cabins
from relay.services.call_book import CallBook
from relay.services.callers import CallerRules, Callers, Kept
from relay.services.calls import CallRules, Calls
from relay.services.cases import Cases
from relay.services.changes import Changes
from relay.services.clips import Clips
from relay.services.events import TabletEvents
from relay.services.feeds import FeedParts, FeedPublisher, FeedRegistry
from relay.services.glimpses import Glimpses
from relay.services.heap import give_back
from relay.services.ingest import IngestParts
from relay.services.journal import Journal
from relay.services.links import LinkRegistry
from relay.services.live import LiveHub
from relay.services.people import People, SessionRules, SignIn
from relay.services.photos import Photos
from relay.services.pictures import Pictures
from relay.services.relay import Relay, Site
from relay.services.screening import Screener, Screening
from relay.services.snapshots import SnapshotKeeper
from relay.services.upkeep import AuditAnchors, Upkeep
from relay.services.viewer_sessions import ViewerSessions
from relay.services.viewers import CallViewers
from relay.settings import Settings
from relay.sms.hook import NoSms, SmsHook
from relay.sms.port import SmsGateway
from relay.store.data_folder import lock_folder
from relay.store.migrate import migrate
from relay.store.port import EcgLog, Records
from relay.store.records_sql import open_sqlite
from relay.store.segments import open_log
from relay.video.absent import NoMediaPlane
from relay.video.port import MediaPlane

log = structlog.get_logger(__name__)
DATABASE = "records.sqlite"
ECG_LOG = "ecg"
CLIPS = "clips"
ANCHORS = "audit-anchors"
RESTART_AFTER_S = 1.0


@dataclass(frozen=True, slots=True)
class Adapters:
    """What a caller may put in place of the usual adapters (tests, drills)."""

    clock: Clock | None = None
    ecg_log: EcgLog | None = None
    screener: Screener | None = None
    passwords: ArgonPasswords | None = None
    plane: MediaPlane | None = None
    sms: SmsGateway | None = None


@asynccontextmanager
async def open_relay(settings: Settings, adapters: Adapters | None = None) -> AsyncIterator[Relay]:
    """A running relay; leaving the block closes it in the reverse order.

    Raises:
        Unavailable: the data folder cannot be written.
        Conflict: another relay uses it, or its database is from a newer version.
    """
    chosen = adapters or Adapters()
    async with AsyncExitStack() as stack:
        data = _data_folder(settings)
        stack.callback(lock_folder(data).close)
        records = await open_sqlite(data / DATABASE)
        stack.push_async_callback(records.close)
        ecg_log = chosen.ecg_log or await open_log(
            data / ECG_LOG, commit_every_s=settings.commit_every_ms / 1e3
        )
        stack.push_async_callback(ecg_log.close)
        bus = MemoryBus()
        stack.push_async_callback(bus.close)
        plane = chosen.plane or load_plane(settings)
        stack.push_async_callback(plane.close)
        parts = _Parts(settings, chosen, records, ecg_log, bus, plane, AuditAnchors(data / ANCHORS))
        relay = parts.relay()
        stack.push_async_callback(parts.anchors.write, records)
        stack.callback(parts.screening.close)
        async with _running(parts.work(), relay.stopped_parts):
            yield relay


@asynccontextmanager
async def open_people(settings: Settings) -> AsyncIterator[People]:
    """Accounts and devices alone, for the command line; a running relay need not stop for it."""
    records = await open_sqlite(_data_folder(settings) / DATABASE)
    try:
        yield _people(settings, Adapters(), records, MemoryBus(), SystemClock())
    finally:
        await records.close()


@asynccontextmanager
async def open_records(settings: Settings) -> AsyncIterator[tuple[Records, AuditAnchors]]:
    """The records alone, with the anchors of their audit."""
    data = _data_folder(settings)
    records = await open_sqlite(data / DATABASE)
    try:
        yield records, AuditAnchors(data / ANCHORS)
    finally:
        await records.close()


def migrate_folder(settings: Settings) -> tuple[str | None, str]:
    """Migrate the database of a data folder no relay is using; revisions before and after."""
    data = _data_folder(settings)
    with lock_folder(data):
        return migrate(f"sqlite:///{data / DATABASE}")


class _Parts:
    """Every service of one relay, each knowing only those made before it."""

    def __init__(
        self,
        settings: Settings,
        chosen: Adapters,
        records: Records,
        ecg_log: EcgLog,
        bus: Bus,
        plane: MediaPlane,
        anchors: AuditAnchors,
    ) -> None:
        self.settings = settings
        self.records, self.ecg_log, self.bus, self.anchors = records, ecg_log, bus, anchors
        self.plane = plane
        self.clock = chosen.clock or SystemClock()
        self.people = _people(settings, chosen, records, bus, self.clock)
        self.journal = Journal(records, bus, self.clock)
        self.hub = LiveHub(ecg_log, self.clock)
        self.keeper = SnapshotKeeper(self.journal, ecg_log, settings.snapshot_patience_s)
        self.alerting = Alerting(self.journal, self.keeper, st_trend_alarm=settings.st_trend_alarm)
        self.screening = Screening(
            self.journal,
            ecg_log,
            self.hub,
            self.alerting,
            (chosen.screener or load_screener()) if settings.screen_enabled else None,
            every_s=settings.screen_every_s,
            threads=settings.screen_threads,
        )
        self.screening.prepare = None if chosen.screener else make_screener_fast
        self.keeper.on_kept = self.screening.submit_snapshot
        self.board = CabinBoard()
        self.cases = Cases(
            self.journal, ecg_log, self.hub, self.alerting, self.screening, self.board
        )
        self.changes = Changes(self.journal)
        self._make_calls(settings, chosen)
        self.publisher = FeedPublisher(bus, self.cases)
        self.links = LinkRegistry(self.clock)
        self.pages = FeedRegistry(bus, self.people)
        self.upkeep = Upkeep(self.journal, anchors, settings.case_close_after_h * 3600)

    def _make_calls(self, settings: Settings, chosen: Adapters) -> None:
        """The 119 side: what dispatchers do, what a caller's phone may, who watches."""
        tokens, site = SecretTokens(), settings.site_name
        self.book = CallBook(self.journal, self.bus, settings.call_recording, self.board)
        self.pictures = Pictures(self.book)
        self.glimpses = Glimpses(self.book, self.pictures)
        self.sessions = ViewerSessions(self.bus, self.people, self.plane)
        self.viewers = CallViewers(self.book, self.sessions, self.plane)
        self.cabins = Cabins(
            self.book, self.board, self.bus, self.sessions, self.plane, self.pictures
        )
        sms = chosen.sms or _sms(settings)
        rules = CallRules(site, settings.call_end_after_h * 3600)
        self.calls = Calls(self.book, self.bus, tokens, sms, self.viewers, rules)
        told = CallerRules(
            site, settings.caller_data_cap_mb, redeem=Buckets(20, 3.0), reports=Buckets(40, 0.4)
        )
        self.clips = Clips(
            self.book, self.plane, settings.data_dir / CLIPS, settings.call_clips_keep_h
        )
        self.callers = Callers(
            self.book,
            self.bus,
            tokens,
            self.viewers,
            self.plane,
            Kept(self.pictures, self.glimpses, self.clips),
            told,
        )

    def relay(self) -> Relay:
        """What the web floor gets."""
        events = TabletEvents(self.journal, self.hub, self.keeper, self.screening)
        return Relay(
            site=site_of(self.settings),
            clock=self.clock,
            records=self.records,
            ecg_log=self.ecg_log,
            bus=self.bus,
            people=self.people,
            cases=self.cases,
            changes=self.changes,
            calls=self.calls,
            callers=self.callers,
            viewers=self.viewers,
            pictures=self.pictures,
            glimpses=self.glimpses,
            cabins=self.cabins,
            photos=Photos(self.journal, self.pictures),
            clips=self.clips,
            screening=self.screening,
            ingest=IngestParts(
                self.journal, self.ecg_log, self.hub, self.keeper, events, self.links, self.bus
            ),
            feeds=FeedParts(
                self.bus, self.clock, self.hub, self.cases, self.calls, self.alerting, self.people,
                self.pages,
            ),
            upkeep=self.upkeep,
        )  # fmt: skip

    def work(self) -> dict[str, Callable[[], Awaitable[None]]]:
        """What runs beside the requests, by name."""
        return {
            "live-hub": self.hub.run,
            "snapshots": self.keeper.run,
            "screening": self.screening.run,
            "feed-publisher": self.publisher.run,
            "links": self.links.run,
            "pages": self.pages.run,
            "upkeep": self.upkeep.run,
            "heap": give_back,
            "calls": self.calls.run,
            "calls-to-cases": self.calls.follow_cases,
            "callers": self.callers.run,
            "viewers": self.sessions.run,
            "cabins": self.cabins.run,
            "clips": self.clips.run,
            "glimpses": self.glimpses.run,
        }


@asynccontextmanager
async def _running(
    work: dict[str, Callable[[], Awaitable[None]]], stopped: set[str]
) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(_supervised(n, w, stopped), name=n) for n, w in work.items()]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _supervised(name: str, work: Callable[[], Awaitable[None]], stopped: set[str]) -> None:
    """Run a part again and again until it ends by itself; say so while it is down."""
    while True:
        try:
            stopped.discard(name)
            await work()
            return
        except Exception:  # one part's fault is logged, shown by /readyz and tried again
            log.exception("part-stopped", part=name)
            stopped.add(name)
            await asyncio.sleep(RESTART_AFTER_S)


def load_screener() -> Screener:
    """The ST-elevation screen of ``ecg``, loaded now so that the first patient does not wait."""
    from ecg.screen import screen_segment
    from ecg.values import EcgSegment, PatientFacts
    from relay.services.screening import Screened

    def screener(segment: EcgSegment, age_years: int | None, sex: str | None) -> Screened:
        known_sex = sex if sex in {"M", "F"} else None
        facts = PatientFacts(age_years=age_years, sex=known_sex)  # type: ignore[arg-type]  # M, F
        report = screen_segment(segment, facts)
        return Screened(
            report.tier.value, report.statement_ja, report.statement_en, report.as_json()
        )

    return screener


def make_screener_fast() -> str | None:
    """Load or compile the screen's kernels; why it stays slow, or None. Takes a second, without a cache half a minute."""
    from ecg.kernels import warm

    return warm()


def load_plane(settings: Settings) -> MediaPlane:
    """The media plane of this site; its stack is loaded only where video is wanted."""
    if not settings.video_enabled:
        return NoMediaPlane()
    from relay.video.forwarding import ForwardingPlane, PlaneSettings
    from relay.video.turn import TurnSettings

    return ForwardingPlane(
        PlaneSettings(
            public_addresses=settings.video_public_addresses,
            turn=TurnSettings(
                stun_urls=settings.stun_urls,
                turn_urls=settings.turn_urls,
                secret=settings.turn_secret.get_secret_value(),
            ),
        )
    )


def _people(
    settings: Settings, chosen: Adapters, records: Records, bus: Bus, clock: Clock
) -> People:
    burst, refill_s = settings.sign_in_burst, settings.sign_in_refill_s
    sign_in = SignIn(
        chosen.passwords or ArgonPasswords(),
        SecretTokens(),
        by_name=Buckets(burst, refill_s),
        by_address=Buckets(4 * burst, refill_s / 4),
    )
    rules = SessionRules(settings.session_idle_min * 60, settings.session_absolute_h * 3600)
    return People(records, sign_in, bus, clock, rules)


def _sms(settings: Settings) -> SmsGateway:
    if not settings.sms_hook_url:
        return NoSms()
    token = settings.sms_hook_token.get_secret_value()
    return SmsHook(settings.sms_hook_url, token, settings.sms_hook_timeout_s)


def site_of(settings: Settings) -> Site:
    """What this installation calls itself and shows."""
    demo = json.loads(settings.demo) if settings.demo else None
    tablets = ("http://localhost:*", "http://127.0.0.1:*") if demo is not None else ()
    return Site(
        settings.site_name, this_version(), demo, settings.origins, tablets, settings.public_url,
        settings.map_tiles,
    )  # fmt: skip


def this_version() -> str:
    """The installed version, or ``dev`` from a bare checkout."""
    try:
        return version("kyumei-relay")
    except PackageNotFoundError:
        return "dev"


def _data_folder(settings: Settings) -> Path:
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
