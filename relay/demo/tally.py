"""After a headless demo: was every sample that was born stored, bit for bit?

The tablets wrote a journal of every frame as it left the source, before the spool saw it. The relay's
log is opened afresh from disk. Nothing that both sides share in memory takes part.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import numpy as np

from relay.ecglog.segment_file import scan
from relay.ecglog.segments import open_log
from relay.protocol.codec import decode_samples
from relay.protocol.wire import EcgFrame, unpack


@dataclass(frozen=True, slots=True)
class Tally:
    """Samples per lead of one stream: made, stored, and stored with every lead bit-equal.

    ``samples_missing_before_end`` are those made and not stored, but for the stream's last frame:
    a tablet that was killed may have written it down without having committed it.
    """

    samples_sent: int
    samples_stored: int
    samples_bit_equal: int
    samples_missing_before_end: int = 0

    @property
    def whole(self) -> bool:
        """Nothing was lost or altered."""
        return self.samples_sent == self.samples_stored == self.samples_bit_equal


async def tally(journal: Path, log_folder: Path) -> dict[UUID, Tally]:
    """The tally of every stream in a journal folder."""
    log = await open_log(log_folder)
    try:
        result = {}
        for path in await asyncio.to_thread(lambda: sorted(journal.glob("*.frames"))):
            stream = UUID(path.stem)
            made = journal_frames(path)
            stored = [unpack(f.data) for f in await log.read(stream, 0, 2**62)]
            result[stream] = _compare(made, stored)
        return result
    finally:
        await log.close()


def journal_frames(path: Path) -> list[EcgFrame]:
    """Every whole frame of a tablet's journal, in the order of birth."""
    data = path.read_bytes()
    return [unpack(data[e.offset : e.offset + e.size]) for e in scan(path).entries]


def _compare(made: list[EcgFrame], stored: list[EcgFrame]) -> Tally:
    born = {f.first_sample + i: column for f in made for i, column in enumerate(_columns(f))}
    kept: dict[int, bytes] = {}
    for frame in stored:
        kept.update((frame.first_sample + i, c) for i, c in enumerate(_columns(frame)))
    equal = sum(1 for at, column in born.items() if kept.get(at) == column)
    last = max((f.first_sample for f in made), default=0)
    missing = sum(1 for at in born if at not in kept and at < last)
    return Tally(len(born), len(kept), equal, missing)


def _columns(frame: EcgFrame) -> list[bytes]:
    adc = decode_samples(frame.payload, frame.codec, frame.n_leads, frame.n_samples)
    return [column.tobytes() for column in np.ascontiguousarray(adc.T)]
