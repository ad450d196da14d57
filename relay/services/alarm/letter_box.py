"""What people ask about letters: whose link was used, what was sent, and whether a way works."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from relay.alerts.port import SEND_TIMEOUT_S, AlertChannel, Message
from relay.causes import CAUSES
from relay.errors import BadInput, NotFound, Unavailable
from relay.model.letter import Letter
from relay.model.people import Person
from relay.services.alarm.delivery import why
from relay.services.alarm.letters import LetterWords, opened_line
from relay.services.ground.journal import Journal


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of trying a way.

    Attributes:
        cause: a row of ``relay.causes``, "" where the other side has the message.
        words_ja / words_en: what to do about it.
    """

    cause: str
    words_ja: str
    words_en: str

    @property
    def sent(self) -> bool:
        """Whether the other side has it."""
        return not self.words_en


class LetterBox:
    """Beside the worker that sends."""

    def __init__(
        self, journal: Journal, ways: Mapping[str, AlertChannel], words: LetterWords
    ) -> None:
        self._journal, self._ways, self._words = journal, ways, words

    async def opened(self, person: Person, incident: UUID, letter: UUID) -> None:
        """The link of a letter was used by this person, who may see the case.

        A letter that is not there (it was sent from memory while nothing could be stored) says nothing.

        Raises:
            NotFound: the letter is of another case.
        """
        async with self._journal.change(incident) as change:
            known = await change.tx.outbox.letter(letter)
            if known is None:
                return
            if known.incident != incident:
                raise NotFound("There is no such letter of this case.")
            first = await change.tx.outbox.opened(letter, person.name, change.now_us)
            if first is None:
                return
            account = await change.tx.people.account(first.who) if first.who else None
            stage, data = opened_line(first, account.person.display_name if account else first.who)
            await change.entry(stage, person.display_name, data)
            about = {"letter": str(letter), "channel": first.channel, "told": first.who}
            await change.audit(person.name, "letter-opened", incident, about)

    async def newest(self, most: int) -> Sequence[Letter]:
        """The letters put last."""
        async with self._journal.records.read() as records:
            return await records.outbox.newest(most)

    async def tried(self, who: str, channel: str, to: str) -> Trial:
        """Send one message that says it is a trial, now and once.

        Raises:
            BadInput: there is no such channel, or the address is none.
        """
        way = self._ways.get(channel)
        if way is None:
            raise BadInput(
                f"There is no alert channel {channel}; there are: {', '.join(self._ways)}."
            )
        way.check(to)
        trial = await self._sent(way, to)
        data = {"channel": channel, **({} if trial.sent else {"reason": trial.cause or "other"})}
        now_us = self._journal.clock.now_us()
        async with self._journal.records.begin() as tx:
            await tx.evidence.audit(now_us, who, "way-tried", channel, data)
        return trial

    async def _sent(self, way: AlertChannel, to: str) -> Trial:
        words = self._words
        message = Message(
            id=str(uuid4()),
            text_ja=f"{words.site}: 試験です。警報ではありません。",
            text_en="This is a trial, not an alarm.",
            url=words.public_url,
            urgent=False,
            at_us=self._journal.clock.now_us(),
            expires_in_s=60.0,
            group="trial",
        )
        try:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                await way.send(message, to)
        except (BadInput, Unavailable, TimeoutError) as error:
            cause = why(error)
            row = CAUSES.get(cause)
            return Trial(cause, row.ja, row.en) if row else Trial("", cause, cause)
        return Trial("", "", "")
