"""Who has seen the trace, and what they decided: the crew's receipt chain. No I/O.

The chain speaks of one ECG, the one that waits for an answer now: the newest that was sent by hand or
that rang, else the first of the case. What was answered about an earlier one stays readable, and is
told as such: a tick that belongs to the ECG before would say that somebody looks who does not.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from math import inf

from relay.protocol.messages import SENT_BY_HAND


@dataclass(frozen=True, slots=True)
class Step:
    """Something a human did: when it stands in the timeline, when it was, and who."""

    entry: int
    at_us: int
    who: str


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided, and which snapshot was on the screen then (None: the live trace)."""

    step: Step
    snapshot: str | None
    decision: str | None
    text: str | None


@dataclass(slots=True)
class SnapshotLine:
    """One snapshot, from the button to the eyes of a human."""

    id: str
    taken_at_us: int
    first_sample: int
    reason: str
    stored: Step | None = None
    tier: str | None = None
    statement_ja: str | None = None
    statement_en: str | None = None
    rang: bool = False
    delivered: Step | None = None
    opened: Step | None = None

    @property
    def asks(self) -> bool:
        """Whether somebody is asked to read it."""
        return self.rang or self.reason in SENT_BY_HAND

    @property
    def order(self) -> tuple[float, int]:
        """Place in the relay's order; what it has not stored yet comes after all that it has."""
        return (self.stored.entry if self.stored else inf, self.taken_at_us)

    def as_json(self) -> dict[str, object]:
        """A line of ``PanelState.snapshots`` (``docs/http.md``)."""
        return {
            "id": self.id,
            "taken_at_us": self.taken_at_us,
            "first_sample": self.first_sample,
            "reason": self.reason,
            "stored_at_us": self.stored.at_us if self.stored else None,
            "tier": self.tier,
            "statement_ja": self.statement_ja,
            "statement_en": self.statement_en,
        }


@dataclass(frozen=True, slots=True)
class Receipts:
    """The chain of the ECG that waits for an answer, and the newest decision. Empty until it happened."""

    snapshot: str | None = None
    taken_at_us: int | None = None
    stored_at_us: int | None = None
    delivered_at_us: int | None = None
    delivered_to: str | None = None
    opened_at_us: int | None = None
    opened_by: str | None = None
    watched_live_at_us: int | None = None
    watched_live_by: str | None = None
    decided_at_us: int | None = None
    decided_by: str | None = None
    decision: str | None = None
    decision_text: str | None = None
    decided_on_earlier: bool = False
    """The decision was made on an ECG before this one."""


def receipts(
    lines: Collection[SnapshotLine], looked_live: Step | None, decided: Decided | None
) -> Receipts:
    """The chain of the ECG that waits for an answer; of the live trace where there is none yet.

    A look at the live trace is a look at what rang, and not at the sheet that was sent by hand.
    """
    about = _waits(lines)
    since = [line for line in lines if about is None or line.order >= about.order]
    by_hand = about is not None and about.reason in SENT_BY_HAND
    seen_live = None if by_hand else _after(looked_live, about)
    opened = _first([*(line.opened for line in since), seen_live])
    delivered = _first([line.delivered for line in since])
    return Receipts(
        snapshot=about.id if about else None,
        taken_at_us=about.taken_at_us if about else None,
        stored_at_us=about.stored.at_us if about and about.stored else None,
        delivered_at_us=delivered.at_us if delivered else None,
        delivered_to=delivered.who if delivered else None,
        opened_at_us=opened.at_us if opened else None,
        opened_by=opened.who if opened else None,
        watched_live_at_us=looked_live.at_us if looked_live else None,
        watched_live_by=looked_live.who if looked_live else None,
        decided_at_us=decided.step.at_us if decided else None,
        decided_by=decided.step.who if decided else None,
        decision=decided.decision if decided else None,
        decision_text=decided.text if decided else None,
        decided_on_earlier=_is_earlier(decided, about, {line.id: line for line in lines}),
    )


def _waits(lines: Collection[SnapshotLine]) -> SnapshotLine | None:
    asked = [line for line in lines if line.asks]
    if asked:
        return max(asked, key=lambda line: line.order)
    return min(lines, key=lambda line: line.order, default=None)


def _after(step: Step | None, about: SnapshotLine | None) -> Step | None:
    """A look at the live trace counts for an ECG that the relay had by then."""
    if step is None or about is None:
        return step
    return step if about.stored is not None and step.entry > about.stored.entry else None


def _first(steps: Collection[Step | None]) -> Step | None:
    return min((s for s in steps if s is not None), key=lambda s: s.entry, default=None)


def _is_earlier(
    decided: Decided | None, about: SnapshotLine | None, lines: dict[str, SnapshotLine]
) -> bool:
    if decided is None or about is None:
        return False
    if decided.snapshot in lines:
        return lines[decided.snapshot].order < about.order
    return _after(decided.step, about) is None
