"""A letter: one person or place that is told of one ECG by one way, until it is handed over or given up.

The relay keeps letters in its outbox. Putting the same letter twice is one letter, because its id is made of
what it says: which ECG, who, by which way, at which step. No letter holds anything about a patient.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID, uuid5

from relay.errors import Conflict

NAMESPACE = UUID("5f0d4a5c-7c0e-5b8e-9a55-3f6a1f1c2d10")
"""Of ids of letters; another number would make other ids of the same letters."""
FIRST_PAUSE_US, LONGEST_PAUSE_US = 1_000_000, 30_000_000
LONGEST_ASKED_US = 120_000_000
"""A peer may ask for a longer pause (Retry-After), but not for more than two minutes: an alarm ages."""
LATEST_US = 600_000_000
"""No next try and no claim is further away than this; one that is was written by a clock that was wrong."""
MOST_REASON = 200


class LetterState(StrEnum):
    """How far it has come."""

    WAITING = "waiting"
    HANDED_OVER = "handed-over"
    GIVEN_UP = "given-up"


TRANSITIONS: dict[LetterState, dict[str, LetterState]] = {
    LetterState.WAITING: {
        "fail": LetterState.WAITING,
        "hand-over": LetterState.HANDED_OVER,
        "give-up": LetterState.GIVEN_UP,
    },
    LetterState.HANDED_OVER: {"open": LetterState.HANDED_OVER},
    LetterState.GIVEN_UP: {"open": LetterState.GIVEN_UP},
}
"""``open``: somebody used its link. That may also come where the relay gave up: the peer had it and said nothing."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter and how it stands.

    Attributes:
        alert: the alarm it is about; None where an ECG that does not ring is told.
        hospital: for which hospital, "" where the whole site is told.
        step: of the hospital's ladder; 0 is at once.
        who: the account or place that is told, "" for whoever reads this address.
        channel: the way's name (``relay/alerts``).
        to: the address; it may be a telephone number and stands in no log and no audit.
        urgent: whether it rings; otherwise it may wait for a person to look.
        put_at_us / give_up_at_us: when it was put, and until when it is tried.
        snapshot: the ten seconds it is about, where they are known.
        tries: how often it was sent and failed, or was taken to be sent.
        next_try_at_us: not before.
        holder / held_until_us: the relay that sends it now, "" for none.
        ended_at_us: when it was handed over or given up.
        reason: why the last try failed, one sentence without an address.
        reference: what the peer calls it.
        opened_at_us / opened_by: when its link was first used, by which account.
    """

    id: UUID
    incident: UUID
    alert: UUID | None
    hospital: str
    step: int
    who: str
    channel: str
    to: str
    urgent: bool
    put_at_us: int
    give_up_at_us: int
    snapshot: UUID | None = None
    state: LetterState = LetterState.WAITING
    tries: int = 0
    next_try_at_us: int = 0
    holder: str = ""
    held_until_us: int = 0
    ended_at_us: int | None = None
    reason: str = ""
    reference: str = ""
    opened_at_us: int | None = None
    opened_by: str = ""

    @property
    def is_waiting(self) -> bool:
        """Whether it is still to be sent."""
        return self.state is LetterState.WAITING

    def is_due(self, now_us: int) -> bool:
        """Whether a relay should take it at this moment: nobody sends it, and its pause is over."""
        return (
            self.is_waiting
            and not now_us < self.next_try_at_us <= now_us + LATEST_US
            and not now_us < self.held_until_us <= now_us + LATEST_US
        )


@dataclass(frozen=True, slots=True)
class Addressee:
    """Who is told, and how: what makes two letters about one ECG different."""

    hospital: str
    step: int
    who: str
    channel: str
    to: str


def letter_id(about: UUID, addressee: Addressee) -> UUID:
    """The id of the letter about an alert or a snapshot to this addressee; always the same."""
    a = addressee
    parts = (str(about), a.hospital, str(a.step), a.who, a.channel, a.to)
    return uuid5(NAMESPACE, "\x1f".join(parts))


def step(letter: Letter, name: str, at_us: int, words: str = "") -> Letter:
    """The letter after a step of the table.

    Args:
        letter: as it stands.
        name: of the step.
        at_us: when it was taken.
        words: the reason of ``fail`` and ``give-up``, the peer's reference of ``hand-over``, the account of ``open``.

    Raises:
        Conflict: the table has no such step from where it stands.
    """
    if name not in TRANSITIONS[letter.state]:
        raise Conflict(f"A letter that is {letter.state} cannot {name}.")
    state, words = TRANSITIONS[letter.state][name], words[:MOST_REASON]
    if name == "open":
        if letter.opened_at_us is not None:
            return letter
        return replace(letter, opened_at_us=at_us, opened_by=words)
    letter = replace(letter, state=state, holder="", held_until_us=0)
    if name == "hand-over":
        return replace(letter, ended_at_us=at_us, reference=words, reason="")
    ended = at_us if name == "give-up" else None
    return replace(letter, ended_at_us=ended, reason=words)


def held(letter: Letter, holder: str, until_us: int) -> Letter:
    """The letter while a relay sends it: one more try."""
    return replace(letter, tries=letter.tries + 1, holder=holder, held_until_us=until_us)


def pause_us(tries: int, asked_us: int = 0) -> int:
    """How long to wait after this many tries; longer where the peer asked for it, but not without end."""
    doubled = FIRST_PAUSE_US << min(max(tries - 1, 0), 30)
    return max(min(doubled, LONGEST_PAUSE_US), min(asked_us, LONGEST_ASKED_US))


def failed(
    letter: Letter, now_us: int, reason: str, asked_us: int = 0, jumped_us: int = 0
) -> Letter:
    """The letter after a try that may succeed later: it waits, or is given up where its time would be over.

    Args:
        letter: as it was sent.
        now_us: when the try ended.
        reason: why it failed.
        asked_us: the pause that the peer asked for.
        jumped_us: by how much the wall clock jumped ahead since the letter was put: that is no time it was tried.
    """
    next_us = now_us + pause_us(letter.tries, asked_us)
    if next_us - jumped_us > letter.give_up_at_us:
        return step(letter, "give-up", now_us, reason)
    return replace(step(letter, "fail", now_us, reason), next_try_at_us=next_us)
