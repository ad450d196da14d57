"""What both ends of the ambulance link share: its states, its timers, its closing codes.

The ends themselves are ``sender.py`` (the tablet, across connections) and ``receiver.py`` (the
relay, for one connection). Both are pure state machines: a shell hands in what arrived and the
time, and takes away what is to be sent.
"""

from __future__ import annotations

from enum import Enum

from relay.errors import Fenced, LocalProtocolError, NotSignedIn, RelayError

PING_EVERY_S = 2.0
DEAD_AFTER_S = 4.0
"""Two pings unanswered: a half-open path is left, and a new one stands, within five seconds."""
ANSWER_WITHIN_S = 10.0
"""The live recording, announced and not answered for so long, ends the connection.

An older recording and an event are said again.
"""
RECEIVER_DEAD_AFTER_S = 10.0
LIVE_FRAMES = 4
"""Frames of the newest second (250 ms each) that go first after a connection."""
BACKLOG_WINDOW_FRAMES = 24
"""Backlog frames in flight: about 48 kB, so that live frames never queue long behind them."""
EVENTS_IN_FLIGHT = 16
"""Events said and not acknowledged: the crew's next press never queues behind an hour of older ones."""
OLDER_IN_FLIGHT = 4
"""Recordings of the past announced and not answered yet."""


class LinkState(Enum):
    """Where a connection stands."""

    DOWN = "down"
    GREETING = "greeting"
    UP = "up"


TRANSITIONS: dict[LinkState, dict[str, LinkState]] = {
    LinkState.DOWN: {"connected": LinkState.GREETING},
    LinkState.GREETING: {"greeted": LinkState.UP, "closed": LinkState.DOWN},
    LinkState.UP: {"closed": LinkState.DOWN},
}


def advance(state: LinkState, event: str) -> LinkState:
    """The state after an event.

    Raises:
        LocalProtocolError: the table has no such step.
    """
    try:
        return TRANSITIONS[state][event]
    except KeyError:
        raise LocalProtocolError(f"A link that is {state.value} cannot be {event}.") from None


def redial_delay_s(attempt: int, dice: float) -> float:
    """Seconds to wait before dial number ``attempt`` (from 0): 50 ms doubling to 1 s, full jitter.

    ``dice`` is a fresh random number in ``[0, 1)``; the core itself rolls none.
    """
    return float(dice * min(1.0, 0.05 * 2 ** min(attempt, 10)))


CLOSE_GOING_AWAY = 1001
CLOSE_RESTART = 1012
CLOSE_PROTOCOL = 4000
CLOSE_TOKEN = 4001
CLOSE_SILENT = 4008
CLOSE_FENCED = 4009
CLOSE_UNAVAILABLE = 4010


def reason_of(error: RelayError) -> str:
    """The words of a close, at most 123 bytes (RFC 6455): a known cause's id stands first, before a colon."""
    told = f"{error.cause}: {error}" if error.cause else str(error)
    return told.encode()[:123].decode(errors="ignore")


def close_code_of(error: RelayError) -> int:
    """The WebSocket close code for an error that ends a connection."""
    if isinstance(error, Fenced):
        return CLOSE_FENCED
    if isinstance(error, NotSignedIn):
        return CLOSE_TOKEN
    return CLOSE_UNAVAILABLE if error.retry else CLOSE_PROTOCOL
