"""What a caller may put in place of the usual adapters."""

from __future__ import annotations

from dataclasses import dataclass

from relay.alerts.sms_port import SmsGateway
from relay.auth.argon import ArgonPasswords
from relay.bus.port import Bus
from relay.ecglog.port import EcgLog
from relay.model.clock import Clock
from relay.services.screening.screener import Screener
from relay.video.port import MediaPlane


@dataclass(frozen=True, slots=True)
class Adapters:
    """What a caller may put in place of the usual adapters (tests, drills)."""

    clock: Clock | None = None
    bus: Bus | None = None
    ecg_log: EcgLog | None = None
    screener: Screener | None = None
    passwords: ArgonPasswords | None = None
    plane: MediaPlane | None = None
    sms: SmsGateway | None = None
