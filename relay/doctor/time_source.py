"""Whether this machine's clock can be believed: what the kernel knows, what was written before, and what a server says."""

from __future__ import annotations

import ctypes
import os
import socket
import struct
import time
from collections.abc import Iterator

from relay.doctor.finding import CheckResult, bad, note, ok
from relay.errors import Unavailable

NTP_EPOCH_S = 2_208_988_800
MOST_OFF_S = 1.0
TIME_ERROR = 5
"""What ``adjtimex`` answers where nobody keeps the clock (Linux, adjtimex(2))."""
ANSWERS_WITHIN_S = 5.0


def clock(server: str | None, newest_row_us: int | None) -> Iterator[CheckResult]:
    """The clock beside the newest thing that was written down, beside the kernel's word, beside a server.

    Args:
        server: an NTP server to compare with, None to ask nobody.
        newest_row_us: when the newest row of the audit was written, None where there is none.
    """
    now_s = time.time()
    if now_s < 1_700_000_000:
        yield bad("clock", "This machine's clock is years behind; set it right first.")
    elif newest_row_us is not None and newest_row_us / 1e6 > now_s + MOST_OFF_S:
        behind_min = (newest_row_us / 1e6 - now_s) / 60
        yield bad(
            "clock",
            f"It is {behind_min:.1f} min behind what the relay wrote before; set it right with NTP.",
        )
    if server is not None:
        yield _beside(server)
    elif kept_by_ntp():
        yield ok("clock", "The kernel says that it is kept by NTP or PTP.")
    else:
        yield note(
            "clock",
            "Nobody is known to keep it: run chrony or systemd-timesyncd, or compare with --ntp HOST.",
        )


def _beside(server: str) -> CheckResult:
    try:
        off_s = offset_s(server)
    except (OSError, Unavailable) as error:
        return bad("clock", f"The time server {server} was not heard ({error}).")
    way = "ahead of" if off_s > 0 else "behind"
    text = f"It is {_span(abs(off_s))} {way} {server}."
    if abs(off_s) <= MOST_OFF_S:
        return ok("clock", text)
    return bad("clock", f"{text} Every time on the timeline would be wrong; set it right with NTP.")


def _span(seconds: float) -> str:
    return f"{seconds:.3f} s" if seconds < 60 else f"{seconds / 60:.1f} min"


def offset_s(server: str) -> float:
    """This clock minus a server's, in seconds, by one question (SNTP, RFC 4330).

    Raises:
        Unavailable: what came is no answer to it.
        OSError: nobody answered.
    """
    host, _, port = server.partition(":")
    family, _, _, _, address = socket.getaddrinfo(host, int(port or 123), type=socket.SOCK_DGRAM)[0]
    with socket.socket(family, socket.SOCK_DGRAM) as asking:
        asking.settimeout(ANSWERS_WITHIN_S)
        sent_s = time.time()
        mark = os.urandom(8)
        asking.sendto(struct.pack("!B39s8s", 0x23, b"", mark), address)
        answer, _ = asking.recvfrom(512)
        came_s = time.time()
    if len(answer) < 48 or answer[24:32] != mark or answer[1] == 0:
        raise Unavailable("its answer is not of NTP")
    heard_s, said_s = (_seconds(answer[at : at + 8]) for at in (32, 40))
    return -((heard_s - sent_s) + (said_s - came_s)) / 2


def _seconds(stamp: bytes) -> float:
    whole, part = struct.unpack("!II", stamp)
    return float(whole) - NTP_EPOCH_S + float(part) / 2**32


def kept_by_ntp() -> bool:
    """Whether the kernel's clock is disciplined, as far as it tells."""
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        state = libc.adjtimex(ctypes.create_string_buffer(512))  # mode 0: only read
    except (OSError, AttributeError):
        return False
    return isinstance(state, int) and 0 <= state < TIME_ERROR
