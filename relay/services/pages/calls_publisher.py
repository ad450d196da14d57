"""Changed 119 calls, made into texts once and handed to the pages that may see them."""

from __future__ import annotations

import structlog

from relay.bus.port import Bus
from relay.model.news import EVERY_CALL, CallChanged
from relay.protocol import feed
from relay.services.calls.call_book import CallBook
from relay.services.ground.witness import CALLS_LISTED
from relay.services.pages.audience import DISPATCHERS, Audience, Shows, shared_with

log = structlog.get_logger(__name__)
MOST_WAITING = 10_000


class CallsPublisher:
    """Hears of changed calls and tells this relay's pages."""

    def __init__(self, bus: Bus, book: CallBook, audience: Audience) -> None:
        self._bus, self._book, self._audience = bus, book, audience

    async def run(self) -> None:
        """Publish until cancelled. After a break nobody knows what was missed; at a start nobody listens."""
        self._audience.everybody_reads_again()
        async for news in self._bus.subscribe(EVERY_CALL, limit=MOST_WAITING):
            if isinstance(news, CallChanged):
                self._tell(news)
            else:
                log.error("calls-publisher-overflow", news=repr(news))
                self._audience.everybody_reads_again()

    def _tell(self, news: CallChanged) -> None:
        """The row to whoever may see it; from whoever no longer may it is taken away."""
        facts, shows = news.facts, Shows(news.facts.call.id, CALLS_LISTED)
        private = self._book.row(facts, news.phone, private=True)
        self._audience.say(DISPATCHERS, feed.to_text(feed.CallChanged(private)), shows)
        shared = {shared_with(share.kind, share.target) for share in facts.shares}
        if shared:
            text = feed.to_text(feed.CallChanged(self._book.row(facts, news.phone, private=False)))
            for group in shared:
                self._audience.say(group, text, shows)
        for group in {shared_with(share.kind, share.target) for share in news.unshared} - shared:
            self._audience.say(group, feed.to_text(feed.CallGone(shows.id)))
