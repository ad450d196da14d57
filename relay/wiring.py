"""The one composition root: which adapter stands behind which port, opened and closed in order."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

import structlog

from ecg.kernels.cache import is_whole_for_some_cpu
from relay.auth.argon import ArgonPasswords
from relay.auth.bucket import Buckets
from relay.auth.tokens import SecretTokens
from relay.bus.memory import MemoryBus
from relay.bus.port import Bus
from relay.data_folder import CLIPS, DATABASE, ECG_LOG, lock_folder
from relay.ecglog.port import EcgLog
from relay.ecglog.reserve import Reserve
from relay.ecglog.segments import open_log
from relay.model.clock import Clock, SystemClock
from relay.office import anchors_of, data_folder, people_of
from relay.owner_only import make_private
from relay.reach import hosts_of, is_this_machine
from relay.records.port.records import Records
from relay.records.sqlite import open_sqlite
from relay.services.alarm.alerting import Alerting
from relay.services.cabin.cabin_board import CabinBoard
from relay.services.cabin.cabins import Cabins
from relay.services.cabin.photos import Photos
from relay.services.cabin.telling import Telling
from relay.services.calls.call_book import CallBook
from relay.services.calls.callers import CallerRules, Callers, Kept
from relay.services.calls.calls import CallRules, Calls
from relay.services.calls.clips import Clips
from relay.services.calls.glimpses import Glimpses
from relay.services.calls.pictures import Pictures
from relay.services.calls.viewers import CallViewers
from relay.services.cases.cases import Boards, Cases
from relay.services.cases.changes import Changes
from relay.services.cases.deciding import Deciding
from relay.services.cases.upkeep import Upkeep
from relay.services.evidence.anchors import AuditAnchors
from relay.services.evidence.keeping import Evidence
from relay.services.evidence.storing import Storing
from relay.services.evidence.verifying import seals_of
from relay.services.ground.disk_shares import DiskShares
from relay.services.ground.heap import give_back
from relay.services.ground.journal import Journal
from relay.services.ground.late import Late
from relay.services.ground.presence import Presence
from relay.services.ground.remaking import Remaking
from relay.services.ground.rights import Rights
from relay.services.ground.supervision import running
from relay.services.ground.witness import Witness
from relay.services.pages.publisher import FeedPublisher
from relay.services.pages.registry import FeedRegistry
from relay.services.pages.session import FeedParts
from relay.services.people.viewer_sessions import ViewerSessions
from relay.services.recordings.live import LiveHub
from relay.services.recordings.snapshots import SnapshotKeeper
from relay.services.recordings.stream_ages import Ages
from relay.services.relay import Relay, Site
from relay.services.screening.screener import Screener
from relay.services.screening.turns import ScreeningQueue
from relay.services.screening.warm_up import WarmUp
from relay.services.screening.work import Screening
from relay.services.tablets.events import TabletEvents
from relay.services.tablets.links import LinkRegistry
from relay.services.tablets.session import IngestParts
from relay.settings import Settings
from relay.sms.hook import NoSms, SmsHook
from relay.sms.port import SmsGateway
from relay.turns.credit import Credits
from relay.turns.rests import Rests
from relay.video.absent import NoMediaPlane
from relay.video.late import LateMediaPlane
from relay.video.port import MediaPlane
from relay.video.turn import TurnSettings

log = structlog.get_logger(__name__)


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
        ecg_log = chosen.ecg_log or await _ecg_log(settings, data, reserve)
        await asyncio.to_thread(reserve.hold)
        stack.push_async_callback(ecg_log.close)
        ecg_log.never_again(await seals_of(records))
        bus = MemoryBus()
        stack.push_async_callback(bus.close)
        plane = chosen.plane or plane_of(settings)
        stack.push_async_callback(plane.close)
        passwords = chosen.passwords or stack.enter_context(closing(ArgonPasswords()))
        keepers = _Keepers(anchors, reserve, passwords)
        parts = _Parts(settings, chosen, records, ecg_log, bus, plane, keepers)
        relay = parts.relay(await _tokens_of(records))
        stack.push_async_callback(parts.evidence.close)
        stack.callback(parts.screening.close)
        async with running(parts.work(), relay.stopped_parts):
            yield relay


async def _tokens_of(records: Records) -> tuple[str, ...]:
    async with records.read() as reads:
        devices = await reads.devices()
    return tuple(entry.token_hash for entry in devices if entry.revoked_at_us is None)


async def _ecg_log(settings: Settings, data: Path, reserve: Reserve) -> EcgLog:
    ecg_log = await open_log(data / ECG_LOG, commit_every_s=settings.commit_every_ms / 1e3)
    ecg_log.has_room = lambda: not reserve.given
    ecg_log.on_full = reserve.give
    return ecg_log


class _Keepers(NamedTuple):
    anchors: AuditAnchors
    reserve: Reserve
    passwords: ArgonPasswords


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
        keepers: _Keepers,
    ) -> None:
        self.settings = settings
        self.records, self.ecg_log, self.bus = records, ecg_log, bus
        self.plane = plane
        self.clock = chosen.clock or SystemClock()
        self.late = Late(records, self.clock)
        self.people = people_of(settings, records, bus, self.late, keepers.passwords)
        self.journal = Journal(records, bus, self.late)
        self.rights = Rights(records, self.people.now)
        self.witness = Witness(self.late)
        self.hub = LiveHub(ecg_log, self.clock)
        self.disk = DiskShares(self.clock, settings.unit_disk_mb_per_day)
        rests = Rests(self.clock)
        self.keeper = SnapshotKeeper(self.journal, ecg_log, settings.snapshot_patience_s, rests)
        self.alerting = Alerting(self.journal, self.keeper, st_trend_alarm=settings.st_trend_alarm)
        self.screening = Screening(
            self.journal,
            ecg_log,
            self.hub,
            self.alerting,
            (chosen.screener or load_screener()) if settings.screen_enabled else None,
            every_s=settings.screen_every_s,
            queue=ScreeningQueue(self.clock, settings.screen_threads, rests),
        )
        if not chosen.screener:
            self.screening.warm_up = WarmUp(make_screener_fast, is_quick=is_whole_for_some_cpu())
        self.keeper.on_kept = self.screening.submit_snapshot
        self.board = CabinBoard()
        self.presence = Presence(self.clock)
        self.ages = Ages(self.hub, self.clock)
        now = Boards(self.hub, self.board, self.presence, self.ages, self.witness)
        self.cases = Cases(self.journal, ecg_log, self.alerting, self.screening, now)
        self.changes = Changes(self.journal)
        self._make_calls(settings, chosen)
        self.publisher = FeedPublisher(bus, self.cases)
        self.presence.on_looking = self.publisher.changed
        self.links = LinkRegistry(self.clock)
        self.pages = FeedRegistry(bus, self.people, self.presence, self.clock)
        self.upkeep = Upkeep(self.journal, self.hub, settings.case_close_after_h * 3600)
        self.evidence = Evidence(self.journal, ecg_log, keepers.anchors)
        self.storing = Storing(records, ecg_log, keepers.reserve, self.evidence)

    def _make_calls(self, settings: Settings, chosen: Adapters) -> None:
        """The 119 side: what dispatchers do, what a caller's phone may, who watches."""
        tokens, site = SecretTokens(), settings.site_name
        shared_s = settings.call_shared_after_end_h * 3600
        self.book = CallBook(
            self.journal, self.bus, settings.call_recording, self.board.json, shared_s
        )
        self.remaking = Remaking()
        self.pictures = Pictures(self.book, self.remaking)
        self.glimpses = Glimpses(self.book, self.remaking)
        self.sessions = ViewerSessions(self.bus, self.people, self.plane, self.rights)
        self.viewers = CallViewers(self.book, self.sessions, self.plane, self.rights)
        telling = Telling(self.journal, self.book.tell)
        self.cabins = Cabins(
            telling, self.board, self.bus, self.sessions, self.plane, self.remaking, self.rights
        )
        sms = chosen.sms or _sms(settings)
        rules = CallRules(site, settings.call_end_after_h * 3600, shared_s)
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

    def relay(self, known_tokens: tuple[str, ...]) -> Relay:
        """What the web floor gets."""
        cases = Credits(1 / self.settings.unit_cases_refill_s, self.settings.unit_cases_burst)
        parts = (self.journal, self.ecg_log, self.hub, self.keeper, self.screening)
        events = TabletEvents(*parts, cases, self.disk)
        return Relay(
            site=site_of(self.settings),
            clock=self.clock,
            records=self.records,
            ecg_log=self.ecg_log,
            bus=self.bus,
            people=self.people,
            rights=self.rights,
            witness=self.witness,
            cases=self.cases,
            changes=self.changes,
            deciding=Deciding(self.journal, self.keeper, self.ecg_log, self.alerting),
            calls=self.calls,
            callers=self.callers,
            viewers=self.viewers,
            pictures=self.pictures,
            glimpses=self.glimpses,
            cabins=self.cabins,
            photos=Photos(self.journal, self.remaking, self.disk),
            clips=self.clips,
            screening=self.screening,
            ingest=IngestParts(
                self.journal, self.ecg_log, self.hub, self.keeper, events, self.links, self.bus,
                self.presence, self.rights,
            ),
            feeds=FeedParts(
                self.bus, self.clock, self.hub, self.cases, self.calls, self.alerting, self.people,
                self.pages, self.presence, self.ages, self.storing, self.rights, self.witness,
            ),
            upkeep=self.upkeep,
            evidence=self.evidence,
            known_tokens=known_tokens,
        )  # fmt: skip

    def work(self) -> dict[str, Callable[[], Awaitable[None]]]:
        """What runs beside the requests, by name."""
        return {
            "live-hub": self.hub.run,
            "snapshots": self.keeper.run,
            "screening": self.screening.run,
            "feed-publisher": self.publisher.run,
            "links": self.links.run,
            "rights": self.rights.run,
            "witness": self.witness.run,
            "pages": self.pages.run,
            "presence": self.presence.run,
            "upkeep": self.upkeep.run,
            "evidence": self.evidence.run,
            "late": self.late.run,
            "storing": self.storing.run,
            "heap": give_back,
            "calls": self.calls.run,
            "calls-to-cases": self.calls.follow_cases,
            "callers": self.callers.run,
            "viewers": self.sessions.run,
            "cabins": self.cabins.run,
            "clips": self.clips.run,
            "glimpses": self.glimpses.run,
        }


