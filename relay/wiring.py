"""The one composition root: which adapter stands behind which port, opened and closed in order."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
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
from relay.services.alarm import wing as alarm_wing
from relay.services.cabin import wing as cabin_wing
from relay.services.cabin.cabin_board import CabinBoard
from relay.services.calls import wing as calls_wing
from relay.services.calls.callers import CallerRules
from relay.services.calls.calls import CallRules
from relay.services.calls.wing import CallsRules, Outside
from relay.services.cases import wing as cases_wing
from relay.services.evidence import wing as evidence_wing
from relay.services.evidence.anchors import AuditAnchors
from relay.services.evidence.verifying import seals_of
from relay.services.ground import wing as ground_wing
from relay.services.ground.supervision import running
from relay.services.ground.wing import Ports
from relay.services.pages import wing as pages_wing
from relay.services.people import wing as people_wing
from relay.services.recordings import wing as recordings_wing
from relay.services.relay import Relay, Site
from relay.services.screening import wing as screening_wing
from relay.services.screening.screener import Screener
from relay.services.screening.warm_up import WarmUp
from relay.services.screening.wing import ScreeningRules
from relay.services.tablets import wing as tablets_wing
from relay.settings import Settings
from relay.sms.hook import NoSms, SmsHook
from relay.sms.port import SmsGateway
from relay.turns.credit import Credits
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
        ports = Ports(chosen.clock or SystemClock(), records, ecg_log, bus)
        keepers = _Keepers(anchors, reserve, passwords)
        relay = _compose(settings, chosen, ports, plane, keepers)
        relay.known_tokens = await _tokens_of(records)
        stack.push_async_callback(relay.evidence.evidence.close)
        stack.callback(relay.screening.screening.close)
        async with running(relay.work, relay.stopped_parts):
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


def _compose(
    settings: Settings, chosen: Adapters, ports: Ports, plane: MediaPlane, keepers: _Keepers
) -> Relay:
    """Every wing, each knowing only those made before it."""
    ground = ground_wing.compose(ports, settings.unit_disk_mb_per_day)
    accounts = people_of(settings, ports.records, ports.bus, ground.late, keepers.passwords)
    people = people_wing.compose(ground, accounts, plane)
    recordings = recordings_wing.compose(ground, settings.snapshot_patience_s)
    evidence = evidence_wing.compose(ground, keepers.anchors, keepers.reserve)
    alarm = alarm_wing.compose(ground, recordings, st_trend_alarm=settings.st_trend_alarm)
    screening = screening_wing.compose(
        ground, recordings, alarm, _screener(settings, chosen), _warm_up(chosen),
        ScreeningRules(settings.screen_every_s, settings.screen_threads),
    )  # fmt: skip
    board = CabinBoard()
    outside = Outside(
        plane, chosen.sms or _sms(settings), SecretTokens(), settings.data_dir / CLIPS
    )
    calls = calls_wing.compose(ground, people, board.json, outside, _calls_rules(settings))
    cabin = cabin_wing.compose(ground, people, board, plane, calls.book.tell)
    close_after_s = settings.case_close_after_h * 3600
    cases = cases_wing.compose(ground, recordings, alarm, screening, board, close_after_s)
    new_cases = Credits(1 / settings.unit_cases_refill_s, settings.unit_cases_burst)
    return Relay(
        site=site_of(settings),
        ground=ground,
        people=people,
        recordings=recordings,
        evidence=evidence,
        alarm=alarm,
        calls=calls,
        cabin=cabin,
        screening=screening,
        cases=cases,
        tablets=tablets_wing.compose(ground, people, recordings, screening, new_cases),
        pages=pages_wing.compose(ground, people, recordings, evidence, alarm, calls, cases),
    )


def _screener(settings: Settings, chosen: Adapters) -> Screener | None:
    """The screen, None where this site does not screen."""
    return (chosen.screener or load_screener()) if settings.screen_enabled else None


def _warm_up(chosen: Adapters) -> WarmUp:
    if chosen.screener:
        return WarmUp()
    return WarmUp(make_screener_fast, is_quick=is_whole_for_some_cpu())


def _calls_rules(settings: Settings) -> CallsRules:
    shared_s = settings.call_shared_after_end_h * 3600
    return CallsRules(
        settings.call_recording,
        settings.call_clips_keep_h,
        CallRules(settings.site_name, settings.call_end_after_h * 3600, shared_s),
        CallerRules(
            settings.site_name,
            settings.caller_data_cap_mb,
            redeem=Buckets(20, 3.0),
            reports=Buckets(40, 0.4),
        ),
    )


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
    from ecg.kernels import warm

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
