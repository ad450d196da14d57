"""One relay, opened: the adapters first, then every wing over those below it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from typing import NamedTuple

from relay.auth.argon import ArgonPasswords
from relay.bus.memory import MemoryBus
from relay.ecglog.reserve import Reserve
from relay.model.clock import SystemClock
from relay.office import people_of
from relay.records.port.records import Records
from relay.services.alarm import wing as alarm_wing
from relay.services.alarm.wing import AlarmRules
from relay.services.cabin import wing as cabin_wing
from relay.services.cabin.cabin_board import CabinBoard
from relay.services.calls import wing as calls_wing
from relay.services.cases import wing as cases_wing
from relay.services.cases.exporting import Exporting, Maker
from relay.services.evidence import wing as evidence_wing
from relay.services.evidence.anchors import AuditAnchors
from relay.services.ground import wing as ground_wing
from relay.services.ground.supervision import running
from relay.services.ground.wing import Ports
from relay.services.oncall import wing as oncall_wing
from relay.services.pages import wing as pages_wing
from relay.services.people import wing as people_wing
from relay.services.recordings import wing as recordings_wing
from relay.services.relay import Relay
from relay.services.screening import wing as screening_wing
from relay.services.screening.wing import ScreeningRules
from relay.services.tablets import wing as tablets_wing
from relay.settings import Settings
from relay.turns.credit import Credits
from relay.video.port import MediaPlane
from relay.wiring.adapters import Adapters
from relay.wiring.calls import calls_rules, outside_of
from relay.wiring.screen import screener_of, warm_up_of
from relay.wiring.stores import open_stores
from relay.wiring.this_site import site_of, this_version
from relay.wiring.video import plane_of
from relay.wiring.ways_out import EXPORTS, destinations_of, devices_of, ways_of


@asynccontextmanager
async def open_relay(settings: Settings, adapters: Adapters | None = None) -> AsyncIterator[Relay]:
    """A running relay; leaving the block closes it in the reverse order.

    Raises:
        Unavailable: the data folder cannot be written.
        Conflict: another relay uses it, or its database is from a newer version.
        BadInput: alerts are to go where nothing can.
    """
    chosen = adapters or Adapters()
    alarm_rules = AlarmRules(
        settings.site_name, settings.st_trend_alarm, destinations_of(settings), settings.public_url
    )
    async with AsyncExitStack() as stack:
        records, ecg_log, anchors, reserve = await open_stores(settings, chosen.ecg_log, stack)
        bus = chosen.bus or MemoryBus()
        stack.push_async_callback(bus.close)
        plane = chosen.plane or plane_of(settings)
        stack.push_async_callback(plane.close)
        passwords = chosen.passwords or stack.enter_context(closing(ArgonPasswords()))
        ports = Ports(chosen.clock or SystemClock(), records, ecg_log, bus)
        keepers = _Keepers(anchors, reserve, passwords)
        relay = _compose(settings, chosen, ports, plane, keepers, alarm_rules)
        relay.known_tokens = await _tokens_of(records)
        stack.push_async_callback(relay.evidence.evidence.close)
        stack.callback(relay.screening.screening.close)
        async with running(relay.work, relay.stopped_parts):
            yield relay


async def _tokens_of(records: Records) -> tuple[str, ...]:
    async with records.read() as reads:
        devices = await reads.people.devices()
    return tuple(entry.token_hash for entry in devices if entry.revoked_at_us is None)


class _Keepers(NamedTuple):
    anchors: AuditAnchors
    reserve: Reserve
    passwords: ArgonPasswords


def _compose(
    settings: Settings,
    chosen: Adapters,
    ports: Ports,
    plane: MediaPlane,
    keepers: _Keepers,
    alarm_rules: AlarmRules,
) -> Relay:
    """Every wing, each knowing only those made before it."""
    ground = ground_wing.compose(ports, settings.unit_disk_mb_per_day)
    accounts = people_of(settings, ports.records, ports.bus, ground.late, keepers.passwords)
    people = people_wing.compose(ground, accounts, plane)
    recordings = recordings_wing.compose(ground, settings.snapshot_patience_s)
    evidence = evidence_wing.compose(ground, keepers.anchors, keepers.reserve)
    devices = devices_of(settings, ports.records, ground.late)
    ways = ways_of(settings, devices)
    alarm = alarm_wing.compose(ground, recordings, alarm_rules, devices, ways)
    oncall = oncall_wing.compose(ground, alarm, tuple(ways))
    screening = screening_wing.compose(
        ground, recordings, alarm, screener_of(settings, chosen), warm_up_of(chosen),
        ScreeningRules(settings.screen_every_s, settings.screen_threads),
    )  # fmt: skip
    board = CabinBoard()
    outside = outside_of(settings, chosen, plane)
    calls = calls_wing.compose(ground, people, board.json, outside, calls_rules(settings))
    cabin = cabin_wing.compose(ground, people, board, plane, calls.book.tell)
    close_after_s = settings.case_close_after_h * 3600
    cases = cases_wing.compose(
        ground, recordings, alarm, screening, board,
        Exporting(ports.records, EXPORTS, Maker(settings.site_name, this_version())),
        close_after_s,
    )  # fmt: skip
    new_cases = Credits(1 / settings.unit_cases_refill_s, settings.unit_cases_burst)
    return Relay(
        site=site_of(settings),
        ground=ground,
        people=people,
        recordings=recordings,
        evidence=evidence,
        alarm=alarm,
        oncall=oncall,
        calls=calls,
        cabin=cabin,
        screening=screening,
        cases=cases,
        tablets=tablets_wing.compose(ground, people, recordings, oncall, screening, new_cases),
        pages=pages_wing.compose(ground, people, recordings, evidence, alarm, calls, cases),
    )
