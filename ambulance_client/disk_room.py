"""How long the tablet can go on recording with no relay at all, before its disk is full. Pure."""

from __future__ import annotations

RESERVE_BYTES = 32 * 2**20
"""Never counted: SQLite's journal and the rest of the tablet need some."""
SPOOL_OVERHEAD = 1.6
"""Bytes of the spool's file per byte of frame (rows, indexes, journal; measured 1.3)."""
USUAL_BYTES_PER_S = 4_000.0
WARN_BELOW_MIN = 60


def room_min(free_bytes: int, made_bytes: int, made_s: float) -> int:
    """Whole minutes of unsent ECG that still fit.

    Args:
        free_bytes: on the spool's disk.
        made_bytes: of the frames of the present recording, 0 where there is none yet.
        made_s: how much ECG these are.
    """
    per_s = made_bytes / made_s if made_s >= 10.0 else USUAL_BYTES_PER_S
    return int(max(0, free_bytes - RESERVE_BYTES) / (max(per_s, 1.0) * SPOOL_OVERHEAD * 60.0))


def room_words(left_min: int) -> str:
    """One sentence while there is still time to act; empty where there is room for an hour."""
    if left_min >= WARN_BELOW_MIN:
        return ""
    return f"The tablet's disk has room for {left_min} more minutes of unsent ECG; free space now."
