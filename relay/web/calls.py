"""``/api/calls``: 119 calls as dispatchers lead them and others are let in to look."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Depends, Request
from pydantic import Field
from starlette.responses import Response

from relay.model.call import ShareKind
from relay.model.people import Permission, Session
from relay.protocol.answers import Json
from relay.services.calls.calls import NewCall
from relay.services.ground.access import Relation
from relay.services.ground.jpegs import MAX_BYTES
from relay.services.ground.watcher import Watcher
from relay.services.ground.witness import Act, Look, Nothing
from relay.web.asked import while_asked
from relay.web.bodies import Body, takes
from relay.web.guard import Needs, Watches, guarded_router, relay_of
from relay.web.headers import is_our_name

router = guarded_router()
LIST = Look("calls-listed", listed=True)
NO_CASE = Nothing("names of ambulances and places, nothing of a call")
NUMBERS_OF_A_LINE = Nothing("numbers of the lines of a call's pictures, nothing of its people")
Taker = Annotated[Session, Depends(Needs(Permission.CALLS_TAKE, Relation.NONE, Act("call-taken")))]
Placer = Annotated[Session, Depends(Needs(Permission.CALLS_TAKE, Relation.NONE, NO_CASE))]
Reader = Annotated[
    Session, Depends(Needs(Permission.CALLS_READ, Relation.SHARED, NUMBERS_OF_A_LINE))
]
Lister = Annotated[Watcher, Depends(Watches(LIST, Relation.NONE))]
Looker = Annotated[Watcher, Depends(Watches(Look("call-read")))]
StillLooker = Annotated[Watcher, Depends(Watches(Look("still-read")))]


def _leads(act: str) -> Any:
    """A dispatcher who leads a call does this."""
    return Depends(Needs(Permission.CALLS_TAKE, Relation.SHARED, Act(act)))


Teller = Annotated[Session, _leads("call-told")]
Dispatcher = Annotated[Session, _leads("call-dispatched")]
Inviter = Annotated[Session, _leads("link-sent")]
Revoker = Annotated[Session, _leads("link-revoked")]
Guide = Annotated[Session, _leads("guidance")]
Sharer = Annotated[Session, _leads("call-shared")]
Unsharer = Annotated[Session, _leads("call-unshared")]
Keeper = Annotated[Session, _leads("still-kept")]
Ender = Annotated[Session, _leads("call-ended")]
Language = Literal["", "ja", "ja-easy", "en", "zh-Hans", "ko", "vi", "pt-BR"]


class Taken(Body):
    """What the caller said."""

    number: Annotated[str, Field(max_length=32, pattern=r"^[0-9+() -]*$")] = ""
    address: Annotated[str, Field(max_length=400)] = ""
    complaint: Annotated[str, Field(max_length=400)] = ""


class NewlyTaken(Taken):
    """A new call; ``act`` is the page's own id of it, and makes one call however often it is sent."""

    act: UUID | None = None


class Dispatched(Body):
    """Which ambulance is on its way."""

    unit: Annotated[str, Field(min_length=1, max_length=200)]


class Invited(Body):
    """How the link travels. The caller has agreed, on the phone, or there is no link."""

    channel: Literal["sms", "qr"]
    consent: Literal[True]
    language: Language = ""


class Guided(Body):
    """What the caller's phone shows; null clears it."""

    topic: Annotated[str, Field(max_length=32)] | None


class Shared(Body):
    """Who may look as well."""

    kind: ShareKind
    target: Annotated[str, Field(min_length=1, max_length=200)]


@router.post("/api/calls", status_code=201)
async def take_call(body: NewlyTaken, session: Taker, request: Request) -> Json:
    """Take a call."""
    return await relay_of(request).calls.calls.take(session.person, _told(body), body.act)


@router.post("/api/calls/{call}/told")
async def correct_call(call: UUID, body: Taken, session: Teller, request: Request) -> Json:
    """Put right what the caller said."""
    return await relay_of(request).calls.calls.tell(session.person, call, _told(body))


