"""The media plane under hostile packets and offers: a small dose of ``kyumei faults --only media-fuzz``."""

from __future__ import annotations

import random

from relay.faults.media_fuzz import hurt_the_plane

SEED = 119
COUNT = 4_000
MOST_GROWN_MB = 20


async def test_nothing_escapes_nothing_is_answered_and_the_call_beside_goes_on() -> None:
    did, grew_mb = await hurt_the_plane(COUNT, random.Random(SEED))

    assert did.escaped == [], f"seed {SEED}"
    assert did.packets + did.texts == COUNT
    assert did.stranger_bytes > 30_000
    assert did.answered_bytes == 0
    assert did.unread < COUNT / 100
    assert did.refused > 0
    assert grew_mb < MOST_GROWN_MB
