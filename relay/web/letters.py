"""``/api/ring-devices`` and letters: which devices ring for a person, whether a way works, whose link was used."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from pydantic import Field

from relay.alerts.push_port import PushSubscription
from relay.model.people import Permission, Session
from relay.model.ringing import RingDevice
from relay.protocol.answers import Json
from relay.services.ground.access import Relation
from relay.services.ground.witness import Act
from relay.web.bodies import Body
from relay.web.guard import ABOUT_ONESELF, Needs, guarded_router, relay_of

router = guarded_router()
READS, ALONE, OWN = Permission.TRACE_OPEN, Relation.NONE, Relation.OWN_DEVICE
Owner = Annotated[Session, Depends(Needs(READS, ALONE, ABOUT_ONESELF))]
Adder = Annotated[Session, Depends(Needs(READS, ALONE, Act("ring-device-added", by_hand=False)))]
Stopper = Annotated[Session, Depends(Needs(READS, OWN, Act("ring-device-stopped")))]
Trier = Annotated[Session, Depends(Needs(READS, OWN, Act("way-tried")))]
Tester = Annotated[Session, Depends(Needs(Permission.WAYS_TRY, ALONE, Act("way-tried")))]
OPENED = Act("letter-opened", by_hand=False)
Reader = Annotated[Session, Depends(Needs(Permission.INCIDENTS_READ, Relation.ADDRESSED, OPENED))]
Text = Annotated[str, Field(max_length=2000)]


class LetRing(Body):
    """A browser's subscription, and what the person reads in the list."""

    name: Annotated[str, Field(max_length=200)]
    endpoint: Text
    p256dh: Annotated[str, Field(max_length=200)]
    auth: Annotated[str, Field(max_length=100)]


class TryWay(Body):
    """A way, as ``KYUMEI_ALERT_CHANNELS`` names it, and an address."""

    channel: Annotated[str, Field(max_length=64)]
    to: Text


@router.get("/api/ring-devices")
async def list_devices(session: Owner, request: Request) -> Json:
    """A person's own devices, and the key with which a browser subscribes."""
    devices = relay_of(request).alarm.devices
    own = [_shown(device) for device in await devices.of(session.person)]
    return {"public_key": await devices.public_key(), "devices": own}


@router.post("/api/ring-devices")
async def let_ring(body: LetRing, session: Adder, request: Request) -> Json:
    """This browser rings for this person from now on; asked again by a browser that renews its subscription."""
    subscription = PushSubscription(body.endpoint, body.p256dh, body.auth)
    devices = relay_of(request).alarm.devices
    return _shown(await devices.let_ring(session.person, body.name, subscription))


@router.delete("/api/ring-devices/{device}", status_code=204)
async def stop_device(device: UUID, session: Stopper, request: Request) -> None:
    """One's own device rings no more."""
    name = session.person.name
    await relay_of(request).alarm.devices.stop(name, device, account=name)


@router.post("/api/ring-devices/{device}/try")
async def try_device(device: UUID, session: Trier, request: Request) -> Json:
    """Ring one's own device once."""
    alarm, name = relay_of(request).alarm, session.person.name
    return asdict(await alarm.box.tried(name, "web-push", str(device)))


@router.post("/api/ways/try")
async def try_way(body: TryWay, session: Tester, request: Request) -> Json:
    """An administrator sends one message that says it is a trial."""
    box = relay_of(request).alarm.box
    return asdict(await box.tried(session.person.name, body.channel, body.to))


@router.post("/api/incidents/{incident}/letters/{letter}/opened", status_code=204)
async def letter_opened(incident: UUID, letter: UUID, session: Reader, request: Request) -> None:
    """The page was opened by a letter's link."""
    await relay_of(request).alarm.box.opened(session.person, incident, letter)


def _shown(device: RingDevice) -> Json:
    """What a person sees: neither address nor keys."""
    return {
        "id": str(device.id),
        "name": device.name,
        "put_at_us": device.put_at_us,
        "told_at_us": device.told_at_us,
    }
