"""What the relay has leaves the tablet: out of memory first, then out of the spool."""

from __future__ import annotations

from uuid import UUID

from ambulance_client.spool import Spool
from relay.protocol.sender import EventStored, FramesStored, RecordingFinished

Settled = FramesStored | EventStored | RecordingFinished
Memories = dict[UUID, dict[int, bytes]]
"""Frames that only memory holds, by recording and sequence number."""


async def let_go(settled: Settled, spool: Spool, memories: Memories) -> None:
    """Forget what the link says is stored.

    Raises:
        Unavailable: the spool's disk does not even allow that now.
    """
    match settled:
        case FramesStored():
            memory = memories.get(settled.stream, {})
            for seq in [s for s in memory if any(a <= s < b for a, b in settled.ranges)]:
                memory.pop(seq)
            await spool.drop_frames(settled.stream, settled.ranges)
        case EventStored():
            await spool.drop_event(settled.event)
        case RecordingFinished():
            memories.pop(settled.stream, None)
            await spool.forget_stream(settled.stream)
