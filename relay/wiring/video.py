"""The media plane of a site: none, or the one that forwards."""

from __future__ import annotations

from collections.abc import Callable

from relay.reach import is_this_machine
from relay.settings import Settings
from relay.video.absent import NoMediaPlane
from relay.video.late import LateMediaPlane
from relay.video.port import MediaPlane
from relay.video.turn import TurnSettings


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
