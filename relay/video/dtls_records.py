"""DTLS records (RFC 6347 §4.1) in a stream, cut into datagrams. Pure."""

from __future__ import annotations

HEADER = 13


def cut_into_datagrams(stream: bytes, most: int) -> list[bytes]:
    """Whole records together up to ``most`` bytes; a longer record stands alone.

    OpenSSL writes a flight of several records as one stream; a record must not be split over datagrams.
    """
    datagrams = [b""]
    at = 0
    while at + HEADER <= len(stream):
        end = at + HEADER + int.from_bytes(stream[at + 11 : at + 13])
        if datagrams[-1] and len(datagrams[-1]) + end - at > most:
            datagrams.append(b"")
        datagrams[-1] += stream[at:end]
        at = end
    return datagrams
