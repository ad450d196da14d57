"""Which ECG waits for a human, who has seen it, and what was decided: one fold of a case's timeline.

Both ends read the same entries with this same fold: the tablet for its receipt chain, the relay for
its lists, its alarms and the pages (which draw what they are told). The order is the relay's entry
numbers; no clock is compared with another. No I/O.

The rule (ADR 0075):

* An ECG *asks* for a reader when it rang, or when a person sent it (by hand, or as a cart's file).
* A sheet is *read* when it, or one stored after it, was opened. A look at the live trace reads what
  rang or was taken by itself, and never what a person sent: that one asks for the sheet.
* A decision answers every ECG stored before it, unless it was made on an earlier sheet.
* The chain is about the newest unread ECG that asks, else the newest that asked, else the first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from math import inf
from typing import Protocol

from relay.protocol.messages import SENT_BY_HAND

RECEIPT_STAGES = (
    "snapshot-stored",
    "screened",
    "alert-raised",
    "delivered",
    "trace-opened",
    "decided",
    "decision-understood",
)
"""Stages that the fold reads; all others pass it by."""


class AnyEntry(Protocol):
    """An entry of a timeline, as the relay keeps it or as a tablet hears it."""

    @property
    def entry(self) -> int:
        """Its number in the case, rising."""

    @property
    def at_us(self) -> int:
        """When, on the relay's clock."""

    @property
    def stage(self) -> str:
        """What it says."""

    @property
    def who(self) -> str:
        """The person or console."""

    @property
    def data(self) -> Mapping[str, object]:
        """The stage's own fields."""


@dataclass(frozen=True, slots=True)
class HumanStep:
    """Something a human did: when it stands in the timeline, when it was, and who."""

    entry: int
    at_us: int
    who: str


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided, and which snapshot was on the screen then (None: the live trace)."""

    step: HumanStep
    snapshot: str | None
    decision: str | None
    text: str | None


@dataclass(slots=True)
class Line:
    """One snapshot, from the button to the eyes of a human.

    Attributes:
        stored: None while only the tablet knows of it.
        opened: who opened this very sheet first.
    """

    id: str
    reason: str
    stored: HumanStep | None = None
    tier: str | None = None
    rang: bool = False
    delivered: HumanStep | None = None
    opened: HumanStep | None = None

    @property
    def by_hand(self) -> bool:
        """Whether a person asked that it be read."""
        return self.reason in SENT_BY_HAND

    @property
    def asks(self) -> bool:
        """Whether somebody is asked to read it."""
        return self.rang or self.by_hand

    @property
    def letter(self) -> str:
        """The tier's letter, empty before it is screened."""
        return (self.tier or "")[:1]

    @property
    def order(self) -> float:
        """Place among the ECGs of the case: the relay's entry number. An ECG that is not stored yet comes last."""
        return self.stored.entry if self.stored else inf


@dataclass(frozen=True, slots=True)
class Receipts:
    """What happened to the ECG that waits for an answer, step by step, and the newest decision.

    A step that has not happened yet is None.

    Attributes:
        decided_on_earlier: the decision was made on an ECG before this one.
        disputed_by: another person's newest decision on the same ECG says something else.
        understood_at_us: when the crew pressed that it has read the newest decision.
    """

    snapshot: str | None = None
    stored_at_us: int | None = None
    delivered_at_us: int | None = None
    delivered_to: str | None = None
    opened_at_us: int | None = None
    opened_by: str | None = None
    watched_live_at_us: int | None = None
    watched_live_by: str | None = None
    decided_at_us: int | None = None
    decided_by: str | None = None
    decided_entry: int | None = None
    decision: str | None = None
    decision_text: str | None = None
    decided_on_earlier: bool = False
    disputed_at_us: int | None = None
    disputed_by: str | None = None
    disputed_decision: str | None = None
    disputed_text: str | None = None
    understood_at_us: int | None = None


