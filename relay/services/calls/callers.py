"""What the caller's phone may do with its one link: open it, report, send pictures and video."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import cast
from uuid import UUID

import structlog

from relay.auth.port import Limiter, Tokens
from relay.bus.port import Bus
from relay.errors import Conflict, Gone, NotFound, RelayError, TooMany
from relay.model.call import CallFacts, CallLink, CallState, Position, Still, can
from relay.model.news import call_topic, caller_topic
from relay.model.timeline import Stage
from relay.protocol.answers import Json
from relay.protocol.call_answers import CallerState
from relay.records.port.records import RecordReads
from relay.services.calls.call_book import CallBook, CallChange, facts_of
from relay.services.calls.clips import Clips
from relay.services.calls.glimpses import Glimpses
from relay.services.calls.pictures import Pictures
from relay.services.calls.render_calls import caller_json
from relay.services.calls.viewers import CallViewers
from relay.services.ground.access import Claim, Lost, Proof, Relation
from relay.services.ground.watcher import CALLER
from relay.services.people.viewer_sessions import checked_sdp
from relay.video.port import Answer, MediaPlane, PublisherChange

log = structlog.get_logger(__name__)
DEAD = "This link no longer works; ask on the phone for a new one."
HINT_STEPS = ("no-camera", "in-app-browser", "insecure", "busy", "reloaded", "left")
SLOW_KBPS = 150
SLOW_OVER_KBPS = 220
HEALED_BY_PICTURES = frozenset(
    {"denied", "no-camera", "in-app-browser", "insecure", "busy", "reloaded", "stills", "left"}
)
SAID_AGAIN_AFTER_US = 240_000_000
"""A state that stays the same is said again then: the TURN passwords in it hold for ten minutes."""
CHANGES_MEAN = {
    PublisherChange.LIVE: "picture",
    PublisherChange.FROZEN: "freeze",
    PublisherChange.GONE: "freeze",
}


@dataclass(frozen=True, slots=True)
class Phone:
    """A phone whose cookie or bearer token holds a call's link."""

    call: UUID
    phone_hash: str


@dataclass(frozen=True, slots=True)
class CallerRules:
    """What the phone is told.

    Attributes:
        redeem / reports: how often an address may open links, and a phone may report or send.
    """

    site_name: str
    data_cap_mb: float
    redeem: Limiter
    reports: Limiter


@dataclass(frozen=True, slots=True)
class CallMedia:
    """What may stay of a call."""

    pictures: Pictures
    glimpses: Glimpses
    clips: Clips


