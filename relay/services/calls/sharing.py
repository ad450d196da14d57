"""With whom a call can be shared, and how sharing ends."""

from __future__ import annotations

from collections.abc import Sequence

from relay.errors import BadInput
from relay.model.call import Share, ShareKind
from relay.model.people import Role
from relay.model.timeline import Stage
from relay.protocol.answers import Json
from relay.records.port.records import RecordReads
from relay.services.calls.call_book import CallBook, CallChange
from relay.services.calls.viewers import CallViewers


async def places(records: RecordReads) -> Json:
    """Units, hospitals and command posts, as the desk's page lists them."""
    units = [d.device.unit for d in await records.people.devices() if d.revoked_at_us is None]
    hospitals = [{"id": h.id, "name": h.name} for h in await records.people.hospitals()]
    posts = [
        {"id": a.person.name, "name": a.person.display_name}
        for a in await records.people.accounts()
        if a.person.role is Role.COMMAND and not a.disabled
    ]
    return {"units": units, "hospitals": hospitals, "command": posts}


async def check_target(tx: RecordReads, kind: ShareKind, target: str) -> None:
    """Do nothing where a call can be shared with this place.

    Raises:
        BadInput: there is no such place.
    """
    known: Sequence[str] = ()
    if kind is ShareKind.HOSPITAL:
        known = [hospital.id for hospital in await tx.people.hospitals()]
    elif kind is ShareKind.UNIT:
        known = [
            entry.device.unit for entry in await tx.people.devices() if entry.revoked_at_us is None
        ]
    else:
        accounts = [a for a in await tx.people.accounts() if not a.disabled]
        known = [a.person.name for a in accounts if a.person.role is Role.COMMAND]
    if target not in known:
        raise BadInput(f"There is no {kind.value} called {target}; choose one from the list.")


async def end_share(change: CallChange, share: Share, user: str, who: str, **more: str) -> None:
    """Let them look no more; ``user`` stands in the audit, ``who`` on the timeline, ``more`` on both."""
    await change.tx.calls.end_share(share.id, change.now_us)
    about = {"kind": share.kind.value, "target": share.target, **more}
    await change.say(Stage.CALL_UNSHARED, who, about)
    await change.audit(user, "call-unshared", about)


async def end_old_shares(book: CallBook, viewers: CallViewers, ended_before_us: int) -> None:
    """Sharing ends with the need: so long after a call's end nobody else reads it any more."""
    async with book.journal.records.read() as records:
        found = await records.calls.calls_shared_after_end(ended_before_us)
    for call in found:
        async with book.change(call) as change:
            shares = change.facts.shares
            for share in shares:
                await end_share(change, share, "relay", "", why="time")
        for share in shares:
            await viewers.cut_off(call, share.kind, share.target)
