"""How a hospital climbs when nobody opens an ECG: steps of who, by which channels, and how long they have. Data, no I/O.

Which ECG asks for a human, and how loudly, is judged in ``relay/protocol/calling.py`` alone. A policy has steps for
what asks: ``A`` (an alarm, or tier A that a person sent), ``sent`` (any other ECG that a person sent) and
``B``, ``C`` (a doubt in an ECG that was taken by itself). Tier D queues and Q asks the crew: no steps.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import cast

from relay.errors import BadInput

CONSOLE = "console"
"""The pages of the person: rung over the feed, not by a letter."""
LONGEST_WAIT_S = 3_600.0
MOST_STEPS = 10
NO_LADDER = {
    "D": "Tier D queues; it has no steps.",
    "E": "Tier E queues; it has no steps.",
    "Q": "Tier Q asks the crew to take the ECG again; it has no steps.",
}


class Target(StrEnum):
    """Whom a step rings."""

    FIRST = "first"
    SECOND = "second"
    ED_PHONE = "ed-phone"
    EVERYBODY = "everybody"
    CREW = "crew"


@dataclass(frozen=True, slots=True)
class PolicyStep:
    """One step.

    Attributes:
        channels: names of channels; ``console`` is the person's own pages.
        wait_s: how long it has before the next step.
    """

    who: Target
    channels: tuple[str, ...]
    wait_s: float


Steps = tuple[PolicyStep, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """What one hospital decided, by what asks."""

    steps: Mapping[str, Steps]

    def as_json(self) -> dict[str, object]:
        """As it is kept and as ``kyumei ladder show`` writes it."""
        return {
            key: [
                {"who": step.who.value, "channels": list(step.channels), "wait_s": step.wait_s}
                for step in steps
            ]
            for key, steps in self.steps.items()
        }


KEYS = ("A", "sent", "B", "C")


def key_of(level: str, tier: str | None) -> str:
    """Which steps a call for a human has; ``level`` and ``tier`` as ``relay/protocol/calling.py`` judged them."""
    if level == "high":
        return "A"
    return "sent" if level == "hand" else (tier or "B")[:1]


def default_policy(known: Collection[str]) -> Policy:
    """The steps of a hospital that has set none, by the channels that this relay has."""

    def by(*wanted: str) -> tuple[str, ...]:
        return (CONSOLE, *(name for name in wanted if name in known))

    phones = tuple(name for name in ("sms", "call") if name in known)
    whole = (
        PolicyStep(Target.FIRST, by("web-push"), 60.0),
        PolicyStep(Target.SECOND, by("web-push", "sms", "call"), 60.0),
        PolicyStep(Target.ED_PHONE, (*phones, CONSOLE), 60.0),
        PolicyStep(Target.EVERYBODY, (CONSOLE,), 60.0),
        PolicyStep(Target.CREW, (), 0.0),
    )
    soft = (PolicyStep(Target.FIRST, by("web-push"), 0.0),)
    return Policy({"A": whole, "sent": whole, "B": soft, "C": soft})


def without_roster(steps: Steps) -> Steps:
    """The steps of a hospital that has no roster at all: everybody at once, as before there was one, then the crew.

    The crew waits as long as it would have waited with a roster.
    """
    wait_s = sum(step.wait_s for step in steps if step.who is not Target.CREW)
    everybody = PolicyStep(Target.EVERYBODY, (CONSOLE,), wait_s)
    crew = [step for step in steps if step.who is Target.CREW]
    return (everybody, *crew[:1])


def read_policy(data: object, known: Collection[str]) -> Policy:
    """A policy from its JSON.

    Args:
        data: what was read of the file.
        known: names of this relay's channels; ``console`` is always one.

    Raises:
        BadInput: one sentence that names the place and says what may stand there.
    """
    if not isinstance(data, dict):
        raise BadInput('A policy is an object like {"A": [{"who": "first", …}]}.')
    steps: dict[str, Steps] = {}
    for key, rows in data.items():
        if key in NO_LADDER:
            raise BadInput(f"{NO_LADDER[key]} Leave {key} out.")
        if key not in KEYS:
            raise BadInput(f"There is no {key!r} in a policy; there are: {', '.join(KEYS)}.")
        steps[key] = _steps(key, rows, known)
    missing = [key for key in ("A", "sent") if key not in steps]
    if missing:
        raise BadInput(f"The policy has no steps for {missing[0]}; without them nobody is rung.")
    return Policy({"B": (), "C": (), **steps})


def _steps(key: str, rows: object, known: Collection[str]) -> Steps:
    if not isinstance(rows, list) or len(rows) > MOST_STEPS:
        raise BadInput(f"{key}: give a list of at most {MOST_STEPS} steps.")
    steps = tuple(_step(f"{key}, step {n}", row, known) for n, row in enumerate(rows, 1))
    if key in ("A", "sent"):
        _check_rings(key, steps)
    return steps


def _check_rings(key: str, steps: Sequence[PolicyStep]) -> None:
    """The loud ladders ring somebody, and end by telling the crew."""
    if not any(step.who is not Target.CREW for step in steps):
        raise BadInput(f"{key}: no step rings a human; begin with the first on call.")
    last = steps[-1]
    if last.who is not Target.CREW or any(s.who is Target.CREW for s in steps[:-1]):
        raise BadInput(
            f"{key}: the last step, and only it, is who: crew. The crew must know when nobody has opened the ECG."
        )


def _step(place: str, row: object, known: Collection[str]) -> PolicyStep:
    if not isinstance(row, dict):
        raise BadInput(f"{place}: write it as an object with who, channels and wait_s.")
    unknown = sorted(set(row) - {"who", "channels", "wait_s"})
    if unknown:
        raise BadInput(f"{place}: there is no {unknown[0]!r}; there are who, channels, wait_s.")
    who = row.get("who")
    if who not in [target.value for target in Target]:
        raise BadInput(f"{place}: who is one of {', '.join(Target)}.")
    return PolicyStep(Target(str(who)), _channels(place, str(who), row, known), _wait_s(place, row))


def _channels(
    place: str, who: str, row: Mapping[str, object], known: Collection[str]
) -> tuple[str, ...]:
    named = row.get("channels", [])
    if not isinstance(named, list) or not all(isinstance(name, str) for name in named):
        raise BadInput(f"{place}: channels is a list of names.")
    may = [CONSOLE, *sorted(known)]
    for name in cast("list[str]", named):
        if name not in may:
            raise BadInput(f"{place}: there is no channel {name!r}; there are: {', '.join(may)}.")
    if not named and who != Target.CREW:
        raise BadInput(f"{place}: it names no channel, so that nobody would be rung.")
    if who == Target.EVERYBODY and named != [CONSOLE]:
        raise BadInput(f'{place}: everybody is rung on the pages; channels is ["console"].')
    return tuple(dict.fromkeys(cast("list[str]", named)))


def _wait_s(place: str, row: Mapping[str, object]) -> float:
    wait_s = row.get("wait_s", 0.0)
    is_number = isinstance(wait_s, int | float) and not isinstance(wait_s, bool)
    if not is_number or not 0 <= float(cast(float, wait_s)) <= LONGEST_WAIT_S:
        raise BadInput(f"{place}: wait_s is a number of seconds from 0 to {LONGEST_WAIT_S:.0f}.")
    return float(cast(float, wait_s))
