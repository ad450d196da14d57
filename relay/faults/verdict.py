"""After an experiment: every frame that was born against every frame on the relay's disk."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from relay.demo.tally import journal_frames
from relay.ecglog.segment_file import scan
from relay.protocol.wire import EcgFrame, unpack


@dataclass(frozen=True, slots=True)
class Count:
    """Samples per lead: made, not stored, stored otherwise than made; frames on disk twice."""

    made: int = 0
    missing: int = 0
    altered: int = 0
    twice: int = 0

    def __add__(self, other: Count) -> Count:
        return Count(
            self.made + other.made,
            self.missing + other.missing,
            self.altered + other.altered,
            self.twice + other.twice,
        )


@dataclass(slots=True)
class Outcome:
    """What an experiment showed: the count, and further numbers with their unit in the name."""

    count: Count
    figures: dict[str, float] = field(default_factory=dict)

    @property
    def exact(self) -> bool:
        """No sample was lost or changed, none is stored twice, and there were some."""
        c = self.count
        return c.missing == c.altered == c.twice == 0 < c.made


def count(
    journal: Path, log_folder: Path, *, last_may_miss: bool, but: Collection[UUID] = ()
) -> Count:
    """Compare, frame by frame, by the bytes of the samples.

    Args:
        journal: the tablets' folder of frames as they were born.
        log_folder: the relay's segment files.
        last_may_miss: a tablet that was killed may have written its last frame down without having
            committed it; nobody was promised that one.
        but: streams that somebody else sent, judged elsewhere.
    """
    stored = _on_disk(log_folder)
    total = Count()
    for path in sorted(journal.glob("*.frames")):
        made = {frame.seq: frame for frame in journal_frames(path)}
        kept = stored.pop(UUID(path.stem), {})
        total += _compare(made, kept, last_may_miss)
    strangers = sum(
        f.n_samples
        for stream, kept in stored.items()
        if stream not in but
        for fs in kept.values()
        for f in fs
    )
    return total + Count(altered=strangers)


def _on_disk(folder: Path) -> dict[UUID, dict[int, list[EcgFrame]]]:
    """Every whole record of every segment, read afresh, as often as it stands there."""
    found: dict[UUID, dict[int, list[EcgFrame]]] = {}
    for path in sorted(folder.glob("*.seg")):
        data = path.read_bytes()
        for entry in scan(path).entries:
            frame = unpack(data[entry.offset : entry.offset + entry.size])
            found.setdefault(entry.stream, {}).setdefault(entry.seq, []).append(frame)
    return found


def _compare(
    made: dict[int, EcgFrame], kept: dict[int, list[EcgFrame]], last_may_miss: bool
) -> Count:
    excused = {max(made, default=-1)} if last_may_miss else set()
    missing = sum(f.n_samples for s, f in made.items() if s not in kept and s not in excused)
    altered = sum(
        frames[0].n_samples
        for seq, frames in kept.items()
        if seq not in made or any(_content(f) != _content(made[seq]) for f in frames)
    )
    twice = sum(len(frames) - 1 for frames in kept.values())
    return Count(sum(f.n_samples for f in made.values()), missing, altered, twice)


def _content(frame: EcgFrame) -> tuple[object, ...]:
    return (frame.first_sample, frame.n_samples, frame.lead_mask, frame.codec, frame.payload)
