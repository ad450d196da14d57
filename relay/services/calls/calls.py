"""119 calls as dispatchers lead them: taken, ambulance sent, link sent, shown to others, ended."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from uuid import UUID, uuid4

import structlog

from relay.alerts.sms_port import SmsGateway, SmsResult
from relay.auth.port import Tokens
from relay.errors import BadInput, Conflict, NotFound, RelayError
from relay.model.call import TOPICS, Call, CallFacts, CallLink, CallState, Share, ShareKind
from relay.model.people import Person
from relay.model.timeline import Stage
from relay.protocol.answers import Json
from relay.services.calls.call_book import CallBook, CallChange
from relay.services.calls.joining import CaseJoining
from relay.services.calls.link_texts import link_of, qr_svg, sms_text
from relay.services.calls.sharing import check_target, end_old_shares, end_share, places
from relay.services.calls.viewers import CallViewers
from relay.services.ground.watcher import Watcher

log = structlog.get_logger(__name__)
LOOK_EVERY_S = 5.0


@dataclass(frozen=True, slots=True)
class CallRules:
    """What a site decided about calls."""

    site_name: str
    end_after_s: float = 10_800.0
    shared_after_end_s: float = 86_400.0


@dataclass(frozen=True, slots=True)
class NewCall:
    """What the dispatcher was told."""

    number: str = ""
    address: str = ""
    complaint: str = ""


class Calls:
    """What a dispatcher does with a call."""

    def __init__(
        self,
        book: CallBook,
        joining: CaseJoining,
        tokens: Tokens,
        sms: SmsGateway,
        viewers: CallViewers,
        rules: CallRules,
    ) -> None:
        self._book = book
        self._joining = joining
        self._tokens = tokens
        self._sms = sms
        self._viewers = viewers
        self._rules = rules

    # looking

    async def check(self, watcher: Watcher, call: UUID) -> CallFacts:
        """The call, where this one may see it.

        Raises:
            NotFound: not theirs, or there is none; the two look alike.
        """
        facts = await self._book.read(call)
        if not watcher.sees(facts):
            raise NotFound("There is no such call.")
        return facts

    async def list(self, watcher: Watcher) -> list[Json]:
        """Open calls this one may see, newest first."""
        async with self._book.journal.records.read() as records:
            found = await records.calls.open_calls()
        seen = [facts for facts in found if watcher.sees(facts)]
        return [self._book.json(facts, private=watcher.all_calls) for facts in seen]

    async def show(self, watcher: Watcher, call: UUID) -> Json:
        """One call."""
        facts = await self.check(watcher, call)
        return self._book.json(facts, private=watcher.all_calls)

    async def places(self) -> Json:
        """Where an ambulance can come from, and with whom a call can be shared."""
        async with self._book.journal.records.read() as records:
            return await places(records)

    # doing

    async def take(self, person: Person, told: NewCall, act: UUID | None = None) -> Json:
        """A new call; the same ``act`` of the same person is the same call.

        Raises:
            Conflict: the id is another person's call.
        """
        if act is not None and (known := await self._known(act)) is not None:
            if known.call.taken_by != person.name:
                raise Conflict("This call was taken by somebody else; look at the list.")
            return await self._mine(act)
        now_us = self._book.clock.now_us()
        made = Call(act or uuid4(), told.number, told.address, told.complaint, person.name, now_us)
        async with self._book.change(made.id, made) as change:
            await change.say(Stage.CALL_TAKEN, person.display_name, {})
            await change.audit(person.name, "call-taken")
        return await self._mine(made.id)

    async def tell(self, person: Person, call: UUID, told: NewCall) -> Json:
        """Put right what the caller said; which of it changed is audited, the words are not.

        Raises:
            Conflict: the call has ended.
        """
        async with self._book.change(call) as change:
            _check_open(change)
            said = {"number": told.number, "address": told.address, "complaint": told.complaint}
            changed = [name for name, text in said.items() if getattr(change.call, name) != text]
            if changed:
                change.set(**said)
                await change.audit(person.name, "call-told", {"changed": ", ".join(changed)})
        return await self._mine(call)

    async def dispatched(self, person: Person, call: UUID, unit: str) -> Json:
        """An ambulance is on its way: video is unlocked, and the call joins that unit's case.

        Only a case opened for this call is joined: the unit's earlier patient must not get it.
        """
        async with self._book.change(call) as change:
            if change.call.unit != unit:
                change.set(incident=None)
            change.step("dispatch", unit=unit)
            await change.say(Stage.CALL_DISPATCHED, person.display_name, {"unit": unit})
            await change.audit(person.name, "call-dispatched", {"unit": unit})
            if change.call.incident is None:
                await self._joining.join_open(change)
        return await self._mine(call)

    async def invite(
        self, person: Person, call: UUID, channel: str, base_url: str, language: str
    ) -> Json:
        """A new link; an older one stops working. Also by SMS where asked.

        Raises:
            Conflict: no ambulance was sent yet.
        """
        token = self._tokens.new_link_token()
        async with self._book.change(call) as change:
            change.step("invite")
            await change.tx.calls.revoke_call_links(call, change.now_us)
            expires_at_us = change.call.expires_at_us or change.now_us
            hashed = self._tokens.hash_of(token)
            await change.tx.calls.add_call_link(
                CallLink(hashed, call, change.now_us, expires_at_us)
            )
            about = {"step": "sent", "channel": channel}
            await change.say(Stage.CALL_LINK, person.display_name, about)
            await change.audit(person.name, "link-sent", {"channel": channel, "consent": True})
            number = change.call.number
        await self._viewers.drop_publisher(call)
        url = link_of(base_url, token, language)
        result = SmsResult.NOT_CONFIGURED
        if channel == "sms":
            text = sms_text(self._rules.site_name, url, language)
            result = await self._sms.send(number, text) if number else SmsResult.FAILED
            async with self._book.journal.records.begin() as tx:
                now_us = self._book.clock.now_us()
                await tx.evidence.audit(now_us, "relay", "sms", str(call), {"result": result.value})
        svg = await asyncio.to_thread(qr_svg, url)
        return {"url": url, "expires_at_us": expires_at_us, "qr_svg": svg, "sms": result.value}

    async def revoke(self, person: Person, call: UUID) -> Json:
        """Take the link back; the phone that has it is cut off."""
        async with self._book.change(call) as change:
            change.step("revoke")
            await change.tx.calls.revoke_call_links(call, change.now_us)
            await change.say(Stage.CALL_LINK, person.display_name, {"step": "revoked"})
            await change.audit(person.name, "link-revoked")
        await self._viewers.drop_publisher(call)
        return await self._mine(call)

    async def guide(self, person: Person, call: UUID, topic: str | None) -> Json:
        """Show first aid on the caller's phone, or clear it.

        Raises:
            BadInput: there is no such topic.
            Conflict: the call has ended.
        """
        if topic is not None and topic not in TOPICS:
            raise BadInput(f"There is no guidance {topic}; choose one of {', '.join(TOPICS)}.")
        async with self._book.change(call) as change:
            _check_open(change)
            change.set(guidance=topic)
            await change.say(Stage.CALL_GUIDANCE, person.display_name, {"topic": topic})
            await change.audit(person.name, "guidance", {"topic": topic})
        return await self._mine(call)

    async def share(self, person: Person, call: UUID, kind: ShareKind, target: str) -> Json:
        """Let a crew, a hospital or a command post look. Asking twice changes nothing.

        Raises:
            BadInput: there is no such place.
            Conflict: the call has ended.
        """
        async with self._book.change(call) as change:
            _check_open(change)
            await check_target(change.tx, kind, target)
            if not change.facts.shared_with(kind, target):
                share = Share(uuid4(), call, kind, target, change.now_us, person.name)
                await change.tx.calls.add_share(share)
                about = {"kind": kind.value, "target": target}
                await change.say(Stage.CALL_SHARED, person.display_name, about)
                await change.audit(person.name, "call-shared", about)
        return await self._mine(call)

    async def unshare(self, person: Person, call: UUID, share: UUID) -> Json:
        """Let them look no more; whoever watches through it is cut off at once.

        Raises:
            NotFound: there is no such share.
        """
        async with self._book.change(call) as change:
            found = next((s for s in change.facts.shares if s.id == share), None)
            if found is None:
                raise NotFound("This share has already ended.")
            await end_share(change, found, person.name, person.display_name)
        await self._viewers.cut_off(call, found.kind, found.target)
        return await self._mine(call)

    async def end(self, person: Person, call: UUID) -> Json:
        """End it: the phone's camera goes off, everybody's picture ends."""
        await self._end(call, person.name, person.display_name)
        return await self._mine(call)

    async def _end(self, call: UUID, user: str, who: str) -> None:
        async with self._book.change(call) as change:
            change.step("end")
            dropped = 0
            if self._book.recording == "off":
                dropped = await change.tx.calls.drop_stills(call)
            await change.say(Stage.CALL_ENDED, who, {"stills_deleted": dropped})
            await change.audit(user, "call-ended", {"stills_deleted": dropped})
        self._book.phones.pop(call, None)
        await self._viewers.end(call)

    async def _known(self, call: UUID) -> CallFacts | None:
        try:
            return await self._book.read(call)
        except NotFound:
            return None

    async def _mine(self, call: UUID) -> Json:
        return self._book.json(await self._book.read(call), private=True)

    # what happens by itself

    async def run(self) -> None:
        """Let links expire and forgotten calls end, until cancelled."""
        while True:
            try:
                await self.look_at_the_clock()
            except RelayError as error:
                log.warning("calls-not-checked", reason=str(error))
            await asyncio.sleep(LOOK_EVERY_S)

    async def look_at_the_clock(self) -> None:
        """Do once what ``run`` does."""
        now_us = self._book.clock.now_us()
        async with self._book.journal.records.read() as records:
            overdue = await records.calls.overdue_calls(now_us)
            open_calls = await records.calls.open_calls()
        for call in overdue:
            async with self._book.change(call) as change:
                if change.call.state is CallState.SENT:
                    change.step("expire", hint="expired")
                    await change.tx.calls.revoke_call_links(call, change.now_us)
                    await change.say(Stage.CALL_LINK, "", {"step": "expired"})
        await self._joining.join_missed()
        too_old_us = now_us - self._rules.end_after_s * 1e6
        for facts in open_calls:
            if facts.call.taken_at_us < too_old_us:
                await self._end(facts.call.id, "relay", "")
        before_us = now_us - round(self._rules.shared_after_end_s * 1e6)
        await end_old_shares(self._book, self._viewers, before_us)


def _check_open(change: CallChange) -> None:
    if not change.call.is_open:
        raise Conflict("This call has ended; take a new one.")
