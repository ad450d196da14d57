"""Signing in and out, sessions and their ends; with accounts and devices, everybody who may come in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from relay.auth.port import Limiter, Passwords, Tokens
from relay.bus.port import Bus
from relay.errors import BadInput, NotSignedIn, SessionRests, TooMany
from relay.model.news import SessionEnded
from relay.model.people import (
    Person,
    Session,
    SessionEnd,
    SessionState,
)
from relay.records.port.records import Records, RecordWrites
from relay.services.ground.gathered import Gathered
from relay.services.ground.late import Late
from relay.services.people.accounts import Accounts
from relay.services.people.devices import Devices
from relay.services.people.unkept_sessions import UnkeptSessions

TOUCH_EVERY_US = 30_000_000
WRONG = "Name or password is wrong; try again."


@dataclass(frozen=True, slots=True)
class SessionRules:
    """How long a session lives.

    Attributes:
        idle_s: the page rests if nobody touches it for this long.
        absolute_s: the page rests after this long in any case. A resting page may ring and says that a case waits;
            it asks for the password before it shows one.
        resting_s: the session ends after this long.
    """

    idle_s: float = 900.0
    absolute_s: float = 43_200.0
    resting_s: float = 604_800.0


@dataclass(frozen=True, slots=True)
class SignIn:
    """What signing in needs: passwords, ids, and how often somebody may try.

    Attributes:
        tries: failures of one name from one network address or known browser.
        site: the site's name, which no password may consist of.
    """

    passwords: Passwords
    tokens: Tokens
    tries: Limiter
    site: str = ""


class People(Accounts, Devices):
    """Accounts, sessions and devices."""

    def __init__(
        self, records: Records, sign_in: SignIn, bus: Bus, late: Late, rules: SessionRules
    ) -> None:
        Accounts.__init__(self, records, sign_in.passwords, late.clock, sign_in.site)
        Devices.__init__(self, records, sign_in.tokens, late.clock)
        self._late = late
        self._unkept = UnkeptSessions()
        self._bus = bus
        self._rules = rules
        self._tries = sign_in.tries
        self._sessions = Gathered(self._found)
        self._touching: set[str] = set()

    # sessions

    async def sign_in(
        self, name: str, password: str, owner: str, mark: str | None = None
    ) -> tuple[str, Person]:
        """A new session's id and its person.

        Failures are counted by name and owner together, so that nobody's garbage refuses somebody else; a
        browser where this person was signed in before has a count of its own (OWASP: device cookies).

        Args:
            name: as typed.
            password: as typed.
            owner: whose network address asks.
            mark: ``mark_of`` an earlier session, which that browser kept.

        Raises:
            TooMany: too many failures for this name from this owner, or from this browser.
            NotSignedIn: the name or the password is wrong, or the account is disabled.
        """
        async with self._records.read() as records:
            account = await records.people.account(name)
            known = mark is not None and await records.people.session_user(mark) == name
        who = mark if known and mark else owner
        counted = self._count_try(name, who)
        usable = account if account and not account.disabled else None
        stored = usable.password_hash if usable else None
        right = await self._passwords.verify(stored, password, who, name)
        if not right or usable is None:
            raise NotSignedIn(WRONG)
        now_us = self._clock.now_us()
        session_id = self._tokens.new_session_id()
        session = Session(self._tokens.hash_of(session_id), usable.person, now_us, now_us)

        async def keep(tx: RecordWrites) -> None:
            if await tx.people.account(name) != usable:  # changed while this sign-in waited
                self._unkept.ended(session.token_hash, SessionEnd.PASSWORD_CHANGED)
                return
            await tx.people.add_session(session)
            await tx.evidence.audit(now_us, name, "signed-in", name)

        if not await self._late.do(("begun", session.token_hash), keep):
            self._unkept.begun(session)
        self._tries.forget(counted)
        return session_id, usable.person

    def mark_of(self, session_id: str) -> str:
        """What a browser keeps, also after the session's end, to be known again; it opens nothing."""
        return self._tokens.hash_of(session_id)

    async def session(self, session_id: str | None, *, touch: bool = False) -> Session:
        """The session of a cookie; with ``touch`` a person's hand was on its page, and its idle time begins anew.

        Raises:
            SessionRests: nobody touched its page for too long, or it is too old: ask for the person.
            NotSignedIn: none, or ended.
        """
        if not session_id:
            raise NotSignedIn("Sign in first.")
        return await self.session_of_hash(self._tokens.hash_of(session_id), touch=touch)

    async def session_of_hash(self, token_hash: str, *, touch: bool = False) -> Session:
        """The same, by the hash that is stored."""
        session, state = await self._state(token_hash)
        if state is SessionState.RESTS:
            raise SessionRests("Nobody has used this page for a while; enter your password again.")
        now_us = self._clock.now_us()
        if touch and now_us - session.seen_at_us >= self._touch_after_us:
            await self._touch(token_hash, now_us)
        return session

    async def ringing_session(self, session_id: str | None) -> tuple[Session, SessionState]:
        """The session of a page that may at least ring.

        Raises:
            NotSignedIn: none, or ended.
        """
        if not session_id:
            raise NotSignedIn("Sign in first.")
        return await self._state(self._tokens.hash_of(session_id))

    async def _state(self, token_hash: str) -> tuple[Session, SessionState]:
        session = await self._sessions.ask(token_hash)
        state = self._state_of(session)
        if session is None or state is SessionState.ENDED:
            raise NotSignedIn("Your session has ended; sign in again.")
        return session, state

    async def _found(self, token_hashes: Sequence[str]) -> Mapping[str, Session]:
        """Sessions as they are now: what the database says, and over it what it has not got yet."""
        async with self._records.read() as records:
            known = {
                s.token_hash: s for s in await records.people.sessions(sorted(set(token_hashes)))
            }
            for token_hash in set(token_hashes) - set(known):
                only_here = self._unkept.only_here(token_hash)
                if only_here is not None:
                    account = await records.people.account(only_here.person.name)
                    if account is None or account.disabled:
                        self._unkept.ended(token_hash, SessionEnd.ACCOUNT_DISABLED)
        over = {h: self._unkept.over(h, known.get(h)) for h in token_hashes}
        return {token_hash: session for token_hash, session in over.items() if session is not None}

    async def _touch(self, token_hash: str, now_us: int) -> None:
        """Its idle time begins anew; once, however many of its pages moved at this moment. Never fails."""
        if token_hash in self._touching:
            return
        self._touching.add(token_hash)
        try:
            self._unkept.touched(token_hash, now_us)
            self._late.later(
                ("touched", token_hash), lambda tx: tx.people.touch_session(token_hash, now_us)
            )
        finally:
            self._touching.discard(token_hash)

    async def states(self, token_hashes: Sequence[str]) -> dict[str, SessionState]:
        """What each of these sessions may do now, asked in one go."""
        return {one: state for one, (state, _) in (await self.standings(token_hashes)).items()}

    async def now(self, token_hashes: Sequence[str]) -> Mapping[str, Session]:
        """Those of these sessions that have not ended, as they are at this moment."""
        return await self._found(token_hashes)

    async def standings(
        self, token_hashes: Sequence[str]
    ) -> dict[str, tuple[SessionState, int | None]]:
        """The same, and when each of them will rest by itself (None: not by being left alone)."""
        known = await self._found(token_hashes)
        return {
            one: (self._state_of(known.get(one)), self._rests_at(known.get(one)))
            for one in token_hashes
        }

    def _rests_at(self, session: Session | None) -> int | None:
        if session is None:
            return None
        idle_us, absolute_us = self._rules.idle_s * 1e6, self._rules.absolute_s * 1e6
        return round(min(session.seen_at_us + idle_us, session.created_at_us + absolute_us))

    async def why_ended(self, token_hash: str) -> SessionEnd:
        """Why a session has ended."""
        if (known := self._unkept.why_ended(token_hash)) is not None:
            return known
        async with self._records.read() as records:
            ends = await records.people.session_ends([token_hash])
        return ends.get(token_hash, SessionEnd.TOO_OLD)

    @property
    def _touch_after_us(self) -> float:
        return min(TOUCH_EVERY_US, self._rules.idle_s * 1e6 / 10)

    def _state_of(self, session: Session | None) -> SessionState:
        if session is None:
            return SessionState.ENDED
        now_us = self._clock.now_us()
        idle_us, age_us = now_us - session.seen_at_us, now_us - session.created_at_us
        if age_us >= self._rules.resting_s * 1e6:
            return SessionState.ENDED
        if idle_us >= self._rules.idle_s * 1e6 or age_us >= self._rules.absolute_s * 1e6:
            return SessionState.RESTS
        return SessionState.FRESH

    async def wake(self, session: Session, password: str) -> Person:
        """The person of a resting session is here again: it is as if they had just signed in.

        Raises:
            TooMany: too many tries.
            NotSignedIn: the password is wrong.
        """
        name = session.person.name
        counted = self._count_try(name, session.token_hash)
        async with self._records.read() as records:
            account = await records.people.account(name)
        stored = account.password_hash if account else None
        right = await self._passwords.verify(stored, password, session.token_hash, name)
        if not right:
            raise NotSignedIn(WRONG)
        now_us = self._clock.now_us()

        async def keep(tx: RecordWrites) -> None:
            await tx.people.renew_session(session.token_hash, now_us)
            await tx.evidence.audit(now_us, name, "session-woken", name)

        if not await self._late.do(("woken", session.token_hash), keep):
            self._unkept.woken(session.token_hash, now_us)
        self._tries.forget(counted)
        return session.person

    def _count_try(self, name: str, who: str) -> str:
        """One more try; under which key, so that it can be forgotten where it was right."""
        key = f"{who} {name}"
        if not self._tries.take(key, self._clock.monotonic_s()):
            raise TooMany("Too many wrong passwords; wait a minute and sign in again.")
        return key

    async def sign_out(self, session: Session) -> None:
        """End the session and its feeds, at once and whatever the database takes."""
        now_us = self._clock.now_us()
        ended, name = SessionEnd.SIGNED_OUT, session.person.name
        self._unkept.ended(session.token_hash, ended)

        async def keep(tx: RecordWrites) -> None:
            await tx.people.end_sessions(now_us, ended, token_hash=session.token_hash)
            await tx.evidence.audit(now_us, name, "signed-out", name)

        await self._late.do(("ended", session.token_hash), keep)
        self._bus.publish(SessionEnded(session.token_hash))

    async def change_own_password(self, session: Session, old: str, new: str) -> None:
        """A person changes their own password: the old one is asked, every other session of theirs ends.

        Raises:
            TooMany: too many tries.
            BadInput: the old one is wrong; the new one is short, easily guessed, or the old one again.
        """
        person = session.person
        counted = self._count_try(person.name, session.token_hash)
        async with self._records.read() as records:
            account = await records.people.account(person.name)
            about = await self._about(records, person)
        stored = account.password_hash if account else None
        if not await self._passwords.verify(stored, old, session.token_hash, person.name):
            raise BadInput("The old password is wrong; try again.", "password-old-wrong")
        self._tries.forget(counted)
        if new == old:
            raise BadInput("This is the password you have; choose a new one.", "password-same")
        hashed = await self._passwords.hash(new, about)
        now_us, why = self._clock.now_us(), SessionEnd.PASSWORD_CHANGED
        async with self._records.begin() as tx:
            kept = await tx.people.account(person.name)
            if kept is None or kept.disabled:
                raise NotSignedIn("Your session has ended; sign in again.")
            await tx.people.put_account(replace(kept, password_hash=hashed))
            await tx.people.end_sessions(now_us, why, user=person.name, but=session.token_hash)
            await tx.evidence.audit(now_us, person.name, why.value, person.name)
