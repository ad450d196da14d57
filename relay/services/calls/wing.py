"""The calls' wing, composed: what dispatchers do, what a caller's phone may, who watches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from relay.alerts.sms_port import SmsGateway
from relay.auth.port import Tokens
from relay.protocol.answers import CabinRow
from relay.services.calls.call_book import CallBook
from relay.services.calls.callers import CallerRules, Callers, CallMedia
from relay.services.calls.calls import CallRules, Calls
from relay.services.calls.clips import Clips
from relay.services.calls.glimpses import Glimpses
from relay.services.calls.joining import CaseJoining
from relay.services.calls.pictures import Pictures
from relay.services.calls.viewers import CallViewers
from relay.services.ground.supervision import Work
from relay.services.ground.wing import GroundWing
from relay.services.people.wing import PeopleWing
from relay.video.port import MediaPlane

CabinJson = Callable[[UUID | None], CabinRow | None]


@dataclass(frozen=True, slots=True)
class Outside:
    """What the 119 side needs of the world.

    Attributes:
        plane: video.
        sms: how links reach phones.
        tokens: what the links are made of.
        clips: where kept video lies.
    """

    plane: MediaPlane
    sms: SmsGateway
    tokens: Tokens
    clips: Path


@dataclass(frozen=True, slots=True)
class CallsRules:
    """What a site decided about the 119 side.

    Attributes:
        recording: what is kept of a call's video: ``off``, ``stills`` or ``clips``.
        clips_keep_h: how long clips are kept.
        calls: about calls and their links.
        callers: about callers' phones.
    """

    recording: str
    clips_keep_h: float
    calls: CallRules
    callers: CallerRules


@dataclass(frozen=True, slots=True)
class CallsWing:
    """What the wing offers.

    Attributes:
        book: every change of a call, and who hears of it.
        calls: what a dispatcher does with a call.
        joining: which calls wait for their ambulance's case.
        callers: what a caller's phone may.
        viewers: who watches a call.
        pictures: pictures that are kept.
        glimpses: a call's newest picture on the wall.
        clips: video that is kept.
    """

    book: CallBook
    calls: Calls
    joining: CaseJoining
    callers: Callers
    viewers: CallViewers
    pictures: Pictures
    glimpses: Glimpses
    clips: Clips

    @property
    def work(self) -> Work:
        """What runs beside the requests."""
        return {
            "calls": self.calls.run,
            "calls-to-cases": self.joining.follow,
            "callers": self.callers.run,
            "clips": self.clips.run,
            "glimpses": self.glimpses.run,
        }


def compose(
    ground: GroundWing,
    people: PeopleWing,
    cabin_json: CabinJson,
    outside: Outside,
    rules: CallsRules,
) -> CallsWing:
    """The wing over this ground.

    Args:
        ground: what it stands on.
        people: who watches.
        cabin_json: how a case's cabin stands; the cabin's wing is a neighbour.
        outside: the ports of this wing alone.
        rules: what the site decided.
    """
    bus, plane, tokens = ground.ports.bus, outside.plane, outside.tokens
    shared_s = rules.calls.shared_after_end_s
    book = CallBook(ground.journal, bus, rules.recording, cabin_json, shared_s)
    pictures = Pictures(book, ground.remaking)
    glimpses = Glimpses(book, ground.remaking)
    clips = Clips(book, plane, outside.clips, rules.clips_keep_h)
    viewers = CallViewers(book, people.sessions, plane, people.rights)
    joining = CaseJoining(book, bus)
    calls = Calls(book, joining, tokens, outside.sms, viewers, rules.calls)
    kept = CallMedia(pictures, glimpses, clips)
    callers = Callers(book, bus, tokens, viewers, plane, kept, rules.callers)
    return CallsWing(book, calls, joining, callers, viewers, pictures, glimpses, clips)
