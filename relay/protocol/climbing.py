"""Whom a case's ladders have rung and who is next: one fold of the timeline, for the relay's rows and the crew's tablet.

No I/O. The order is the relay's entry numbers. A ladder that a person stopped is not here any more.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field

from relay.protocol.receipts import RECEIPT_STAGES, AnyEntry

LADDER_STAGES = ("ladder-step", "ladder-stopped")
TOLD_STAGES = (*RECEIPT_STAGES, *LADDER_STAGES)
"""Stages that receipts and ladders are folded from."""


@dataclass(frozen=True, slots=True)
class ClimbStep:
    """A step that was done.

    Attributes:
        target: whom the policy names: ``first``, ``second``, ``ed-phone``, ``everybody``, ``crew``.
        name: who that was, as people read it; "" for everybody and the crew, and in a hole.
        skipped: why it rang nobody, None where it rang.
        phone: the number that the crew is told.
    """

    target: str
    name: str
    at_us: int
    due_at_us: int
    channels: tuple[str, ...]
    skipped: str | None
    phone: str | None


@dataclass(frozen=True, slots=True)
class ClimbNext:
    """What is done next if nobody opens the ECG."""

    target: str
    name: str
    due_at_us: int


@dataclass(slots=True)
class Climb:
    """One hospital's ladder as it stands.

    Attributes:
        rings: accounts whose pages ring loudly; None: every armed page.
        next: None after the last step.
    """

    ladder: str
    hospital: str
    place: str
    steps: list[ClimbStep] = field(default_factory=list)
    rings: list[str] | None = field(default_factory=list)
    next: ClimbNext | None = None

    def as_json(self) -> dict[str, object]:
        """As rows and the crew's page have it."""
        return asdict(self)


@dataclass(slots=True)
class ClimbFold:
    """Reads a case's timeline entry by entry."""

    ladders: dict[str, Climb] = field(default_factory=dict)

    def take(self, told: AnyEntry) -> None:
        """Read the next entry; other stages change nothing."""
        if str(told.stage) == "ladder-stopped":
            self.ladders.pop(_text(told, "ladder") or "", None)
        elif str(told.stage) == "ladder-step":
            self._step(told)

    def _step(self, told: AnyEntry) -> None:
        key, hospital = _text(told, "ladder") or "", _text(told, "hospital") or ""
        place = _text(told, "place") or hospital
        climb = self.ladders.setdefault(key, Climb(key, hospital, place))
        skipped = _text(told, "skipped")
        climb.steps.append(
            ClimbStep(
                _text(told, "target") or "",
                _text(told, "name") or "",
                told.at_us,
                _number(told.data.get("due_at_us")),
                tuple(str(name) for name in _list(told.data.get("channels"))),
                skipped,
                _text(told, "phone"),
            )
        )
        if told.data.get("everybody") is True:
            climb.rings = None
        elif climb.rings is not None:
            new = [str(name) for name in _list(told.data.get("rings"))]
            climb.rings += [name for name in new if name not in climb.rings]
        climb.next = _next(told.data.get("next"))

    @property
    def standing(self) -> list[Climb]:
        """The ladders that nobody has stopped, by hospital."""
        return sorted(self.ladders.values(), key=lambda climb: climb.hospital)


def climbs_of(timeline: Iterable[AnyEntry]) -> list[Climb]:
    """The ladders of a whole timeline that nobody has stopped."""
    fold = ClimbFold()
    for told in timeline:
        fold.take(told)
    return fold.standing


def _next(value: object) -> ClimbNext | None:
    if not isinstance(value, dict):
        return None
    due_at_us = _number(value.get("due_at_us"))
    return ClimbNext(str(value.get("target") or ""), str(value.get("name") or ""), due_at_us)


def _text(told: AnyEntry, key: str) -> str | None:
    value = told.data.get(key)
    return value if isinstance(value, str) else None


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def _list(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else []
