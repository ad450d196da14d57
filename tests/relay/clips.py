"""Clips as files, for tests without a media plane."""

from __future__ import annotations

import os
import time
from uuid import UUID

from tests.relay.world import World

BODY = bytes(range(256)) * 8


def a_clip(world: World, call: UUID, age_s: float = 60.0) -> int:
    """A file where the plane would write one, finished so long ago."""
    folder = world.relay.calls.clips._folder / str(call)
    folder.mkdir(parents=True, exist_ok=True)
    at_s = time.time() - age_s
    path = folder / f"{round(at_s * 1e6)}.webm"
    path.write_bytes(BODY)
    os.utime(path, (at_s, at_s))
    return int(path.stem)