def _told(body: Taken) -> NewCall:
    return NewCall(body.number.strip(), body.address.strip(), body.complaint.strip())


@router.get("/api/calls")
async def list_calls(watcher: Lister, request: Request) -> Json:
    """Open calls you may see, newest first."""
    relay = relay_of(request)
    calls = await relay.calls.calls.list(watcher)
    await relay.ground.witness.listed(LIST.kind, watcher.shown, (call["id"] for call in calls))
    return {"calls": calls}


@router.get("/api/places")
async def list_places(session: Placer, request: Request) -> Json:
    """Ambulances, hospitals and command posts a call can be sent to or shared with; the map's tiles."""
    relay = relay_of(request)
    return {**await relay.calls.calls.places(), "map_tiles": relay.site.map_tiles}


@router.get("/api/calls/{call}")
async def read_call(call: UUID, watcher: Looker, request: Request) -> Json:
    """One call."""
    return await relay_of(request).calls.calls.show(watcher, call)


@router.get("/api/calls/{call}/stats")
async def read_stats(call: UUID, session: Reader, request: Request) -> Json:
    """What the media plane knows."""
    return relay_of(request).calls.viewers.stats(call)


@router.post("/api/calls/{call}/dispatched")
async def mark_dispatched(
    call: UUID, body: Dispatched, session: Dispatcher, request: Request
) -> Json:
    """An ambulance is on its way."""
    return await relay_of(request).calls.calls.dispatched(session.person, call, body.unit.strip())


@router.post("/api/calls/{call}/invite", status_code=201)
async def send_link(call: UUID, body: Invited, session: Inviter, request: Request) -> Json:
    """Send the caller a link."""
    relay = relay_of(request)
    base = f"{request.url.scheme}://{request.headers.get('host', '')}"
    origin = request.headers.get("origin", "")
    if is_our_name(origin, request.headers, relay.site):
        base = origin  # a proxy in front may speak another scheme
    base = relay.site.public_url or base
    return await relay.calls.calls.invite(session.person, call, body.channel, base, body.language)


@router.post("/api/calls/{call}/revoke")
async def revoke_link(call: UUID, session: Revoker, request: Request) -> Json:
    """Take the link back."""
    return await relay_of(request).calls.calls.revoke(session.person, call)


@router.post("/api/calls/{call}/guidance")
async def guide(call: UUID, body: Guided, session: Guide, request: Request) -> Json:
    """Show first aid on the caller's phone."""
    return await relay_of(request).calls.calls.guide(session.person, call, body.topic)


@router.post("/api/calls/{call}/shares", status_code=201)
async def share(call: UUID, body: Shared, session: Sharer, request: Request) -> Json:
    """Let somebody look."""
    calls = relay_of(request).calls.calls
    return await calls.share(session.person, call, body.kind, body.target)


@router.delete("/api/calls/{call}/shares/{share}")
async def unshare(call: UUID, share: UUID, session: Unsharer, request: Request) -> Json:
    """Let them look no more."""
    return await relay_of(request).calls.calls.unshare(session.person, call, share)


@router.post("/api/calls/{call}/stills", status_code=201)
@takes(MAX_BYTES)
async def keep_still(call: UUID, session: Keeper, request: Request) -> Json:
    """Keep a freeze-frame."""
    data = await request.body()
    person = session.person
    async with while_asked(request):
        kept = await relay_of(request).calls.pictures.keep(
            call, data, person.name, person.display_name
        )
    return {"still": str(kept.id)}


@router.get("/api/calls/{call}/stills/{still}")
async def read_still(call: UUID, still: UUID, watcher: StillLooker, request: Request) -> Response:
    """A picture."""
    jpeg = await relay_of(request).calls.pictures.fetch(call, still)
    return Response(jpeg, media_type="image/jpeg")


@router.post("/api/calls/{call}/end")
async def end_call(call: UUID, session: Ender, request: Request) -> Json:
    """End the call."""
    return await relay_of(request).calls.calls.end(session.person, call)
