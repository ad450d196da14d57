"""``/api/incidents``: the list, one case, and what a person does about it."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from pydantic import BaseModel, Field

from relay.model.decision import DecisionKind
from relay.model.incident import IncidentState
from relay.model.people import Permission, Session
from relay.services.cases import MAX_TEXT
from relay.services.render import Json
from relay.web.guard import Needs, Relation, guarded_router, relay_of

router = guarded_router()
Lister = Annotated[Session, Depends(Needs(Permission.INCIDENTS_READ, Relation.OWN_HOSPITAL))]
Reader = Annotated[Session, Depends(Needs(Permission.INCIDENTS_READ, Relation.ADDRESSED))]
Opener = Annotated[Session, Depends(Needs(Permission.TRACE_OPEN, Relation.ADDRESSED))]
Decider = Annotated[Session, Depends(Needs(Permission.DECIDE, Relation.ADDRESSED))]
Writer = Annotated[Session, Depends(Needs(Permission.NOTES_WRITE, Relation.ADDRESSED))]


class Opened(BaseModel):
    """What is on the person's screen: a snapshot, or null for the live trace."""

    snapshot: UUID | None = None


class Decided(BaseModel):
    """What the person decided."""

    decision: DecisionKind
    text: Annotated[str, Field(max_length=MAX_TEXT)] = ""
    snapshot: UUID | None = None


class Note(BaseModel):
    """A line to the crew."""

    text: Annotated[str, Field(min_length=1, max_length=MAX_TEXT)]


@router.get("/api/incidents")
async def list_incidents(
    session: Lister, request: Request, state: IncidentState | None = None
) -> Json:
    """The cases addressed to your hospital, newest first."""
    rows = await relay_of(request).cases.rows(session.person.hospital, state)
    return {"incidents": rows}


@router.get("/api/incidents/{incident}")
async def read_incident(incident: UUID, session: Reader, request: Request) -> Json:
    """One case, whole."""
    return await relay_of(request).cases.detail(session.person, incident)


@router.get("/api/incidents/{incident}/trend")
async def read_trend(incident: UUID, session: Reader, request: Request) -> Json:
    """ST over time, from every screening of the case's live streams."""
    return await relay_of(request).changes.trend(session.person, incident)


@router.post("/api/incidents/{incident}/opened")
async def open_trace(incident: UUID, body: Opened, session: Opener, request: Request) -> Json:
    """You have the trace on screen: the crew is told."""
    cases = relay_of(request).cases
    return {"first": await cases.open_trace(session.person, incident, body.snapshot)}


@router.post("/api/incidents/{incident}/decisions", status_code=201)
async def decide(incident: UUID, body: Decided, session: Decider, request: Request) -> Json:
    """You decide: the crew is told."""
    cases = relay_of(request).cases
    return await cases.decide(session.person, incident, body.decision, body.text, body.snapshot)


@router.post("/api/incidents/{incident}/notes", status_code=201)
async def write_note(incident: UUID, body: Note, session: Writer, request: Request) -> Json:
    """A line to the crew."""
    return await relay_of(request).cases.note(session.person, incident, body.text)