class Callers:
    """The caller's side of a call."""

    def __init__(
        self,
        book: CallBook,
        bus: Bus,
        tokens: Tokens,
        viewers: CallViewers,
        plane: MediaPlane,
        kept: CallMedia,
        rules: CallerRules,
    ) -> None:
        self._book = book
        self._bus = bus
        self._tokens = tokens
        self._viewers = viewers
        self._plane = plane
        self._pictures, self._glimpses, self._clips = kept.pictures, kept.glimpses, kept.clips
        self._rules, self._rights = rules, viewers.rights
        self._changes: asyncio.Queue[tuple[UUID, PublisherChange]] = asyncio.Queue()
        plane.on_change(lambda call, change: self._changes.put_nowait((call, change)))

    # coming in

    async def redeem(self, token: str, cookie: str | None, address: str) -> tuple[str, Json]:
        """Open a link; the cookie that binds it to this phone, and the phone's state.

        Raises:
            TooMany: too many tries from this address.
            Gone: the link was used up, taken back, or its call has ended.
            Conflict: another phone has it.
        """
        hashed = self._tokens.hash_of(token)
        async with self._book.journal.records.read() as records:
            link = await records.calls.call_link(hashed)
        if link is None:
            raise self._no_link(address)
        secret = cookie or ""
        if link.phone_hash is None or self._tokens.hash_of(secret) != link.phone_hash:
            secret = self._tokens.new_session_id()
        facts = await self._bind(link, secret)
        return secret, self.state_of(facts)

    async def bearer(self, token: str, address: str) -> Phone:
        """A WHIP client that has no cookie: the link's token opens and binds by itself."""
        hashed = self._tokens.hash_of(token)
        async with self._book.journal.records.read() as records:
            link = await records.calls.call_link(hashed)
        if link is None:
            raise self._no_link(address)
        await self._bind(link, token)
        return Phone(link.call, self._tokens.hash_of(token))

    def _no_link(self, address: str) -> RelayError:
        """Why a link that is none opens nothing. Only those are counted: a right one never waits behind garbage."""
        if self._rules.redeem.take(address, self._book.clock.monotonic_s()):
            return Gone(DEAD)
        return TooMany("Too many links that are none; wait a minute and open yours again.")

    async def _bind(self, link: CallLink, secret: str) -> CallFacts:
        mine = self._tokens.hash_of(secret)
        refused: RelayError | None = None
        async with self._book.change(link.call) as change:
            kept = await change.tx.calls.call_link(link.token_hash)
            if kept is None or not kept.is_valid or not change.call.is_open:
                refused = Gone(DEAD)
            elif kept.phone_hash == mine:
                pass
            elif kept.phone_hash is not None:
                await self._second_phone(change)
                refused = Conflict("Another phone has opened this link; use that phone.")
            elif not kept.may_open(change.now_us):
                refused = Gone(DEAD)
            else:
                await change.tx.calls.bind_call_link(link.token_hash, mine)
                change.step("open", hint="")
                await self._camera(change)
                await change.audit("caller", "link-opened")
        if refused is not None:
            raise refused
        return await self._book.read(link.call)

    async def _second_phone(self, change: CallChange) -> None:
        if change.call.hint != "second-phone":
            change.set(hint="second-phone")
            await change.say(Stage.CALL_LINK, "", {"step": "refused"})
            await change.audit("caller", "second-phone-refused")

    async def phone(self, cookie: str | None, *, also_ended: bool = False) -> Phone:
        """The phone of a cookie.

        Raises:
            Gone: it holds no link, or the link no longer opens anything.
        """
        if cookie:
            mine = self._tokens.hash_of(cookie)
            async with self._book.journal.records.read() as records:
                link = await records.calls.call_link_of_phone(mine)
                if link is not None and await self._is_good(records, link, also_ended=also_ended):
                    return Phone(link.call, mine)
        raise Gone(DEAD)

    async def _is_good(self, records: RecordReads, link: CallLink, *, also_ended: bool) -> bool:
        facts = await records.calls.call(link.call)
        return link.is_valid and facts is not None and (also_ended or facts.call.is_open)

    # looking

    async def state(self, phone: Phone) -> CallerState:
        """What the phone shows now."""
        return self.state_of(await self._book.read(phone.call))

    def state_of(self, facts: CallFacts) -> CallerState:
        """The same of a call that is read."""
        ice = self._plane.ice_servers(str(facts.call.id)) if facts.call.is_open else ()
        rules, now_us = self._rules, self._book.clock.now_us()
        return caller_json(
            facts,
            rules.site_name,
            rules.data_cap_mb,
            ice,
            now_us,
            recorded=self._clips.wanted,
            glimpses=self._glimpses.wanted(facts.call.id),
        )

    async def follow(self, phone: Phone) -> AsyncIterator[CallerState]:
        """Yield the phone's state now, and again whenever it changes, until the call or the link ends.

        News says only that something has changed. The state is then read from the database, so an
        older state never follows a newer one. A state that differs from the last one only in its passwords is not
        yielded again.
        """
        subscription = self._bus.subscribe(call_topic(phone.call), caller_topic(phone.call))

        async def look_again(_why: Lost) -> None:
            self._book.tell_caller(phone.call)

        self._rights.hold(key := object(), _claim(phone), look_again)
        try:
            said = await self.state(phone)
            yield said
            if said["ended"]:
                return
            async for _ in subscription:
                async with self._book.journal.records.read() as records:
                    link = await records.calls.call_link_of_phone(phone.phone_hash)
                    facts = await facts_of(records, phone.call)
                if link is None or not link.is_valid:
                    return
                now = self.state_of(facts)
                if _is_news(now, said):
                    said = now
                    yield now
                if now["ended"]:
                    return
        finally:
            self._rights.release(key)
            subscription.close()

    # reporting

    async def progress(self, phone: Phone, step: str, detail: Mapping[str, object]) -> None:
        """What the page is doing, so that the dispatcher knows the next sentence."""
        self._not_too_often(phone)
        async with self._book.change(phone.call) as change:
            _check_open(change)
            known = self._book.phones.get(phone.call, {})
            self._book.phones[phone.call] = {**known, **detail}
            before = change.call
            self._apply(change, step, detail)
            if step == "in-app-browser" and can(change.call, "release"):
                # the same person opens the same link again, in a browser that has a camera
                await change.tx.calls.release_call_link(phone.phone_hash)
                change.step("release")
            if change.call.state is not before.state or (
                change.call.hint != before.hint and change.call.hint
            ):
                await self._camera(change)

    def _apply(self, change: CallChange, step: str, detail: Mapping[str, object]) -> None:
        call = change.call
        if step == "allowed" and can(call, "allow"):
            # the word that pictures come instead of video may have overtaken this one
            change.step("allow", hint=call.hint if call.hint == "stills" else "")
        elif step == "denied" and can(call, "deny"):
            change.step("deny", hint="denied")
        elif step == "stills" and call.state is not CallState.LIVE and can(call, "still"):
            change.step("still", hint="stills")
        elif step == "left" and can(call, "freeze"):
            change.step("freeze", hint="left")
        elif step in HINT_STEPS:
            change.set(hint=step)
        elif step == "video":
            self._speed(change, detail.get("room_kbps"))

    def _speed(self, change: CallChange, kbps: object) -> None:
        """By what the line could carry: a still scene needs little, and is no reason to walk about."""
        if change.call.state is not CallState.LIVE or not isinstance(kbps, int):
            return
        if kbps < SLOW_KBPS and change.call.hint == "":
            change.set(hint="slow")
        elif kbps > SLOW_OVER_KBPS and change.call.hint == "slow":
            change.set(hint="")

    async def _camera(self, change: CallChange) -> None:
        about = {"state": change.call.state.value, "hint": change.call.hint}
        await change.say(Stage.CALL_CAMERA, "", about)

    async def position(self, phone: Phone, lat: float, lon: float, accuracy_m: float) -> None:
        """Where the phone is; its page asked the caller first."""
        self._not_too_often(phone)
        async with self._book.change(phone.call) as change:
            _check_open(change)
            if change.facts.position is None:
                await change.say(Stage.CALL_POSITION, "", {"accuracy_m": round(accuracy_m)})
                await change.audit("caller", "position-consented")
            place = Position(lat, lon, accuracy_m, change.now_us)
            await change.tx.calls.add_position(phone.call, place)

    async def still(self, phone: Phone, data: bytes) -> Still:
        """A picture instead of video."""
        self._not_too_often(phone)
        kept = await self._pictures.keep(phone.call, data, CALLER, "")
        await self._glimpses.also(kept)
        return kept

    async def glimpse(self, phone: Phone, data: bytes) -> None:
        """A small picture beside the video, for viewers on a poor line."""
        self._not_too_often(phone)
        await self._glimpses.keep(phone.call, data)

    def _not_too_often(self, phone: Phone) -> None:
        if not self._rules.reports.take(str(phone.call), self._book.clock.monotonic_s()):
            raise TooMany("This phone sends too often; wait a moment.")

    # video

    async def publish(self, phone: Phone, offer: bytes) -> Answer:
        """Begin to send video; an earlier connection of this call is replaced."""
        self._not_too_often(phone)
        sdp = checked_sdp(offer)
        self._clips.begin(phone.call)
        answer = await self._plane.publish(phone.call, sdp)
        self._viewers.published(phone.call, answer.session, _claim(phone))
        facts = await self._book.read(phone.call)
        if not facts.call.is_open:  # it ended while the plane let the phone in
            await self._viewers.end(phone.call)
            raise Gone(DEAD)
        return answer

    async def patch(self, phone: Phone, session: UUID, body: bytes) -> str:
        """ICE for the phone's own connection."""
        self._check_own(phone, session)
        return await self._plane.patch(session, checked_sdp(body))

    async def unpublish(self, phone: Phone, session: UUID) -> None:
        """Stop sending video."""
        self._check_own(phone, session)
        await self._viewers.drop_publisher(phone.call)

    def _check_own(self, phone: Phone, session: UUID) -> None:
        if self._viewers.publishers.get(phone.call) != session:
            raise NotFound("This video connection has ended; connect again.")

    async def run(self) -> None:
        """Put what the plane sees of the pictures on the ladder, until cancelled."""
        while True:
            call, change = await self._changes.get()
            try:
                await self._pictures_changed(call, change)
            except NotFound:
                continue  # another kind of room: a cabin
            except RelayError as error:
                log.warning("picture-change-not-kept", call=str(call), reason=str(error))

    async def _pictures_changed(self, call: UUID, seen: PublisherChange) -> None:
        step = CHANGES_MEAN[seen]
        async with self._book.change(call) as change:
            if not can(change.call, step):
                return
            was = change.call
            change.step(step)
            if seen is PublisherChange.LIVE and was.hint in HEALED_BY_PICTURES:
                change.set(hint="")
            if change.call.state is not was.state:
                await self._camera(change)


def _claim(phone: Phone) -> Claim:
    return Claim(
        Proof.PHONE, phone.phone_hash, CALLER, relation=Relation.HOLDS_LINK, subject=phone.call
    )


def _is_news(now: Json, said: Json) -> bool:
    """Whether a phone that was told ``said`` needs to hear ``now``."""
    shown = now.keys() - {"at_us", "ice_servers"}
    age_us = cast(int, now["at_us"]) - cast(int, said["at_us"])
    return age_us > SAID_AGAIN_AFTER_US or any(now[key] != said[key] for key in shown)


def _check_open(change: CallChange) -> None:
    if not change.call.is_open:
        raise Gone("This call has ended; thank you.")
