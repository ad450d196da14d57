"""A wall clock that jumps under a running process: libfaketime, told by a file. Monotonic time stays true."""

from __future__ import annotations

from pathlib import Path

PLACES = ("/usr/lib", "/usr/lib64", "/usr/local/lib")
NAME = "libfaketimeMT.so.1"


def _library() -> Path | None:
    for place in PLACES:
        for path in (
            *Path(place).glob(f"*/faketime/{NAME}"),
            *Path(place).glob(f"faketime/{NAME}"),
        ):
            return path
    return None


def why_not() -> str:
    """Empty where a process's clock can be set here."""
    return "" if _library() else "libfaketime is not installed (scripts/fault_tools)."


def environment(folder: Path) -> dict[str, str]:
    """What a process needs so that ``jump`` reaches its clock, within a second."""
    jump(folder, 0)
    return {
        "LD_PRELOAD": str(_library()),
        "FAKETIME_TIMESTAMP_FILE": str(folder / "clock"),
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "TZ": "Pacific/Apia",
    }


def jump(folder: Path, offset_s: float) -> None:
    """Set the clock to so many seconds off the true one, now."""
    new = folder / "clock.new"
    new.write_text(f"{offset_s:+.3f}\n")
    new.replace(folder / "clock")