def load_screener() -> Screener:
    """The ST-elevation screen of ``ecg``, loaded now so that the first patient does not wait."""
    from ecg.screen import screen_segment
    from ecg.values import EcgSegment, PatientFacts
    from relay.services.screening.screener import Screened

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
    from ecg.kernels.warming import warm

    return warm()


def plane_of(settings: Settings) -> MediaPlane:
    """The media plane of this site; its stack is loaded when the first picture comes."""
    if not settings.video_enabled:
        return NoMediaPlane()
    turn = TurnSettings(
        stun_urls=settings.stun_urls,
        turn_urls=settings.turn_urls,
        secret=settings.turn_secret.get_secret_value(),
    )
    return LateMediaPlane(lambda: load_plane(settings, turn), turn)


def load_plane(settings: Settings, turn: TurnSettings | None = None) -> Callable[[], MediaPlane]:
    """What makes the media plane, its stack loaded."""
    from relay.video.forwarding import ForwardingPlane, PlaneSettings

    chosen = PlaneSettings(
        # a stranger must not reach this machine's services
        loopback=is_this_machine(settings.host),
        public_addresses=settings.video_public_addresses,
        turn=turn or TurnSettings(),
    )
    return lambda: ForwardingPlane(chosen)


def _sms(settings: Settings) -> SmsGateway:
    token = settings.sms_hook_token.get_secret_value()
    hook = settings.sms_hook_url
    return SmsHook(hook, token, settings.sms_hook_timeout_s) if hook else NoSms()


def site_of(settings: Settings) -> Site:
    """What this installation calls itself and shows."""
    demo = json.loads(settings.demo) if settings.demo else None
    tablets = ("http://localhost:*", "http://127.0.0.1:*") if demo is not None else ()
    return Site(
        settings.site_name, this_version(), demo, settings.origins, tablets, settings.public_url,
        settings.map_tiles, hosts_of(settings), settings.trusted_proxies,
        settings.connections_per_address,
    )  # fmt: skip


def this_version() -> str:
    """The installed version, or ``dev`` from a bare checkout."""
    try:
        return version("kyumei-relay")
    except PackageNotFoundError:
        return "dev"
