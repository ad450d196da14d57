"""The part of ``Records`` that keeps 119 calls."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

from relay.model.call import Call, CallEntry, CallFacts, CallLink, Position, Share, Still


class CallReads(Protocol):
    """What can be asked of calls."""

    async def call(self, call: UUID) -> CallFacts | None:
        """One call, whole."""

    async def open_calls(self) -> list[CallFacts]:
        """Calls that have not ended, newest first."""

    async def calls_shared_with(self, hospital: str) -> list[CallFacts]:
        """Open calls this hospital may look at, newest first."""

    async def calls_of_unit(self, unit: str) -> list[Call]:
        """Open calls an ambulance was sent to, newest first."""

    async def call_link(self, token_hash: str) -> CallLink | None:
        """The link with this token."""

    async def call_link_of_phone(self, phone_hash: str) -> CallLink | None:
        """The link that the phone with this cookie opened."""

    async def overdue_calls(self, now_us: int) -> list[UUID]:
        """Calls whose link was sent, never opened, and may not be opened any more."""

    async def calls_shared_after_end(self, ended_before_us: int) -> list[UUID]:
        """Calls that ended by that moment and that somebody may still look at through a share."""

    async def still_image(self, still: UUID) -> tuple[Still, bytes] | None:
        """A picture and its JPEG."""

    async def call_entries(self, call: UUID) -> list[CallEntry]:
        """What happened in a call, in order."""


class CallWrites(CallReads, Protocol):
    """Changes of calls, inside one transaction of ``Records``."""

    async def put_call(self, call: Call) -> None:
        """Add a call, or set what can change of a known one."""

    async def add_call_link(self, link: CallLink) -> None:
        """Keep a link."""

    async def bind_call_link(self, token_hash: str, phone_hash: str) -> bool:
        """Give the link to this phone; False where another phone has it or it was taken back."""

    async def release_call_link(self, phone_hash: str) -> None:
        """Take the link from this phone's browser, so that another may open it in its place."""

    async def revoke_call_links(self, call: UUID, at_us: int) -> None:
        """Make every link of a call worthless."""

    async def add_share(self, share: Share) -> None:
        """Let somebody look."""

    async def end_share(self, share: UUID, at_us: int) -> None:
        """Let them look no more."""

    async def add_still(self, still: Still, jpeg: bytes) -> None:
        """Keep a picture."""

    async def drop_stills(self, call: UUID, *, by: str | None = None, keep: int = 0) -> int:
        """Delete pictures (of one maker), all but the newest ``keep``; how many went."""

    async def add_position(self, call: UUID, position: Position) -> None:
        """Keep where the phone is."""

    async def add_call_entry(self, call: UUID, entry: CallEntry) -> None:
        """Keep what happened."""
