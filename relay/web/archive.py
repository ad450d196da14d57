"""``/api/archive``: closed cases, searched."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Query, Request

from relay.model.incident import IncidentState
from relay.model.people import Permission, Session
from relay.protocol.answers import Json
from relay.records.port.cases import CaseSearch
from relay.services.cases.archive import KIND
from relay.services.ground.access import Relation
from relay.services.ground.witness import Look
from relay.web.guard import Needs, guarded_router, relay_of

router = guarded_router()
LIST = Look(KIND, listed=True)
Searcher = Annotated[
    Session, Depends(Needs(Permission.INCIDENTS_READ, Relation.OWN_HOSPITAL, LIST))
]
Moment = Annotated[int | None, Query(ge=0, lt=2**53)]
Tier = Literal["A", "B", "C", "D", "E", "Q"]
Decided = Literal["stemi-cath", "repeat-5min", "not-stemi", "unreadable", "none"]


def asked(
    from_us: Moment = None,
    to_us: Moment = None,
    unit: Annotated[str | None, Query(min_length=1, max_length=200)] = None,
    tier: Tier | None = None,
    decision: Decided | None = None,
    words: Annotated[str, Query(max_length=200)] = "",
    beyond: UUID | None = None,
) -> CaseSearch:
    """What is searched for, still of nobody's hospital."""
    said = tuple(words.split())
    return CaseSearch(
        None, IncidentState.CLOSED, from_us, to_us, unit, tier, decision, said, beyond
    )


@router.get("/api/archive")
async def search_archive(
    session: Searcher, request: Request, search: Annotated[CaseSearch, Depends(asked)]
) -> Json:
    """Closed cases that were addressed to your hospital, newest first; everything that is named must be so."""
    hospital = session.person.hospital
    if hospital is None:
        return {"cases": [], "beyond": None, "looked_to_us": None}
    return await relay_of(request).cases.archive.search(replace(search, hospital=hospital))