@dataclass(slots=True)
class ReceiptFold:
    """Reads a case's timeline entry by entry and knows who has seen which ECG."""

    lines: dict[str, Line] = field(default_factory=dict)
    live_looks: list[HumanStep] = field(default_factory=list)
    decisions: list[Decided] = field(default_factory=list)
    understood: dict[int, HumanStep] = field(default_factory=dict)
    _about: dict[str, str] = field(default_factory=dict)
    """Which snapshot each alert is about."""

    def take(self, told: AnyEntry) -> None:
        """Read the next entry. Entries of other stages than ``RECEIPT_STAGES`` change nothing."""
        fold = {
            "snapshot-stored": self._stored,
            "screened": self._screened,
            "alert-raised": self._raised,
            "delivered": self._delivered,
            "trace-opened": self._opened,
            "decided": self._decided,
            "decision-understood": self._understood,
        }.get(str(told.stage))
        if fold is not None:
            fold(told)

    def expect(self, snapshot: str, reason: str) -> None:
        """The tablet has asked for this snapshot; the relay may not know of it yet."""
        self.lines.setdefault(snapshot, Line(snapshot, reason))

    # what the stages say

    def _line(self, told: AnyEntry) -> Line:
        key = _text(told, "snapshot") or ""
        return self.lines.setdefault(key, Line(key, _text(told, "reason") or "st-change"))

    def _stored(self, told: AnyEntry) -> None:
        line = self._line(told)
        line.stored = line.stored or _step(told)

    def _screened(self, told: AnyEntry) -> None:
        self._line(told).tier = _text(told, "tier")

    def _raised(self, told: AnyEntry) -> None:
        line = self._line(told)
        line.rang = True
        line.tier = line.tier or _text(told, "tier")
        self._about[_text(told, "alert") or ""] = line.id

    def _delivered(self, told: AnyEntry) -> None:
        """A hospital's page has drawn the alert, or the row of an ECG that did not ring. The first page counts."""
        named = _text(told, "snapshot") or self._about.get(_text(told, "alert") or "")
        line = self.lines.get(named) if named else None
        if line is not None:
            line.delivered = line.delivered or _step(told)

    def _opened(self, told: AnyEntry) -> None:
        named = _text(told, "snapshot")
        if named is None:
            self.live_looks.append(_step(told))
            return
        line = self._line(told)
        line.opened = line.opened or _step(told)

    def _decided(self, told: AnyEntry) -> None:
        named, decision, text = (_text(told, key) for key in ("snapshot", "decision", "text"))
        self.decisions.append(Decided(_step(told), named, decision, text))

    def _understood(self, told: AnyEntry) -> None:
        entry = told.data.get("entry")
        if isinstance(entry, int):
            self.understood.setdefault(entry, _step(told))

    # what follows from them

    @property
    def ordered(self) -> list[Line]:
        """The snapshots in the order in which the relay stored them."""
        return sorted(self.lines.values(), key=lambda line: line.order)

    def reads(self, opened: str | None, line: Line) -> bool:
        """Whether a person who looks at ``opened`` has thereby read ``line``.

        Args:
            opened: the snapshot on the person's screen; None for the live trace.
            line: the ECG in question.
        """
        if line.stored is None:
            return False
        if opened is None:
            return not line.by_hand
        shown = self.lines.get(opened)
        return shown is not None and shown.order >= line.order

    def reads_any(self, opened: str | None) -> bool:
        """Whether a person who looks at ``opened`` now would read an ECG that nobody has read."""
        return any(self.reads(opened, line) and not self.is_read(line) for line in self.ordered)

    def answers(self, decided: Decided, line: Line) -> bool:
        """Whether the decision covers this ECG.

        It does if this ECG or a later one was on the screen, and on the live trace if this one was stored before.
        """
        if line.stored is None:
            return False
        shown = self.lines.get(decided.snapshot or "")
        if shown is not None:
            return shown.order >= line.order
        return decided.step.entry > line.stored.entry

    def would_answer(self, snapshot: str | None, line: Line) -> bool:
        """Whether a decision that is made now, with ``snapshot`` (None: the live trace) on the screen, answers ``line``."""
        return self.answers(Decided(HumanStep(1 << 53, 0, ""), snapshot, None, None), line)

    def opening(self, line: Line) -> HumanStep | None:
        """The first person who read this ECG, and when; None if nobody has."""
        at_or_after = [other.opened for other in self.ordered if other.order >= line.order]
        return _first([*at_or_after, *self._live_looks_at(line)])

    def is_read(self, line: Line) -> bool:
        """Whether a human has read it or has decided about it."""
        return self.opening(line) is not None or any(self.answers(d, line) for d in self.decisions)

    def _live_looks_at(self, line: Line) -> list[HumanStep]:
        if line.by_hand or line.stored is None:
            return []
        return [look for look in self.live_looks if look.entry > line.stored.entry]

    def waiting(self) -> Line | None:
        """The ECG that the receipts are about; None while the case has no ECG.

        It is the newest unread ECG that asks for a reader, else the newest that asked, else the first of the case.
        """
        asking = [line for line in self.ordered if line.asks]
        unread = [line for line in asking if not self.is_read(line)]
        return next(iter([*reversed(unread), *reversed(asking), *self.ordered]), None)

    def receipts(self) -> Receipts:
        """What happened to the ECG of ``waiting``, as far as the entries read so far tell."""
        about = self.waiting()
        since = [line for line in self.ordered if about is None or line.order >= about.order]
        delivered = _first(line.delivered for line in since)
        opened = self.opening(about) if about else _first(self.live_looks)
        looked = self.live_looks[-1] if self.live_looks else None
        chain = Receipts(
            snapshot=about.id if about else None,
            stored_at_us=about.stored.at_us if about and about.stored else None,
            delivered_at_us=delivered.at_us if delivered else None,
            delivered_to=delivered.who if delivered else None,
            opened_at_us=opened.at_us if opened else None,
            opened_by=opened.who if opened else None,
            watched_live_at_us=looked.at_us if looked else None,
            watched_live_by=looked.who if looked else None,
        )
        return self._answered(chain, about) if self.decisions else chain

    def _answered(self, chain: Receipts, about: Line | None) -> Receipts:
        """The receipts with the newest decision added, and with another person's decision that contradicts it."""
        newest = self.decisions[-1]
        other = self._dispute(newest, about)
        understood = self.understood.get(newest.step.entry)
        return replace(
            chain,
            decided_at_us=newest.step.at_us,
            decided_by=newest.step.who,
            decided_entry=newest.step.entry,
            decision=newest.decision,
            decision_text=newest.text,
            decided_on_earlier=about is not None and not self.answers(newest, about),
            disputed_at_us=other.step.at_us if other else None,
            disputed_by=other.step.who if other else None,
            disputed_decision=other.decision if other else None,
            disputed_text=other.text if other else None,
            understood_at_us=understood.at_us if understood else None,
        )

    def _dispute(self, newest: Decided, about: Line | None) -> Decided | None:
        """Another person's newest decision on the same ECG if it says something else; else None."""
        if about is not None and not self.answers(newest, about):
            return None
        for other in reversed(self.decisions[:-1]):
            if about is not None and not self.answers(other, about):
                continue
            if other.step.who != newest.step.who:
                return other if other.decision != newest.decision else None
        return None


def folded(timeline: Iterable[AnyEntry]) -> ReceiptFold:
    """The fold of a whole timeline, ascending."""
    fold = ReceiptFold()
    for told in timeline:
        fold.take(told)
    return fold


def _text(told: AnyEntry, key: str) -> str | None:
    value = told.data.get(key)
    return value if isinstance(value, str) else None


def _step(told: AnyEntry) -> HumanStep:
    return HumanStep(told.entry, told.at_us, told.who)


def _first(steps: Iterable[HumanStep | None]) -> HumanStep | None:
    return min((s for s in steps if s is not None), key=lambda s: s.entry, default=None)
