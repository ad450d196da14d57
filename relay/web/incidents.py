"""``/api/incidents``: the list, one case, and what a person does about it."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request
from pydantic import Field

from relay.model.decision import DecisionKind
from relay.model.incident import IncidentState
from relay.model.people import Permission, Session
from relay.protocol.answers import Json
from relay.services.cases.cases import MAX_ENTRY, MAX_TEXT
from relay.services.cases.deciding import LiveStretch, Order
from relay.services.ground.access import Relation
from relay.services.ground.witness import Act, Look
from relay.web.bodies import Body
from relay.web.guard import Needs, guarded_router, relay_of

router = guarded_router()
READ, THEIRS = Permission.INCIDENTS_READ, Relation.ADDRESSED
SEEN = Act("trace-opened", by_hand=False)  # the page says it by itself
LIST = Look("cases-listed", listed=True)
Lister = Annotated[Session, Depends(Needs(READ, Relation.OWN_HOSPITAL, LIST))]
Reader = Annotated[Session, Depends(Needs(READ, THEIRS, Look("case-read")))]
TrendReader = Annotated[Session, Depends(Needs(READ, THEIRS, Look("trend-read")))]
Opener = Annotated[Session, Depends(Needs(Permission.TRACE_OPEN, THEIRS, SEEN))]
Decider = Annotated[Session, Depends(Needs(Permission.DECIDE, THEIRS, Act("decided")))]
Writer = Annotated[Session, Depends(Needs(Permission.NOTES_WRITE, THEIRS, Act("note-written")))]


class Opened(Body):
    """What is on the person's screen: a snapshot, or null for the live trace."""

    snapshot: UUID | None = None


class OnScreen(Body):
    """The seconds of a live trace that were on the person's screen."""

    stream: UUID
    first_sample: Annotated[int, Field(ge=0, lt=2**53)]
    n_samples: Annotated[int, Field(ge=1, le=60_000)]


class Decided(Body):
    """What the person decided, on what, and which decision they had seen last."""

    decision: DecisionKind
    text: Annotated[str, Field(max_length=MAX_TEXT)] = ""
    snapshot: UUID | None = None
    live: OnScreen | None = None
    act: UUID | None = None
    after: Annotated[int, Field(ge=0, lt=2**53)] | None = None

    def order(self) -> Order:
        """The same, for the service."""
        live = LiveStretch(**self.live.model_dump()) if self.live else None
        return Order(self.decision, self.text, self.snapshot, live, self.act, self.after)


class Note(Body):
    """A line to the crew."""

    text: Annotated[str, Field(min_length=1, max_length=MAX_TEXT)]
    act: UUID | None = None


@router.get("/api/incidents")
async def list_incidents(
    session: Lister,
    request: Request,
    state: IncidentState | None = None,
    beyond: UUID | None = None,
) -> Json:
    """The cases addressed to your hospital: the newest, and every open one that asks for a human."""
    relay, hospital = relay_of(request), session.person.hospital
    found = await relay.cases.cases.rows(hospital, state, beyond)
    await relay.ground.witness.listed(LIST.kind, hospital or "", (row["id"] for row in found.rows))
    return {
        "incidents": found.rows,
        "more": found.more,
        "beyond": str(found.beyond) if found.beyond else None,
    }


@router.get("/api/incidents/{incident}")
async def read_incident(incident: UUID, session: Reader, request: Request) -> Json:
    """One case, whole."""
    return await relay_of(request).cases.cases.detail(session.person, incident)


@router.get("/api/incidents/{incident}/timeline")
async def read_timeline(
    incident: UUID,
    session: Reader,
    request: Request,
    before: Annotated[int, Query(ge=1, lt=2**31)] = MAX_ENTRY,
) -> Json:
    """Entries of a timeline that is longer than a page shows."""
    return await relay_of(request).cases.cases.entries(session.person, incident, before)


@router.get("/api/incidents/{incident}/trend")
async def read_trend(incident: UUID, session: TrendReader, request: Request) -> Json:
    """ST over time, from every screening of the case's live streams."""
    return await relay_of(request).cases.changes.trend(session.person, incident)


@router.post("/api/incidents/{incident}/opened")
async def open_trace(incident: UUID, body: Opened, session: Opener, request: Request) -> Json:
    """You have the trace on screen: the crew is told."""
    cases = relay_of(request).cases.cases
    return {"first": await cases.open_trace(session.person, incident, body.snapshot)}


@router.post("/api/incidents/{incident}/decisions", status_code=201)
async def decide(incident: UUID, body: Decided, session: Decider, request: Request) -> Json:
    """You decide: the crew is told."""
    return await relay_of(request).cases.deciding.decide(session.person, incident, body.order())


@router.post("/api/incidents/{incident}/notes", status_code=201)
async def write_note(incident: UUID, body: Note, session: Writer, request: Request) -> Json:
    """A line to the crew."""
    return await relay_of(request).cases.deciding.note(
        session.person, incident, body.text, body.act
    )
